// SPDX-License-Identifier: GPL-2.0-or-later
// Who waits for whom, from what the kernel says and, where it says nothing, from where the tasks stand.
#pragma once

#include "log/case.h"

namespace whyhung::log {

void add_edges(Case& facts);

// The circle that is come to from `pid` along the edges; empty when there is none.
std::vector<std::uint32_t> circle_from(const Case& facts, std::uint32_t pid);
// The last of the chain that begins at `pid`, and the edges on the way.
std::uint32_t end_of_chain(const Case& facts, std::uint32_t pid, std::vector<const Edge*>* edges = nullptr);

// The task waits for a lock that its own call path has taken already, by what is known of the functions on it.
struct OwnLock {
  std::string_view taken_in;  // the function that runs with the lock held, or takes it
  bool known = false;         // the lock is one of those whose users are listed; otherwise a function called itself
};
std::optional<OwnLock> waits_for_own_lock(const Case& facts, const Subject& subject);

}  // namespace whyhung::log
