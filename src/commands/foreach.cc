// SPDX-License-Identifier: GPL-2.0-or-later
// foreach: a command for all tasks that some words choose, `foreach active bt`, `foreach rmmod bt -l`, `foreach UN ps
// -m`.
#include <algorithm>

#include "base/text.h"
#include "commands/command.h"
#include "commands/task_choice.h"

namespace whyhung::commands {
namespace {

bool is_per_task(const std::string& word) {
  const Command* command = find_command(word);
  return command != nullptr && command->per_task == PerTask::kYes;
}

std::string per_task_names() {
  std::string names;
  for (const Command* command : all_commands()) {
    if (command->per_task == PerTask::kYes) names += fmt::format("{}{}", names.empty() ? "" : ", ", command->name);
  }
  return names;
}

Result<void> run(Call& call) {
  const auto& words = call.words();
  // The choice ends at the first word that is such a command and no task's name or state.
  const auto command = std::ranges::find_if(words, is_per_task);
  if (command == words.end()) {
    return with_hint(fail(ErrorKind::kUsage, "foreach needs a command after the choice of tasks"),
                     fmt::format("it runs {}: foreach active bt", per_task_names()));
  }
  TRY_ASSIGN(auto tasks, choose_tasks(call.snapshot(), std::span(words.begin(), command)));
  Context context = call.context;
  context.tasks = std::move(tasks);
  context.desk = &call.desk;
  call.output.give_away();
  return run_command(context, *find_command(*command), std::span(command + 1, words.end()));
}

}  // namespace

extern const Command kForeach = {
    .name = "foreach",
    .usage = "foreach [active|kernel|user|gleader|STATE|NAME|'REGEX'|PID|TASK]… COMMAND [OPTIONS]",
    .help = "a command for all tasks that the words choose",
    .options = {},
    .takes_raw_words = true,
    .run = run};

}  // namespace whyhung::commands
