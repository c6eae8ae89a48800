// SPDX-License-Identifier: GPL-2.0-or-later
// What is found in a kernel image by its looks, in any bytes: exported symbols and the kernel's types.
#include "debuginfo/btf_scan.h"
#include "debuginfo/exported_symbols.h"
#include "support/fake_memory.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace whyhung;
  constexpr std::uint64_t kBase = 0xffff800008000000;
  constexpr std::array<std::string_view, 4> kNames = {"init_task", "__per_cpu_offset", "a", ""};
  const std::span<const std::byte> bytes(reinterpret_cast<const std::byte*>(data), size);
  test::FakeMemory memory;
  memory.put(kBase, {bytes.begin(), bytes.end()});
  const VirtualRange image{VirtualAddress(kBase), VirtualAddress(kBase + 0x200000)};
  static_cast<void>(debuginfo::ExportedSymbols::find(memory, image, kNames));
  static_cast<void>(debuginfo::find_btf(memory, image));
  return 0;
}
