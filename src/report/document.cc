// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/document.h"

#include <map>

#include <fmt/format.h>

#include "base/text.h"
#include "report/marks.h"
#include "report/phrases.h"
#include "report/system_header.h"

namespace whyhung::report {
namespace {

constexpr std::size_t kMostGaps = 12;
constexpr std::size_t kMostSteps = 200;  // of a chain; the whole of it is in the JSON report

class Maker {
 public:
  Maker(const model::Index& index, const diagnose::Diagnosis& diagnosis)
      : index_(index), snapshot_(index.snapshot()), diagnosis_(diagnosis) {}

  Document make() {
    document_.machine = system_rows(snapshot_.machine);
    add_verdict();
    if (!diagnosis_.findings.empty()) {
      add_chain(diagnosis_.findings.front());
      add_liveness();
      add_advice(diagnosis_.findings.front());
    }
    add_other_findings();
    add_accounting();
    add_gaps();
    return std::move(document_);
  }

 private:
  Section& section(std::string_view title) { return document_.sections.emplace_back(Section{std::string(title), {}}); }

  void add_verdict() {
    InlineKind status = InlineKind::kBad;
    if (diagnosis_.verdict == diagnose::HangClass::kNone) status = InlineKind::kGood;
    if (diagnosis_.verdict == diagnose::HangClass::kUndetermined) status = InlineKind::kDoubtful;
    document_.verdict.push_back({status, std::string(diagnose::name_of(diagnosis_.verdict))});
    if (!diagnosis_.findings.empty()) {
      document_.verdict.push_back({InlineKind::kText, fmt::format(" ({})", model::name_of(diagnosis_.confidence))});
    }
    document_.summary = inlines_of(summary_phrase(index_, diagnosis_));
  }

  void add_chain(const diagnose::Finding& finding) {
    Chain chain;
    for (const diagnose::Link& link : finding.chain) {
      const bool is_last = &link == &finding.chain.back();
      if (chain.steps.size() + 1 >= kMostSteps && !is_last) {
        ++chain.left_out;
        continue;
      }
      Chain::Step& step = chain.steps.emplace_back();
      step.claim = inlines_of(claim_phrase(index_, link));
      if (link.certainty != model::Certainty::kCertain) {
        step.claim.push_back({InlineKind::kText, fmt::format(" ({})", model::name_of(link.certainty))});
      }
      for (const model::Evidence& evidence : link.evidence) {
        step.evidence.push_back({std::string(model::name_of(evidence.kind)), inlines_of(evidence_phrase(evidence))});
      }
    }
    section("CHAIN, from the symptom to the cause").blocks.emplace_back(std::move(chain));
  }

  void add_liveness() {
    Section& ran = section("WHAT STILL RAN");
    ran.blocks.emplace_back(Paragraph{inlines_of(liveness_phrase(diagnosis_))});
    // CPUs in the same condition share an item.
    std::vector<std::pair<std::string, std::vector<std::uint32_t>>> groups;
    std::map<std::string, std::size_t> group_of;
    for (const diagnose::CpuLiveness& cpu : diagnosis_.liveness) {
      const std::string text = liveness_phrase(cpu);
      const auto [found, is_new] = group_of.try_emplace(text, groups.size());
      if (is_new) groups.push_back({text, {}});
      groups[found->second].second.push_back(cpu.cpu);
    }
    Items items;
    items.belongs_to_paragraph = true;
    for (const auto& [text, cpus] : groups) items.items.push_back({inlines_of(cpus_phrase(cpus)), inlines_of(text)});
    ran.blocks.emplace_back(std::move(items));
  }

  void add_advice(const diagnose::Finding& finding) {
    if (finding.advice.empty()) return;
    Section& fix = section("FIX TO THINK OF");
    for (const diagnose::Advice one : finding.advice) {
      fix.blocks.emplace_back(Paragraph{inlines_of(advice_phrase(one, finding))});
    }
  }

  void add_other_findings() {
    if (diagnosis_.findings.size() < 2) return;
    Items items;
    for (std::size_t i = 1; i < diagnosis_.findings.size(); ++i) {
      const diagnose::Finding& finding = diagnosis_.findings[i];
      const std::string label =
          fmt::format("{} ({})", diagnose::name_of(finding.hang_class), model::name_of(finding.confidence));
      items.items.push_back(
          {{{InlineKind::kText, label}}, inlines_of(finding_phrase(index_, finding) + alike_phrase(finding))});
    }
    section("ALSO FOUND").blocks.emplace_back(std::move(items));
  }

  template <typename Counts>
  static Inlines counts_text(const Counts& counts) {
    std::string text;
    for (const auto& [bucket, count] : counts) {
      if (count != 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, diagnose::name_of(bucket));
    }
    return {{InlineKind::kText, text}};
  }

  void add_accounting() {
    Items items;
    items.items.push_back({{{InlineKind::kText, fmt::format("{} CPUs", snapshot_.cpus.size())}},
                           counts_text(diagnosis_.accounting.cpus)});
    items.items.push_back({{{InlineKind::kText, fmt::format("{} tasks", snapshot_.tasks.size())}},
                           counts_text(diagnosis_.accounting.tasks)});
    section("ACCOUNTING").blocks.emplace_back(std::move(items));
  }

  void add_gaps() {
    if (snapshot_.gaps.empty()) return;
    Items items;
    for (const Gap& gap : snapshot_.gaps) {
      if (items.items.size() == kMostGaps) break;
      items.items.push_back({inlines_of(printable(gap.what)), inlines_of(printable(gap.why))});
    }
    items.left_out = snapshot_.gaps.size() - items.items.size();
    section("NOT KNOWN").blocks.emplace_back(std::move(items));
  }

  const model::Index& index_;
  const model::Snapshot& snapshot_;
  const diagnose::Diagnosis& diagnosis_;
  Document document_;
};

}  // namespace

Document make_document(const model::Index& index, const diagnose::Diagnosis& diagnosis) {
  return Maker(index, diagnosis).make();
}

}  // namespace whyhung::report
