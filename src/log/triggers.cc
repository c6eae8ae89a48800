// SPDX-License-Identifier: GPL-2.0-or-later
#include "log/triggers.h"

#include <algorithm>

namespace whyhung::log {

TriggerSet::TriggerSet(std::span<const std::string_view> words) : class_of_(256, 0) {
  for (const std::string_view word : words) {
    for (const char c : word) {
      std::uint8_t& known = class_of_[static_cast<unsigned char>(c)];
      if (known == 0) known = static_cast<std::uint8_t>(classes_++);
    }
  }
  constexpr std::uint32_t kNone = UINT32_MAX;
  const auto add_state = [&] {
    moves_.insert(moves_.end(), classes_, kNone);
    ends_.emplace_back();
    return static_cast<std::uint32_t>(ends_.size() - 1);
  };
  add_state();
  for (std::size_t i = 0; i < words.size(); ++i) {
    std::uint32_t state = 0;
    for (const char c : words[i]) {
      const std::size_t at = state * classes_ + class_of_[static_cast<unsigned char>(c)];
      if (moves_[at] == kNone) {
        const std::uint32_t added = add_state();
        moves_[at] = added;
      }
      state = moves_[at];
    }
    ends_[state].push_back(static_cast<std::uint16_t>(i));
  }
  // Breadth first: a state's failure is shallower than itself and done before it.
  std::vector<std::uint32_t> failure(ends_.size(), 0);
  std::vector<std::uint32_t> order;
  for (std::uint32_t c = 0; c < classes_; ++c) {
    if (moves_[c] == kNone) {
      moves_[c] = 0;
    } else {
      order.push_back(moves_[c]);
    }
  }
  for (std::size_t i = 0; i < order.size(); ++i) {
    const std::uint32_t state = order[i];
    const auto& inherited = ends_[failure[state]];
    ends_[state].insert(ends_[state].end(), inherited.begin(), inherited.end());
    for (std::uint32_t c = 0; c < classes_; ++c) {
      std::uint32_t& move = moves_[state * classes_ + c];
      const std::uint32_t fallback = moves_[failure[state] * classes_ + c];
      if (move == kNone) {
        move = fallback;
      } else {
        failure[move] = fallback;
        order.push_back(move);
      }
    }
  }
  for (const auto& ends : ends_) is_end_.push_back(ends.empty() ? 0 : 1);
}

bool TriggerSet::any(std::string_view text) const {
  std::uint32_t state = 0;
  for (const char c : text) {
    state = next(state, c);
    if (is_end_[state] != 0) return true;
  }
  return false;
}

void TriggerSet::find(std::string_view text, std::vector<std::uint16_t>& found) const {
  found.clear();
  std::uint32_t state = 0;
  for (const char c : text) {
    state = next(state, c);
    if (is_end_[state] != 0) found.insert(found.end(), ends_[state].begin(), ends_[state].end());
  }
  std::ranges::sort(found);
  found.erase(std::unique(found.begin(), found.end()), found.end());
}

}  // namespace whyhung::log
