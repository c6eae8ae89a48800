// SPDX-License-Identifier: GPL-2.0-or-later
// The prompt at a terminal: editing, history that is kept, completion. Ctrl-C ends a command, never the shell.
#pragma once

#include "shell/shell.h"

namespace whyhung::shell {

// Reads lines and runs them until the user has had enough.
void run_prompt(Shell& shell);
// From here on SIGINT asks the command that runs to end.
void catch_interrupts();

}  // namespace whyhung::shell
