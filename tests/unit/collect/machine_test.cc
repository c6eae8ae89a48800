// SPDX-License-Identifier: GPL-2.0-or-later
// The machine as a whole, its modules and its log, and what is said when parts of them are missing.
#include "collect/machine.h"

#include "collect_test_support.h"

namespace whyhung::collect {
namespace {

class MachineTest : public CollectTest {
 protected:
  const model::Machine& machine() { return snapshot().machine; }
  void set_variable(std::string_view name, std::uint64_t address, std::uint64_t value, std::size_t size) {
    kernel.machine.symbols.remove(name).add(name, address, size);
    kernel.machine.memory.write_sized(address, value, size);
  }
  void panics_on(std::uint32_t cpu) {
    const auto panic_cpu = kernel.machine.symbols.address_of("panic_cpu");
    kernel.machine.memory.write_u32(panic_cpu->value, cpu);
  }
};

TEST_F(MachineTest, NamesComeFromTheKernelsOwnMemory) {
  EXPECT_EQ(machine().node_name, "fakehost");
  EXPECT_EQ(machine().release, "6.1.0-fake");
  EXPECT_EQ(machine().version, "#1 SMP PREEMPT_DYNAMIC");
  EXPECT_EQ(machine().machine, "x86_64");
  EXPECT_EQ(machine().dump_file, "vmcore");
  EXPECT_EQ(machine().dump_format, "a dump of the test");
  EXPECT_EQ(machine().types_from, "types of the test");
  EXPECT_EQ(machine().architecture, "x86_64");
}

TEST_F(MachineTest, EvidenceIsCalledAsThisKernelCallsIt) {
  EXPECT_EQ(machine().task_state_name(), "task_struct.__state");
  EXPECT_EQ(machine().preempt_count_name(), "__preempt_count");
  EXPECT_TRUE(machine().task_state_member && machine().preempt_count_member) << "read, and not supposed";
}

TEST_F(MachineTest, WithoutThemTheFilesOwnNamesAreLeft) {
  kernel.dump->about.release = "from the file";
  kernel.dump->about.node_name = "file-host";
  kernel.machine.symbols.remove("init_uts_ns");
  EXPECT_EQ(machine().release, "from the file");
  EXPECT_EQ(machine().node_name, "file-host");
  EXPECT_EQ(machine().machine, "x86_64");
}

TEST_F(MachineTest, TheFileSaysWhatItIs) {
  kernel.dump->about.compression = "zstd";
  kernel.dump->about.flattened = true;
  kernel.dump->about.parts = 3;
  kernel.dump->about.partial = true;
  kernel.dump->about.incomplete = true;
  kernel.dump->about.remarks = {"its end is missing"};
  EXPECT_EQ(machine().dump_format, "a dump of the test, zstd, flattened, 3 parts");
  EXPECT_TRUE(machine().partial_dump);
  EXPECT_TRUE(machine().incomplete_dump);
  EXPECT_EQ(gap("the dump file"), "its end is missing");
}

TEST_F(MachineTest, SettingsThatDecideWhatAHangIs) {
  EXPECT_EQ(machine().preemption, "voluntary");
  EXPECT_EQ(machine().watchdog_threshold, 10u);
  EXPECT_EQ(machine().cpu_count, 4u);
  EXPECT_EQ(machine().online_cpu_count, 4u);
}

TEST_F(MachineTest, LoadAndMemoryAndFrequency) {
  set_variable("avenrun", 0xffffffff87000000, 2048, 8);
  kernel.machine.memory.write_u64(0xffffffff87000008, 1024);
  kernel.machine.memory.write_u64(0xffffffff87000010, 0);
  set_variable("_totalram_pages", 0xffffffff87000100, 0x10000, 8);
  set_variable("cpu_khz", 0xffffffff87000200, 2400123, 4);
  EXPECT_EQ(machine().load_average, (std::vector<std::uint64_t>{100, 50, 0}));
  EXPECT_EQ(machine().memory_bytes, 0x10000000u);
  EXPECT_EQ(machine().megahertz, 2400u);
}

TEST_F(MachineTest, WhatTheKernelDoesNotSayIsNotKnown) {
  for (const char* gone : {"watchdog_thresh", "preempt_dynamic_mode", "panic_cpu", "init_uts_ns"}) {
    kernel.machine.symbols.remove(gone);
  }
  EXPECT_EQ(machine().load_average, std::vector<std::uint64_t>{});
  EXPECT_EQ(machine().memory_bytes, std::nullopt);
  EXPECT_EQ(machine().megahertz, std::nullopt);
  EXPECT_EQ(machine().watchdog_threshold, std::nullopt);
  EXPECT_EQ(machine().preemption, "");
  EXPECT_EQ(machine().panic_cpu, std::nullopt);
  EXPECT_EQ(machine().panic_task, std::nullopt);
}

TEST_F(MachineTest, UptimeComesFromTheTimekeeperElseFromTheSchedulersClock) {
  EXPECT_EQ(machine().uptime, 100u);
  EXPECT_EQ(machine().date, std::nullopt);
}

TEST_F(MachineTest, TheTimekeeperKnowsTheDate) {
  kernel.machine.types.add("timekeeper 288: xtime_sec@112:8 ktime_sec@120:8");
  kernel.machine.symbols.add("tk_core", 0xffffffff87001000, 296);
  kernel.machine.memory.touch(0xffffffff87001000);
  kernel.machine.set("timekeeper", 0xffffffff87001008, "xtime_sec", 1'700'000'000);
  kernel.machine.set("timekeeper", 0xffffffff87001008, "ktime_sec", 4321);
  EXPECT_EQ(machine().date, 1'700'000'000);
  EXPECT_EQ(machine().uptime, 4321u);
}

TEST_F(MachineTest, ThePanicNamesItsCpuTaskAndWords) {
  kernel.add_task(100, "worker");
  kernel.run(2, 100, {"__crash_kexec", "panic", "kthread"});
  kernel.log("all is well");
  kernel.log("BUG: unable to handle page fault");
  kernel.log("Kernel panic - not syncing: hung_task: blocked tasks\nwith a second line");
  kernel.log("rebooting");
  panics_on(2);
  EXPECT_EQ(machine().panic_cpu, 2u);
  EXPECT_EQ(machine().panic_task, kernel.task(100));
  EXPECT_EQ(machine().panic_message, "Kernel panic - not syncing: hung_task: blocked tasks");
}

TEST_F(MachineTest, ACauseCountsWhenThereAreNoLastWords) {
  kernel.log("BUG: the first");
  kernel.log("BUG: the second");
  panics_on(1);
  EXPECT_EQ(machine().panic_message, "BUG: the second");
  EXPECT_EQ(machine().panic_task, kernel.idle_task(1));
}

TEST_F(MachineTest, WordsOfAPanicThatWasNoneAreNotRepeated) {
  kernel.log("BUG: from a test an hour ago");
  EXPECT_EQ(machine().panic_cpu, std::nullopt);
  EXPECT_EQ(machine().panic_message, "");
}

TEST_F(MachineTest, WithoutAVariableTheOneStackThatPanickedTells) {
  kernel.machine.symbols.remove("panic_cpu");
  kernel.add_task(100, "worker");
  kernel.run(3, 100, {"__crash_kexec", "panic", "kthread"});
  EXPECT_EQ(machine().panic_cpu, 3u);
}

TEST_F(MachineTest, TwoStacksThatPanickedTellNothing) {
  kernel.machine.symbols.remove("panic_cpu");
  for (const std::uint32_t number : {1, 3}) {
    kernel.add_task(100 + number, "worker");
    kernel.run(number, 100 + number, {"__crash_kexec", "panic", "kthread"});
  }
  EXPECT_EQ(machine().panic_cpu, std::nullopt);
}

TEST_F(MachineTest, ModulesHaveTheirPlaceStateAndTaints) {
  kernel.add_module("alpha", 0xffffffffc0000000, 0x4000);
  kernel.add_module("beta", 0xffffffffc0100000, 0x2000);
  const std::uint64_t beta = 0xffffffffc1001000;
  kernel.machine.set("module", beta, "state", 2);
  kernel.machine.set("module", beta, "taints", 1 | 1 << 12 | 1 << 13);
  ASSERT_EQ(snapshot().modules.size(), 2u);
  EXPECT_EQ(snapshot().modules.at(0).name, "alpha");
  EXPECT_EQ(snapshot().modules.at(0).state, "live");
  EXPECT_EQ(snapshot().modules.at(0).taints, "");
  EXPECT_EQ(snapshot().modules.at(1).name, "beta");
  EXPECT_EQ(snapshot().modules.at(1).address, beta);
  EXPECT_EQ(snapshot().modules.at(1).base, 0xffffffffc0100000u);
  EXPECT_EQ(snapshot().modules.at(1).size, 0x2000u);
  EXPECT_EQ(snapshot().modules.at(1).state, "going");
  EXPECT_EQ(snapshot().modules.at(1).taints, "POE");
}

TEST_F(MachineTest, AListOfModulesThatBreaksGivesTheFirstAndSaysSo) {
  kernel.add_module("alpha", 0xffffffffc0000000, 0x4000);
  kernel.add_module("beta", 0xffffffffc0100000, 0x2000);
  kernel.machine.memory.take_away(0xffffffffc1001000);
  ASSERT_EQ(snapshot().modules.size(), 1u);
  EXPECT_EQ(snapshot().modules.at(0).name, "alpha");
  EXPECT_NE(gap("list of modules"), "");
}

TEST_F(MachineTest, AnAddressInAModuleWithoutSymbolsIsThatModules) {
  kernel.add_module("closed", 0xffffffffd0000000, 0x4000);
  bench();
  const model::CodeLocation& location =
      bench()
          .snapshot.locations[bench().locate(VirtualAddress(0xffffffffd0000123), VirtualAddress(0xffffffffd0000123))];
  EXPECT_EQ(location.module, "closed");
  EXPECT_EQ(location.function, "");
}

TEST_F(MachineTest, TheLogIsReadOnlyWhenItIsAskedFor) {
  for (const char* text : {"one", "two", "three"}) kernel.log(text);
  EXPECT_TRUE(snapshot().log.empty());
  const auto newest = read_log(bench(), 2);
  ASSERT_EQ(newest.size(), 2u);
  EXPECT_EQ(newest.at(0).text, "two");
  EXPECT_EQ(newest.at(1).text, "three");
  EXPECT_EQ(newest.at(1).time, 4'500'000'000u);
  EXPECT_EQ(gap("kernel log"), "");
}

TEST_F(MachineTest, ALogThatCannotBeReadIsSaidToBe) {
  kernel.machine.types.remove("printk_ringbuffer");
  EXPECT_TRUE(read_log(bench(), 2).empty());
  EXPECT_NE(gap("kernel log"), "");
}

TEST_F(MachineTest, WithoutTypesNothingInsideTheMachineIsKnown) {
  kernel.target.types = std::make_unique<debuginfo::TypeChain>();
  kernel.target.gaps.push_back({"types of the kernel", "BTF was not found"});
  const auto made = Workbench::create(kernel.target);
  ASSERT_FALSE(made);
  EXPECT_NE(made.error().what.find("BTF was not found"), std::string::npos);
  const model::Snapshot poor = poor_snapshot(kernel.target, "vmcore", made.error());
  EXPECT_EQ(poor.machine.dump_file, "vmcore");
  EXPECT_TRUE(poor.tasks.empty());
  ASSERT_EQ(poor.gaps.size(), 3u);
  EXPECT_EQ(poor.gaps.at(1).what, "kernel log") << "this VMCOREINFO says nothing of it";
  EXPECT_EQ(poor.gaps.at(2).what, "everything inside of the machine");
  EXPECT_EQ(poor.gaps.at(2).why, made.error().what + "; " + made.error().hint);
}

TEST_F(MachineTest, WithoutPerCpuAreasThereIsNoWorkbench) {
  kernel.machine.symbols.remove("__per_cpu_offset");
  EXPECT_FALSE(Workbench::create(kernel.target));
}

}  // namespace
}  // namespace whyhung::collect
