// SPDX-License-Identifier: GPL-2.0-or-later
// Commands in the syntax of crash, for those who want to look for themselves. One file each, one table (commands.cc).
// To add one: a new src/commands/<name>.cc with a constant of type Command, and a line in the table.
#pragma once

#include <atomic>
#include <iosfwd>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "collect/workbench.h"
#include "commands/arguments.h"
#include "commands/output.h"

namespace whyhung::commands {

class Desk;

struct Context {
  const model::Snapshot& snapshot;
  collect::Workbench* machine;  // whose snapshot this is; null when nothing but the snapshot is at hand
  const Error* lack;            // why there is no machine; null when there is one
  std::ostream& out;
  Format format;
  Desk* desk = nullptr;                     // what stays from one command to the next; null: nothing
  const std::atomic<bool>* stop = nullptr;  // set from outside when the command shall come to an end
  std::optional<std::vector<const model::Task*>> tasks = std::nullopt;  // what foreach chose

  // To be asked in every walk.
  bool is_stopped() const { return stop != nullptr && stop->load(std::memory_order_relaxed); }
};

// What a command cannot do without.
enum class Needs : std::uint8_t { kSnapshot, kMachine };

// Whether a command speaks of tasks, so that foreach can run it for each.
enum class PerTask : std::uint8_t { kNo, kYes };

// One command that is being run.
struct Call {
  Context& context;
  Desk& desk;
  const Arguments& arguments;
  Output& output;

  const model::Snapshot& snapshot() const { return context.snapshot; }
  // Only for commands that need the machine, and for others when there is one.
  collect::Workbench& machine() const { return *context.machine; }
  const std::vector<std::string>& words() const { return arguments.words(); }
  bool has(std::string_view option) const { return arguments.has(option); }
};

struct Command {
  std::string_view name;
  std::string_view usage;  // "bt [-al] [PID|TASK]…"
  std::string_view help;   // one line
  std::span<const Option> options;
  Needs needs = Needs::kSnapshot;
  PerTask per_task = PerTask::kNo;
  bool takes_raw_words = false;  // options too are words: they belong to another command
  // Writes its output. kUsage for arguments that make no sense.
  Result<void> (*run)(Call& call) = nullptr;
  // Lines that pack runs, so that a capsule can answer them too; null: none.
  std::vector<std::string> (*rehearse)(const model::Snapshot& snapshot) = nullptr;
};

std::span<const Command* const> all_commands();
// By its name; null when there is none.
const Command* find_command(std::string_view name);

// Other names for commands or for the beginnings of lines, as crash has them: "dmesg" is log, "last" is ps -l.
struct Alias {
  std::string_view name;
  std::string_view line;
};
std::span<const Alias> all_aliases();

// Fails, saying why, when there is no machine.
Result<void> need_machine(const Context& context, std::string_view what);

// Runs one line ("foreach rmmod bt"). kUsage when there is no such command, kNotFound when it needs the machine and
// there is none.
Result<void> run_command(Context& context, std::string_view line);
// The same for words that were taken apart already. `words` are the command's arguments.
Result<void> run_command(Context& context, const Command& command, std::span<const std::string> words);

// All lines that pack runs.
std::vector<std::string> rehearsed_lines(const model::Snapshot& snapshot);

// The JSON object for one command line that was run: its output, or what went wrong.
std::string json_entry(std::string_view line, const Result<void>& done, const std::string& output);

}  // namespace whyhung::commands
