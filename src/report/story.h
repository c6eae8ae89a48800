// SPDX-License-Identifier: GPL-2.0-or-later
// All that a page for others shows of a hang, from a dump, a snapshot or a log: the first screen, the whole report, and
// what text cannot show.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "log/read_log.h"
#include "report/cpu_picture.h"
#include "report/document.h"
#include "report/graph.h"
#include "report/merged_stacks.h"
#include "report/screen.h"

namespace whyhung::report {

struct Story {
  struct LogLine {
    std::string stamp;        // "[   12.345678]", "line 12"
    std::string text;         // printable
    bool is_marked = false;   // the report speaks of it
    std::size_t skipped = 0;  // lines that are left out before it
  };

  std::string title;
  std::string class_name;
  Screen screen;
  Document document;
  Graph graph;  // without nodes: there is none
  CpuPicture cpus;
  std::vector<MergedStack> stacks;
  std::vector<LogLine> log;
  const model::Snapshot* snapshot = nullptr;  // outlives it
};

// `log` is what the kernel wrote, oldest first; it may be empty.
Story make_story(const model::Index& index, const diagnose::Diagnosis& diagnosis,
                 std::span<const model::LogRecord> log);
Story make_story(const log::LogReport& report);
std::string title_of(const log::LogReport& report);

// What a hang is called in one line: the title of a ticket.
std::string title_of(const model::Index& index, const diagnose::Diagnosis& diagnosis);

}  // namespace whyhung::report
