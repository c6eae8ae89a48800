// SPDX-License-Identifier: GPL-2.0-or-later
// Values whose members are listed (json_fields.h) as JSON.
#pragma once

#include <optional>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "names/meaning.h"

namespace whyhung::model {

using Json = nlohmann::ordered_json;

// Fills a JSON object from the members of one model value. Absent optionals are left out.
class JsonWriter {
 public:
  template <typename T>
  void field(const char* name, T& value) {
    object_[name] = to_json(value);
  }
  template <typename T>
  void field(const char* name, std::optional<T>& value) {
    if (value) object_[name] = to_json(*value);
  }
  void mark(const char* name, bool value) {
    if (value) object_[name] = true;
  }
  template <typename T>
  void added(const char* name, T& value) {
    if (value != T{}) object_[name] = to_json(value);
  }
  template <typename... T>
  void one_of(const char* name, std::variant<std::monostate, T...>& value) {
    if (!std::holds_alternative<std::monostate>(value)) object_[name] = to_json(value);
  }
  void set(const char* name, const names::Meanings& value) {
    if (value.empty()) return;
    Json list = Json::array();
    for (const auto& row : words_of(names::Meaning{})) {
      if (value.has(row.value)) list.push_back(row.name);
    }
    object_[name] = std::move(list);
  }
  void hex(const char* name, std::uint64_t value) { object_[name] = fmt::format("{:#x}", value); }
  void hex(const char* name, std::optional<std::uint64_t>& value) {
    if (value) hex(name, *value);
  }
  Json take() { return std::move(object_); }

  template <typename T>
  static Json to_json(T& value) {
    if constexpr (std::is_same_v<T, std::string>) {
      return valid_utf8(value);
    } else if constexpr (std::is_arithmetic_v<T>) {
      return value;
    } else if constexpr (std::is_enum_v<T>) {
      return std::string(name_of(value));
    } else {
      JsonWriter writer;
      visit_fields(writer, value);
      return writer.take();
    }
  }
  template <typename T>
  static Json to_json(std::vector<T>& values) {
    Json array = Json::array();
    for (T& value : values) array.push_back(to_json(value));
    return array;
  }
  // The members of the alternative beside its name.
  template <typename... T>
  static Json to_json(std::variant<std::monostate, T...>& value) {
    JsonWriter writer;
    const auto write = [&](auto& alternative) {
      using A = std::decay_t<decltype(alternative)>;
      if constexpr (!std::is_same_v<A, std::monostate>) {
        writer.object_["of"] = A::kName;
        visit_fields(writer, alternative);
      }
    };
    std::visit(write, value);
    return writer.take();
  }

 private:
  Json object_ = Json::object();
};

}  // namespace whyhung::model
