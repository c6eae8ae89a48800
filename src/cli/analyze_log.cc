// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/analyze_log.h"

#include <filesystem>
#include <sstream>

#include "base/output_file.h"
#include "cli/complain.h"
#include "cli/page.h"
#include "cli/progress.h"
#include "cli/tell_redacted.h"
#include "cli/version.h"
#include "log/read_log.h"
#include "log/redacted.h"
#include "report/folded.h"
#include "report/html.h"
#include "report/log_graph.h"
#include "report/log_plain.h"
#include "report/log_report.h"
#include "report/log_screen.h"
#include "report/markdown.h"
#include "report/svg.h"
#include "session/find_dump.h"

namespace whyhung::cli {
namespace {

Result<void> write_files(const AnalyzeOptions& options, const log::LogReport& report) {
  const auto existing = options.force ? Existing::kReplace : Existing::kRefuse;
  if (!options.html.empty()) {
    TRY_CHECK(write_text_file(options.html, existing, options.inputs, [&](std::ostream& out) {
      report::write_html(out, report::make_story(report), version_line());
    }));
  }
  if (options.svg.empty()) return {};
  return write_text_file(options.svg, existing, options.inputs, [&](std::ostream& out) {
    report::write_svg(out, report::make_log_graph(report), report::title_of(report), report::SvgStyle::kOwn);
  });
}

// The option that asks for what no log tells; empty: there is none.
std::string_view only_of_dumps(const AnalyzeOptions& options) {
  if (options.emit_crash) return "--emit-crash";
  if (options.emit_drgn) return "--emit-drgn";
  return options.perfetto.empty() ? std::string_view() : "--perfetto";
}

struct Chosen {
  std::string path;
  bool is_folder = false;
};

// What there is to be read as a log: what was named, or what kdump saved beside a dump that cannot be opened.
std::optional<Chosen> log_of(const std::string& input, const Error& unopened) {
  std::error_code ignored;
  const bool is_folder = std::filesystem::is_directory(input, ignored);
  // A pipe or a device has no beginning that could be looked at and read again.
  if (!is_folder && input != "-" && !std::filesystem::is_regular_file(input, ignored)) return std::nullopt;
  std::optional<std::string> dump;
  if (is_folder) {
    if (auto newest = session::newest_dump_in(input)) dump = *std::move(newest);
    if (!dump) return Chosen{input, true};
  } else if (log::is_log(input).value_or(false)) {
    return Chosen{input, false};
  } else if (session::is_dump_file(input)) {
    dump = input;
  }
  const auto beside = dump ? session::log_beside(*dump) : std::nullopt;
  if (!beside) return std::nullopt;
  complain({ErrorKind::kNotFound, fmt::format("{}; so the log beside it is judged: {}", unopened.what, *beside), {}});
  return Chosen{*beside, false};
}

int show_report(const AnalyzeOptions& options, const log::LogReport& report) {
  if (const auto written = write_files(options, report); !written) {
    complain(written.error());
    return 2;
  }
  show(showing(options), [&](const Page& page) {
    switch (options.view()) {
      case View::kJson: report::write_log_json(page.out, report); break;
      case View::kFull: report::write_log_text(page.out, report, page.style, page.width); break;
      case View::kMarkdown: {
        std::ostringstream text;
        report::write_log_text(text, report, report::Style(report::Colour::kNever), page.width);
        report::write_markdown(page.out, report::make_log_screen(report), report::title_of(report), text.str());
        break;
      }
      case View::kDot: report::write_dot(page.out, report::make_log_graph(report), report::title_of(report)); break;
      case View::kPlain: report::write_log_plain(page.out, report, page.style, page.screen_width); break;
      case View::kFolded: report::write_folded(page.out, report.snapshot); break;
      case View::kCrash:
      case View::kDrgn: break;  // refused before
      case View::kScreen:
        report::write_screen(page.out, report::make_log_screen(report), page.style, page.screen_width);
        break;
    }
  });
  return log::is_explained(report.verdict) ? 0 : 1;
}

}  // namespace

std::optional<int> analyze_log(const AnalyzeOptions& options, const Error& unopened) {
  if (options.inputs.size() != 1) return std::nullopt;
  const auto chosen = log_of(options.inputs.front(), unopened);
  if (!chosen) return std::nullopt;
  const std::string& input = chosen->path;
  const bool is_folder = chosen->is_folder;
  std::error_code ignored;
  Progress progress;
  const std::uint64_t size = is_folder || input == "-" ? 0 : std::filesystem::file_size(input, ignored);
  const auto watch = [&](std::uint64_t bytes) { progress.show_share("reading the log", bytes, ignored ? 0 : size); };
  const auto report = is_folder ? log::judge_folder(input, watch) : log::judge_file(input, watch);
  progress.clear();
  // What else an archive may hold is said where dumps are opened.
  if (!report && report.error().kind == ErrorKind::kNotFound) return std::nullopt;
  if (!report) {
    complain(report.error());
    return 2;
  }
  if (!options.commands.empty()) {
    complain({ErrorKind::kUsage, "commands need a dump or a saved snapshot; this is a log", {}});
    return 2;
  }
  if (const std::string_view wanted = only_of_dumps(options); !wanted.empty()) {
    complain({ErrorKind::kUsage, fmt::format("{} needs a dump or a saved snapshot; this is a log", wanted), {}});
    return 2;
  }
  if (!options.redact) return show_report(options, *report);
  model::Redactor redactor = log::redactor_of(*report);
  const log::LogReport left = log::redacted(*report, redactor);
  tell_redacted(redactor);
  return show_report(options, left);
}

}  // namespace whyhung::cli
