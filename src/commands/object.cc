// SPDX-License-Identifier: GPL-2.0-or-later
#include "commands/object.h"

#include "base/text.h"
#include "kernel/list.h"

namespace whyhung::commands {
namespace {

constexpr std::uint64_t kMostElements = 1u << 20;
constexpr std::size_t kMostText = 4096;

}  // namespace

std::optional<kernel::Field> Object::field(std::initializer_list<std::string_view> names) const {
  auto& types = call_->machine().access.types;
  for (const std::string_view name : names) {
    if (auto member = types.member(type_, name))
      return kernel::Field(*std::move(member), fmt::format("{}.{}", type_, name));
  }
  return std::nullopt;
}

std::optional<std::uint64_t> Object::number(std::initializer_list<std::string_view> names) const {
  const auto found = field(names);
  if (!found || address_ == 0) return std::nullopt;
  const auto value = found->read(call_->machine().access.memory, VirtualAddress(address_));
  return value ? std::optional(*value) : std::nullopt;
}

std::optional<std::int64_t> Object::signed_number(std::initializer_list<std::string_view> names) const {
  const auto found = field(names);
  if (!found || address_ == 0) return std::nullopt;
  const auto value = found->read_signed(call_->machine().access.memory, VirtualAddress(address_));
  return value ? std::optional(*value) : std::nullopt;
}

std::optional<std::uint64_t> Object::pointer(std::initializer_list<std::string_view> names) const {
  const auto value = number(names);
  return value && *value != 0 ? value : std::nullopt;
}

std::optional<std::string> Object::text(std::initializer_list<std::string_view> names) const {
  const auto found = field(names);
  if (!found) return std::nullopt;
  const VirtualMemory& memory = call_->machine().access.memory;
  if (found->element_count() != 0) {
    auto words = found->read_text(memory, VirtualAddress(address_));
    return words ? std::optional(*std::move(words)) : std::nullopt;
  }
  const auto at = pointer(names);
  if (!at) return std::nullopt;
  auto words = memory.read_c_string(VirtualAddress(*at), kMostText);
  return words ? std::optional(*std::move(words)) : std::nullopt;
}

std::optional<std::uint64_t> Object::place(std::initializer_list<std::string_view> names) const {
  const auto found = field(names);
  if (!found) return std::nullopt;
  return found->in(VirtualAddress(address_)).value;
}

std::optional<std::uint64_t> variable_number(const Call& call, std::string_view name, std::size_t bytes) {
  const auto at = call.machine().access.symbols.address_of(name);
  if (!at) return std::nullopt;
  const auto value = call.machine().access.memory.read_unsigned(*at, bytes);
  return value ? std::optional(*value) : std::nullopt;
}

Elements list_elements(const Call& call, std::uint64_t head, std::string_view type, std::string_view member) {
  Elements elements;
  const auto place = call.machine().access.types.member(type, member);
  if (!place) {
    elements.broken = fmt::format("this kernel's types have no {}.{}", type, member);
    return elements;
  }
  const auto walk = kernel::walk_list(call.machine().access.memory, VirtualAddress(head), kMostElements);
  for (const VirtualAddress node : walk.nodes) elements.addresses.push_back((node - place->offset).value);
  elements.broken = walk.broken;
  return elements;
}

std::string broken_text(const std::string& broken) {
  return broken.empty() ? std::string() : fmt::format("(the list is damaged: {})\n", broken);
}

std::string shown(const std::optional<std::uint64_t>& value) {
  return value ? std::to_string(*value) : "?";
}

Value shown_value(const std::optional<std::uint64_t>& value) {
  return value ? Value(*value) : Value();
}

}  // namespace whyhung::commands
