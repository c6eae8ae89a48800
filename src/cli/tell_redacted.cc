// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/tell_redacted.h"

#include <string>

#include <fmt/format.h>

#include "cli/complain.h"

namespace whyhung::cli {

void tell_redacted(const model::Redactor& redactor) {
  std::string text;
  for (const auto& [what, count] : redactor.counts()) {
    text += fmt::format("{}{} {}{}", text.empty() ? "" : ", ", count, model::name_of(what),
                        count == 1                         ? ""
                        : what == model::Private::kAddress ? "es"
                                                           : "s");
  }
  complain({ErrorKind::kNotFound, fmt::format("redacted: {}", text.empty() ? "nothing" : text), {}});
}

}  // namespace whyhung::cli
