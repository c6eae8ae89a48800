// SPDX-License-Identifier: GPL-2.0-or-later
// The kdump-compressed format: what makedumpfile writes by default, and QEMU's dump-guest-memory when it is asked for
// kdump-zlib, -lzo or -snappy. Also the older "DISKDUMP" of the same form.
#pragma once

#include "dump/formats.h"
#include "dump/kdump_header.h"

namespace whyhung::dump {

// One file, or the parts of a split set in any order. Errors: those of read_kdump_header; kMismatch when several files
// do not belong together or one is given twice; kTruncated when no page at all is in the file.
Result<std::unique_ptr<Dump>> open_kdump_compressed(std::vector<DumpFile> files);

}  // namespace whyhung::dump
