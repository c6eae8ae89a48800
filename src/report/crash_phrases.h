// SPDX-License-Identifier: GPL-2.0-or-later
// The sentences about a machine that did not hang but crashed.
#pragma once

#include <string>

#include "diagnose/finding.h"
#include "model/index.h"

namespace whyhung::report {

std::string died_phrase(const model::Index& index, const diagnose::Link& link);
std::string slept_phrase(const model::Index& index, const diagnose::Link& link);
std::string killed_phrase(const model::Index& index, const diagnose::Link& link);
std::string stopped_phrase(const diagnose::Link& link);
// "NULL pointer dereference in f() [m]": what ended the machine, for a headline.
std::string crash_headline(const diagnose::Finding& finding);
std::string crashed_phrase(const model::Index& index, const diagnose::Finding& finding, std::string_view culprit);

}  // namespace whyhung::report
