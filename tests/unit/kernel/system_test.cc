// SPDX-License-Identifier: GPL-2.0-or-later
// Facts about the machine as a whole, and how its kernel preempts.
#include "kernel/system.h"

#include <gtest/gtest.h>

#include <set>

#include "kernel/interrupts.h"
#include "kernel/names_used.h"
#include "support/fake_machine.h"

namespace whyhung::kernel {
namespace {

constexpr std::uint64_t kVariable = 0xffffffff82000000;

class SystemTest : public testing::Test {
 protected:
  void variable(std::string_view name, std::uint64_t place, std::uint64_t value, std::size_t size) {
    machine_.symbols.remove(name).add(name, kVariable + place, size);
    machine_.memory.write_sized(kVariable + place, value, size);
  }
  test::FakeMachine machine_;
};

TEST_F(SystemTest, NamesAreFieldsOfSixtyFiveBytes) {
  machine_.types.add("uts_namespace 400: name@4:390");
  machine_.symbols.add("init_uts_ns", kVariable, 400);
  const char* texts[] = {"Linux", "host", "6.1.0", "#1 SMP", "x86_64"};
  for (std::uint64_t i = 0; i < 5; ++i) machine_.memory.write_text(kVariable + 4 + 65 * i, texts[i]);
  const auto name = read_uts_name(machine_.access());
  ASSERT_TRUE(name);
  EXPECT_EQ(name->node_name, "host");
  EXPECT_EQ(name->release, "6.1.0");
  EXPECT_EQ(name->version, "#1 SMP");
  EXPECT_EQ(name->machine, "x86_64");
}

TEST_F(SystemTest, NamesThatCannotBeReadAreNoNames) {
  EXPECT_FALSE(read_uts_name(machine_.access()));
  machine_.symbols.add("init_uts_ns", kVariable, 400);
  EXPECT_FALSE(read_uts_name(machine_.access()));
  machine_.types.add("uts_namespace 400: name@4:390");
  EXPECT_FALSE(read_uts_name(machine_.access()));
}

TEST_F(SystemTest, TheClockLiesBehindASequenceCounterOrInItsData) {
  machine_.types.add("timekeeper 64: xtime_sec@16:8 ktime_sec@24:8");
  variable("tk_core", 0, 0, 8);
  machine_.memory.write_u64(kVariable + 8 + 16, 1795363951);
  machine_.memory.write_u64(kVariable + 8 + 24, 77);
  EXPECT_EQ(read_clocks(machine_.access()).wall_seconds, 1795363951);
  EXPECT_EQ(read_clocks(machine_.access()).uptime_seconds, 77u);
  machine_.memory.write_u64(kVariable + 8 + 16, 0);
  EXPECT_EQ(read_clocks(machine_.access()).wall_seconds, std::nullopt) << "nothing is there";
  machine_.types.add("tk_data 512: timekeeper@128:64");
  machine_.memory.write_u64(kVariable + 128 + 16, 1795363952);
  EXPECT_EQ(read_clocks(machine_.access()).wall_seconds, 1795363952);
}

TEST_F(SystemTest, AClockThatShowsNoPossibleTimeIsNotBelieved) {
  machine_.types.add("timekeeper 64: xtime_sec@16:8s ktime_sec@24:8");
  variable("timekeeper", 0, 0, 8);
  for (const std::uint64_t seconds : {std::uint64_t{5}, ~std::uint64_t{0}, std::uint64_t{1} << 62}) {
    machine_.memory.write_u64(kVariable + 16, seconds);
    EXPECT_EQ(read_clocks(machine_.access()).wall_seconds, std::nullopt);
    EXPECT_EQ(read_clocks(machine_.access()).uptime_seconds, std::nullopt);
  }
}

TEST_F(SystemTest, LoadAveragesAreHundredths) {
  EXPECT_TRUE(read_load_average(machine_.access()).empty());
  machine_.symbols.add("avenrun", kVariable, 24);
  machine_.memory.write_u64(kVariable, 2048 * 4);
  machine_.memory.write_u64(kVariable + 8, 1024);
  EXPECT_EQ(read_load_average(machine_.access()), (std::vector<std::uint64_t>{400, 50, 0}));
}

TEST_F(SystemTest, MemoryIsTheSumOfItsNodes) {
  machine_.types.add("pglist_data 64: node_present_pages@8:8");
  machine_.symbols.add("node_data", kVariable, 16);
  variable("nr_node_ids", 64, 2, 4);
  machine_.memory.write_u64(kVariable, 0xffff888100000000);
  machine_.memory.write_u64(kVariable + 8, 0xffff888200000000);
  machine_.memory.write_u64(0xffff888100000008, 1000);
  machine_.memory.write_u64(0xffff888200000008, 24);
  EXPECT_EQ(read_memory_bytes(machine_.access(), 4096), 1024u * 4096);
}

TEST_F(SystemTest, WithoutNodesTheKernelsOwnTotalServes) {
  variable("totalram_pages", 0, 500, 8);
  EXPECT_EQ(read_memory_bytes(machine_.access(), 4096), 500u * 4096);
  variable("_totalram_pages", 8, 600, 8);
  EXPECT_EQ(read_memory_bytes(machine_.access(), 4096), 600u * 4096);
}

TEST_F(SystemTest, MoreMemoryThanAnyMachineHasIsNotBelieved) {
  variable("totalram_pages", 0, 1ull << 60, 8);
  EXPECT_EQ(read_memory_bytes(machine_.access(), 4096), std::nullopt);
}

TEST_F(SystemTest, APageSizeOfZeroIsHarmless) {
  variable("totalram_pages", 0, 500, 8);
  EXPECT_EQ(read_memory_bytes(machine_.access(), 0), std::nullopt);
}

TEST_F(SystemTest, ThePanickingCpuIsOneThatExists) {
  EXPECT_EQ(read_panic_cpu(machine_.access(), 4), std::nullopt);
  variable("panic_cpu", 0, 0xffffffff, 4);
  EXPECT_EQ(read_panic_cpu(machine_.access(), 4), std::nullopt) << "PANIC_CPU_INVALID";
  variable("crashing_cpu", 4, 2, 4);
  EXPECT_EQ(read_panic_cpu(machine_.access(), 4), 2u) << "a dump without a panic: by sysrq or kexec";
  variable("panic_cpu", 0, 3, 4);
  EXPECT_EQ(read_panic_cpu(machine_.access(), 4), 3u);
  variable("panic_cpu", 0, 4, 4);
  EXPECT_EQ(read_panic_cpu(machine_.access(), 4), 2u);
}

TEST_F(SystemTest, PreemptionIsTheBootedModeWhereTheKernelCanChoose) {
  const char* modes[] = {"none", "voluntary", "full", "lazy"};
  for (std::uint32_t mode = 0; mode < 4; ++mode) {
    variable("preempt_dynamic_mode", 0, mode, 4);
    EXPECT_EQ(preemption_model(machine_.access(), "#1 SMP PREEMPT_DYNAMIC Debian"), modes[mode]);
  }
  variable("preempt_dynamic_mode", 0, 0xffffffff, 4);
  EXPECT_EQ(preemption_model(machine_.access(), "#1 SMP PREEMPT_DYNAMIC Debian"), "") << "not known";
}

TEST_F(SystemTest, OtherwiseThePreemptionStandsInTheBanner) {
  EXPECT_EQ(preemption_model(machine_.access(), "#1 SMP PREEMPT_RT Debian"), "full");
  EXPECT_EQ(preemption_model(machine_.access(), "#1 SMP PREEMPT_LAZY"), "lazy");
  EXPECT_EQ(preemption_model(machine_.access(), "#1 SMP PREEMPT"), "full");
  EXPECT_EQ(preemption_model(machine_.access(), "#1 SMP Debian"), "voluntary or none");
  EXPECT_EQ(preemption_model(machine_.access(), ""), "");
}

TEST(NamesUsed, HoldNoNameTwice) {
  const auto expect_unique = [](std::span<const std::string_view> names) {
    EXPECT_EQ(std::set<std::string_view>(names.begin(), names.end()).size(), names.size());
  };
  test::FakeSymbols symbols;
  expect_unique(symbols_used());
  expect_unique(enumerators_used());
  expect_unique(types_used(symbols));
}

TEST(NamesUsed, TypesOfSomeKernelsOnlyAreAskedForWhereASymbolSaysThatTheyExist) {
  test::FakeSymbols symbols;
  const auto has = [&](std::string_view type) {
    const auto types = types_used(symbols);
    return std::ranges::find(types, type) != types.end();
  };
  EXPECT_FALSE(has("pcpu_hot"));
  EXPECT_TRUE(has("orc_entry")) << "without a header the type tells the version";
  symbols.add("pcpu_hot", 0x100).add("__start_orc_header", 0x200);
  EXPECT_TRUE(has("pcpu_hot"));
  EXPECT_FALSE(has("orc_entry"));
}

}  // namespace
}  // namespace whyhung::kernel
