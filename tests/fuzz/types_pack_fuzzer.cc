// SPDX-License-Identifier: GPL-2.0-or-later
// Packs of types, and the files that types are distilled of with all that may be wrapped around them.
#include <cstddef>
#include <cstdint>

#include "debuginfo/types_input.h"
#include "debuginfo/types_pack.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace whyhung;
  const auto bytes = std::as_bytes(std::span(data, size));
  if (const auto pack = debuginfo::TypesPack::open(bytes)) {
    for (const auto& entry : pack->entries()) (void)pack->read(entry);
  }
  (void)debuginfo::open_types_input(make_memory_source({bytes.begin(), bytes.end()}, "input.btf.tar.xz"));
  return 0;
}
