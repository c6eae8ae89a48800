// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/analyze.h"

#include <iostream>
#include <sstream>

#include "base/output_file.h"
#include "cli/analyze_log.h"
#include "cli/complain.h"
#include "cli/inputs.h"
#include "cli/page.h"
#include "cli/progress.h"
#include "cli/tell_redacted.h"
#include "cli/version.h"
#include "collect/machine.h"
#include "commands/command.h"
#include "commands/desk.h"
#include "model/json.h"
#include "model/redact.h"
#include "report/first_screen.h"
#include "report/folded.h"
#include "report/graph.h"
#include "report/html.h"
#include "report/json.h"
#include "report/markdown.h"
#include "report/perfetto.h"
#include "report/plain.h"
#include "report/recheck.h"
#include "report/svg.h"
#include "report/text.h"
#include "session/session.h"

namespace whyhung::cli {
namespace {

constexpr int kExplained = 0;
constexpr int kNotExplained = 1;
constexpr int kUnusable = 2;
constexpr std::size_t kMostLogRecords = 1u << 16;

report::Graph graph_of(const model::Index& index, const diagnose::Diagnosis& diagnosis) {
  return diagnosis.findings.empty() ? report::Graph{} : report::make_graph(index, diagnosis.findings.front());
}

Existing existing_of(const AnalyzeOptions& options) {
  return options.force ? Existing::kReplace : Existing::kRefuse;
}

// What the answer is about: the machine, or, where it is to be passed on, what is left of it.
struct Shown {
  const model::Snapshot& snapshot;
  const diagnose::Diagnosis& diagnosis;
  std::vector<model::LogRecord> log;
};

bool needs_log(const AnalyzeOptions& options) {
  return !options.html.empty() || !options.perfetto.empty();
}

// Some file besides that is made of the verdict.
bool wants_pictures(const AnalyzeOptions& options) {
  return !options.html.empty() || !options.svg.empty() || !options.perfetto.empty();
}

// The files that are written besides the answer.
Result<void> write_files(const AnalyzeOptions& options, const session::Session& session, const Shown& shown) {
  std::vector<std::string> inputs = session.paths();
  for (const std::string* named : {&options.vmlinux, &options.types}) {
    if (!named->empty()) inputs.push_back(*named);
  }
  const auto write = [&](const std::string& path, const std::function<void(std::ostream&)>& what) {
    return path.empty() ? Result<void>() : write_text_file(path, existing_of(options), inputs, what);
  };
  TRY_CHECK(write(options.save_snapshot, [&](std::ostream& out) { model::write_snapshot(out, shown.snapshot); }));
  if (!wants_pictures(options)) return {};
  const model::Index index(shown.snapshot);
  TRY_CHECK(write(options.html, [&](std::ostream& out) {
    report::write_html(out, report::make_story(index, shown.diagnosis, shown.log), version_line());
  }));
  TRY_CHECK(write(options.svg, [&](std::ostream& out) {
    report::write_svg(out, graph_of(index, shown.diagnosis), report::title_of(index, shown.diagnosis),
                      report::SvgStyle::kOwn);
  }));
  return write(options.perfetto, [&](std::ostream& out) {
    report::write_perfetto(out, index, shown.diagnosis, shown.log, report::title_of(index, shown.diagnosis));
  });
}

int refuse(const Error& error) {
  complain(error);
  return kUnusable;
}

// With a verdict the report itself lists them.
void show_gaps(const model::Snapshot& snapshot) {
  for (const Gap& gap : snapshot.gaps) complain({ErrorKind::kNotFound, fmt::format("{}: {}", gap.what, gap.why), {}});
}

void write_ticket(std::ostream& out, const model::Index& index, const diagnose::Diagnosis& diagnosis) {
  std::ostringstream page;
  report::write_text(page, index, diagnosis, report::Style(report::Colour::kNever));
  report::write_markdown(out, report::make_screen(index, diagnosis), report::title_of(index, diagnosis), page.str());
}

int report_diagnosis(const AnalyzeOptions& options, const Shown& shown) {
  const diagnose::Diagnosis& diagnosis = shown.diagnosis;
  const model::Index index(shown.snapshot);
  show(showing(options), [&](const Page& page) {
    switch (options.view()) {
      case View::kJson: report::write_json(page.out, index, diagnosis); break;
      case View::kFull: report::write_text(page.out, index, diagnosis, page.style, page.width); break;
      case View::kMarkdown: write_ticket(page.out, index, diagnosis); break;
      case View::kPlain: report::write_plain(page.out, index, diagnosis, page.style, page.screen_width); break;
      case View::kFolded: report::write_folded(page.out, index, diagnosis); break;
      case View::kCrash: report::write_recheck(page.out, index, diagnosis, report::Tool::kCrash); break;
      case View::kDrgn: report::write_recheck(page.out, index, diagnosis, report::Tool::kDrgn); break;
      case View::kDot:
        report::write_dot(page.out, graph_of(index, diagnosis), report::title_of(index, diagnosis));
        break;
      case View::kScreen:
        report::write_screen(page.out, report::make_screen(index, diagnosis), page.style, page.screen_width);
        break;
    }
  });
  return diagnosis.findings.empty() ? kNotExplained : kExplained;
}

void print_statistics(session::Session& session) {
  std::cerr << fmt::format("{:<40} {:>10} {:>10} {:>12}\n", "stage", "cpu ms", "wall ms", "peak RSS KB");
  double total = 0;
  for (const StageClock::Stage& stage : session.clock().stages()) {
    const double cpu = static_cast<double>(stage.cpu_nanoseconds) / 1e6;
    total += cpu;
    std::cerr << fmt::format("{:<40} {:>10.2f} {:>10.2f} {:>12}\n", stage.name, cpu,
                             static_cast<double>(stage.wall_nanoseconds) / 1e6, stage.peak_resident_kilobytes);
  }
  std::cerr << fmt::format("{:<40} {:>10.2f}\n", "total", total);
  if (session.target() == nullptr) return;
  const dump::DumpStatistics statistics = session.target()->dump->statistics();
  const double share = statistics.file_size == 0 ? 0
                                                 : 100.0 * static_cast<double>(statistics.file_bytes_read) /
                                                       static_cast<double>(statistics.file_size);
  std::cerr << fmt::format("pages read {} ({} distinct), {:.1f} MB of the file ({:.1f} %)\n", statistics.pages_read,
                           statistics.distinct_pages, static_cast<double>(statistics.file_bytes_read) / 1e6, share);
}

int run_commands(const AnalyzeOptions& options, session::Session& session) {
  if (session.target() != nullptr && session.machine() == nullptr) return refuse(*session.lack());
  show_gaps(session.snapshot());
  const auto format = options.json ? commands::Format::kJson : commands::Format::kText;
  int status = kExplained;
  session.clock().enter("commands");
  commands::Desk desk(session.machine());
  if (options.json) std::cout << "{\"schema\":\"whyhung-commands-1\",\"commands\":[";
  for (std::size_t i = 0; i < options.commands.size(); ++i) {
    // A command's output is held back until it is known to be whole, so that JSON stays JSON when one fails.
    std::ostringstream output;
    commands::Context context{session.snapshot(), session.machine(), session.lack(), output, format, &desk};
    const auto done = commands::run_command(context, options.commands[i]);
    if (!done) {
      complain(done.error());
      status = kUnusable;
    }
    if (options.json) {
      std::cout << (i == 0 ? "\n" : ",\n") << commands::json_entry(options.commands[i], done, output.str());
    } else if (done) {
      if (i != 0) std::cout << "\n";
      std::cout << output.str();
    }
  }
  if (options.json) std::cout << "]}\n";
  session.clock().enter("");
  return status;
}

Result<int> answer(const AnalyzeOptions& options, session::Session& session) {
  std::vector<model::LogRecord> log = session.snapshot().log;
  if (needs_log(options) && log.empty() && session.machine() != nullptr) {
    log = collect::read_log(*session.machine(), kMostLogRecords);
  }
  if (options.redact) {
    model::Redactor redactor(session.snapshot());
    const model::Snapshot left = redactor.snapshot(session.snapshot());
    for (model::LogRecord& record : log) record.text = redactor.text(record.text);
    const diagnose::Diagnosis diagnosis = diagnose::diagnose(left);
    const Shown shown{left, diagnosis, std::move(log)};
    TRY_CHECK(write_files(options, session, shown));
    tell_redacted(redactor);
    return report_diagnosis(options, shown);
  }
  const bool needs_diagnosis = options.commands.empty() || wants_pictures(options);
  static const diagnose::Diagnosis kNone{};
  const Shown shown{session.snapshot(), needs_diagnosis ? session.diagnosis() : kNone, std::move(log)};
  TRY_CHECK(write_files(options, session, shown));
  return options.commands.empty() ? report_diagnosis(options, shown) : run_commands(options, session);
}

}  // namespace

int analyze(const AnalyzeOptions& options) {
  session::Request request{options.inputs, options.vmlinux, options.types};
  if (const auto wrong = find_inputs(request.inputs); !wrong) return refuse(wrong.error());
  Progress progress;
  auto opened = session::Session::open(request, [&](std::string_view stage) { progress.show(stage); });
  progress.clear();
  if (!opened) {
    // What is neither dump nor snapshot may be a log. Asked in this order, no snapshot is mistaken for one, and a dump
    // is opened once.
    if (const auto status = analyze_log(options, opened.error())) return *status;
    return refuse(opened.error());
  }
  session::Session& session = **opened;
  for (const Error& notice : session.notices()) complain(notice);
  const auto status = answer(options, session);
  if (!status) return refuse(status.error());
  if (options.stats) print_statistics(session);
  return *status;
}

}  // namespace whyhung::cli
