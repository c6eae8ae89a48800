// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>
#include <array>

#include "base/nearest.h"
#include "base/text.h"
#include "commands/command.h"
#include "commands/desk.h"

namespace whyhung::commands {

// Each is defined in a file of its own. To add one: its name here, twice.
extern const Command kAlias, kAscii, kBt, kDev, kDis, kEval, kExtend, kFiles, kForeach, kFuser, kHelp, kIpcs, kIrq,
    kKmem, kList, kLocks, kLog, kMach, kMod, kMount, kNet, kOwner, kPrint, kPs, kRead, kRunq, kSearch, kSet, kSig,
    kStruct, kSwap, kSym, kSys, kTask, kTimer, kTree, kUnion, kVm, kVirtualToPhysical, kWaiters, kWaitq, kWhatis, kWhy,
    kWrite;

namespace {

constexpr auto kCommands = std::to_array<const Command*>({&kAlias,   &kAscii, &kBt,
                                                          &kDev,     &kDis,   &kEval,
                                                          &kExtend,  &kFiles, &kForeach,
                                                          &kFuser,   &kHelp,  &kIpcs,
                                                          &kIrq,     &kKmem,  &kList,
                                                          &kLocks,   &kLog,   &kMach,
                                                          &kMod,     &kMount, &kNet,
                                                          &kOwner,   &kPrint, &kPs,
                                                          &kRead,    &kRunq,  &kSearch,
                                                          &kSet,     &kSig,   &kStruct,
                                                          &kSwap,    &kSym,   &kSys,
                                                          &kTask,    &kTimer, &kTree,
                                                          &kUnion,   &kVm,    &kVirtualToPhysical,
                                                          &kWaiters, &kWaitq, &kWhatis,
                                                          &kWhy,     &kWrite});

constexpr unsigned kMostAliases = 8;  // that one line may go through: an alias of an alias

constexpr auto kAliases = std::to_array<Alias>({{"dmesg", "log"},
                                                {"disassemble", "dis"},
                                                {"lsmod", "mod"},
                                                {"last", "ps -l"},
                                                {"px", "p -x"},
                                                {"pd", "p -d"},
                                                {"for", "foreach"},
                                                {"size", "struct"},
                                                {"man", "help"},
                                                {"?", "help"},
                                                {"hex", "set radix 16"},
                                                {"dec", "set radix 10"},
                                                {"sf", "set scroll off"},
                                                {"sn", "set scroll on"},
                                                {"g", "p"},
                                                {"gdb", "p"},
                                                {"print", "p"}});

std::optional<std::string> alias_of(const Desk& desk, std::string_view name) {
  if (const auto own = desk.aliases.find(name); own != desk.aliases.end()) return own->second;
  const auto known = std::ranges::find(kAliases, name, &Alias::name);
  if (known == kAliases.end()) return std::nullopt;
  return std::string(known->line);
}

tl::unexpected<Error> no_command(std::string_view name) {
  std::vector<std::string> names;
  std::string known;
  for (const Command* command : kCommands) {
    names.emplace_back(command->name);
    known += fmt::format("{}{}", known.empty() ? "" : ", ", command->name);
  }
  for (const Alias& alias : kAliases) names.emplace_back(alias.name);
  const std::string_view near = nearest(name, names);
  return with_hint(fail(ErrorKind::kUsage, "there is no command \"{}\"", printable(name)),
                   !near.empty() ? fmt::format("did you mean {}? The commands are {}", near, known)
                                 : fmt::format("the commands are {}", known));
}

// "*task_struct 0x…" and a type's name alone stand for struct.
Result<void> run_words(Context& context, Desk& desk, std::vector<std::string> words) {
  for (unsigned step = 0; step < kMostAliases; ++step) {
    if (const Command* command = find_command(words.front())) {
      return run_command(context, *command, std::span(words).subspan(1));
    }
    const auto line = alias_of(desk, words.front());
    if (!line) break;
    TRY_ASSIGN(std::vector<std::string> expanded, split_words(*line));
    if (expanded.empty() || expanded.front() == words.front()) break;
    words.erase(words.begin());
    words.insert(words.begin(), expanded.begin(), expanded.end());
  }
  if (words.front().starts_with('*') && context.machine != nullptr) {
    words.front().erase(0, 1);
    if (words.front().empty()) words.erase(words.begin());
    return run_command(context, *find_command("struct"), words);
  }
  if (context.machine != nullptr) {
    const std::string_view type = std::string_view(words.front()).substr(0, words.front().find('.'));
    const bool is_name = !type.empty() && type.find_first_not_of(
                                              "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                              "0123456789_") == std::string_view::npos;
    if (is_name && desk.types().find(type)) return run_command(context, *find_command("struct"), words);
  }
  return no_command(words.front());
}

}  // namespace

std::span<const Command* const> all_commands() {
  return kCommands;
}

std::span<const Alias> all_aliases() {
  return kAliases;
}

const Command* find_command(std::string_view name) {
  const auto found = std::ranges::find(kCommands, name, &Command::name);
  return found == kCommands.end() ? nullptr : *found;
}

Result<void> need_machine(const Context& context, std::string_view what) {
  if (context.machine != nullptr) return {};
  Error error{ErrorKind::kNotFound, fmt::format("{} needs the machine's memory", what), {}};
  if (context.lack != nullptr) error = {error.kind, error.what + ": " + context.lack->what, context.lack->hint};
  return fail(std::move(error));
}

Result<void> run_command(Context& context, const Command& command, std::span<const std::string> words) {
  if (command.needs == Needs::kMachine) TRY_CHECK(need_machine(context, command.name));
  Arguments arguments;
  if (command.takes_raw_words) {
    arguments = arguments.with_words({words.begin(), words.end()});
  } else {
    TRY_ASSIGN(arguments, Arguments::parse(command.name, command.options, words));
  }
  Desk own_desk(context.machine);
  Output output(context.out, context.format);
  Call call{context, context.desk == nullptr ? own_desk : *context.desk, arguments, output};
  TRY_CHECK(command.run(call));
  output.finish();
  return {};
}

Result<void> run_command(Context& context, std::string_view line) {
  TRY_ASSIGN(std::vector<std::string> words, split_words(line));
  if (words.empty()) return fail(ErrorKind::kUsage, "the command is empty");
  Desk own_desk(context.machine);
  return run_words(context, context.desk == nullptr ? own_desk : *context.desk, std::move(words));
}

std::vector<std::string> rehearsed_lines(const model::Snapshot& snapshot) {
  std::vector<std::string> lines;
  for (const Command* command : kCommands) {
    if (command->rehearse == nullptr) continue;
    for (std::string& line : command->rehearse(snapshot)) lines.push_back(std::move(line));
  }
  return lines;
}

std::string json_entry(std::string_view line, const Result<void>& done, const std::string& output) {
  Value entry = Value::object();
  entry.set("command", line);
  if (!done) {
    entry.set("error", done.error().what);
  } else {
    entry.set("output", Value::json(output));
  }
  return entry.dump();
}

}  // namespace whyhung::commands
