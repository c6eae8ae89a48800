// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/plain.h"

#include <algorithm>
#include <ostream>

#include <fmt/format.h>

#include "base/columns.h"
#include "base/text.h"
#include "report/brief.h"
#include "report/headline.h"
#include "report/marks.h"
#include "report/phrases.h"
#include "report/reach.h"
#include "report/screen.h"
#include "report/victims.h"

namespace whyhung::report {
namespace {

using diagnose::Culprit;
using diagnose::Finding;
using diagnose::HangClass;

constexpr std::size_t kLabel = 17;  // "  What happened  "

std::string first_upper(std::string text) {
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
}

class Writer {
 public:
  Writer(std::ostream& out, const model::Index& index, const diagnose::Diagnosis& diagnosis, const Style& style,
         std::size_t width)
      : out_(out),
        index_(index),
        diagnosis_(diagnosis),
        style_(style),
        width_(std::clamp(width, kNarrowest, kWidestScreen)),
        finding_(diagnosis.findings.empty() ? nullptr : &diagnosis.findings.front()),
        module_(blamed_module()) {}

  void write() {
    for (const std::string& line : wrapped(headline(), width_, LongWords::kBreak)) out_ << style_.heading(line) << "\n";
    out_ << "\n";
    row("What happened", happened());
    if (finding_ == nullptr || finding_->hang_class != HangClass::kCrashed)
      row("What you saw", liveness_phrase(diagnosis_));
    row("Whom to call", whom_to_call());
    row("What to do", what_to_do());
    row("How sure", how_sure());
    out_ << "\n";
    row("For experts", "whyhung --full shows the evidence");
    row("Words", fmt::format("whyhung explain {}", diagnose::name_of(diagnosis_.verdict)));
  }

 private:
  void row(std::string_view label, const std::string& text) {
    if (text.empty()) return;
    const std::string first = padded("  " + std::string(label), kLabel);
    out_ << paragraph(plain(text), width_, first, std::string(kLabel, ' '));
  }

  // The module of whoever is accused, when there is one.
  const model::Module* blamed_module() const {
    if (finding_ == nullptr) return nullptr;
    for (const Culprit& culprit : finding_->culprits) {
      const auto& modules = index_.snapshot().modules;
      const auto found = std::ranges::find(modules, culprit.module, &model::Module::name);
      if (!culprit.module.empty() && found != modules.end()) return &*found;
    }
    return nullptr;
  }

  // What follows "hung".
  std::string headline() const {
    if (diagnosis_.verdict == HangClass::kNone) return "This machine did not hang.";
    if (finding_ == nullptr) return "Something kept this machine from going on, and what it was could not be proven.";
    const bool is_crash = finding_->hang_class == HangClass::kCrashed;
    std::string_view sure;
    if (diagnosis_.confidence == model::Certainty::kLikely) sure = "most likely ";
    if (diagnosis_.confidence == model::Certainty::kPossible) sure = "perhaps ";
    std::string because;
    switch (where_lies(finding_->hang_class)) {
      case Lies::kInKernelCode:
        because = module_ == nullptr
                      ? std::string("of a mistake in the kernel, or of one that shows there")
                      : fmt::format("of a mistake in the kernel module \"{}\", or of one that shows there",
                                    cut_to(printable(module_->name), 40));
        break;
      case Lies::kInPrograms: because = "programs wait for each other"; break;
      case Lies::kInSettings: because = "a task that others need is not allowed to run, or is allowed too much"; break;
      case Lies::kOutside: because = "something outside of its kernel does not answer"; break;
      case Lies::kNowhere: because = "of what could not be found"; break;
    }
    return fmt::format("This machine {}, {}because {}.", is_crash ? "crashed" : "hung", sure, because);
  }

  std::string happened() const {
    if (finding_ == nullptr) return summary_phrase(index_, diagnosis_);
    std::string text = first_upper(plain(headline_phrase(index_, *finding_)));
    if (!finding_->culprits.empty()) {
      const Culprit& culprit = finding_->culprits.front();
      const std::string place = plain(brief_place(culprit.function, culprit.module));
      text += fmt::format(". It is about {}{}{}", brief_culprit(index_, culprit), place.empty() ? "" : ", in ", place);
    }
    if (!finding_->victim_tasks.empty()) {
      const std::size_t count = finding_->victim_tasks.size();
      text += fmt::format(". {} other task{} cannot go on before that ends", count, plural(count));
    }
    return text + ".";
  }

  std::string whom_to_call() const {
    if (finding_ == nullptr)
      return diagnosis_.verdict == HangClass::kNone ? ""
                                                    : "Somebody who knows kernels: this report says what is known.";
    const std::string release = cut_to(printable(index_.snapshot().machine.release), 48);
    switch (where_lies(finding_->hang_class)) {
      case Lies::kInKernelCode: {
        if (module_ == nullptr)
          return fmt::format("Who gives you this kernel ({}): its distribution or maker.", release);
        const std::string name = cut_to(printable(module_->name), 40);
        const bool is_foreign =
            module_->taints.find('O') != std::string::npos || module_->taints.find('P') != std::string::npos;
        return is_foreign ? fmt::format("Who made the module {}: it does not belong to the kernel {}.", name, release)
                          : fmt::format("Who gives you the kernel {}: the module {} came with it.", release, name);
      }
      case Lies::kInPrograms: return "Who made the programs that are named here: the kernel only shows it.";
      case Lies::kInSettings:
        return "Who runs this machine: priorities, control groups, debuggers and freezers decide who may run.";
      case Lies::kOutside: return "Who runs the storage, the server, the host or the hardware behind this machine.";
      case Lies::kNowhere: return {};
    }
    return {};
  }

  std::string what_to_do() const {
    if (diagnosis_.verdict == HangClass::kNone)
      return "Look for another reason: the machine could go on when this dump was taken.";
    std::string text = "Keep the dump. ";
    if (finding_ != nullptr && !finding_->advice.empty() && where_lies(finding_->hang_class) != Lies::kInKernelCode) {
      text += first_upper(plain(advice_phrase(finding_->advice.front(), *finding_))) + ". ";
    }
    if (module_ != nullptr && where_lies(finding_->hang_class) == Lies::kInKernelCode) {
      text += fmt::format("Run without the module {} if you can, until it is mended. ",
                          cut_to(printable(module_->name), 40));
    }
    return text +
           "Pass on the report (--html FILE), and where they ask for more a small dump: whyhung pack VMCORE -o FILE.";
  }

  std::string how_sure() const {
    if (finding_ == nullptr) {
      return diagnosis_.verdict == HangClass::kNone ? "Every CPU and task was looked at."
                                                    : "Not: so nobody is accused.";
    }
    std::size_t facts = 0;
    for (const diagnose::Link& link : finding_->chain) facts += link.evidence.size();
    std::string text;
    switch (diagnosis_.confidence) {
      case model::Certainty::kCertain: text = "Certain"; break;
      case model::Certainty::kLikely: text = "Likely, not proven"; break;
      case model::Certainty::kPossible: text = "Possible, no more"; break;
    }
    const std::size_t gaps = index_.snapshot().gaps.size();
    text += fmt::format(": it rests on {} fact{} read from memory", facts, plural(facts));
    text += gaps == 0 ? ", and nothing was unreadable."
                      : fmt::format("; {} thing{} could not be read.", gaps, plural(gaps));
    return text;
  }

  std::ostream& out_;
  const model::Index& index_;
  const diagnose::Diagnosis& diagnosis_;
  const Style& style_;
  std::size_t width_;
  const Finding* finding_;
  const model::Module* module_;
};

}  // namespace

void write_plain(std::ostream& out, const model::Index& index, const diagnose::Diagnosis& diagnosis, const Style& style,
                 std::size_t width) {
  Writer(out, index, diagnosis, style, width).write();
}

}  // namespace whyhung::report
