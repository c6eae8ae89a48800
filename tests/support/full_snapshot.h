// SPDX-License-Identifier: GPL-2.0-or-later
// A snapshot in which no member has its default value, made by walking the lists of members themselves.
#pragma once

#include <optional>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include "model/json_fields.h"

namespace whyhung::test {

class Filler {
 public:
  template <typename T>
  void field(const char*, T& value) {
    fill(value);
  }
  template <typename T>
  void added(const char*, T& value) {
    fill(value);
  }
  // The alternatives in turn.
  template <typename... T>
  void one_of(const char*, std::variant<std::monostate, T...>& value) {
    std::size_t at = 0;
    const std::size_t wanted = alternative_++ % sizeof...(T);
    ((at++ == wanted ? fill(value.template emplace<T>()) : void()), ...);
  }
  void set(const char*, names::Meanings& value) {
    value.add(names::Meaning::kPanics);
    value.add(names::Meaning::kServesFuse);
  }
  void mark(const char*, bool& value) { value = true; }
  void hex(const char*, std::uint64_t& value) { value = 0xffff000000000000 + ++next_; }
  void hex(const char*, std::optional<std::uint64_t>& value) { value = 0xfff0000000000000 + ++next_; }

 private:
  template <typename T>
  void fill(T& value) {
    if constexpr (std::is_same_v<T, std::string>) {
      value = "text " + std::to_string(++next_);
    } else if constexpr (std::is_same_v<T, bool>) {
      value = true;
    } else if constexpr (std::is_enum_v<T>) {
      value = static_cast<T>(1);
    } else if constexpr (std::is_arithmetic_v<T>) {
      value = static_cast<T>(++next_);
      if (value == T{}) value = 1;
    } else {
      model::visit_fields(*this, value);
    }
  }
  template <typename T>
  void fill(std::optional<T>& value) {
    fill(value.emplace());
  }
  template <typename T>
  void fill(std::vector<T>& values) {
    values.resize(2);
    for (T& value : values) fill(value);
  }
  std::uint64_t next_ = 0;
  std::size_t alternative_ = 0;
};

inline model::Snapshot full_snapshot() {
  model::Snapshot snapshot;
  Filler filler;
  model::visit_fields(filler, snapshot);
  // One resource with each kind of facts.
  snapshot.resources.resize(std::variant_size_v<model::ResourceFacts> - 1);
  for (model::Resource& resource : snapshot.resources) {
    resource.holders.clear();
    resource.evidence.clear();
    model::visit_fields(filler, resource);
  }
  // Numbers that are indexes must point into their tables.
  const auto mend = [](model::StackTrace& stack) {
    stack.frames[0].location = 0;
    stack.frames[1].location = 1;
    stack.registers[0].frame = 1;
    stack.registers[1].frame = 2;
  };
  for (model::Task& task : snapshot.tasks) mend(task.stack);
  for (model::Cpu& cpu : snapshot.cpus) {
    mend(cpu.stack);
    cpu.contexts[0] = {model::ContextKind::kNmi, 0, 1};
    cpu.contexts[1] = {model::ContextKind::kSoftirq, 1, 2};
    cpu.activity = 1;
    cpu.loop->frame = 1;
  }
  return snapshot;
}

// Appends a text to every text of a value.
class TextSpoiler {
 public:
  explicit TextSpoiler(std::string_view text) : text_(text) {}
  template <typename T>
  void field(const char*, T& value) {
    spoil(value);
  }
  template <typename T>
  void added(const char*, T& value) {
    spoil(value);
  }
  template <typename... T>
  void one_of(const char*, std::variant<std::monostate, T...>& value) {
    const auto spoil_one = [&](auto& one) {
      if constexpr (!std::is_same_v<std::decay_t<decltype(one)>, std::monostate>) model::visit_fields(*this, one);
    };
    std::visit(spoil_one, value);
  }
  template <typename T>
  void set(const char*, T&) {}
  template <typename T>
  void hex(const char*, T&) {}
  void mark(const char*, bool&) {}

 private:
  template <typename T>
  void spoil(T& value) {
    if constexpr (std::is_same_v<T, std::string>) {
      value += text_;
    } else if constexpr (!std::is_arithmetic_v<T> && !std::is_enum_v<T>) {
      model::visit_fields(*this, value);
    }
  }
  template <typename T>
  void spoil(std::optional<T>& value) {
    if (value) spoil(*value);
  }
  template <typename T>
  void spoil(std::vector<T>& values) {
    for (T& value : values) spoil(value);
  }
  std::string text_;
};

}  // namespace whyhung::test
