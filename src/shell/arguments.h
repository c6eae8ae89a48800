// SPDX-License-Identifier: GPL-2.0-or-later
// How the shell is called: as `whyhung shell`, and as `whyhung-crash` with what people type behind crash.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace whyhung::shell {

struct ShellOptions {
  bool as_crash = false;  // called by that name
  std::vector<std::string> inputs;
  std::string vmlinux;
  std::string types;
  std::vector<std::string> files;  // -i: lines to run first
  bool is_silent = false;          // -s: no banner
  bool is_safe = false;
  bool hexadecimal = false;
  bool wants_help = false;
  bool wants_version = false;
  bool wants_release = false;  // --osrelease: only the kernel's release
  bool wants_log = false;      // --log: only the kernel's log
};

// A vmlinux and a dump may stand in either order: the files themselves say which is which.
Result<ShellOptions> parse_arguments(const std::vector<std::string>& arguments, bool as_crash);

}  // namespace whyhung::shell
