// SPDX-License-Identifier: GPL-2.0-or-later
// The kernel's debug file from the debuginfod servers that the user configured: $DEBUGINFOD_URLS, as for elfutils, gdb
// and others, whose cache is shared. Nothing is asked of anybody when that is not set.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/memory_reader.h"
#include "base/result.h"
#include "debuginfo/symbols.h"
#include "dump/vmcoreinfo.h"

namespace whyhung::target {

// Whether servers are configured.
bool asks_servers();

// The build id of the crashed kernel in lower-case hexadecimal: from VMCOREINFO, else from the kernel's own notes in
// memory. v5.9 (0935288c6e00): VMCOREINFO has it; before, only the notes do. Nothing when neither has a sound one.
std::optional<std::string> build_id_of(const dump::VmcoreInfo& info, const VirtualMemory& memory,
                                       debuginfo::SymbolSource& symbols);

// The debug file of this build id: out of the cache, else from the servers, one after the other, into the cache.
// `proof` is asked about a file before it is kept. Time ($DEBUGINFOD_TIMEOUT seconds with next to nothing coming,
// $DEBUGINFOD_MAXTIME in all) and size ($DEBUGINFOD_MAXSIZE bytes) are limited. The error names each server and what it
// said.
Result<std::string> fetch_vmlinux(const std::string& build_id,
                                  const std::function<Result<void>(const std::string& path)>& proof);

}  // namespace whyhung::target
