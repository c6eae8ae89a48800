// SPDX-License-Identifier: GPL-2.0-or-later
// Standard output, of which nothing may get lost unseen.
#pragma once

namespace whyhung::cli {

// At the start of a run: std::cout remembers from here on what went wrong, and a descriptor 0, 1 or 2 that the caller
// closed is not handed out to a file.
void begin_output();

// At the end of a run: the exit status, or 2 and a line on standard error when what was printed could not be written.
int finish_output(int exit_status);

}  // namespace whyhung::cli
