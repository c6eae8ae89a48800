// SPDX-License-Identifier: GPL-2.0-or-later
#include "log/boots.h"

namespace whyhung::log {
namespace {

constexpr double kSkew = 5;            // seconds by which the clocks of CPUs may differ
constexpr std::size_t kSameBoot = 20;  // records within which a second mark of a beginning is the same one

bool begins_boot(std::string_view text) {
  return text.starts_with("Linux version ") || text.starts_with("Booting Linux on physical CPU") ||
         text.starts_with("-- Boot ") || text.starts_with("-- Reboot --");
}

}  // namespace

std::vector<std::span<const Record>> split_boots(const std::vector<Record>& records) {
  std::vector<std::span<const Record>> boots;
  std::size_t start = 0;
  std::size_t last_mark = 0;
  bool marked = false;
  double last = 0;
  const auto cut = [&](std::size_t at) {
    if (at > start) boots.emplace_back(records.data() + start, at - start);
    start = at;
    last = 0;
  };
  for (std::size_t i = 0; i < records.size(); ++i) {
    const Record& record = records[i];
    if (!record.from_user_space && begins_boot(record.text)) {
      if (!marked || i - last_mark > kSameBoot) cut(i);
      marked = true;
      last_mark = i;
    }
    if (!record.uptime) continue;
    if (*record.uptime + kSkew < last) {
      cut(i);
      last_mark = i;
    }
    last = *record.uptime;
  }
  cut(records.size());
  return boots;
}

}  // namespace whyhung::log
