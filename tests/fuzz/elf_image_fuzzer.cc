// SPDX-License-Identifier: GPL-2.0-or-later
// ElfImage and ElfSymbols over any bytes. DWARF is left to elfutils and not given to it here.
#include "debuginfo/elf_image.h"

#include "debuginfo/elf_symbols.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace whyhung;
  const auto* begin = reinterpret_cast<const std::byte*>(data);
  const auto image = debuginfo::ElfImage::open(make_memory_source({begin, begin + size}, "fuzzed"));
  if (!image) return 0;
  const debuginfo::ElfPlacement placement{0x1000, {{".text", VirtualAddress(0xffffffffc0001000)}}};
  const auto symbols = debuginfo::ElfSymbols::open(*image, placement, "module");
  if (!symbols) return 0;
  for (const char* name : {"schedule", "helper", ""}) {
    for (const auto& symbol : (*symbols)->find_all(name, 4)) (*symbols)->find_covering(symbol.address + 1);
  }
  for (const std::uint64_t address : {std::uint64_t{0}, std::uint64_t{0xffffffff81001100}, ~std::uint64_t{0}}) {
    (*symbols)->find_covering(VirtualAddress(address));
  }
  return 0;
}
