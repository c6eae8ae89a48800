// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/log_plain.h"

#include <algorithm>
#include <ostream>

#include <fmt/format.h>

#include "base/columns.h"
#include "base/text.h"
#include "report/log_phrases.h"
#include "report/marks.h"
#include "report/reach.h"
#include "report/screen.h"
#include "report/words.h"

namespace whyhung::report {
namespace {

using diagnose::HangClass;

constexpr std::size_t kLabel = 17;  // "  What happened  "

class Writer {
 public:
  Writer(std::ostream& out, const log::LogReport& report, const Style& style, std::size_t width)
      : out_(out),
        report_(report),
        verdict_(report.verdict),
        style_(style),
        width_(std::clamp(width, kNarrowest, kWidestScreen)),
        explained_(log::is_explained(report.verdict)),
        lies_(where_it_lies()) {}

  void write() {
    for (const std::string& line : wrapped(headline(), width_, LongWords::kBreak)) out_ << style_.heading(line) << "\n";
    out_ << "\n";
    row("What happened", log_summary_phrase(report_));
    row("Whom to call", whom_to_call());
    row("What to do", what_to_do());
    row("How sure", how_sure());
    out_ << "\n";
    row("For experts", "whyhung --full shows the lines that this rests on");
    // What only logs come to has no page of its own.
    if (verdict_.beyond != log::Beyond::kConsoleStorm)
      row("Words", fmt::format("whyhung explain {}", log::class_name(verdict_)));
  }

 private:
  void row(std::string_view label, const std::string& text) {
    if (text.empty()) return;
    const std::string first = padded("  " + std::string(label), kLabel);
    out_ << paragraph(plain(text), width_, first, std::string(kLabel, ' '));
  }

  Lies where_it_lies() const {
    if (verdict_.beyond == log::Beyond::kConsoleStorm) return Lies::kInSettings;
    if (verdict_.beyond == log::Beyond::kCrashed) return Lies::kInKernelCode;
    return where_lies(verdict_.hang_class);
  }

  std::string module() const {
    for (const log::Accused& accused : verdict_.accused) {
      if (!accused.module.empty()) return cut_to(printable(accused.module), 40);
    }
    return {};
  }

  std::string headline() const {
    if (!explained_) {
      return verdict_.hang_class == HangClass::kNone
                 ? "Nothing hangs in this log, as far as it goes."
                 : "Something kept this machine from going on, and this log does not tell what.";
    }
    std::string because;
    switch (lies_) {
      case Lies::kInKernelCode:
        because = module().empty()
                      ? std::string("of a mistake in the kernel, or of one that shows there")
                      : fmt::format("of a mistake in the kernel module \"{}\", or of one that shows there", module());
        break;
      case Lies::kInPrograms: because = "programs wait for each other"; break;
      case Lies::kInSettings: because = "something is allowed to take more of it than there is"; break;
      case Lies::kOutside: because = "something outside of its kernel does not answer"; break;
      case Lies::kNowhere: because = "of what could not be found"; break;
    }
    const bool is_crash = verdict_.beyond == log::Beyond::kCrashed;
    return fmt::format("This machine {}, {} because {}.", is_crash ? "crashed" : "hung",
                       verdict_.confidence == model::Certainty::kPossible ? "perhaps" : "most likely", because);
  }

  std::string whom_to_call() const {
    if (!explained_) {
      return verdict_.hang_class == HangClass::kNone ? ""
                                                     : "Somebody who knows kernels: this report says what is known.";
    }
    const std::string release = cut_to(printable(report_.snapshot.machine.release), 48);
    const std::string kernel = release.empty() ? std::string("this kernel") : fmt::format("this kernel ({})", release);
    switch (lies_) {
      case Lies::kInKernelCode:
        if (module().empty()) return fmt::format("Who gives you {}: its distribution or maker.", kernel);
        return fmt::format("Who gives you the module {}: it came with {}, or its maker gave it to you.", module(),
                           kernel);
      case Lies::kInPrograms: return "Who made the programs that are named here: the kernel only shows it.";
      case Lies::kInSettings: return "Who runs this machine: priorities, limits and consoles are set there.";
      case Lies::kOutside: return "Who runs the storage, the server, the host or the hardware behind this machine.";
      case Lies::kNowhere: break;
    }
    return {};
  }

  std::string what_to_do() const {
    if (!explained_) {
      return verdict_.hang_class == HangClass::kNone
                 ? "Look for another reason, or for a log that goes further: a log shows only what the kernel "
                   "complained about."
                 : log_collect_phrase(verdict_);
    }
    std::string text = "Keep the log. ";
    const auto advice = log_advice_phrases(verdict_);
    if (!advice.empty()) {
      std::string first = plain(advice.front());
      if (!first.empty() && first[0] >= 'a' && first[0] <= 'z') first[0] = static_cast<char>(first[0] - 'a' + 'A');
      text += first + ". ";
    }
    return text + "Pass on the report (--html FILE). A dump would tell more: let kdump save one next time.";
  }

  std::string how_sure() const {
    if (!explained_) {
      return verdict_.hang_class == HangClass::kNone ? "It says nothing of what the kernel did not complain about."
                                                     : "Not: so nobody is accused.";
    }
    const std::size_t count = report_.cited.size();
    return fmt::format("{}: it rests on {} line{} of the log.",
                       verdict_.confidence == model::Certainty::kPossible ? "Possible, no more" : "Likely, not proven",
                       count, plural(count));
  }

  std::ostream& out_;
  const log::LogReport& report_;
  const log::Verdict& verdict_;
  const Style& style_;
  std::size_t width_;
  bool explained_;
  Lies lies_;
};

}  // namespace

void write_log_plain(std::ostream& out, const log::LogReport& report, const Style& style, std::size_t width) {
  Writer(out, report, style, width).write();
}

}  // namespace whyhung::report
