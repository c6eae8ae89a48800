// SPDX-License-Identifier: GPL-2.0-or-later
// How it is said that a stack ends because a tracer took the return address and its note is missing.
#pragma once

#include <string_view>

namespace whyhung::unwind {

// Stack::end_detail begins so; StackEnd::kNoUnwindData.
inline constexpr std::string_view kReturnTaken = "a tracer replaced the return address";

}  // namespace whyhung::unwind
