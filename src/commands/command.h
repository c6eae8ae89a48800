// SPDX-License-Identifier: GPL-2.0-or-later
// Commands in the syntax of crash, for those who want to look for themselves. One file each, one table (commands.cc).
// To add one: a new src/commands/<name>.cc with a constant of type Command, and a line in the table.
#pragma once

#include <iosfwd>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "collect/workbench.h"

namespace whyhung::commands {

enum class Format : std::uint8_t { kText, kJson };

struct Context {
  const model::Snapshot& snapshot;
  collect::Workbench* machine;  // whose snapshot this is; null when nothing but the snapshot is at hand
  const Error* lack;            // why there is no machine; null when there is one
  std::ostream& out;
  Format format;
};

// What a command cannot do without.
enum class Needs : std::uint8_t { kSnapshot, kMachine };

struct Command {
  std::string_view name;
  std::string_view alias;  // empty: none
  std::string_view usage;  // "bt [-a] [PID|TASK]…"
  std::string_view help;   // one line
  Needs needs = Needs::kSnapshot;
  // Writes its output: text, or one JSON value. kUsage for arguments that make no sense.
  Result<void> (*run)(Context& context, const std::vector<std::string>& arguments);
};

std::span<const Command* const> all_commands();

// Runs one line ("foreach rmmod bt"). kUsage when there is no such command, kNotFound when it needs the machine and
// there is none.
Result<void> run_command(Context& context, std::string_view line);

// The JSON object for one command line that was run: its output, or what went wrong.
std::string json_entry(std::string_view line, const Result<void>& done, const std::string& output);

extern const Command kSys, kPs, kBt, kForeach, kLog, kDis, kMod;

}  // namespace whyhung::commands
