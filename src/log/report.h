// SPDX-License-Identifier: GPL-2.0-or-later
// A verdict on a log in the form in which the verdicts on dumps are told: a snapshot of what was shown, and findings.
#pragma once

#include "log/decode.h"
#include "log/read_log.h"
#include "log/verdict.h"

namespace whyhung::log {

struct Origin {
  std::string name;
  std::string description;  // "kernel log, 2 boots, newest first"
};

LogReport make_report(const Case& facts, const CpuStories& stories, const Verdict& verdict, const Origin& source);

}  // namespace whyhung::log
