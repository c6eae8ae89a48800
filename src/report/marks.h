// SPDX-License-Identifier: GPL-2.0-or-later
// Names of code inside of sentences. A sentence is put together as one string; what is code in it stands between two
// control characters, which no text of a dump can bring in: all of them were made printable first.
#pragma once

#include <string>
#include <string_view>

#include "report/document.h"

namespace whyhung::report {

// A name that is printable, marked as code.
std::string code(std::string_view name);
// A sentence as its pieces: code as it was marked, addresses by their form.
Inlines inlines_of(std::string_view sentence);
// A sentence without marks.
std::string plain(std::string_view sentence);

}  // namespace whyhung::report
