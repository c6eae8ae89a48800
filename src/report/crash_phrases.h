// SPDX-License-Identifier: GPL-2.0-or-later
// The sentences about a machine that did not hang but crashed.
#pragma once

#include <string>
#include <vector>

#include "diagnose/finding.h"
#include "model/index.h"

namespace whyhung::report {

std::string died_phrase(const model::Index& index, const diagnose::Link& link);
std::string slept_phrase(const model::Index& index, const diagnose::Link& link);
std::string killed_phrase(const model::Index& index, const diagnose::Link& link);
std::string stopped_phrase(const diagnose::Link& link);
// "NULL pointer dereference in f() [m]": what ended the machine, for a headline.
std::string crash_headline(const model::Index& index, const diagnose::Finding& finding);
// Who did what, where, and on which CPU.
std::string crash_why_phrase(const model::Index& index, const diagnose::Finding& finding);
// What the kernel's log calls it; empty when it does not say.
std::string crash_log_phrase(const model::Index& index, const diagnose::Finding& finding);
// The registers that the exception saved: "RIP=ffff… RSP=…"; empty when none were read.
std::string crash_registers_phrase(const model::Snapshot& snapshot);
// The instruction that did it, and the memory that it meant; empty when the code was not read.
std::string crash_code_phrase(const model::Snapshot& snapshot);
// It and those around it, marked with ">".
std::vector<std::string> crash_code(const model::Snapshot& snapshot);
std::string crashed_phrase(const model::Index& index, const diagnose::Finding& finding, std::string_view culprit);

}  // namespace whyhung::report
