// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/first_screen.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/columns.h"
#include "base/text.h"
#include "report/brief.h"
#include "report/crash_phrases.h"
#include "report/headline.h"
#include "report/links.h"
#include "report/marks.h"
#include "report/phrases.h"
#include "report/route.h"
#include "report/signature.h"
#include "report/standing.h"
#include "report/system_header.h"
#include "report/top_frames.h"
#include "report/victims.h"

namespace whyhung::report {
namespace {

using diagnose::Claim;
using diagnose::Culprit;
using diagnose::Finding;
using diagnose::HangClass;

constexpr std::size_t kLineWidth = kScreenWidth - 9;
constexpr std::size_t kMostGapsShown = 2;
constexpr std::size_t kMostUnexplained = 5;

class Maker {
 public:
  Maker(const model::Index& index, const diagnose::Diagnosis& diagnosis)
      : index_(index),
        machine_(index.snapshot().machine),
        diagnosis_(diagnosis),
        finding_(diagnosis.findings.empty() ? nullptr : &diagnosis.findings.front()) {}

  Screen make() {
    screen_.status = status();
    screen_.sureness = std::string(diagnose::name_of(diagnosis_.verdict));
    if (finding_ != nullptr) {
      screen_.sureness += fmt::format(", {}", model::name_of(diagnosis_.confidence));
      tell_finding(*finding_);
    } else {
      tell_nothing_found();
    }
    tell_next();
    add_footer();
    return std::move(screen_);
  }

 private:
  Status status() const {
    if (diagnosis_.verdict == HangClass::kCrashed) return Status::kCrashed;
    if (diagnosis_.verdict == HangClass::kNone) return Status::kNotHung;
    return finding_ == nullptr ? Status::kUndetermined : Status::kHung;
  }

  void row(std::string_view label, std::string text, std::size_t most_lines, bool may_go = false) {
    if (!text.empty()) screen_.rows.push_back({std::string(label), std::move(text), most_lines, may_go});
  }
  void more_row(std::string_view label, std::string text, std::size_t most_lines, bool may_go = false) {
    if (!text.empty()) screen_.more_rows.push_back({std::string(label), std::move(text), most_lines, may_go});
  }

  void tell_finding(const Finding& finding) {
    screen_.headline = headline_phrase(index_, finding);
    const FirstWaiter waiter = first_waiter(index_, finding);
    row("why", why_phrase(index_, finding), 4);
    if (finding.hang_class == HangClass::kCrashed) {
      row("log", crash_log_phrase(index_, finding), 2);
      row("code", crash_code_phrase(index_.snapshot()), 2);
      row("regs", crash_registers_phrase(index_.snapshot()), 3);
    }
    row("who", first_waiter_phrase(index_, finding, waiter), 2);
    if (finding.hang_class != HangClass::kCrashed) row("stuck", stuck_phrase(index_, diagnosis_), 2);
    row("module", standing_phrase(index_.snapshot(), finding), 2);
    row("panic", panic_phrase(index_, diagnosis_), 3);
    row("also", also_phrase(), 1);
    tell_gaps(1);
    add_stacks(finding, waiter);
    more_row("loop", loop_phrase(finding), 1, true);
    more_row("chain", route_phrase(index_, finding, 2 * kLineWidth - 20), 2);
    if (!finding.advice.empty()) more_row("fix", advice_phrase(finding.advice.front(), finding), 3);
  }

  void tell_nothing_found() {
    Finding nothing;
    nothing.hang_class = diagnosis_.verdict;
    screen_.headline = headline_phrase(index_, nothing);
    if (diagnosis_.verdict == HangClass::kNone) {
      row("tasks", all_counted_phrase(index_, diagnosis_), 3);
    } else {
      for (const diagnose::Doubt doubt : diagnosis_.doubts) row("why", doubt_phrase(index_, diagnosis_, doubt), 3);
      row("who", unexplained_phrase(index_, diagnosis_, kMostUnexplained), 3);
      row("tasks", all_counted_phrase(index_, diagnosis_), 3);
      add_unexplained_stacks();
    }
    row("panic", panic_phrase(index_, diagnosis_), 3);
    tell_gaps(kMostGapsShown);
  }

  // What could not be read, as far as there is room; a gap says itself what to do about it.
  void tell_gaps(std::size_t most) {
    const auto& gaps = index_.snapshot().gaps;
    for (std::size_t i = 0; i < std::min(most, gaps.size()); ++i) {
      const Gap& gap = gaps[gaps.size() - 1 - i];
      row("unread", fmt::format("{}: {}", printable(gap.what), printable(gap.why)), finding_ == nullptr ? 4 : 1);
    }
    if (gaps.size() > most) {
      row("", fmt::format("and {} more that could not be read: see --full", gaps.size() - most), 1, true);
    }
  }

  std::string also_phrase() const {
    if (diagnosis_.findings.size() < 2) {
      return finding_->also.empty() ? std::string() : fmt::format("{} more hangs like it", finding_->also.size());
    }
    const Finding& second = diagnosis_.findings[1];
    std::string text = fmt::format("{} ({}): {}", diagnose::name_of(second.hang_class),
                                   model::name_of(second.confidence), headline_phrase(index_, second));
    if (diagnosis_.findings.size() > 2) {
      text = fmt::format("{} more findings, first {}", diagnosis_.findings.size() - 1, text);
    }
    return text;
  }

  // The accused beside who waits for it; of a circle, the first two of its members.
  void add_stacks(const Finding& finding, const FirstWaiter& waiter) {
    std::vector<std::uint64_t> shown;
    const auto add = [&](std::optional<Screen::Stack> stack, std::uint64_t task) {
      if (!stack || screen_.stacks.size() == 2 || std::ranges::count(shown, task) != 0) return;
      screen_.stacks.push_back(std::move(*stack));
      shown.push_back(task);
    };
    for (const Culprit& culprit : finding.culprits) {
      add(top_frames(index_, culprit), culprit.task);
      const bool is_circle = !culprit.occupies_cpu && finding.culprits.size() > 1;
      if (!is_circle) break;
    }
    if (waiter.task != nullptr) add(top_frames(index_, *waiter.task), waiter.task->address);
  }

  void add_unexplained_stacks() {
    for (const diagnose::Unexplained& one : diagnosis_.accounting.unexplained) {
      const model::Task* task = index_.task(one.task);
      auto stack = task == nullptr ? std::nullopt : top_frames(index_, *task);
      if (stack) screen_.stacks.push_back(std::move(*stack));
      if (screen_.stacks.size() == 2) break;
    }
  }

  // The instructions of an endless loop.
  std::string loop_phrase(const Finding& finding) const {
    if (first_link(finding, Claim::kEndlessLoop) == nullptr || finding.culprits.empty()) return {};
    const Culprit& culprit = finding.culprits.front();
    const model::Cpu* cpu = culprit.cpu ? index_.cpu(*culprit.cpu) : nullptr;
    if (cpu == nullptr || !cpu->loop || cpu->loop->instructions.empty()) return {};
    constexpr std::size_t kMostInstructions = 3;
    const auto& instructions = cpu->loop->instructions;
    std::string text;
    for (std::size_t i = 0; i < std::min(instructions.size(), kMostInstructions); ++i) {
      std::string_view one = instructions[i];
      if (i != 0 && one.find(": ") != std::string_view::npos) one.remove_prefix(one.find(": ") + 2);
      text += (i == 0 ? "" : "; ") + printable(one);
    }
    if (instructions.size() > kMostInstructions)
      text += fmt::format("; {} more", instructions.size() - kMostInstructions);
    return cut_to(text, kLineWidth - 20) + "  no exit, no yield";
  }

  void tell_next() {
    std::string text = finding_ == nullptr ? "--full (all that is known)" : "--full (the evidence)";
    if (finding_ != nullptr && !finding_->culprits.empty()) {
      const Culprit& culprit = finding_->culprits.front();
      if (culprit.pid != 0) {
        text += fmt::format(" | -c 'bt {}'", culprit.pid);
      } else if (culprit.cpu) {
        text += " | -c 'bt -a'";
      }
    } else if (!index_.snapshot().tasks.empty()) {
      text += " | -c 'foreach UN bt' | -c 'bt -a'";
    }
    more_row("next", text, 2);
  }

  void add_footer() {
    const auto piece = [&](std::string text) { screen_.footer.push_back(std::move(text)); };
    constexpr std::size_t kLongestRelease = 48;
    piece(cut_to(printable(machine_.release), kLongestRelease));
    if (machine_.cpu_count) piece(fmt::format("{} CPU{}", *machine_.cpu_count, plural(*machine_.cpu_count)));
    if (machine_.uptime) piece("up " + uptime_text(*machine_.uptime));
    if (machine_.incomplete_dump) {
      piece("INCOMPLETE dump");
    } else if (machine_.capsule || machine_.partial_dump) {
      piece(machine_.capsule ? "capsule" : "partial dump");
    }
    if (machine_.date) piece(date_text(*machine_.date));
    if (finding_ != nullptr) piece("id " + signature_of(index_, *finding_).id);
    if (!machine_.build_id.empty()) piece("build " + printable(machine_.build_id));
  }

  const model::Index& index_;
  const model::Machine& machine_;
  const diagnose::Diagnosis& diagnosis_;
  const Finding* finding_;
  Screen screen_;
};

}  // namespace

Screen make_screen(const model::Index& index, const diagnose::Diagnosis& diagnosis) {
  return Maker(index, diagnosis).make();
}

}  // namespace whyhung::report
