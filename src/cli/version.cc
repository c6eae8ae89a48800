// SPDX-License-Identifier: GPL-2.0-or-later
// A file of its own, because it is compiled anew with each commit.
#include "cli/version.h"

#include <string_view>

#include <commit.h>  // made by cmake/find_commit.cmake

namespace whyhung::cli {

std::string version_line() {
  std::string line = "whyhung " WHYHUNG_VERSION;
  if (constexpr std::string_view kCommit = WHYHUNG_COMMIT; !kCommit.empty()) {
    line += " (";
    line += kCommit;
    line += ")";
  }
  return line;
}

}  // namespace whyhung::cli
