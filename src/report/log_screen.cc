// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/log_screen.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/columns.h"
#include "base/text.h"
#include "report/log_phrases.h"
#include "report/log_signature.h"
#include "report/system_header.h"

namespace whyhung::report {
namespace {

constexpr std::size_t kMostStatements = 8;

Status status_of(const log::Verdict& verdict) {
  if (verdict.beyond == log::Beyond::kCrashed) return Status::kCrashed;
  if (log::is_explained(verdict)) return Status::kHung;
  return verdict.hang_class == diagnose::HangClass::kNone ? Status::kNotHung : Status::kUndetermined;
}

std::string statement_text(const log::LogReport& report, const log::Statement& statement) {
  std::string text = log_claim_phrase(report.snapshot, statement);
  if (statement.certainty == model::Certainty::kPossible) text += " (possible)";
  for (const std::uint64_t line : statement.lines) {
    if (line == 0) continue;
    text += fmt::format(" ({})", printable(log::place_of(report, line)));
    break;
  }
  return text;
}

}  // namespace

Screen make_log_screen(const log::LogReport& report) {
  const log::Verdict& verdict = report.verdict;
  const bool explained = log::is_explained(verdict);
  Screen screen;
  screen.status = status_of(verdict);
  screen.headline = log_headline_phrase(verdict);
  screen.sureness = std::string(log::class_name(verdict));
  if (explained) screen.sureness += fmt::format(", {}", model::name_of(verdict.confidence));
  if (explained) screen.rows.push_back({"why", log_accused_phrase(verdict), 3});
  const std::size_t told = std::min(verdict.chain.size(), kMostStatements);
  for (std::size_t i = 0; i < told; ++i) {
    screen.rows.push_back({i == 0 ? "log" : "", statement_text(report, verdict.chain[i]), 2, i > 1});
  }
  if (verdict.chain.size() > told) {
    screen.rows.push_back({"", fmt::format("and {} more statements: see --full", verdict.chain.size() - told), 1});
  }
  screen.rows.push_back({"tasks",
                         fmt::format("{} shown: {} waiting, {} running, {} asleep as always; others are not in the log",
                                     report.snapshot.tasks.size(), report.waiting, report.running, report.ordinary),
                         2, true});
  for (const Gap& gap : report.snapshot.gaps) {
    screen.rows.push_back({"unread", fmt::format("{}: {}", printable(gap.what), printable(gap.why)), 2, true});
    break;
  }
  const auto advice = log_advice_phrases(verdict);
  if (explained && !advice.empty()) screen.more_rows.push_back({"fix", advice.front(), 2});
  if (!explained && screen.status == Status::kUndetermined) {
    screen.more_rows.push_back({"collect", log_collect_phrase(verdict), 4});
  }
  screen.more_rows.push_back({"next", "--full (with the lines that this rests on) | --json", 1});
  const model::Machine& machine = report.snapshot.machine;
  constexpr std::size_t kLongestRelease = 48;
  screen.footer.push_back(cut_to(printable(machine.release), kLongestRelease));
  if (machine.uptime) screen.footer.push_back("up " + uptime_text(*machine.uptime));
  if (machine.date) screen.footer.push_back(date_text(*machine.date));
  if (explained) screen.footer.push_back("id " + log_signature_of(report).id);
  screen.footer.push_back(printable(machine.dump_format));
  return screen;
}

}  // namespace whyhung::report
