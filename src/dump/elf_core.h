// SPDX-License-Identifier: GPL-2.0-or-later
// ELF cores of kernels: /proc/vmcore and copies of it, `makedumpfile -E`, QEMU's dump-guest-memory, virsh dump
// --memory-only. The program headers are parsed here, bounded, rather than by an ELF library: a dump's are untrusted
// and may be many.
#pragma once

#include "dump/formats.h"

namespace whyhung::dump {

bool is_elf_signature(std::span<const std::byte> head);

// One file. Errors: kUnsupported (32-bit, or a process' core), kNotADump (a vmlinux or other program), kTruncated,
// kCorrupt, kIo.
Result<std::unique_ptr<Dump>> open_elf_core(std::vector<DumpFile> files);

}  // namespace whyhung::dump
