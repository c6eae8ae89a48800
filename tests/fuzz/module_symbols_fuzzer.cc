// SPDX-License-Identifier: GPL-2.0-or-later
// ModuleSymbols over any bytes: flags, a count, the places of the three tables in the rest, and the rest.
#include "debuginfo/module_symbols.h"

#include "base/byte_reader.h"
#include "support/fake_memory.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace whyhung;
  constexpr std::uint64_t kModule = 0xffffffffc0200000;
  const std::span<const std::byte> bytes(reinterpret_cast<const std::byte*>(data), size);
  ByteReader reader(bytes, ByteOrder::kLittle);
  const unsigned flags = reader.u8();
  debuginfo::ModuleSymbolTable table;
  table.module = "fuzzed";
  table.count = reader.u32();
  table.symbols = VirtualAddress(kModule + reader.u16());
  table.names = VirtualAddress(kModule + reader.u16());
  table.types = VirtualAddress(kModule + reader.u16());
  if (!reader.ok()) return 0;
  if ((flags & 1) != 0) table.types.reset();
  if ((flags & 2) != 0) table.count = size / 24;
  table.ranges = {{VirtualAddress(kModule), VirtualAddress(kModule + 0x10000)},
                  {VirtualAddress(kModule + 0x20000), VirtualAddress(kModule + 0x20010)}};
  test::FakeMemory memory((flags & 4) != 0 ? ByteOrder::kBig : ByteOrder::kLittle);
  if ((flags & 8) != 0) memory.make_pages_whole();
  const auto rest = bytes.subspan(reader.position());
  memory.put(kModule, {rest.begin(), rest.end()});
  // A count of a million and nothing there is slow, and always the same.
  if (table.count > 100000) table.count |= std::uint64_t{1} << 40;
  debuginfo::ModuleSymbols module(memory, table);
  std::uint64_t checked = 0;
  for (const debuginfo::Symbol& symbol : module.all()) {
    if (++checked > 64) break;
    module.find_all(symbol.name, 3);
    module.find_covering(symbol.address + symbol.size / 2);
  }
  for (std::uint64_t address = 0; address < 0x20020; address += 0x1001)
    module.find_covering(VirtualAddress(kModule + address));
  return 0;
}
