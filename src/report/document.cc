// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/document.h"

#include <algorithm>
#include <map>
#include <tuple>

#include <fmt/format.h>

#include "base/text.h"
#include "report/crash_phrases.h"
#include "report/marks.h"
#include "report/phrases.h"
#include "report/system_header.h"
#include "report/victims.h"

namespace whyhung::report {
namespace {

constexpr std::size_t kMostGaps = 12;
constexpr std::size_t kMostUnexplained = 100;
constexpr std::size_t kMostSteps = 200;  // of a chain; the whole of it is in the JSON report

// "cpu_stopper.fn of CPU 3" without its number, and the number; nothing when it does not end so.
std::optional<std::uint32_t> take_cpu(std::string& text) {
  constexpr std::string_view kCpu = " CPU ";
  const std::size_t at = text.rfind(kCpu);
  if (at == std::string::npos) return std::nullopt;
  const auto number = parse_unsigned(std::string_view(text).substr(at + kCpu.size()), 10);
  if (!number || *number > 0xffffffffu) return std::nullopt;
  text.resize(at + 1);
  return static_cast<std::uint32_t>(*number);
}

// Evidence that differs in nothing but the CPU is one piece of evidence about several CPUs.
std::vector<model::Evidence> grouped(const std::vector<model::Evidence>& evidence) {
  struct Group {
    model::Evidence first;  // without the number
    bool in_value = false;
    std::vector<std::uint32_t> cpus;
  };
  std::vector<Group> groups;
  std::map<std::tuple<model::EvidenceKind, bool, std::string, std::string>, std::size_t> group_of;
  for (const model::Evidence& one : evidence) {
    Group group{one, false, {}};
    if (!one.address) {
      auto cpu = take_cpu(group.first.what);
      if (!cpu) {
        cpu = take_cpu(group.first.value);
        group.in_value = cpu.has_value();
      }
      if (cpu) group.cpus = {*cpu};
    }
    if (group.cpus.empty()) {
      groups.push_back(std::move(group));
      continue;
    }
    const auto [found, is_new] = group_of.try_emplace(
        std::tuple(group.first.kind, group.in_value, group.first.what, group.first.value), groups.size());
    if (is_new) {
      groups.push_back(std::move(group));
    } else {
      groups[found->second].cpus.push_back(group.cpus.front());
    }
  }
  std::vector<model::Evidence> out;
  for (Group& group : groups) {
    if (!group.cpus.empty()) (group.in_value ? group.first.value : group.first.what) += cpus_phrase(group.cpus);
    out.push_back(std::move(group.first));
  }
  return out;
}

class Maker {
 public:
  Maker(const model::Index& index, const diagnose::Diagnosis& diagnosis)
      : index_(index), snapshot_(index.snapshot()), diagnosis_(diagnosis) {}

  Document make() {
    document_.machine = system_rows(snapshot_.machine);
    add_verdict();
    if (!diagnosis_.findings.empty()) {
      add_chain(diagnosis_.findings.front());
      if (diagnosis_.verdict == diagnose::HangClass::kCrashed) add_crash();
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
      for (const model::Evidence& evidence : grouped(link.evidence)) {
        step.evidence.push_back({std::string(model::name_of(evidence.kind)), inlines_of(evidence_phrase(evidence))});
      }
    }
    section("CHAIN, from the symptom to the cause").blocks.emplace_back(std::move(chain));
  }

  void add_crash() {
    const std::string registers = crash_registers_phrase(snapshot_);
    const std::vector<std::string> code = crash_code(snapshot_);
    if (registers.empty() && code.empty()) return;
    Section& told = section("REGISTERS AND CODE");
    if (!registers.empty()) told.blocks.emplace_back(Paragraph{{{InlineKind::kCode, registers}}});
    Items items;
    for (const std::string& line : code) {
      // "> 0xffff…: mov …"
      const std::size_t end = std::min(line.find(": "), line.size());
      const std::string rest = end + 2 < line.size() ? line.substr(end + 2) : std::string();
      items.items.push_back({{{InlineKind::kAddress, line.substr(0, end)}}, {{InlineKind::kCode, rest}}});
    }
    if (!code.empty()) told.blocks.emplace_back(std::move(items));
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
    const bool all_run =
        std::ranges::all_of(diagnosis_.liveness, [](const auto& cpu) { return cpu.threads == diagnose::Rung::kAlive; });
    if (all_run) return;
    Items items;
    items.belongs_to_paragraph = true;
    for (const auto& [text, cpus] : groups) items.items.push_back({inlines_of(cpus_phrase(cpus)), inlines_of(text)});
    ran.blocks.emplace_back(std::move(items));
  }

  void add_advice(const diagnose::Finding& finding) {
    if (finding.advice.empty()) return;
    Section& fix = section("SUGGESTED FIX");
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

  template <typename Counts, typename Words>
  static Inlines counts_text(const Counts& counts, Words words) {
    std::string text;
    for (const auto& [bucket, count] : counts) {
      if (count != 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, words(bucket, count != 1));
    }
    return {{InlineKind::kText, text}};
  }

  void add_accounting() {
    Items items;
    const auto add = [&](std::string label, Inlines text) {
      items.items.push_back({{{InlineKind::kText, std::move(label)}}, std::move(text)});
    };
    add(fmt::format("{} CPU{}", snapshot_.cpus.size(), plural(snapshot_.cpus.size())),
        counts_text(diagnosis_.accounting.cpus,
                    [](auto bucket, bool several) { return bucket_words(bucket, several); }));
    add(fmt::format("{} task{}", snapshot_.tasks.size(), plural(snapshot_.tasks.size())),
        counts_text(diagnosis_.accounting.tasks, [](auto bucket, bool) { return bucket_words(bucket); }));
    const std::string unexplained = unexplained_phrase(index_, diagnosis_, kMostUnexplained);
    if (!unexplained.empty()) add("blocked (unexplained)", inlines_of(unexplained));
    section("EVERY TASK AND CPU").blocks.emplace_back(std::move(items));
  }

  void add_gaps() {
    if (snapshot_.gaps.empty()) return;
    Items items;
    for (const Gap& gap : snapshot_.gaps) {
      if (items.items.size() == kMostGaps) break;
      items.items.push_back({inlines_of(printable(gap.what)), inlines_of(printable(gap.why))});
    }
    items.left_out = snapshot_.gaps.size() - items.items.size();
    section("COULD NOT BE READ").blocks.emplace_back(std::move(items));
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
