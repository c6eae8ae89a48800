// SPDX-License-Identifier: GPL-2.0-or-later
// One line of a log with everything in front of the kernel's text taken off.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/gap.h"

namespace whyhung::log {

// A line as it stands in the file, numbered from 1.
struct RawLine {
  std::uint64_t number = 0;
  std::string text;
};

struct Record {
  std::uint64_t line = 0;             // of the file as it was given, also where the order was turned round
  std::optional<double> uptime;       // seconds since boot, by the kernel's own stamp
  std::optional<double> wall;         // the collector's or dmesg's clock, seconds; rough
  std::optional<std::uint8_t> level;  // the kernel's priority
  std::string_view caller;            // "T27", "C3": who printed it, where the kernel says so
  std::string_view host;
  std::string_view text;         // as the kernel printed it, without blanks at both ends
  bool from_user_space = false;  // the container says that another program wrote it
  bool from_kernel = false;      // the container says that the kernel did
  bool has_prefix = false;       // something was taken off
  bool mended = false;           // put together from several lines

  // Seconds on the better of the two clocks; only to be compared within one boot.
  std::optional<double> when() const { return uptime ? uptime : wall; }
};

// What a file turned out to be. Records point into `storage`, so it is moved and never copied.
struct Decoded {
  Decoded() = default;
  Decoded(Decoded&&) = default;
  Decoded& operator=(Decoded&&) = default;

  std::deque<std::string> storage;
  std::vector<Record> records;  // oldest first
  bool newest_first = false;    // as it was given
  bool disordered = false;      // as it was given, and its clocks are too rough to put it in order
  bool doubled = false;
  bool wrapped = false;
  bool from_pstore = false;
  std::vector<Gap> gaps;
};

}  // namespace whyhung::log
