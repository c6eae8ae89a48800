// SPDX-License-Identifier: GPL-2.0-or-later
// From a file of text to a verdict: the whole way.
#pragma once

#include <map>
#include <string>

#include "base/result.h"
#include "log/input.h"
#include "log/verdict.h"
#include "model/snapshot.h"

namespace whyhung::log {

// Where a file begins, when several were read as one.
struct SourceFile {
  std::uint64_t first_line = 1;
  std::string name;
  std::uint64_t number = 1;  // of that line in the file
};

// A verdict with all that is needed to tell it: nothing in it points into the log.
struct LogReport {
  model::Snapshot snapshot;  // the machine, and the tasks and CPUs that were shown
  Verdict verdict;
  std::map<std::uint64_t, std::string> cited;  // lines that statements rest on
  std::vector<SourceFile> files;               // empty: one file
  std::vector<std::uint32_t> victims;          // pids
  std::size_t waiting = 0;                     // tasks shown that wait, run, or sleep as they always do
  std::size_t running = 0;
  std::size_t ordinary = 0;
};

// The task's address in the snapshot: a log has none, so its pid stands for it.
std::uint64_t address_of(std::uint32_t pid);

// Judges lines that were read already. `name` is what messages call the source.
Result<LogReport> judge_lines(std::vector<RawLine> lines, const std::string& name);
// A file, "-" for standard input, also one that may hold several logs: kNotFound when it holds none.
Result<LogReport> judge_file(const std::string& path, const ReadWatch& watch = {});
// All logs of a folder.
Result<LogReport> judge_folder(const std::string& folder, const ReadWatch& watch = {});
// "line 12", or "line 3 of dmesg-efi-2".
std::string place_of(const LogReport& report, std::uint64_t line);
// Whether a file is such a text, or an archive that may hold some. Standard input is taken for one unseen.
Result<bool> is_log(const std::string& path);
// Whether a file's beginning looks like a log of a kernel and like nothing else that this program reads.
bool looks_like_log(std::string_view beginning);

}  // namespace whyhung::log
