// SPDX-License-Identifier: GPL-2.0-or-later
// ORC, x86's unwind tables, read from the crashed machine's memory. Four on-disk versions exist; rows come out in one
// form. (arch/x86/include/asm/orc_types.h, arch/x86/kernel/unwind_orc.c)
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "base/memory_reader.h"

namespace whyhung::unwind {

enum class OrcVersion : std::uint8_t {
  k1,  // v4.14: type:2 (call, regs, iret regs), end:1; registers at an interruption are implied by the type
  k2,  // v6.3 (ffb1b4a41016): type:2, signal:1, end:1
  k3,  // v6.4 (fb799447ae29): type:3 with undefined and end as types, signal:1
  k4,  // v7.1: registers numbered anew
};

enum class OrcBase : std::uint8_t {
  kUndefined,
  kPreviousSp,
  kAx,
  kDx,
  kDi,
  kBp,
  kSp,
  kR10,
  kR13,
  kBpIndirect,
  kSpIndirect
};
enum class OrcType : std::uint8_t { kUndefined, kEndOfStack, kCall, kRegs, kRegsPartial };

struct OrcRow {
  std::int16_t sp_offset = 0;
  std::int16_t bp_offset = 0;
  OrcBase sp_base = OrcBase::kUndefined;
  OrcBase bp_base = OrcBase::kUndefined;
  OrcType type = OrcType::kUndefined;
};

// The 20 bytes of __start_orc_header (v6.4 on) tell the version; nothing for a hash that is not known here.
std::optional<OrcVersion> orc_version_of_hash(std::span<const std::byte> hash);

// One row of six bytes in that version's form; kUndefined for values that the version does not have.
OrcRow decode_orc_row(std::span<const std::byte, 6> bytes, OrcVersion version);

// Where one table lies: the kernel's, or a module's.
struct OrcTableLocation {
  VirtualRange text;    // code that it covers
  VirtualAddress ips;   // count place-relative 32-bit addresses, ascending
  VirtualAddress rows;  // count rows of six bytes
  std::uint64_t count = 0;
  VirtualAddress lookup;  // the kernel's index: one u32 for every 256 bytes of text; null when there is none
  std::uint64_t lookup_count = 0;
};

class OrcTables {
 public:
  OrcTables(const VirtualMemory& memory, OrcVersion version) : memory_(memory), version_(version) {}

  void add(const OrcTableLocation& table);
  bool covers(VirtualAddress pc) const { return find_table(pc) != nullptr; }
  // The row that is in force at `pc`; nothing when no table covers it or the table cannot be read. Remembered.
  std::optional<OrcRow> row_at(VirtualAddress pc);

 private:
  const OrcTableLocation* find_table(VirtualAddress pc) const;
  std::optional<OrcRow> search(const OrcTableLocation& table, VirtualAddress pc) const;
  ReadResult<VirtualAddress> ip_at(const OrcTableLocation& table, std::uint64_t index) const;

  const VirtualMemory& memory_;
  OrcVersion version_;
  std::vector<OrcTableLocation> tables_;
  std::unordered_map<VirtualAddress, std::optional<OrcRow>> remembered_;
};

}  // namespace whyhung::unwind
