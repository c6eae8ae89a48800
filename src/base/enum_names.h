// SPDX-License-Identifier: GPL-2.0-or-later
// One table per enum, used in both directions: to print a value and to read it back. A table has a row for each
// enumerator, in their order; a row has at least `value` and `name`. That none is missing is checked when it is
// compiled:
//   constexpr auto kColours = std::to_array<EnumName<Colour>>({{Colour::kRed, "red"}, {Colour::kGreen, "green"}});
//   static_assert(is_whole(kColours));
// Beside an enum stand `name_of(value)` and `words_of(any value)`, by which generic code finds its names.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace whyhung {

template <typename E>
struct EnumName {
  E value;
  std::string_view name;
};

// Whether `value` is one of the enumerators: gcc and clang write one without a name as a cast.
template <auto value>
constexpr bool is_enumerator() {
  constexpr std::string_view kSignature = __PRETTY_FUNCTION__;
  constexpr std::string_view kMark = "value = ";
  return kSignature[kSignature.rfind(kMark) + kMark.size()] != '(';
}

// Each enumerator has its row, in order, and none is left.
template <typename Row, std::size_t N>
constexpr bool is_whole(const std::array<Row, N>& table) {
  using E = decltype(Row::value);
  for (std::size_t i = 0; i < N; ++i) {
    if (table[i].value != static_cast<E>(i)) return false;
  }
  return !is_enumerator<static_cast<E>(N)>();
}

template <typename Table, typename E>
constexpr std::string_view enum_name(const Table& table, E value) {
  for (const auto& row : table) {
    if (row.value == value) return row.name;
  }
  return "unknown";
}

template <typename E, typename Table>
constexpr std::optional<E> enum_value(const Table& table, std::string_view text) {
  for (const auto& row : table) {
    if (row.name == text) return row.value;
  }
  return std::nullopt;
}

// The enumerator with that name, of an enum that has words_of().
template <typename E>
std::optional<E> value_named(std::string_view name) {
  return enum_value<E>(words_of(E{}), name);
}

}  // namespace whyhung
