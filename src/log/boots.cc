// SPDX-License-Identifier: GPL-2.0-or-later
#include "log/boots.h"

#include <algorithm>
#include <array>
#include <optional>

namespace whyhung::log {
namespace {

constexpr double kSkew = 5;            // seconds by which the clocks of CPUs may differ
constexpr std::size_t kSameBoot = 20;  // records within which another mark of a beginning is of the same one
constexpr std::size_t kDoubled = 2;    // … and the same mark
constexpr std::size_t kMarks = 4;

// Which of the marks of a beginning a text is.
std::optional<std::size_t> mark_of(std::string_view text) {
  constexpr std::array<std::string_view, kMarks> kTexts = {"Linux version ", "Booting Linux on physical CPU",
                                                           "-- Boot ", "-- Reboot --"};
  for (std::size_t i = 0; i < kTexts.size(); ++i) {
    if (text.starts_with(kTexts[i])) return i;
  }
  return std::nullopt;
}

}  // namespace

std::vector<std::span<const Record>> split_boots(const std::vector<Record>& records) {
  std::vector<std::span<const Record>> boots;
  std::size_t start = 0;
  std::array<std::optional<std::size_t>, kMarks> marks;  // of this boot: at which record
  std::optional<std::size_t> fell;                       // at which record the clock fell
  const auto is_of_this_boot = [&](std::size_t mark, std::size_t at) {
    if (marks[mark]) return at - *marks[mark] <= kDoubled;
    if (fell && at - *fell <= kSameBoot) return true;
    return std::ranges::any_of(marks, [&](const auto& other) { return other && at - *other <= kSameBoot; });
  };
  double last = 0;
  const auto cut = [&](std::size_t at) {
    if (at > start) boots.emplace_back(records.data() + start, at - start);
    start = at;
    last = 0;
    marks = {};
    fell.reset();
  };
  for (std::size_t i = 0; i < records.size(); ++i) {
    const Record& record = records[i];
    const auto mark = record.from_user_space ? std::nullopt : mark_of(record.text);
    if (mark) {
      if (!is_of_this_boot(*mark, i)) cut(i);
      marks[*mark] = i;
    }
    if (!record.uptime) continue;
    if (*record.uptime + kSkew < last) {
      cut(i);
      fell = i;
    }
    last = *record.uptime;
  }
  cut(records.size());
  return boots;
}

void fill_in_uptimes(std::vector<Record>& records) {
  const auto has_both = [](const Record& record) { return record.uptime && record.wall; };
  const auto first = std::ranges::find_if(records, has_both);
  if (first == records.end()) return;
  double apart = *first->wall - *first->uptime;
  for (Record& record : records) {
    if (has_both(record)) {
      apart = *record.wall - *record.uptime;
    } else if (!record.uptime && record.wall) {
      record.uptime = *record.wall - apart;
    }
  }
}

}  // namespace whyhung::log
