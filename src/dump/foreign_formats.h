// SPDX-License-Identifier: GPL-2.0-or-later
// Files that are given as dumps but cannot be read: compressed files, dumps of other tools, text. Recognising them is
// what makes the error message useful.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "base/result.h"

namespace whyhung::dump {

// What the file is and what to do about it; nothing when its first bytes say nothing.
std::optional<Error> recognise_foreign(const std::string& name, std::span<const std::byte> head);

}  // namespace whyhung::dump
