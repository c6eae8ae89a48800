// SPDX-License-Identifier: GPL-2.0-or-later
// Takes off a line whatever collectors have put in front of the kernel's text: quotes of mails, clocks of terminals,
// syslog and journal headers, netconsole's, the kernel's own stamp and caller. They come in any order and number.
#pragma once

#include <string_view>

#include "log/record.h"

namespace whyhung::log {

struct Stripped {
  Record record;
  std::optional<double> delta;            // dmesg -H: seconds since the line before
  std::string_view fragment;              // netconsole's "ncfrag" value: offset/total
  std::optional<std::uint64_t> sequence;  // netconsole's or the kernel's number of the record
};

Stripped strip_prefix(std::string_view line);

// Where a second record begins inside of `text` (its stamp's bracket), when two were glued into one line.
std::optional<std::size_t> find_inner_stamp(std::string_view text);

}  // namespace whyhung::log
