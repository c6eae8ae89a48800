// SPDX-License-Identifier: GPL-2.0-or-later
#include "commands/arguments.h"

#include <algorithm>
#include <cctype>

#include "base/nearest.h"
#include "base/text.h"

namespace whyhung::commands {
namespace {

std::string typed_as(const Option& option) {
  if (option.name.starts_with('/')) return std::string(option.name);
  return (option.name.size() == 1 ? "-" : "--") + std::string(option.name);
}

// Of a single letter only the other case is near: any two letters differ by one.
std::string meant(std::string_view typed, const std::vector<std::string>& names) {
  if (typed.size() != 2 || typed[0] != '-') return std::string(nearest(typed, names));
  const auto other = std::ranges::find_if(names, [&](const std::string& name) {
    return name.size() == 2 &&
           std::tolower(static_cast<unsigned char>(name[1])) == std::tolower(static_cast<unsigned char>(typed[1]));
  });
  return other == names.end() ? std::string() : *other;
}

tl::unexpected<Error> unknown(std::string_view command, std::span<const Option> options, std::string_view typed) {
  auto error = fail(ErrorKind::kUsage, "{} does not know the option {}", command, printable(typed));
  std::vector<std::string> names;
  for (const Option& option : options) names.push_back(typed_as(option));
  if (names.empty()) return with_hint(std::move(error), fmt::format("{} takes no options", command));
  const std::string near = meant(typed, names);
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : " ") + name;
  return with_hint(std::move(error), near.empty() ? fmt::format("it takes {}", list)
                                                  : fmt::format("did you mean {}? It takes {}", near, list));
}

const Option* find_option(std::span<const Option> options, std::string_view name) {
  const auto found = std::ranges::find(options, name, &Option::name);
  return found == options.end() ? nullptr : &*found;
}

bool is_number(std::string_view text) {
  return text.size() > 1 && text[0] == '-' && text[1] >= '0' && text[1] <= '9';
}

// "-1" is a number for commands that have no such option; "-32" of rd is an option.
bool is_negative(std::span<const Option> options, std::string_view word) {
  return is_number(word) && find_option(options, word.substr(1)) == nullptr &&
         find_option(options, word.substr(1, 1)) == nullptr;
}

}  // namespace

Result<Arguments> Arguments::parse(std::string_view command, std::span<const Option> options,
                                   std::span<const std::string> words) {
  Arguments out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    const auto take_value = [&](const Option& option, std::string attached) -> Result<void> {
      if (option.value.empty()) {
        out.options_.emplace_back(option.name, "");
        return {};
      }
      if (attached.empty()) {
        if (i + 1 == words.size()) {
          return fail(ErrorKind::kUsage, "{} {} wants {} behind it", command, typed_as(option), option.value);
        }
        attached = words[++i];
      }
      out.options_.emplace_back(option.name, std::move(attached));
      return {};
    };
    if (word == "--") {
      out.words_.insert(out.words_.end(), words.begin() + static_cast<std::ptrdiff_t>(i) + 1, words.end());
      break;
    }
    if (const Option* slash = word.starts_with('/') ? find_option(options, word) : nullptr) {
      out.options_.emplace_back(slash->name, "");
    } else if (word.starts_with("--")) {
      const std::string_view name = std::string_view(word).substr(2, word.find('=') - 2);
      const Option* option = name.size() > 1 ? find_option(options, name) : nullptr;
      if (option == nullptr) return unknown(command, options, word);
      const std::size_t equals = word.find('=');
      TRY_CHECK(take_value(*option, equals == std::string::npos ? "" : word.substr(equals + 1)));
    } else if (word.size() > 1 && word[0] == '-' && !is_negative(options, word)) {
      // A name of several letters may have one dash only: rd -32.
      if (const Option* whole = find_option(options, std::string_view(word).substr(1)); whole && word.size() > 2) {
        TRY_CHECK(take_value(*whole, ""));
        continue;
      }
      for (std::size_t at = 1; at < word.size(); ++at) {
        const Option* option = find_option(options, std::string_view(word).substr(at, 1));
        if (option == nullptr) return unknown(command, options, word.size() == 2 ? word : fmt::format("-{}", word[at]));
        TRY_CHECK(take_value(*option, option->value.empty() ? "" : word.substr(at + 1)));
        if (!option->value.empty()) break;
      }
    } else {
      out.words_.push_back(word);
    }
  }
  return out;
}

unsigned Arguments::count(std::string_view option) const {
  return static_cast<unsigned>(
      std::ranges::count(options_, option, [](const auto& one) { return std::string_view(one.first); }));
}

std::optional<std::string> Arguments::value(std::string_view option) const {
  auto all = values(option);
  if (all.empty()) return std::nullopt;
  return std::move(all.back());
}

std::vector<std::string> Arguments::values(std::string_view option) const {
  std::vector<std::string> found;
  for (const auto& [name, value] : options_) {
    if (name == option) found.push_back(value);
  }
  return found;
}

Arguments Arguments::with_words(std::vector<std::string> words) const {
  Arguments copy = *this;
  copy.words_ = std::move(words);
  return copy;
}

Result<std::vector<std::string>> split_words(std::string_view line) {
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;
  char quote = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    const bool is_blank = c == ' ' || c == '\t' || c == '\n' || c == '\r';
    if (quote != 0) {
      if (c == quote) {
        quote = 0;
      } else {
        word += c;
      }
    } else if (c == '"' || c == '\'') {
      quote = c;
      in_word = true;
    } else if (c == '\\' && i + 1 < line.size()) {
      word += line[++i];
      in_word = true;
    } else if (!is_blank) {
      word += c;
      in_word = true;
    } else if (in_word) {
      words.push_back(std::move(word));
      word.clear();
      in_word = false;
    }
  }
  if (quote != 0) return fail(ErrorKind::kUsage, "a quotation mark {} is not closed", quote);
  if (in_word) words.push_back(std::move(word));
  return words;
}

}  // namespace whyhung::commands
