// SPDX-License-Identifier: GPL-2.0-or-later
// foreach: a command for all tasks that some words choose, `foreach active bt`, `foreach rmmod bt`, `foreach UN bt`.
#include <algorithm>

#include "base/text.h"
#include "commands/bt.h"
#include "commands/command.h"
#include "commands/ps.h"
#include "commands/task_choice.h"

namespace whyhung::commands {
namespace {

Result<void> run(Context& context, const std::vector<std::string>& arguments) {
  const auto command =
      std::ranges::find_if(arguments, [](const std::string& word) { return word == "bt" || word == "ps"; });
  if (command == arguments.end()) {
    return with_hint(fail(ErrorKind::kUsage, "foreach needs a command after the choice of tasks"),
                     "it runs bt and ps: foreach active bt");
  }
  const bool with_lines = *command == "bt" && command + 1 != arguments.end() && *(command + 1) == "-l";
  if (command + (with_lines ? 2 : 1) != arguments.end()) {
    return fail(ErrorKind::kUsage, "foreach {} does not know the argument {}", *command, printable(arguments.back()));
  }
  TRY_ASSIGN(const auto tasks, choose_tasks(context.snapshot, std::span(arguments.begin(), command)));
  if (*command == "bt") {
    write_backtraces(context, tasks, with_lines ? report::SourceLines::kShow : report::SourceLines::kHide);
  } else {
    write_task_table(context, tasks);
  }
  return {};
}

}  // namespace

const Command kForeach = {.name = "foreach",
                          .alias = "",
                          .usage = "foreach [active|kernel|user|STATE|NAME|PID|TASK]… bt [-l]|ps",
                          .help = "bt or ps for all tasks that the words choose",
                          .run = run};

}  // namespace whyhung::commands
