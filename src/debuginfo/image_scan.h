// SPDX-License-Identifier: GPL-2.0-or-later
// Passing over a kernel image from one end to the other, for what gives itself away by its looks.
#pragma once

#include <functional>
#include <span>

#include "base/memory_reader.h"

namespace whyhung::debuginfo {

// Calls `visit` with pieces of `image` in ascending order until it says false; each piece is followed by the first
// `overlap` bytes of the next one, so that nothing of that length is cut. Of each piece the first `own` bytes are its
// own. Bytes of pages that cannot be read are zero; of a piece without a single readable page nothing is heard. At most
// 1 GB is passed over. True when it went to the end.
using PieceVisitor = std::function<bool(VirtualAddress begin, std::span<const std::byte> bytes, std::size_t own)>;
bool scan_image(const VirtualMemory& memory, VirtualRange image, std::size_t overlap, const PieceVisitor& visit);

}  // namespace whyhung::debuginfo
