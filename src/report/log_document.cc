// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/log_document.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "report/log_phrases.h"
#include "report/marks.h"
#include "report/system_header.h"

namespace whyhung::report {
namespace {

constexpr std::size_t kMostGaps = 12;

std::string cited_phrase(const log::LogReport& report, std::uint64_t line) {
  const auto found = report.cited.find(line);
  const std::string text = found == report.cited.end() ? std::string() : printable(found->second);
  return fmt::format("{}{}", printable(log::place_of(report, line)), text.empty() ? "" : fmt::format(" = {}", text));
}

Chain chain_of(const log::LogReport& report) {
  Chain chain;
  for (const log::Statement& statement : report.verdict.chain) {
    Chain::Step& step = chain.steps.emplace_back();
    step.claim = inlines_of(log_claim_phrase(report.snapshot, statement));
    if (statement.certainty == model::Certainty::kPossible) step.claim.push_back({InlineKind::kText, " (possible)"});
    for (const std::uint64_t line : statement.lines) {
      if (line != 0) step.evidence.push_back({"log", inlines_of(cited_phrase(report, line))});
    }
  }
  return chain;
}

Items gaps_of(const std::vector<Gap>& gaps) {
  Items items;
  for (const Gap& gap : gaps) {
    if (items.items.size() == kMostGaps) break;
    items.items.push_back({inlines_of(printable(gap.what)), inlines_of(printable(gap.why))});
  }
  items.left_out = gaps.size() - items.items.size();
  return items;
}

}  // namespace

Document make_log_document(const log::LogReport& report) {
  Document document;
  document.machine = system_rows(report.snapshot.machine);
  const bool explained = log::is_explained(report.verdict);
  const bool none = report.verdict.hang_class == diagnose::HangClass::kNone && !explained;
  const InlineKind status = none ? InlineKind::kGood : explained ? InlineKind::kBad : InlineKind::kDoubtful;
  document.verdict.push_back({status, std::string(log::class_name(report.verdict))});
  if (explained) {
    document.verdict.push_back({InlineKind::kText, fmt::format(" ({})", model::name_of(report.verdict.confidence))});
  }
  document.summary = inlines_of(log_summary_phrase(report));
  const auto section = [&](std::string_view title, Block block) {
    document.sections.push_back({std::string(title), {std::move(block)}});
  };
  section(explained ? "CHAIN, from the symptom to the cause" : "WHAT THE LOG SAYS", chain_of(report));
  if (explained && !report.verdict.advice.empty()) {
    Section& fix = document.sections.emplace_back(Section{"SUGGESTED FIX", {}});
    for (const std::string& advice : log_advice_phrases(report.verdict)) {
      fix.blocks.emplace_back(Paragraph{inlines_of(advice)});
    }
  }
  section("EVERY TASK AND CPU",
          Paragraph{inlines_of(
              fmt::format("tasks shown: {}; waiting: {}; running: {}; asleep as always: {}; not shown: unknown",
                          report.snapshot.tasks.size(), report.waiting, report.running, report.ordinary))});
  if (!report.snapshot.gaps.empty()) section("COULD NOT BE READ", gaps_of(report.snapshot.gaps));
  return document;
}

}  // namespace whyhung::report
