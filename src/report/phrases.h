// SPDX-License-Identifier: GPL-2.0-or-later
// The sentences. Facts of a diagnosis become English here and nowhere else. Every name that comes from the dump is made
// printable on its way in. Names of code are marked (report/marks.h): plain() is the sentence without marks.
#pragma once

#include <string>
#include <vector>

#include "diagnose/diagnose.h"
#include "report/words.h"

namespace whyhung::report {

// One link of a chain as a sentence.
std::string claim_phrase(const model::Index& index, const diagnose::Link& link);
// "thread_ack = 1 at 0xffff…": what and where, for a person with a debugger.
std::string evidence_phrase(const model::Evidence& evidence);
std::string advice_phrase(diagnose::Advice advice, const diagnose::Finding& finding);
std::string doubt_phrase(const model::Index& index, const diagnose::Diagnosis& diagnosis, diagnose::Doubt doubt);

// The verdict in one paragraph that a kernel engineer would sign.
std::string summary_phrase(const model::Index& index, const diagnose::Diagnosis& diagnosis);
// " There are 498 more like it."; nothing when there are none.
std::string alike_phrase(const diagnose::Finding& finding);
// A finding in one sentence.
std::string finding_phrase(const model::Index& index, const diagnose::Finding& finding);
// What still ran on the machine and what did not: why ping answered and ssh did not.
std::string liveness_phrase(const diagnose::Diagnosis& diagnosis);
std::string liveness_phrase(const diagnose::CpuLiveness& cpu);

}  // namespace whyhung::report
