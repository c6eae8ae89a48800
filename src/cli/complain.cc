// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/complain.h"

#include <iostream>

#include "base/text.h"

namespace whyhung::cli {

void complain(const Error& error, std::string_view program) {
  std::cerr << program << ": " << printable(error.what) << "\n";
  if (!error.hint.empty()) std::cerr << "  hint: " << printable(error.hint) << "\n";
}

}  // namespace whyhung::cli
