// SPDX-License-Identifier: GPL-2.0-or-later
// help: what commands there are, and what one of them takes; extend and wr: why they are not here.
#include "base/nearest.h"
#include "base/text.h"
#include "commands/command.h"

namespace whyhung::commands {
namespace {

std::string option_text(const Option& option) {
  std::string name(option.name);
  if (!name.starts_with('/')) name = (name.size() == 1 ? "-" : "--") + name;
  return option.value.empty() ? name : fmt::format("{} {}", name, option.value);
}

Result<void> show_one(Call& call, std::string name) {
  for (const Alias& alias : all_aliases()) {
    if (alias.name != name) continue;
    call.output.heading(fmt::format("{} stands for {}\n\n", alias.name, alias.line));
    name = alias.line.substr(0, alias.line.find(' '));
    break;
  }
  const Command* command = find_command(name);
  if (command == nullptr) {
    std::vector<std::string> names;
    for (const Command* one : all_commands()) names.emplace_back(one->name);
    const std::string_view near = nearest(name, names);
    return with_hint(fail(ErrorKind::kUsage, "there is no command \"{}\"", printable(name)),
                     !near.empty() ? fmt::format("did you mean {}?", near) : std::string("help lists them"));
  }
  std::string text = fmt::format("NAME\n  {} - {}\n\nSYNOPSIS\n  {}\n", command->name, command->help, command->usage);
  Value value = Value::object();
  value.set("name", command->name);
  value.set("usage", command->usage);
  value.set("help", command->help);
  Value options = Value::array();
  if (!command->options.empty()) text += "\nOPTIONS\n";
  for (const Option& option : command->options) {
    text += fmt::format("  {:<16} {}\n", option_text(option), option.help);
    Value one = Value::object();
    one.set("option", option_text(option));
    one.set("help", option.help);
    options.push(std::move(one));
  }
  value.set("options", std::move(options));
  if (command->per_task == PerTask::kYes)
    text += fmt::format("\n`foreach … {}` runs it for many tasks.\n", command->name);
  call.output.row(text, value);
  return {};
}

Result<void> run_help(Call& call) {
  for (const std::string& word : call.words()) TRY_CHECK(show_one(call, word));
  if (!call.words().empty()) return {};
  std::size_t width = 0;
  for (const Command* command : all_commands()) width = std::max(width, command->name.size());
  for (const Command* command : all_commands()) {
    Value value = Value::object();
    value.set("name", command->name);
    value.set("usage", command->usage);
    value.set("help", command->help);
    call.output.row(fmt::format("  {:<{}}  {}\n", command->name, width, command->help), value);
  }
  call.output.heading("\n`help COMMAND` says more of one. Output can go into `| program`, `> file` or `>> file`.\n");
  return {};
}

Result<void> run_extend(Call&) {
  return with_hint(
      fail(ErrorKind::kUnsupported, "extension modules of crash cannot be loaded: they are part of crash itself"),
      "every command takes --json on whyhung's command line, for programs of your own");
}

Result<void> run_write(Call&) {
  return fail(ErrorKind::kUnsupported, "a dump is never written to");
}

}  // namespace

extern const Command kHelp = {.name = "help",
                              .usage = "help [COMMAND]…",
                              .help = "what commands there are, and what one of them takes",
                              .options = {},
                              .run = run_help};
extern const Command kExtend = {.name = "extend",
                                .usage = "extend",
                                .help = "refused: crash's extension modules need crash",
                                .options = {},
                                .takes_raw_words = true,
                                .run = run_extend};
extern const Command kWrite = {.name = "wr",
                               .usage = "wr",
                               .help = "refused: a dump is never written to",
                               .options = {},
                               .takes_raw_words = true,
                               .run = run_write};

}  // namespace whyhung::commands
