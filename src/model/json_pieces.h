// SPDX-License-Identifier: GPL-2.0-or-later
// Cuts JSON text into the pieces of its outermost object or list, so that a large file is parsed piece by piece: a tree
// of all of it would take twenty times its size. The pieces themselves are not checked: whoever parses one does that.
#pragma once

#include <functional>
#include <string_view>

#include "base/result.h"

namespace whyhung::model {

// What is taken from a stranger's file in one piece. The largest that a snapshot has is a CPU with its stacks, some
// hundred kilobytes; the deepest is 8.
inline constexpr std::size_t kLargestPiece = std::size_t{4} << 20;
inline constexpr std::size_t kDeepestPiece = 32;

using TakeMember = std::function<Result<void>(std::string_view name, std::string_view value)>;
using TakeElement = std::function<Result<void>(std::string_view value)>;

// Hands out the members of an object in their order; the name as it is written, without its quotes. kCorrupt when the
// text is no object, or a piece deeper than kDeepestPiece. Stops at the first error of `take`.
Result<void> each_member(std::string_view object, const TakeMember& take);
// The same for the elements of a list. kLimit also when one is larger than kLargestPiece.
Result<void> each_element(std::string_view list, const TakeElement& take);

}  // namespace whyhung::model
