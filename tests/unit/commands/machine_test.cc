// SPDX-License-Identifier: GPL-2.0-or-later
// mach and kmem on a small kernel: what they tell of its hardware and memory.
#include "memory_fixture.h"

namespace whyhung::commands {
namespace {

class MachineTest : public MemoryTest {
 protected:
  void number(std::string_view name, std::uint64_t at, std::uint64_t value) {
    kernel_.name_variable(name, at, 8);
    write(at, value);
  }
};

TEST_F(MachineTest, MachTellsWhatIsKnownAndRefusesWhatIsNotRead) {
  const std::string text = output("mach");
  EXPECT_NE(text.find("          MACHINE TYPE: "), std::string::npos) << text;
  EXPECT_NE(text.find("             PAGE SIZE: 4096\n"), std::string::npos) << text;
  EXPECT_NE(output("mach -o").find("error: the console of the firmware of ppc64"), std::string::npos);
  EXPECT_NE(output("mach -m").find("error: this machine has no map of its firmware"), std::string::npos);
}

TEST_F(MachineTest, TheMapOfTheFirmwareIsRead) {
  types(
      "e820_table 256: nr_entries@0:4 entries@4:[3x20]\n"
      "e820_entry 20: addr@0:8 size@8:8 type@16:4\n");
  number("e820_table", kPlace, kPlace + 0x100);
  kernel_.machine.memory.write_u32(kPlace + 0x100, 1);
  write(kPlace + 0x104, 0x100000);
  write(kPlace + 0x10c, 0x1000);
  kernel_.machine.memory.write_u32(kPlace + 0x114, 1);
  EXPECT_NE(output("mach -m").find("0000000000100000 - 0000000000101000  "), std::string::npos) << output("mach -m");
  kernel_.machine.memory.write_u32(kPlace + 0x100, 0xffffffff);
  EXPECT_FALSE(output("mach -m").empty()) << "a count that lies";
}

TEST_F(MachineTest, KmemIHasTheKernelsOwnCounters) {
  EXPECT_NE(output("kmem -i").find("error: how much memory there is"), std::string::npos);
}

TEST_F(MachineTest, KmemITellsHowMemoryIsUsed) {
  types("enum NR_FREE_PAGES=0 NR_SHMEM=2 NR_FILE_PAGES=3 NR_SLAB_RECLAIMABLE_B=4 NR_SLAB_UNRECLAIMABLE_B=5\n");
  number("_totalram_pages", kPlace, 1000);
  number("vm_zone_stat", kPlace + 0x100, 250);
  kernel_.name_variable("vm_node_stat", kPlace + 0x200, 64);
  write(kPlace + 0x200 + 2 * 8, 10);
  write(kPlace + 0x200 + 4 * 8, 30);
  write(kPlace + 0x200 + 5 * 8, 20);
  number("total_swap_pages", kPlace + 0x300, 400);
  number("nr_swap_pages", kPlace + 0x308, 300);
  const std::string text = output("kmem -i");
  EXPECT_NE(text.find("    TOTAL MEM     1000 "), std::string::npos) << text;
  EXPECT_NE(text.find("         FREE      250 "), std::string::npos) << text;
  EXPECT_NE(text.find(" 25% of TOTAL MEM"), std::string::npos) << text;
  EXPECT_NE(text.find("         USED      750 "), std::string::npos) << text;
  EXPECT_NE(text.find("         SLAB       50 "), std::string::npos) << text;
  EXPECT_NE(text.find("    SWAP USED      100 "), std::string::npos) << text;
  EXPECT_NE(text.find("        DIRTY  (unknown)"), std::string::npos) << "its counter has no name here\n" << text;
}

// One node with two zones, of which the second is empty.
class ZoneTest : public MachineTest {
 protected:
  ZoneTest() {
    types(
        "pglist_data 4096: node_id@0:4 node_spanned_pages@8:8 node_start_pfn@16:8 node_zones@64:[2x1024]\n"
        "zone 1024: name@0:8 present_pages@8:8 spanned_pages@16:8 zone_start_pfn@24:8 _watermark@32:[3x8] "
        "vm_stat@64:[2x8] free_area@128:[2x32]\n"
        "free_area 32: free_list@0:[1x16]\n"
        "list_head 16: next@0:8\n"
        "page 64: lru@8:16\n");
    kernel_.name_variable("contig_page_data", kPlace, 4096);
    const std::uint64_t zone = kPlace + 64;
    write(zone, kPlace + 0x3000);
    kernel_.machine.memory.write_text(kPlace + 0x3000, "DMA32");
    write(zone + 8, 900);
    write(zone + 16, 1000);
    for (std::uint64_t i = 0; i < 3; ++i) write(zone + 32 + i * 8, 10 * (i + 1));
    write(zone + 64, 3);
    write(zone + 1024, kPlace + 0x3010);
    kernel_.machine.memory.write_text(kPlace + 0x3010, "Normal");
    list(zone + 128, {kPage + 8});
    list(zone + 128 + 32, {kPage + 64 + 8});
  }
  static constexpr std::uint64_t kPage = kPlace + 0x4000;
};

TEST_F(ZoneTest, ZonesTellTheirSizeAndLimits) {
  const std::string text = output("kmem -z");
  EXPECT_NE(text.find("NODE: 0  ZONE: 0  ADDR: ffff888600000040  NAME: \"DMA32\"\n"
                      "  SIZE: 1000  PRESENT: 900  MIN/LOW/HIGH: 10/20/30\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("NAME: \"Normal\"\n  [unpopulated]\n"), std::string::npos) << text;
}

TEST_F(ZoneTest, FreePagesAreCountedByTheirLists) {
  const std::string text = output("kmem -f");
  EXPECT_NE(text.find("  0        4k  ffff8886000000c0       1      1\n"), std::string::npos) << text;
  EXPECT_NE(text.find("  1        8k  ffff8886000000e0       1      2\n"), std::string::npos) << text;
  EXPECT_NE(text.find("nr_free_pages: 3  (verified)"), std::string::npos) << text;
}

TEST_F(ZoneTest, ADamagedListOfFreePagesIsSaid) {
  write(kPage + 8, kPage + 8);
  EXPECT_NE(output("kmem -f").find("(the list is damaged"), std::string::npos) << output("kmem -f");
}

TEST_F(ZoneTest, NodesAreToldWithoutAMapOfPages) {
  const std::string text = output("kmem -n");
  EXPECT_NE(text.find("DMA32"), std::string::npos) << text;
  EXPECT_NE(text.find("(sections: "), std::string::npos) << text;
}

TEST_F(MachineTest, KmemRefusesWhatItDoesNotFind) {
  EXPECT_NE(output("kmem -z").find("error: the zones of memory were not found"), std::string::npos);
  EXPECT_NE(output("kmem").find("error: kmem wants an option or an address"), std::string::npos);
  EXPECT_NE(output("kmem -V").find("error: "), std::string::npos);
}

}  // namespace
}  // namespace whyhung::commands
