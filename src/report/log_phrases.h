// SPDX-License-Identifier: GPL-2.0-or-later
// Sentences about what a log says, and the verdicts that rest on it.
#pragma once

#include <string>
#include <vector>

#include "log/read_log.h"

namespace whyhung::report {

std::string log_claim_phrase(const model::Snapshot& snapshot, const log::Statement& statement);
// The verdict in one paragraph; of a log that does not tell, what is missing.
std::string log_summary_phrase(const log::LogReport& report);
// The same in one short sentence without a full stop, and who is accused.
std::string log_headline_phrase(const log::Verdict& verdict);
std::string log_accused_phrase(const log::Verdict& verdict);
// What to collect next time, so that there is an answer.
std::string log_collect_phrase(const log::Verdict& verdict);
std::vector<std::string> log_advice_phrases(const log::Verdict& verdict);

}  // namespace whyhung::report
