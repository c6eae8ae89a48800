// SPDX-License-Identifier: GPL-2.0-or-later
// BtfTypes over any bytes. The first byte says how many sixteenths of the rest are the kernel's BTF; what follows that
// is taken for a module's. Every string of the input is asked for as a type, a member and an enumerator.
#include <algorithm>
#include <string>
#include <vector>

#include "debuginfo/btf.h"
#include "support/fake_memory.h"

namespace {

using namespace whyhung;
using debuginfo::BtfTypes;

constexpr std::uint64_t kBase = 0xffffffff82000010;
constexpr std::uint64_t kModule = 0xffffffffc0000333;
constexpr std::size_t kMostNames = 24;

std::vector<std::string> names_in(std::span<const std::byte> bytes) {
  std::vector<std::string> names = {"task_struct", "struct mutex", "union u", "enum e", "absent"};
  std::string name;
  for (const std::byte byte : bytes) {
    const char c = static_cast<char>(byte);
    if (c > ' ' && c <= '~') {
      name += c;
      continue;
    }
    if (c == '\0' && name.size() > 1 && names.size() < kMostNames) names.push_back(name);
    name.clear();
  }
  return names;
}

void ask(BtfTypes& types, const std::vector<std::string>& names) {
  const std::vector<std::string_view> views(names.begin(), names.end());
  types.prepare(std::span(views).first(views.size() / 2), std::span(views).subspan(views.size() / 2));
  for (const std::string& name : names) {
    types.size_of(name);
    types.enumerator(name);
    types.per_cpu_offset(name);
    for (const std::string& path : {names.back(), names.back() + "[1]", names[names.size() / 2] + "." + name}) {
      types.member(name, path);
    }
    const auto members = types.members(name);
    for (std::size_t i = 0; i < std::min<std::size_t>(members.size(), 8); ++i) {
      types.member(name, members[i].name);
      types.member(name, members[i].name + "[0]." + names.back());
    }
  }
}

VirtualRange put(test::FakeMemory& memory, std::uint64_t address, std::span<const std::byte> bytes) {
  memory.put(address, {bytes.begin(), bytes.end()});
  return {VirtualAddress(address), VirtualAddress(address + bytes.size())};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::span<const std::byte> bytes(reinterpret_cast<const std::byte*>(data) + 1, size - 1);
  const std::size_t split = bytes.size() * std::min<std::size_t>(data[0], 16) / 16;
  const auto names = names_in(bytes);
  test::FakeMemory memory;
  const auto types = BtfTypes::open(memory, put(memory, kBase, bytes.first(split)), "fuzzed BTF");
  if (!types) return 0;
  ask(**types, names);
  const auto module = BtfTypes::open_split(memory, put(memory, kModule, bytes.subspan(split)), *types, "fuzzed module");
  if (module) ask(**module, names);
  return 0;
}
