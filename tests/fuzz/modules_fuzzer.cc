// SPDX-License-Identifier: GPL-2.0-or-later
// The list of modules over any bytes, in each layout that struct module has had. Words of the memory whose upper half
// is all ones are kept; the others become addresses within it, so that pointers lead somewhere.
#include <array>

#include "base/byte_reader.h"
#include "kernel/module.h"
#include "support/fake_memory.h"
#include "support/fake_symbols.h"
#include "support/fake_types.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace whyhung;
  constexpr std::uint64_t kBase = 0xffffffffc0200000;
  constexpr std::string_view kCommon = "module 192: state@0:4 list@8:16 name@24:[56x1] taints@80:8 ";
  constexpr std::array<std::string_view, 4> kRest = {
      "mem@88:[3x16] mem[0].base@88:8 mem[0].size@100:4 kallsyms@136:8 arch.orc_unwind_ip@144:8 "
      "arch.orc_unwind@152:8 arch.num_orcs@160:4\nmod_kallsyms 24: symtab@0:8 num_symtab@8:4 strtab@16:8",
      "core_layout.base@88:8 core_layout.size@96:4 core_layout.text_size@100:4 init_layout.base@104:8 "
      "init_layout.size@112:4 kallsyms@136:8\nmod_kallsyms 24: symtab@0:8 num_symtab@8:4 strtab@16:8",
      "module_core@88:8 core_size@96:4 core_text_size@100:4 module_init@104:8 init_size@112:4 symtab@136:8 "
      "num_symtab@144:4 strtab@152:8",
      "mem@88:[100000x0] mem[0].base@88:8 mem[0].size@100:8 symtab@136:8 num_symtab@144:8 strtab@152:8"};
  if (size < 2) return 0;
  const unsigned flags = data[0];
  std::vector<std::byte> bytes(reinterpret_cast<const std::byte*>(data) + 1,
                               reinterpret_cast<const std::byte*>(data) + size);
  const ByteOrder order = (flags & 4) != 0 ? ByteOrder::kBig : ByteOrder::kLittle;
  for (std::size_t at = 0; at + 8 <= bytes.size(); at += 8) {
    const auto word = load<std::uint64_t>(bytes.data() + at, order);
    if (word >> 32 != 0xffffffff && word != 0) store(bytes.data() + at, kBase + (word & 0xfff), order);
  }
  test::FakeMemory memory(order);
  if ((flags & 8) != 0) memory.make_pages_whole();
  memory.put(kBase, std::move(bytes));
  test::FakeTypes types(std::string(kCommon) + std::string(kRest[flags & 3]));
  test::FakeSymbols symbols;
  symbols.add("modules", kBase, 16);
  const kernel::ModuleList list = kernel::read_modules({memory, types, symbols});
  for (const kernel::LoadedModule& module : list.modules) {
    module.contains(VirtualAddress(kBase + 0x100));
    kernel::module_state_name(module.state);
  }
  return 0;
}
