// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/fake_types.h"

#include <sstream>
#include <stdexcept>

#include "base/text.h"

namespace whyhung::test {
namespace {

// A mistake in a test's text, not in the program: loud.
[[noreturn]] void bad(std::string_view word) {
  throw std::invalid_argument("types of a test: \"" + std::string(word) + "\"");
}

std::uint64_t number(std::string_view text) {
  const bool hexadecimal = text.starts_with("0x");
  const auto value = parse_unsigned(hexadecimal ? text.substr(2) : text, hexadecimal ? 16 : 10);
  if (!value) bad(text);
  return *value;
}

void parse_size(std::string_view text, debuginfo::Member& member) {
  if (text.ends_with('s')) {
    member.is_signed = true;
    text.remove_suffix(1);
  }
  if (const std::size_t slash = text.find('/'); slash != std::string_view::npos) {
    const std::string_view bits = text.substr(slash + 1);
    const std::size_t plus = bits.find('+');
    if (plus == std::string_view::npos) bad(text);
    member.bit_offset = static_cast<std::uint32_t>(number(bits.substr(0, plus)));
    member.bit_size = static_cast<std::uint32_t>(number(bits.substr(plus + 1)));
    text = text.substr(0, slash);
  }
  if (text.starts_with('[')) {
    const std::size_t times = text.find('x');
    if (times == std::string_view::npos || !text.ends_with(']')) bad(text);
    member.element_count = number(text.substr(1, times - 1));
    member.element_size = number(text.substr(times + 1, text.size() - times - 2));
    member.size = member.element_count * member.element_size;
    return;
  }
  member.size = number(text);
}

}  // namespace

FakeTypes& FakeTypes::add(std::string_view text) {
  std::istringstream lines{std::string(text)};
  std::string line;
  while (std::getline(lines, line)) {
    std::istringstream words(line);
    std::string name;
    if (!(words >> name)) continue;
    std::string word;
    if (name == "enum") {
      while (words >> word) {
        const std::size_t equals = word.find('=');
        const auto value = parse_signed(std::string_view(word).substr(equals + 1), 10);
        if (equals == std::string::npos || !value) bad(word);
        enumerators_[word.substr(0, equals)] = *value;
      }
      continue;
    }
    Structure& structure = structures_[name];
    if (!(words >> word) || !word.ends_with(':')) bad(line);
    structure.size = number(std::string_view(word).substr(0, word.size() - 1));
    while (words >> word) {
      const std::size_t at = word.find('@');
      const std::size_t colon = word.find(':', at);
      if (at == std::string::npos || colon == std::string::npos) bad(word);
      debuginfo::Member member;
      member.offset = number(std::string_view(word).substr(at + 1, colon - at - 1));
      parse_size(std::string_view(word).substr(colon + 1), member);
      structure.members[word.substr(0, at)] = member;
    }
  }
  return *this;
}

std::optional<std::uint64_t> FakeTypes::size_of(std::string_view type) {
  const auto found = structures_.find(type);
  if (found == structures_.end()) return std::nullopt;
  return found->second.size;
}

std::optional<debuginfo::Member> FakeTypes::member(std::string_view type, std::string_view path) {
  const auto structure = structures_.find(type);
  if (structure == structures_.end()) return std::nullopt;
  const auto found = structure->second.members.find(path);
  if (found == structure->second.members.end()) return std::nullopt;
  return found->second;
}

std::optional<std::int64_t> FakeTypes::enumerator(std::string_view name) {
  const auto found = enumerators_.find(name);
  if (found == enumerators_.end()) return std::nullopt;
  return found->second;
}

}  // namespace whyhung::test
