// SPDX-License-Identifier: GPL-2.0-or-later
// ORC over any bytes: a version, counts, and the rest as tables, stack and index. Rows are looked up all over the text,
// and stacks are walked from places of the text. Then tables are looked for in all of it.
#include <array>

#include "arch/x86_64.h"
#include "base/byte_reader.h"
#include "support/fake_memory.h"
#include "support/fake_symbols.h"
#include "unwind/orc_search.h"
#include "unwind/orc_stepper.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace whyhung;
  constexpr std::uint64_t kTables = 0xffffffff81000000;  // everything lies behind one another, text included
  constexpr std::uint64_t kTextBytes = 0x4000;
  constexpr std::array kVersions = {unwind::OrcVersion::k1, unwind::OrcVersion::k2, unwind::OrcVersion::k3,
                                    unwind::OrcVersion::k4};
  const std::span<const std::byte> bytes(reinterpret_cast<const std::byte*>(data), size);
  ByteReader reader(bytes, ByteOrder::kLittle);
  const unsigned flags = reader.u8();
  unwind::OrcTableLocation table;
  table.count = reader.u32();
  table.lookup_count = reader.u32();
  table.ips = VirtualAddress(kTables + reader.u16());
  table.rows = VirtualAddress(kTables + reader.u16());
  table.lookup = VirtualAddress(kTables + reader.u16());
  const std::uint64_t stack = kTables + reader.u16();
  if (!reader.ok()) return 0;
  table.text = {VirtualAddress(kTables), VirtualAddress(kTables + kTextBytes)};
  if ((flags & 4) != 0) table.lookup = VirtualAddress(0);
  if ((flags & 8) != 0) table.count = size / 10;
  test::FakeMemory memory;
  const auto rest = bytes.subspan(reader.position());
  memory.put(kTables, {rest.begin(), rest.end()});
  test::FakeSymbols symbols;
  symbols.add("first", kTables, 0x800).add("second", kTables + 0x800, 0x2000);
  unwind::OrcTables tables(memory, kVersions[flags & 3]);
  tables.add(table);
  tables.add(
      {{VirtualAddress(kTables + kTextBytes), VirtualAddress(~0ull)}, table.rows, table.ips, table.count, {}, 0});
  for (std::uint64_t pc = kTables - 1; pc < kTables + kTextBytes + 2; pc += 0x101) tables.row_at(VirtualAddress(pc));
  unwind::OrcStepper stepper(memory, tables, symbols);
  for (std::uint64_t pc = kTables; pc < kTables + 0x2000; pc += 0x3f1) {
    unwind::WalkStart start;
    for (std::size_t i = 0; i < arch::x86::kRegisterCount; ++i) start.registers.set(i, stack + 8 * i);
    start.registers.set(arch::x86::kRip, pc);
    start.registers.set(arch::x86::kRsp, stack);
    start.registers.set(arch::x86::kCs, 0x10);
    start.pc_is_exact = (flags & 16) != 0;
    unwind::walk_stack(arch::kX86_64, stepper, start);
  }
  // And as if no symbol named the tables: functions of every kernel are all there is to prove them.
  std::uint64_t at = kTables;
  for (const char* name : {"schedule", "kthread", "do_exit", "panic", "kfree"}) symbols.add(name, at += 0x40, 0x40);
  unwind::search_orc_tables(memory, symbols,
                            {{VirtualAddress(kTables), VirtualAddress(kTables + kTextBytes)},
                             {VirtualAddress(kTables), VirtualAddress(kTables + rest.size())},
                             kVersions});
  return 0;
}
