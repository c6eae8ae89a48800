// SPDX-License-Identifier: GPL-2.0-or-later
// makedumpfile's flattened stream (-F), the form in which a dump goes through a pipe: a header, then pieces of the dump
// with the offset that each belongs to, in the order in which they were written. Debian, SUSE and QEMU write it by
// default. Here it is read as it is, as if it had been rearranged (makedumpfile -R).
#pragma once

#include <memory>
#include <span>

#include "dump/formats.h"

namespace whyhung::dump {

bool is_flattened_signature(std::span<const std::byte> head);

// Reads the pieces' headers only. A stream that breaks off is given as far as it goes, with a remark: bytes that were
// not in it end a read, whereas in a whole stream bytes that nobody wrote are zero, as in the file that it describes.
// Errors: kTruncated (not even one piece), kUnsupported (another version), kCorrupt (the pieces make no sense), kIo.
Result<DumpFile> open_flattened(std::shared_ptr<ByteSource> stream);

}  // namespace whyhung::dump
