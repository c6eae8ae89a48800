// SPDX-License-Identifier: GPL-2.0-or-later
// alias: other names for lines.
#include "base/text.h"
#include "commands/command.h"
#include "commands/desk.h"

namespace whyhung::commands {
namespace {

void show(Call& call, std::string_view origin, std::string_view name, std::string_view line) {
  Value value = Value::object();
  value.set("origin", origin);
  value.set("alias", name);
  value.set("line", line);
  call.output.row(fmt::format("{:<7}  {:<7}  {}\n", origin, printable(name), printable(line)), value);
}

Result<void> run_alias(Call& call) {
  const auto& words = call.words();
  auto& own = call.desk.aliases;
  if (words.empty()) {
    call.output.heading("ORIGIN   ALIAS    COMMAND\n");
    for (const Alias& alias : all_aliases()) show(call, "builtin", alias.name, alias.line);
    for (const auto& [name, line] : own) show(call, "user", name, line);
    return {};
  }
  const std::string& name = words.front();
  if (words.size() == 1) {
    if (own.erase(name) == 0) return fail(ErrorKind::kNotFound, "there is no alias {}", printable(name));
    return {};
  }
  if (find_command(name) != nullptr) {
    return fail(ErrorKind::kUsage, "{} is a command: no alias can be called so", printable(name));
  }
  std::string line;
  for (std::size_t i = 1; i < words.size(); ++i) line += (i == 1 ? "" : " ") + words[i];
  own[name] = std::move(line);
  return {};
}

}  // namespace

extern const Command kAlias = {.name = "alias",
                               .usage = "alias [NAME [LINE]]",
                               .help = "other names for lines: shows them, adds one, or takes one away",
                               .options = {},
                               .takes_raw_words = true,
                               .run = run_alias};

}  // namespace whyhung::commands
