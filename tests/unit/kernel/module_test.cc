// SPDX-License-Identifier: GPL-2.0-or-later
// Loaded modules in the three layouts that struct module has had.
#include "kernel/module.h"

#include <gtest/gtest.h>

#include "support/fake_machine.h"

namespace whyhung::kernel {
namespace {

constexpr std::uint64_t kHead = 0xffffffff82000000;
constexpr std::uint64_t kModule = 0xffffffffc0200000;
constexpr std::uint64_t kOther = 0xffffffffc0210000;
constexpr std::uint64_t kText = 0xffffffffc0100000;

// What all layouts share.
constexpr std::string_view kCommon = "module 1024: state@0:4 list@8:16 name@24:[56x1] taints@88:8 ";

class ModuleTest : public testing::Test {
 protected:
  void use(std::string_view rest) {
    machine_.types.add(std::string(kCommon) + std::string(rest));
    machine_.symbols.add("modules", kHead, 16);
    machine_.link_list(kHead, {kModule + 8});
    machine_.set_text("module", kModule, "name", "while1");
    machine_.set("module", kModule, "taints", 0x3000);
  }
  LoadedModule only() {
    const ModuleList list = read_modules(machine_.access());
    EXPECT_TRUE(list.broken.empty()) << list.broken;
    EXPECT_EQ(list.modules.size(), 1u);
    return list.modules.empty() ? LoadedModule{} : list.modules.front();
  }
  test::FakeMachine machine_;
};

TEST_F(ModuleTest, SinceV64MemoryIsAnArrayWithTheTextFirst) {
  use("mem@128:[7x40] mem[0].base@128:8 mem[0].size@140:4 kallsyms@512:8 arch.orc_unwind_ip@520:8 "
      "arch.orc_unwind@528:8 arch.num_orcs@536:4\n"
      "mod_kallsyms 24: symtab@0:8 num_symtab@8:4 strtab@16:8");
  machine_.memory.write_u64(kModule + 128, kText);
  machine_.memory.write_u32(kModule + 128 + 12, 0x1000);
  machine_.memory.write_u64(kModule + 128 + 2 * 40, kText + 0x8000);
  machine_.memory.write_u32(kModule + 128 + 2 * 40 + 12, 0x2000);
  machine_.set("module", kModule, "kallsyms", kModule + 0x800);
  machine_.set("mod_kallsyms", kModule + 0x800, "symtab", 0x1111);
  machine_.set("mod_kallsyms", kModule + 0x800, "num_symtab", 42);
  machine_.set("mod_kallsyms", kModule + 0x800, "strtab", 0x2222);
  machine_.set("module", kModule, "arch.orc_unwind_ip", 0x3333);
  machine_.set("module", kModule, "arch.orc_unwind", 0x4444);
  machine_.set("module", kModule, "arch.num_orcs", 9);
  const LoadedModule module = only();
  EXPECT_EQ(module.name, "while1");
  EXPECT_EQ(module.address, VirtualAddress(kModule));
  EXPECT_EQ(module.taints, 0x3000u);
  EXPECT_EQ(module.ranges.size(), 2u);
  EXPECT_EQ(module.text.begin, VirtualAddress(kText));
  EXPECT_EQ(module.text.size(), 0x1000u);
  EXPECT_TRUE(module.contains(VirtualAddress(kText + 0x9fff)));
  EXPECT_FALSE(module.contains(VirtualAddress(kText + 0x1000)));
  EXPECT_EQ(module.symbol_table, VirtualAddress(0x1111));
  EXPECT_EQ(module.symbol_count, 42u);
  EXPECT_EQ(module.string_table, VirtualAddress(0x2222));
  EXPECT_EQ(module.orc_ips, VirtualAddress(0x3333));
  EXPECT_EQ(module.orc_rows, VirtualAddress(0x4444));
  EXPECT_EQ(module.orc_count, 9u);
}

TEST_F(ModuleTest, FromV45OnMemoryIsTwoLayouts) {
  use("core_layout.base@128:8 core_layout.size@136:4 core_layout.text_size@140:4 init_layout.base@192:8 "
      "init_layout.size@200:4 kallsyms@512:8\nmod_kallsyms 24: symtab@0:8 num_symtab@8:4 strtab@16:8");
  machine_.set("module", kModule, "core_layout.base", kText);
  machine_.set("module", kModule, "core_layout.size", 0x5000);
  machine_.set("module", kModule, "core_layout.text_size", 0x1000);
  machine_.set("module", kModule, "init_layout.base", kText + 0x10000);
  machine_.set("module", kModule, "init_layout.size", 0x1000);
  const LoadedModule module = only();
  EXPECT_EQ(module.ranges.size(), 2u);
  EXPECT_EQ(module.text.size(), 0x1000u);
  EXPECT_TRUE(module.contains(VirtualAddress(kText + 0x4fff)));
  EXPECT_TRUE(module.contains(VirtualAddress(kText + 0x10000))) << "while it is being loaded";
  EXPECT_TRUE(module.symbol_table.is_null()) << "its pointer to the tables is null";
  EXPECT_TRUE(module.orc_ips.is_null());
}

TEST_F(ModuleTest, BeforeThatItsMembersStoodInTheModuleItself) {
  use("module_core@128:8 core_size@136:4 core_text_size@140:4 module_init@192:8 init_size@200:4 symtab@300:8 "
      "num_symtab@308:4 strtab@316:8");
  machine_.set("module", kModule, "module_core", kText);
  machine_.set("module", kModule, "core_size", 0x5000);
  machine_.set("module", kModule, "core_text_size", 0x1000);
  machine_.set("module", kModule, "symtab", 0x1111);
  machine_.set("module", kModule, "num_symtab", 42);
  const LoadedModule module = only();
  EXPECT_EQ(module.ranges.size(), 1u);
  EXPECT_EQ(module.symbol_count, 42u);
  EXPECT_EQ(module.symbol_table, VirtualAddress(0x1111));
}

TEST_F(ModuleTest, SizesThatNoModuleHasGiveNoRange) {
  use("core_layout.base@128:8 core_layout.size@136:8 core_layout.text_size@144:8");
  machine_.set("module", kModule, "core_layout.base", kText);
  machine_.set("module", kModule, "core_layout.size", 1ull << 63);
  machine_.set("module", kModule, "core_layout.text_size", 1ull << 63);
  const LoadedModule module = only();
  EXPECT_TRUE(module.ranges.empty());
  EXPECT_TRUE(module.text.empty());
  EXPECT_FALSE(module.contains(VirtualAddress(kText)));
}

TEST_F(ModuleTest, MemoryThatWrapsAroundTheAddressSpaceContainsNothing) {
  use("core_layout.base@128:8 core_layout.size@136:8 core_layout.text_size@144:8");
  machine_.set("module", kModule, "core_layout.base", ~std::uint64_t{0} - 0x10);
  machine_.set("module", kModule, "core_layout.size", 0x1000);
  EXPECT_FALSE(only().contains(VirtualAddress(0x10)));
}

TEST_F(ModuleTest, AnArrayOfMoreMemoriesThanAnyKernelHasIsCut) {
  use("mem@128:[1000000000x16] mem[0].base@128:8 mem[0].size@136:4");
  machine_.memory.write_u64(kModule + 128, kText);
  machine_.memory.write_u32(kModule + 128 + 8, 0x1000);
  EXPECT_EQ(only().ranges.size(), 1u);
}

TEST_F(ModuleTest, AModuleThatIsNotInTheDumpIsToldAndTheOthersAreKept) {
  use("core_layout.base@128:8");
  machine_.link_list(kHead, {kOther + 8, kModule + 8});
  machine_.memory.write_u64(0xffffffffc0300ff8, kModule + 8);  // a node whose module lies on the page before it
  machine_.link_list(kHead, {0xffffffffc0300000, kModule + 8});
  machine_.memory.take_away(0xffffffffc02ff000);
  const ModuleList list = read_modules(machine_.access());
  EXPECT_EQ(list.broken, "struct module at 0xffffffffc02ffff8: unreadable");
  ASSERT_EQ(list.modules.size(), 1u);
  EXPECT_EQ(list.modules[0].name, "while1");
}

TEST_F(ModuleTest, AListInACircleGivesEachModuleOnce) {
  use("core_layout.base@128:8");
  machine_.link_list(kHead, {kModule + 8, kOther + 8});
  machine_.memory.write_u64(kOther + 8, kModule + 8);
  const ModuleList list = read_modules(machine_.access());
  EXPECT_TRUE(list.broken.starts_with("the list runs in a circle"));
  EXPECT_EQ(list.modules.size(), 2u);
}

TEST_F(ModuleTest, WhatAKernelLacksIsNamed) {
  EXPECT_EQ(read_modules(machine_.access()).broken, "the kernel has no symbol \"modules\"");
  machine_.symbols.add("modules", kHead, 16);
  EXPECT_EQ(read_modules(machine_.access()).broken, "the kernel's types lack module.list");
}

TEST_F(ModuleTest, StatesHaveTheKernelsNames) {
  EXPECT_EQ(module_state_name(0), "live");
  EXPECT_EQ(module_state_name(3), "unformed");
  EXPECT_EQ(module_state_name(4), "unknown");
  EXPECT_EQ(module_state_name(-1), "unknown");
  use("core_layout.base@128:8");
  machine_.set("module", kModule, "state", 2);
  EXPECT_EQ(module_state_name(only().state), "going");
}

}  // namespace
}  // namespace whyhung::kernel
