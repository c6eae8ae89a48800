// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/text.h"

#include <map>
#include <ostream>

#include <fmt/format.h>

#include "base/text.h"
#include "report/phrases.h"
#include "report/system_header.h"

namespace whyhung::report {
namespace {

constexpr std::size_t kWidth = 112;
constexpr std::size_t kMostGaps = 12;

// Breaks a paragraph at spaces. `indent` goes before every line, `first` before the first instead.
std::string wrapped(std::string_view text, std::string_view first, std::string_view indent) {
  std::string out(first);
  std::size_t column = first.size();
  bool at_start = true;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    if (!at_start && column + 1 + word.size() > kWidth) {
      out += "\n";
      out += indent;
      column = indent.size();
      at_start = true;
    }
    if (!at_start) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
    at_start = false;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out + "\n";
}

class TextWriter {
 public:
  TextWriter(std::ostream& out, const model::Snapshot& snapshot, const diagnose::Diagnosis& diagnosis,
             const Style& style)
      : out_(out), snapshot_(snapshot), index_(snapshot), diagnosis_(diagnosis), style_(style) {}

  void write() {
    write_system_header(out_, snapshot_.machine);
    write_verdict();
    if (!diagnosis_.findings.empty()) {
      write_chain(diagnosis_.findings.front());
      write_liveness();
      write_advice(diagnosis_.findings.front());
    }
    write_other_findings();
    write_accounting();
    write_gaps();
  }

 private:
  void heading(std::string_view text) { out_ << "\n" << style_.heading(text) << "\n"; }

  void write_verdict() {
    const std::string name(diagnose::name_of(diagnosis_.verdict));
    std::string shown = style_.bad(name);
    if (diagnosis_.verdict == diagnose::HangClass::kNone) shown = style_.good(name);
    if (diagnosis_.verdict == diagnose::HangClass::kUndetermined) shown = style_.doubtful(name);
    out_ << "\n" << style_.heading("VERDICT") << "  " << shown;
    if (!diagnosis_.findings.empty()) out_ << " (" << model::name_of(diagnosis_.confidence) << ")";
    out_ << "\n" << wrapped(summary_phrase(index_, diagnosis_), "  ", "  ");
  }

  void write_chain(const diagnose::Finding& finding) {
    heading("CHAIN, from the symptom to the cause");
    std::size_t number = 0;
    for (const diagnose::Link& link : finding.chain) {
      const std::string marker = fmt::format("{:>3}. ", ++number);
      std::string claim = claim_phrase(index_, link);
      if (link.certainty != model::Certainty::kCertain) claim += fmt::format(" ({})", model::name_of(link.certainty));
      out_ << wrapped(claim, marker, "     ");
      for (const model::Evidence& evidence : link.evidence) {
        const std::string kind = fmt::format("       {:<9} ", model::name_of(evidence.kind));
        out_ << style_.quiet(wrapped(evidence_phrase(evidence), kind, std::string(kind.size(), ' ')));
      }
    }
  }

  void write_liveness() {
    heading("WHAT STILL RAN");
    out_ << wrapped(liveness_phrase(diagnosis_), "  ", "  ");
    // CPUs in the same condition share a line.
    std::vector<std::pair<std::string, std::vector<std::uint32_t>>> groups;
    std::map<std::string, std::size_t> group_of;
    for (const diagnose::CpuLiveness& cpu : diagnosis_.liveness) {
      const std::string text = liveness_phrase(cpu);
      const auto [found, is_new] = group_of.try_emplace(text, groups.size());
      if (is_new) groups.push_back({text, {}});
      groups[found->second].second.push_back(cpu.cpu);
    }
    for (const auto& [text, cpus] : groups) {
      out_ << wrapped(fmt::format("{}: {}", cpus_phrase(cpus), text), "    ", "      ");
    }
  }

  void write_advice(const diagnose::Finding& finding) {
    if (finding.advice.empty()) return;
    heading("FIX TO THINK OF");
    for (const diagnose::Advice advice : finding.advice) out_ << wrapped(advice_phrase(advice, finding), "  ", "  ");
  }

  void write_other_findings() {
    if (diagnosis_.findings.size() < 2) return;
    heading("ALSO FOUND");
    for (std::size_t i = 1; i < diagnosis_.findings.size(); ++i) {
      const diagnose::Finding& finding = diagnosis_.findings[i];
      const std::string marker =
          fmt::format("  {} ({}): ", diagnose::name_of(finding.hang_class), model::name_of(finding.confidence));
      out_ << wrapped(finding_phrase(index_, finding) + alike_phrase(finding), marker, "    ");
    }
  }

  void write_accounting() {
    heading("ACCOUNTING");
    std::string cpus;
    for (const auto& [bucket, count] : diagnosis_.accounting.cpus) {
      if (count != 0) cpus += fmt::format("{}{} {}", cpus.empty() ? "" : ", ", count, diagnose::name_of(bucket));
    }
    std::string tasks;
    for (const auto& [bucket, count] : diagnosis_.accounting.tasks) {
      if (count != 0) tasks += fmt::format("{}{} {}", tasks.empty() ? "" : ", ", count, diagnose::name_of(bucket));
    }
    out_ << wrapped(fmt::format("{} CPUs: {}", snapshot_.cpus.size(), cpus), "  ", "    ");
    out_ << wrapped(fmt::format("{} tasks: {}", snapshot_.tasks.size(), tasks), "  ", "    ");
  }

  void write_gaps() {
    if (snapshot_.gaps.empty()) return;
    heading("NOT KNOWN");
    std::size_t shown = 0;
    for (const Gap& gap : snapshot_.gaps) {
      if (++shown > kMostGaps) {
        out_ << fmt::format("  … and {} more (all of them with --json)\n", snapshot_.gaps.size() - kMostGaps);
        break;
      }
      out_ << wrapped(fmt::format("{}: {}", printable(gap.what), printable(gap.why)), "  ", "    ");
    }
  }

  std::ostream& out_;
  const model::Snapshot& snapshot_;
  const model::Index index_;
  const diagnose::Diagnosis& diagnosis_;
  const Style& style_;
};

}  // namespace

void write_text(std::ostream& out, const model::Snapshot& snapshot, const diagnose::Diagnosis& diagnosis,
                const Style& style) {
  TextWriter(out, snapshot, diagnosis, style).write();
}

}  // namespace whyhung::report
