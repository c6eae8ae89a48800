// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/analyze_log.h"

#include <filesystem>
#include <sstream>

#include "base/output_file.h"
#include "cli/complain.h"
#include "cli/page.h"
#include "cli/progress.h"
#include "cli/version.h"
#include "log/read_log.h"
#include "report/html.h"
#include "report/log_report.h"
#include "report/log_screen.h"
#include "report/markdown.h"
#include "session/find_dump.h"

namespace whyhung::cli {
namespace {

// The option that asks for what no log tells; empty: there is none.
std::string_view only_of_dumps(const AnalyzeOptions& options) {
  if (options.dot) return "--dot";
  if (options.plain) return "--plain";
  if (options.folded) return "--folded";
  if (options.emit_crash) return "--emit-crash";
  if (options.emit_drgn) return "--emit-drgn";
  if (options.redact) return "--redact";
  return options.svg.empty() ? std::string_view() : "--svg";
}

}  // namespace

std::optional<int> analyze_log(const AnalyzeOptions& options) {
  if (options.inputs.size() != 1) return std::nullopt;
  const std::string& input = options.inputs.front();
  std::error_code ignored;
  const bool is_folder = std::filesystem::is_directory(input, ignored);
  // A pipe or a device has no beginning that could be looked at and read again.
  if (!is_folder && input != "-" && !std::filesystem::is_regular_file(input, ignored)) return std::nullopt;
  if (is_folder ? session::newest_dump_in(input).has_value() : !log::is_log(input).value_or(false)) {
    return std::nullopt;
  }
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
  if (!options.html.empty()) {
    const auto existing = options.force ? Existing::kReplace : Existing::kRefuse;
    const auto written = write_text_file(options.html, existing, options.inputs, [&](std::ostream& out) {
      report::write_html(out, report::make_story(*report), version_line());
    });
    if (!written) {
      complain(written.error());
      return 2;
    }
  }
  show(showing(options), [&](const Page& page) {
    switch (options.view()) {
      case View::kJson: report::write_log_json(page.out, *report); break;
      case View::kFull: report::write_log_text(page.out, *report, page.style, page.width); break;
      case View::kMarkdown: {
        std::ostringstream text;
        report::write_log_text(text, *report, report::Style(report::Colour::kNever), page.width);
        report::write_markdown(page.out, report::make_log_screen(*report), log::class_name(report->verdict),
                               text.str());
        break;
      }
      case View::kDot:
      case View::kPlain:
      case View::kFolded:
      case View::kCrash:
      case View::kDrgn:
      case View::kScreen:
        report::write_screen(page.out, report::make_log_screen(*report), page.style, page.screen_width);
        break;
    }
  });
  return log::is_explained(report->verdict) ? 0 : 1;
}

}  // namespace whyhung::cli
