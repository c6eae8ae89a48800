// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/analyze.h"

#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>

#include "base/text.h"
#include "cli/complain.h"
#include "cli/progress.h"
#include "collect/collect.h"
#include "commands/command.h"
#include "diagnose/diagnose.h"
#include "dump/capsule_writer.h"
#include "model/json.h"
#include "report/json.h"
#include "report/text.h"

namespace whyhung::cli {
namespace {

constexpr int kExplained = 0;
constexpr int kNotExplained = 1;
constexpr int kUnusable = 2;
constexpr std::uint64_t kLargestSnapshot = 4ull << 30;

report::Style style_for(ColourChoice choice) {
  const char* no_colour = std::getenv("NO_COLOR");
  const bool refused = no_colour != nullptr && no_colour[0] != '\0';
  const bool wanted =
      choice == ColourChoice::kAlways || (choice == ColourChoice::kAuto && !refused && ::isatty(STDOUT_FILENO) != 0);
  return report::Style(wanted ? report::Colour::kTerminal : report::Colour::kNever);
}

// A saved snapshot starts as JSON does, which no dump format does.
Result<bool> is_snapshot(const std::string& path) {
  TRY_ASSIGN(const auto source, open_file_source(path));
  std::byte first{};
  TRY_ASSIGN(const std::size_t count, source->read_some(0, std::span(&first, 1)));
  return count == 1 && first == std::byte{'{'};
}

Result<model::Snapshot> load_snapshot(const std::string& path) {
  TRY_ASSIGN(const auto source, open_file_source(path));
  if (source->size() > kLargestSnapshot) return fail(ErrorKind::kLimit, "{}: too large for a snapshot", path);
  std::string text(source->size(), '\0');
  TRY_CHECK(source->read_exactly(0, std::as_writable_bytes(std::span(text))));
  auto snapshot = model::read_snapshot(text);
  if (!snapshot) return fail(in_context(path, snapshot.error()));
  return snapshot;
}

Result<void> save_snapshot(const model::Snapshot& snapshot, const std::string& path) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  if (file) model::write_snapshot(file, snapshot);
  file.flush();
  if (!file) return fail(ErrorKind::kIo, "{}: the snapshot could not be written", path);
  return {};
}

int report_diagnosis(const AnalyzeOptions& options, const model::Snapshot& snapshot) {
  const diagnose::Diagnosis diagnosis = diagnose::diagnose(snapshot);
  if (options.json) {
    report::write_json(std::cout, snapshot, diagnosis);
  } else {
    report::write_text(std::cout, snapshot, diagnosis, style_for(options.colour));
  }
  std::cout.flush();
  return diagnosis.findings.empty() ? kNotExplained : kExplained;
}

void print_statistics(const target::Target& target, const StageClock& clock) {
  std::cerr << fmt::format("{:<40} {:>10} {:>10} {:>12}\n", "stage", "cpu ms", "wall ms", "peak RSS KB");
  double total = 0;
  for (const StageClock::Stage& stage : clock.stages()) {
    const double cpu = static_cast<double>(stage.cpu_nanoseconds) / 1e6;
    total += cpu;
    std::cerr << fmt::format("{:<40} {:>10.2f} {:>10.2f} {:>12}\n", stage.name, cpu,
                             static_cast<double>(stage.wall_nanoseconds) / 1e6, stage.peak_resident_kilobytes);
  }
  const dump::DumpStatistics statistics = target.dump->statistics();
  const double share = statistics.file_size == 0 ? 0
                                                 : 100.0 * static_cast<double>(statistics.file_bytes_read) /
                                                       static_cast<double>(statistics.file_size);
  std::cerr << fmt::format("{:<40} {:>10.2f}\n", "total", total);
  std::cerr << fmt::format("pages read {} ({} distinct), {:.1f} MB of the file ({:.1f} %)\n", statistics.pages_read,
                           statistics.distinct_pages, static_cast<double>(statistics.file_bytes_read) / 1e6, share);
}

int run_commands(const AnalyzeOptions& options, collect::Workbench& bench) {
  commands::Context context{bench, std::cout, options.json ? commands::Format::kJson : commands::Format::kText};
  int status = kExplained;
  if (options.json) std::cout << "{\"schema\":\"whyhung-commands-1\",\"commands\":[";
  for (std::size_t i = 0; i < options.commands.size(); ++i) {
    // A command's output is held back until it is known to be whole, so that JSON stays JSON when one fails.
    std::ostringstream output;
    commands::Context one{bench, output, context.format};
    const auto done = commands::run_command(one, options.commands[i]);
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
  std::cout.flush();
  return status;
}

std::string shown_name(const std::vector<std::string>& inputs) {
  std::string name;
  for (const std::string& input : inputs) name += (name.empty() ? "" : " ") + input;
  return name;
}

int analyze_dump(const AnalyzeOptions& options) {
  Progress progress;
  StageClock clock([&](std::string_view stage) { progress.show(stage); });
  auto target = target::open_target(collect::open_options(options.inputs, options.vmlinux, options.types), clock);
  if (!target) {
    progress.clear();
    complain(target.error());
    return kUnusable;
  }
  clock.enter("structures");
  auto bench = collect::Workbench::create(*target);
  if (!bench) {
    progress.clear();
    if (!options.commands.empty()) {
      complain(bench.error());
      return kUnusable;
    }
    return report_diagnosis(options, collect::poor_snapshot(*target, shown_name(options.inputs), bench.error()));
  }
  collect::collect_snapshot(**bench, shown_name(options.inputs), clock);
  // From here on nothing reads the dump but the commands that the user asked for.
  const model::Snapshot& snapshot = (*bench)->snapshot;
  if (!options.save_snapshot.empty()) {
    if (const auto saved = save_snapshot(snapshot, options.save_snapshot); !saved) {
      complain(saved.error());
      return kUnusable;
    }
  }
  clock.enter(options.commands.empty() ? "verdict" : "commands");
  progress.clear();
  const int status = options.commands.empty() ? report_diagnosis(options, snapshot) : run_commands(options, **bench);
  clock.enter("");
  if (options.stats) print_statistics(*target, clock);
  return status;
}

}  // namespace

int analyze(const AnalyzeOptions& options) {
  if (options.inputs.size() == 1) {
    const auto saved = is_snapshot(options.inputs.front());
    if (!saved) {
      complain(saved.error());
      return kUnusable;
    }
    if (*saved) {
      if (!options.commands.empty()) {
        complain({ErrorKind::kUsage, "commands need a dump; this is a saved snapshot", {}});
        return kUnusable;
      }
      const auto snapshot = load_snapshot(options.inputs.front());
      if (!snapshot) {
        complain(snapshot.error());
        return kUnusable;
      }
      return report_diagnosis(options, *snapshot);
    }
  }
  return analyze_dump(options);
}

}  // namespace whyhung::cli
