// SPDX-License-Identifier: GPL-2.0-or-later
// Several texts may tell of one boot (dmesg, a journal, /var/log/messages, what pstore kept), each with its own clock
// and its own losses. What they have in common tells which boot it is and how their clocks relate.
#pragma once

#include <vector>

#include "log/record.h"

namespace whyhung::log {

struct Boot {
  std::vector<Record> records;
  std::vector<std::size_t> sources;  // that tell of it
  std::string_view host;             // where a source tells of several machines
};

// A collector of several machines writes into one file: the records of each, in the order in which they appear. A
// machine whose name changes while it starts is one.
std::vector<Boot> split_hosts(std::vector<Record> records, std::size_t source);

// Each boot of one source; those of one source are never joined. The clocks of joined boots are the first one's, and
// what both say is there once.
std::vector<Boot> join_boots(std::vector<Boot> boots);

// Whether `other`, which comes behind `boot` in such a list, is later; nothing when their clocks cannot be compared.
std::optional<bool> is_later(const Boot& boot, const Boot& other);

}  // namespace whyhung::log
