// SPDX-License-Identifier: GPL-2.0-or-later
// The words of a command line and the options among them. Each command lists its options; one parser reads them all:
// letters alone or together (-a -l, -al), values behind a letter or in the next word (-c 2, -c2), long names (--merge).
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace whyhung::commands {

struct Option {
  std::string_view name;   // "a" is typed -a, "merge" is typed --merge, "/m" as it stands
  std::string_view value;  // what must stand behind it, "CPU"; empty: nothing
  std::string_view help;
};

class Arguments {
 public:
  Arguments() = default;
  // kUsage for an option that the command does not have, or whose value is missing; names the nearest right one.
  // Options may stand anywhere; behind "--" all is words.
  static Result<Arguments> parse(std::string_view command, std::span<const Option> options,
                                 std::span<const std::string> words);

  bool has(std::string_view option) const { return count(option) != 0; }
  unsigned count(std::string_view option) const;
  // The last value that was given.
  std::optional<std::string> value(std::string_view option) const;
  std::vector<std::string> values(std::string_view option) const;
  const std::vector<std::string>& words() const { return words_; }
  // The same options with other words.
  Arguments with_words(std::vector<std::string> words) const;

 private:
  std::vector<std::pair<std::string, std::string>> options_;
  std::vector<std::string> words_;
};

// Words of a line, parted by blanks; quotation marks of both kinds hold blanks together and are taken away, outside of
// them a backslash does the same for one character. kUsage for a mark that is not closed.
Result<std::vector<std::string>> split_words(std::string_view line);

}  // namespace whyhung::commands
