// SPDX-License-Identifier: GPL-2.0-or-later
// Words for where there is little room: a task is "rmmod (127)", a place "spin() [hog]". All that comes from the dump
// is made printable and cut to a length that no stranger can exceed.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "diagnose/finding.h"
#include "model/index.h"

namespace whyhung::report {

// "rmmod (127)".
std::string brief_task(const model::Index& index, std::uint64_t task);
std::string brief_task(std::string_view comm, std::uint32_t pid);
// "kthread pmount_kthread (115)", "a softirq on CPU 2".
std::string brief_culprit(const model::Index& index, const diagnose::Culprit& culprit);
// "mutex table_lock [mutexes]".
std::string brief_resource(const model::Index& index, std::uint64_t address);
std::string brief_node(const model::Index& index, const model::NodeId& node);
// "spin_forever() [hanglab]"; empty when the function is not known.
std::string brief_place(std::string_view function, std::string_view module);
// "spin_forever+0x7 [hanglab]", "0xffff… [hanglab]".
std::string brief_location(const model::CodeLocation& location);

// "since 04:47:29 UTC (9.6 s)"; "for 9.6 s" where the dump does not tell what time it was.
std::string since_phrase(const model::Machine& machine, std::uint64_t age);
// When something happened, by the scheduler's clock, in seconds since 1970; absent where the dump does not tell what
// time it was.
std::optional<std::int64_t> wall_clock(const model::Machine& machine, std::uint64_t clock);
// The same as the time of day; empty where it is not known.
std::string time_phrase(const model::Machine& machine, std::uint64_t clock);

}  // namespace whyhung::report
