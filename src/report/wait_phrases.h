// SPDX-License-Identifier: GPL-2.0-or-later
// The sentences of those links that speak of tasks that wait, and of what they wait for.
#pragma once

#include <string>

#include "diagnose/finding.h"
#include "model/index.h"

namespace whyhung::report {

std::string waits_phrase(const model::Index& index, const diagnose::Link& link);
std::string held_phrase(const model::Index& index, const diagnose::Link& link);
std::string cycle_phrase(const model::Index& index, const diagnose::Link& link);
// kHolderSleeps, kHolderNaps, kHolderRuns, kHolderStopped.
std::string rests_phrase(const model::Index& index, const diagnose::Link& link);
std::string gone_phrase(const model::Index& index, const diagnose::Link& link);
std::string nobody_phrase(const model::Index& index, const diagnose::Link& link);
std::string lost_phrase(const diagnose::Link& link);
std::string spins_phrase(const model::Index& index, const diagnose::Link& link);
std::string spinlocks_phrase(const diagnose::Link& link);
std::string only_these_phrase(const diagnose::Link& link);
std::string nobody_holds_phrase(const model::Index& index, const diagnose::Link& link);
std::string starves_phrase(const model::Index& index, const diagnose::Link& link);
std::string throttled_phrase(const model::Index& index, const diagnose::Link& link);
std::string preferred_phrase(const model::Index& index, const diagnose::Link& link);
std::string io_phrase(const model::Index& index, const diagnose::Link& link);
std::string server_phrase(const model::Index& index, const diagnose::Link& link);
std::string device_phrase(const model::Index& index, const diagnose::Link& link);
std::string real_time_phrase(const model::Index& index, const diagnose::Link& link);
std::string reclaim_phrase(const model::Index& index, const diagnose::Link& link);
// "SCHED_FIFO".
std::string_view policy_words(std::uint32_t policy);

}  // namespace whyhung::report
