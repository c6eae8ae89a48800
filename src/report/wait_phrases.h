// SPDX-License-Identifier: GPL-2.0-or-later
// Sentences about waits: who waits for what, who holds it, and what the holder does.
#pragma once

#include <optional>
#include <string>

#include "diagnose/finding.h"

namespace whyhung::report {

// "mutex alpha_lock [module]", "a mutex at 0x…".
std::string resource_phrase(const model::Snapshot& snapshot, std::uint64_t address);
// The links of such findings; empty for a claim of another kind.
std::string wait_claim_phrase(const model::Snapshot& snapshot, const diagnose::Link& link);
// The whole finding; nothing for a class of another kind.
std::optional<std::string> wait_finding_phrase(const model::Snapshot& snapshot, const diagnose::Finding& finding);
std::string wait_advice_phrase(diagnose::Advice advice, const diagnose::Finding& finding);

}  // namespace whyhung::report
