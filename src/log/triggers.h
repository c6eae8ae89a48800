// SPDX-License-Identifier: GPL-2.0-or-later
// Many words looked for in a text at once (Aho and Corasick's automaton): one step a byte, however many words there
// are. That is what lets a journal of a gigabyte pass.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace whyhung::log {

class TriggerSet {
 public:
  explicit TriggerSet(std::span<const std::string_view> words);

  bool any(std::string_view text) const;
  // Indices of the words that occur, each once, ascending.
  void find(std::string_view text, std::vector<std::uint16_t>& found) const;

 private:
  std::uint32_t next(std::uint32_t state, char c) const {
    return moves_[state * classes_ + class_of_[static_cast<unsigned char>(c)]];
  }

  std::vector<std::uint8_t> class_of_;  // of each byte; 0: in no word
  std::uint32_t classes_ = 1;
  std::vector<std::uint32_t> moves_;
  std::vector<std::vector<std::uint16_t>> ends_;  // words that end in each state
  std::vector<std::uint8_t> is_end_;
};

}  // namespace whyhung::log
