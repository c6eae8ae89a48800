// SPDX-License-Identifier: GPL-2.0-or-later
#include "log/clock.h"

#include <array>
#include <cmath>
#include <cstdint>

#include "log/scan.h"

namespace whyhung::log {
namespace {

constexpr std::uint64_t kYearUnknown = 1972;

// Days since 1970-01-01 of the civil calendar.
std::int64_t days_since_epoch(std::int64_t year, std::int64_t month, std::int64_t day) {
  year -= month <= 2 ? 1 : 0;
  const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
  const std::int64_t year_of_era = year - era * 400;
  const std::int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const std::int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + day_of_era - 719468;
}

std::optional<std::uint64_t> take_digits(std::string_view& text, std::size_t least, std::size_t most) {
  std::string_view rest = text;
  const auto value = take_number(rest);
  const std::size_t count = text.size() - rest.size();
  if (!value || count < least || count > most) return std::nullopt;
  text = rest;
  return value;
}

// "12:46:36", "12:46:36.163", "12:46:36,163".
std::optional<double> take_time(std::string_view& text) {
  std::string_view s = text;
  const auto hour = take_digits(s, 1, 2);
  if (!hour || *hour > 24 || !take(s, ":")) return std::nullopt;
  const auto minute = take_digits(s, 2, 2);
  if (!minute || *minute > 59 || !take(s, ":")) return std::nullopt;
  const auto second = take_digits(s, 2, 2);
  if (!second || *second > 60) return std::nullopt;
  double fraction = 0;
  std::string_view behind = s;
  if (take(behind, ".") || take(behind, ",")) {
    const std::size_t before = behind.size();
    if (const auto value = take_digits(behind, 1, 9)) {
      fraction = static_cast<double>(*value) / std::pow(10.0, static_cast<double>(before - behind.size()));
      s = behind;
    }
  }
  text = s;
  return static_cast<double>(*hour * 3600 + *minute * 60 + *second) + fraction;
}

// " PM" behind a time: seconds to add to it.
double take_half_of_day(std::string_view& text, double time) {
  constexpr double kHalf = 12 * 3600;
  std::string_view s = text;
  if (!take_blanks(s)) return 0;
  const bool after_noon = take(s, "PM") || take(s, "pm");
  if (!after_noon && !take(s, "AM") && !take(s, "am")) return 0;
  text = s;
  const bool is_twelve = time >= kHalf;
  if (after_noon) return is_twelve ? 0 : kHalf;
  return is_twelve ? -kHalf : 0;
}

std::optional<std::int64_t> take_month(std::string_view& text) {
  constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  for (std::size_t i = 0; i < kMonths.size(); ++i) {
    if (take(text, kMonths[i])) return static_cast<std::int64_t>(i) + 1;
  }
  return std::nullopt;
}

void take_weekday(std::string_view& text) {
  for (const std::string_view day : {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"}) {
    std::string_view s = text;
    if (take(s, day) && (take(s, ", ") || take_blanks(s))) {
      text = s;
      return;
    }
  }
}

// A zone is taken off and not reckoned with: all lines of one file have the same one.
void take_zone(std::string_view& text) {
  std::string_view s = text;
  if (take(s, "Z")) {
    text = s;
    return;
  }
  s = text;
  if (take(s, "+") || take(s, "-")) {
    const auto hours = take_digits(s, 2, 4);
    if (hours && take(s, ":")) take_digits(s, 2, 2);
    if (hours) text = s;
    return;
  }
  s = text;
  if (take_blanks(s)) {
    const std::string_view word = take_word(s);
    if (word == "UTC" || word == "GMT" || word == "CET" || word == "CEST" || word == "EST" || word == "EDT" ||
        word == "PST" || word == "PDT" || word == "JST" || word == "IST" || word == "MSK" || word == "BST") {
      text = s;
    }
  }
}

// "2026-08-02T01:13:38.700007+00:00", "2026/05/23 02:55:27".
std::optional<double> take_iso(std::string_view& text) {
  std::string_view s = text;
  const auto year = take_digits(s, 4, 4);
  if (!year || *year < 1970 || !(take(s, "-") || take(s, "/"))) return std::nullopt;
  const auto month = take_digits(s, 2, 2);
  if (!month || *month < 1 || *month > 12 || !(take(s, "-") || take(s, "/"))) return std::nullopt;
  const auto day = take_digits(s, 2, 2);
  if (!day || !(take(s, "T") || take_blanks(s))) return std::nullopt;
  const auto time = take_time(s);
  if (!time) return std::nullopt;
  take_zone(s);
  text = s;
  const auto days = days_since_epoch(static_cast<std::int64_t>(*year), static_cast<std::int64_t>(*month),
                                     static_cast<std::int64_t>(*day));
  return static_cast<double>(days) * 86400 + *time;
}

// "Mar 14 10:34:59", "Mar 25 00:50:20 2026", "Sep11 18:40".
std::optional<double> take_syslog(std::string_view& text) {
  std::string_view s = text;
  const auto month = take_month(s);
  if (!month) return std::nullopt;
  take_blanks(s);
  const auto day = take_digits(s, 1, 2);
  if (!day || *day > 31) return std::nullopt;
  std::uint64_t year = kYearUnknown;
  std::string_view with_year = s;
  if (take_blanks(with_year)) {
    if (const auto value = take_digits(with_year, 4, 4); value && with_year.starts_with(' ')) {
      year = *value;
      s = with_year;
    }
  }
  if (!take_blanks(s)) return std::nullopt;
  auto time = take_time(s);
  if (!time) {
    const auto hour = take_digits(s, 2, 2);
    if (!hour || !take(s, ":")) return std::nullopt;
    const auto minute = take_digits(s, 2, 2);
    if (!minute || !s.starts_with("]")) return std::nullopt;
    time = static_cast<double>(*hour * 3600 + *minute * 60);
  }
  std::string_view behind = s;
  take_zone(behind);
  if (take_blanks(behind)) {
    if (const auto value = take_digits(behind, 4, 4);
        value && *value >= 1970 && *value < 2200 && behind.starts_with("]")) {
      year = *value;
      s = behind;
    }
  }
  text = s;
  const auto days = days_since_epoch(static_cast<std::int64_t>(year), *month, static_cast<std::int64_t>(*day));
  return static_cast<double>(days) * 86400 + *time;
}

// How log stores show a time: "Mar 3, 2026 @ 01:02:03.123", "March 3rd 2026, 01:02:03.123", "Mar 3, 2026, 1:02:03 PM".
std::optional<double> take_shown(std::string_view& text) {
  std::string_view s = text;
  const auto month = take_month(s);
  if (!month) return std::nullopt;
  while (!s.empty() && is_alpha(s.front())) s.remove_prefix(1);
  if (!take_blanks(s)) return std::nullopt;
  const auto day = take_digits(s, 1, 2);
  if (!day || *day > 31) return std::nullopt;
  for (const std::string_view ending : {"st", "nd", "rd", "th"}) {
    if (take(s, ending)) break;
  }
  take(s, ",");
  if (!take_blanks(s)) return std::nullopt;
  const auto year = take_digits(s, 4, 4);
  if (!year || *year < 1970) return std::nullopt;
  take(s, ",");
  if (!take_blanks(s)) return std::nullopt;
  if (take(s, "@")) take_blanks(s);
  const auto time = take_time(s);
  if (!time) return std::nullopt;
  const double half = take_half_of_day(s, *time);
  text = s;
  const auto days = days_since_epoch(static_cast<std::int64_t>(*year), *month, static_cast<std::int64_t>(*day));
  return static_cast<double>(days) * 86400 + *time + half;
}

// "03/31/2026 01:02:03", "31.03.2026 01:02:03", "3/31/26, 1:02:03 PM". Which number is the month is not known when both
// may be: all lines of one file are read alike.
std::optional<double> take_numbers(std::string_view& text) {
  std::string_view s = text;
  const auto first = take_digits(s, 1, 2);
  if (!first || *first == 0 || s.empty()) return std::nullopt;
  const std::string_view mark = s.substr(0, 1);
  if ((mark != "/" && mark != ".") || !take(s, mark)) return std::nullopt;
  const auto second = take_digits(s, 1, 2);
  if (!second || *second == 0 || !take(s, mark)) return std::nullopt;
  const std::size_t before = s.size();
  auto year = take_digits(s, 2, 4);
  if (!year || before - s.size() == 3) return std::nullopt;
  if (*year < 100) *year += 2000;
  const bool day_first = *first > 12 || mark == ".";
  const std::uint64_t month = day_first ? *second : *first;
  const std::uint64_t day = day_first ? *first : *second;
  if (month > 12 || day > 31 || *year < 1970) return std::nullopt;
  take(s, ",");
  if (!take_blanks(s)) return std::nullopt;
  const auto time = take_time(s);
  if (!time) return std::nullopt;
  const double half = take_half_of_day(s, *time);
  text = s;
  const auto days = days_since_epoch(static_cast<std::int64_t>(*year), static_cast<std::int64_t>(month),
                                     static_cast<std::int64_t>(day));
  return static_cast<double>(days) * 86400 + *time + half;
}

// Seconds since 1970 as a number: journalctl -o short-unix.
std::optional<double> take_unix(std::string_view& text) {
  std::string_view s = text;
  const auto seconds = take_digits(s, 10, 10);
  if (!seconds || !take(s, ".")) return std::nullopt;
  const auto micro = take_digits(s, 6, 6);
  if (!micro || !s.starts_with(' ')) return std::nullopt;
  text = s;
  return static_cast<double>(*seconds) + static_cast<double>(*micro) / 1e6;
}

// Months in other writings: anything short that is not plain English, then a day and a time.
std::optional<double> take_foreign(std::string_view& text) {
  constexpr std::size_t kLongest = 40;
  std::string_view s = text;
  bool foreign = false;
  std::size_t at = 0;
  while (at < s.size() && at < kLongest) {
    foreign |= static_cast<unsigned char>(s[at]) >= 0x80;
    if (s[at] == ':' && foreign && at >= 2 && is_digit(s[at - 1])) {
      const std::size_t start = at >= 2 && is_digit(s[at - 2]) ? at - 2 : at - 1;
      std::string_view clock = s.substr(start);
      const auto time = take_time(clock);
      if (!time) return std::nullopt;
      std::string_view before = trimmed(s.substr(0, start));
      std::size_t digits = before.size();
      while (digits > 0 && is_digit(before[digits - 1])) --digits;
      std::string_view day_text = before.substr(digits);
      const auto day = take_number(day_text);
      text = clock;
      return static_cast<double>(day.value_or(0)) * 86400 + *time;
    }
    ++at;
  }
  return std::nullopt;
}

// A terminal program's stop watch: "00h 15m 58.7s(  17ms): ".
std::optional<double> take_stop_watch(std::string_view& text) {
  std::string_view s = text;
  const auto hours = take_digits(s, 1, 4);
  if (!hours || !take(s, "h ")) return std::nullopt;
  const auto minutes = take_digits(s, 1, 2);
  if (!minutes || !take(s, "m ")) return std::nullopt;
  const auto seconds = take_digits(s, 1, 2);
  if (!seconds) return std::nullopt;
  const std::size_t end = s.find("): ");
  if (end == std::string_view::npos || end > 24) return std::nullopt;
  text = s.substr(end + 3);
  return static_cast<double>(*hours * 3600 + *minutes * 60 + *seconds);
}

}  // namespace

std::optional<double> take_wall_clock(std::string_view& text) {
  std::string_view s = trimmed_left(text);
  if (s.empty()) return std::nullopt;
  std::optional<double> found;
  if (is_digit(s.front())) {
    found = take_iso(s);
    if (!found) found = take_numbers(s);
    if (!found) found = take_unix(s);
    if (!found) found = take_stop_watch(s);
    if (!found) {
      found = take_time(s);
      if (found && !s.empty() && !is_blank(s.front()) && s.front() != ']' && s.front() != '[') found.reset();
    }
  } else if (is_alpha(s.front())) {
    take_weekday(s);
    found = take_iso(s);
    if (!found) found = take_syslog(s);
    if (!found) found = take_shown(s);
  }
  if (!found) {
    s = trimmed_left(text);
    found = take_foreign(s);
  }
  if (found) text = s;
  return found;
}

}  // namespace whyhung::log
