// SPDX-License-Identifier: GPL-2.0-or-later
// One table per enum, used in both directions: to print a value and to read it back.
#pragma once

#include <array>
#include <optional>
#include <string_view>
#include <utility>

namespace whyhung {

template <typename E, std::size_t N>
using EnumNames = std::array<std::pair<E, std::string_view>, N>;

template <typename E, std::size_t N>
constexpr std::string_view enum_name(const EnumNames<E, N>& names, E value) {
  for (const auto& [known, name] : names) {
    if (known == value) return name;
  }
  return "unknown";
}

template <typename E, std::size_t N>
constexpr std::optional<E> enum_value(const EnumNames<E, N>& names, std::string_view text) {
  for (const auto& [known, name] : names) {
    if (name == text) return known;
  }
  return std::nullopt;
}

}  // namespace whyhung
