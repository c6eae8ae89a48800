// SPDX-License-Identifier: GPL-2.0-or-later
// Target: the crashed machine, opened: its memory, symbols, types and stacks. It is a bundle of parts that know nothing
// of each other; code that needs one part takes that part, not the bundle.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "arch/architecture.h"
#include "base/gap.h"
#include "base/stage_clock.h"
#include "debuginfo/btf.h"
#include "debuginfo/symbols.h"
#include "debuginfo/type_source.h"
#include "dump/dump.h"
#include "dump/vmcoreinfo.h"
#include "target/kernel_memory.h"
#include "target/source_lines.h"
#include "target/types_file.h"
#include "unwind/unwinders.h"

namespace whyhung::target {

struct OpenOptions {
  std::vector<std::shared_ptr<ByteSource>> dump_files;  // one, or all files of a split set
  std::string vmlinux;                                  // empty: look for it by build id and release
  std::string types;                         // distilled types, a file or a folder; empty: look in the usual folders
  std::vector<std::string> vmlinux_folders;  // where a vmlinux may lie besides the usual places
  // Names that will be asked for, so that a source which must search finds them in one pass. May be empty.
  std::span<const std::string_view> symbols_wanted;
  std::function<std::vector<std::string_view>(debuginfo::SymbolSource&)> types_wanted;
  std::span<const std::string_view> enumerators_wanted;
  // Source files of the kernel that describe these types, "kernel/sched/core.c": where DWARF is searched first.
  std::span<const std::string_view> sources_wanted;
};

// Members are in the order in which they were made: each may refer to those before it.
struct Target {
  std::unique_ptr<dump::Dump> dump;
  dump::VmcoreInfo vmcoreinfo;
  const arch::Architecture* architecture = nullptr;
  std::unique_ptr<arch::AddressSpace> address_space;
  std::unique_ptr<KernelMemory> memory;
  std::unique_ptr<debuginfo::SymbolChain> symbols;
  bool names_data = true;    // the symbol table names variables too, not only functions
  std::string symbols_from;  // where the kernel's own symbols come from; empty: nowhere
  std::unique_ptr<debuginfo::TypeChain> types;
  std::shared_ptr<debuginfo::BtfTypes> btf;  // the kernel's own, one of `types`, which modules continue; null: none
  std::unique_ptr<SourceLines> lines;
  std::unique_ptr<TypesFile> types_file;       // null: not looked for, because the dump has what is needed
  std::unique_ptr<unwind::Unwinder> unwinder;  // null: stacks cannot be walked, and a gap says why
  std::vector<Gap> gaps;                       // what opening could not get
};

// The opening sequence, from files to a machine. Fails only when nothing at all can be said about the dump; every other
// lack becomes a gap. `clock` is told the stages.
Result<Target> open_target(OpenOptions options, StageClock& clock);

// Registers of one CPU as a note gives them.
struct NotedRegisters {
  arch::RegisterSet registers;
  std::uint32_t pid = 0;
};
// All NT_PRSTATUS notes of the dump file, in file order.
std::vector<NotedRegisters> registers_in_file(const Target& target);
// The NT_PRSTATUS in a crash note that was read from the machine's memory; nothing when the note is empty.
std::optional<NotedRegisters> registers_in_note(const Target& target, std::span<const std::byte> note);

}  // namespace whyhung::target
