// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/nearest.h"

#include <algorithm>
#include <vector>

namespace whyhung {
namespace {

constexpr std::size_t kLongestWord = 64;  // nobody misspells more than that, and the work grows with its square

// How many slips lead from one word to the other (the distance of Damerau and Levenshtein, each letter moved once).
std::size_t slips(std::string_view from, std::string_view to) {
  const std::size_t width = to.size() + 1;
  std::vector<std::size_t> rows((from.size() + 1) * width);
  const auto at = [&](std::size_t i, std::size_t j) -> std::size_t& { return rows[i * width + j]; };
  for (std::size_t i = 0; i <= from.size(); ++i) at(i, 0) = i;
  for (std::size_t j = 0; j <= to.size(); ++j) at(0, j) = j;
  for (std::size_t i = 1; i <= from.size(); ++i) {
    for (std::size_t j = 1; j <= to.size(); ++j) {
      const std::size_t wrong = from[i - 1] == to[j - 1] ? 0 : 1;
      std::size_t least = std::min({at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + wrong});
      const bool swapped = i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1];
      if (swapped) least = std::min(least, at(i - 2, j - 2) + 1);
      at(i, j) = least;
    }
  }
  return rows.back();
}

}  // namespace

std::string_view nearest(std::string_view word, std::span<const std::string> candidates) {
  constexpr std::size_t kShortestBeginning = 3;
  if (word.empty() || word.size() > kLongestWord) return {};
  std::string_view best;
  // A third of a word may be wrong; more is another word.
  std::size_t fewest = std::min<std::size_t>(3, 1 + (word.size() - 1) / 3);
  for (const std::string& candidate : candidates) {
    if (candidate.size() > kLongestWord || candidate == word) continue;
    const bool begins = word.size() >= kShortestBeginning && candidate.starts_with(word);
    const std::size_t far = begins ? 1 : slips(word, candidate);
    if (far >= std::min(word.size(), candidate.size())) continue;  // nothing of it would be left
    if (far < fewest || (far == fewest && best.empty())) {
      best = candidate;
      fewest = far;
    }
  }
  return best;
}

}  // namespace whyhung
