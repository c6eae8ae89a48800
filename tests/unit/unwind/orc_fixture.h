// SPDX-License-Identifier: GPL-2.0-or-later
// A kernel's text with ORC tables that a test writes row by row, and a stack beside it.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <vector>

#include "arch/x86_64.h"
#include "support/fake_symbols.h"
#include "support/paged_memory.h"
#include "unwind/orc_stepper.h"

namespace whyhung::unwind {

namespace x86 = arch::x86;

inline constexpr std::uint64_t kText = 0xffffffff81000000;
inline constexpr std::uint64_t kTextEnd = kText + 0x10000;
inline constexpr std::uint64_t kIps = 0xffffffff82000000;
inline constexpr std::uint64_t kRows = 0xffffffff82100000;
inline constexpr std::uint64_t kLookup = 0xffffffff82200000;
inline constexpr std::uint64_t kStack = 0xffffc90000010000;

// Registers' numbers in the rows of versions 1 to 3.
enum OldBase : unsigned {
  kOldUndefined,
  kOldPreviousSp,
  kOldDx,
  kOldDi,
  kOldBp,
  kOldSp,
  kOldR10,
  kOldR13,
  kOldBpIndirect,
  kOldSpIndirect
};
// Types of version 3 and 4.
enum NewType : unsigned { kTypeUndefined, kTypeEnd, kTypeCall, kTypeRegs, kTypeRegsPartial };

struct RawRow {
  std::int16_t sp_offset = 0;
  std::int16_t bp_offset = 0;
  unsigned bits = 0;
};
// A row of version 3.
inline RawRow row3(unsigned type, unsigned sp_base, std::int16_t sp_offset, unsigned bp_base = kOldUndefined,
                   std::int16_t bp_offset = 0) {
  return {sp_offset, bp_offset, sp_base | bp_base << 4 | type << 8};
}

struct OrcMachine {
  test::PagedMemory memory;
  test::FakeSymbols symbols;
  std::map<std::uint64_t, RawRow> rows;  // by address of the first instruction that each is for

  // Writes the tables and says where they are.
  OrcTableLocation write() {
    std::uint64_t index = 0;
    for (const auto& [ip, row] : rows) {
      memory.write_u32(kIps + 4 * index, static_cast<std::uint32_t>(ip - (kIps + 4 * index)));
      memory.write_integer<std::int16_t>(kRows + 6 * index, row.sp_offset);
      memory.write_integer<std::int16_t>(kRows + 6 * index + 2, row.bp_offset);
      memory.write_integer<std::uint16_t>(kRows + 6 * index + 4, static_cast<std::uint16_t>(row.bits));
      ++index;
    }
    return {
        {VirtualAddress(kText), VirtualAddress(kTextEnd)}, VirtualAddress(kIps), VirtualAddress(kRows), index, {}, 0};
  }
  // The index of one word for every 256 bytes of text, as orc_init() fills it.
  OrcTableLocation write_with_lookup() {
    OrcTableLocation table = write();
    table.lookup = VirtualAddress(kLookup);
    table.lookup_count = (kTextEnd - kText) / 256 + 1;
    for (std::uint64_t block = 0; block < table.lookup_count; ++block) {
      const auto above = rows.upper_bound(kText + block * 256);
      const auto index = above == rows.begin() ? 0 : std::distance(rows.begin(), above) - 1;
      memory.write_u32(kLookup + 4 * block, static_cast<std::uint32_t>(index));
    }
    return table;
  }
};

inline FrameState state_at(std::uint64_t pc, std::uint64_t sp, bool exact = true) {
  FrameState state;
  state.registers.set(x86::kRip, pc);
  state.registers.set(x86::kRsp, sp);
  state.pc_is_exact = exact;
  return state;
}

}  // namespace whyhung::unwind
