// SPDX-License-Identifier: GPL-2.0-or-later
// Per-CPU variables, sets of CPUs, and the small per-CPU facts that are read through them.
#include "kernel/percpu.h"

#include <gtest/gtest.h>

#include "kernel/interrupts.h"
#include "kernel/memory_map.h"
#include "kernel/runqueue.h"
#include "kernel/watchdog.h"
#include "support/fake_machine.h"

namespace whyhung::kernel {
namespace {

constexpr std::uint64_t kOffsets = 0xffffffff82000000;
constexpr std::uint64_t kMask = 0xffffffff82010000;
constexpr std::uint64_t kCount = 0xffffffff82020000;

class PerCpuTest : public testing::Test {
 protected:
  PerCpuTest() {
    machine_.symbols.add("__per_cpu_offset", kOffsets, 8)
        .add("__cpu_possible_mask", kMask, 8)
        .add("nr_cpu_ids", kCount, 4);
    machine_.memory.write_u32(kCount, 4);
    machine_.memory.write_u64(kMask, 0b1111);
    for (std::uint64_t cpu = 0; cpu < 512; ++cpu) machine_.memory.write_u64(kOffsets + 8 * cpu, area(cpu));
  }
  static std::uint64_t area(std::uint64_t cpu) { return 0xffff888000000000 + 0x40000 * cpu; }
  PerCpu open() {
    auto opened = PerCpu::open(machine_.access());
    EXPECT_TRUE(opened) << opened.error().what;
    return *std::move(opened);
  }
  // A 4 or 8 byte variable of each CPU.
  void variable(std::string_view name, std::uint64_t place, std::uint32_t cpu, std::uint64_t value, std::size_t size) {
    if (!machine_.symbols.address_of(name)) machine_.symbols.add(name, place, size);
    machine_.memory.write_sized(area(cpu) + place, value, size);
  }
  test::FakeMachine machine_;
};

TEST_F(PerCpuTest, PossibleCpusComeFromTheirMask) {
  machine_.memory.write_u64(kMask, 0b1011);
  EXPECT_EQ(open().possible(), (std::vector<std::uint32_t>{0, 1, 3}));
}

TEST_F(PerCpuTest, BitsBehindTheNumberOfCpusAreIgnored) {
  machine_.memory.write_u64(kMask, ~std::uint64_t{0});
  EXPECT_EQ(open().possible().size(), 4u);
}

TEST_F(PerCpuTest, MasksOfMoreThanSixtyFourCpusHaveMoreWords) {
  machine_.memory.write_u32(kCount, 130);
  machine_.memory.write_u64(kMask, 1);
  machine_.memory.write_u64(kMask + 8, 1);
  machine_.memory.write_u64(kMask + 16, 0b110);
  EXPECT_EQ(open().possible(), (std::vector<std::uint32_t>{0, 64, 129}));
}

TEST_F(PerCpuTest, ANumberOfCpusThatMakesNoSenseIsNotBelieved) {
  for (const std::uint32_t count : {0u, 0xffffffffu}) {
    machine_.memory.write_u32(kCount, count);
    EXPECT_EQ(open().possible(), (std::vector<std::uint32_t>{0, 1, 2, 3})) << count;
  }
}

TEST_F(PerCpuTest, OldKernelsNameTheMaskDifferently) {
  machine_.symbols.remove("__cpu_possible_mask").add("cpu_possible_bits", kMask, 8);
  EXPECT_EQ(open().possible().size(), 4u);
}

TEST_F(PerCpuTest, WhatIsMissingIsNamed) {
  machine_.memory.take_away(kMask);
  EXPECT_TRUE(PerCpu::open(machine_.access())
                  .error()
                  .what.starts_with("the set of possible CPUs cannot be read: __cpu_possible_mask at 0x"));
  machine_.memory.take_away(kOffsets);
  EXPECT_EQ(PerCpu::open(machine_.access()).error().what,
            "__per_cpu_offset at 0xffffffff82000000: filtered out when the dump was made");
  machine_.symbols.remove("__per_cpu_offset");
  EXPECT_EQ(PerCpu::open(machine_.access()).error().what, "the kernel has no symbol __per_cpu_offset");
}

TEST_F(PerCpuTest, AnEmptyMaskIsAnErrorAndNotAMachineWithoutCpus) {
  machine_.memory.write_u64(kMask, 0);
  EXPECT_FALSE(PerCpu::open(machine_.access()));
}

TEST_F(PerCpuTest, VariablesAreFoundInEachCpusArea) {
  machine_.symbols.add("runqueues", 0x2d000, 64);
  const PerCpu percpu = open();
  EXPECT_EQ(percpu.find("runqueues", 2), VirtualAddress(area(2) + 0x2d000));
  EXPECT_EQ(percpu.find("nothing", 2), std::nullopt);
  EXPECT_EQ(percpu.mask("__cpu_online_mask"), std::nullopt);
}

TEST_F(PerCpuTest, PreemptCountIsTakenApart) {
  const PreemptCount count{0x00110203};
  EXPECT_EQ(count.preempt_depth(), 3u);
  EXPECT_EQ(count.softirq_depth(), 2u);
  EXPECT_EQ(count.hardirq_depth(), 1u);
  EXPECT_EQ(count.nmi_depth(), 1u);
  EXPECT_TRUE(count.wants_reschedule()) << "bit 31 is inverted";
  EXPECT_FALSE(PreemptCount{0x80000000}.wants_reschedule());
}

TEST_F(PerCpuTest, PreemptCountLivesInAVariableOrInTheHotStructure) {
  Binder binder(machine_.types);
  variable("__preempt_count", 0x100, 1, 0x80000001, 4);
  EXPECT_EQ(InterruptView::bind(machine_.access(), binder).preempt_count(machine_.access(), open(), 1)->raw,
            0x80000001u);
  machine_.types.add("pcpu_hot 64: preempt_count@8:4 softirq_pending@20:2 current_task@0:8");
  variable("pcpu_hot", 0x200, 1, 0, 8);
  machine_.memory.write_u32(area(1) + 0x208, 0x80000105);
  machine_.memory.write_integer<std::uint16_t>(area(1) + 0x200 + 20, 0x208);
  const InterruptView view = InterruptView::bind(machine_.access(), binder);
  EXPECT_EQ(view.preempt_count(machine_.access(), open(), 1)->raw, 0x80000105u);
  EXPECT_EQ(view.softirq_pending(machine_.access(), open(), 1), 0x208u);
  EXPECT_EQ(view.preempt_count(machine_.access(), open(), 3), std::nullopt) << "its area is not in the dump";
}

TEST_F(PerCpuTest, PendingSoftirqsAreAMemberOfIrqStatOrAVariable) {
  Binder binder(machine_.types);
  EXPECT_EQ(InterruptView::bind(machine_.access(), binder).softirq_pending(machine_.access(), open(), 0), std::nullopt);
  variable("__softirq_pending", 0x300, 0, 0x82, 4);
  EXPECT_EQ(InterruptView::bind(machine_.access(), binder).softirq_pending(machine_.access(), open(), 0), 0x82u);
  machine_.types.add("irq_cpustat_t 64: __softirq_pending@0:2");
  variable("irq_stat", 0x400, 0, 0x202, 4);
  EXPECT_EQ(InterruptView::bind(machine_.access(), binder).softirq_pending(machine_.access(), open(), 0), 0x202u);
}

TEST_F(PerCpuTest, OnX86TheInterruptedRegistersHaveAVariableOfTheirOwn) {
  Binder binder(machine_.types);
  variable("irq_regs", 0x510, 0, 0xffff880018053e20, 8);
  const InterruptView view = InterruptView::bind(machine_.access(), binder);
  EXPECT_EQ(view.interrupted_registers(machine_.access(), open(), 0), VirtualAddress(0xffff880018053e20));
}

TEST_F(PerCpuTest, NullPointersOfTheInterruptStateAreNothing) {
  Binder binder(machine_.types);
  const InterruptView view = InterruptView::bind(machine_.access(), binder);
  EXPECT_EQ(view.interrupted_registers(machine_.access(), open(), 0), std::nullopt);
  variable("__irq_regs", 0x500, 0, 0, 8);
  variable("ksoftirqd", 0x508, 0, 0, 8);
  EXPECT_EQ(view.interrupted_registers(machine_.access(), open(), 0), std::nullopt);
  EXPECT_EQ(view.softirq_daemon(machine_.access(), open(), 0), std::nullopt);
  variable("__irq_regs", 0x500, 0, 0xffffc90000001f58, 8);
  variable("ksoftirqd", 0x508, 0, 0xffff888100000000, 8);
  EXPECT_EQ(view.interrupted_registers(machine_.access(), open(), 0), VirtualAddress(0xffffc90000001f58));
  EXPECT_EQ(view.softirq_daemon(machine_.access(), open(), 0), VirtualAddress(0xffff888100000000));
}

TEST_F(PerCpuTest, CurrentIsReadFromWhicheverPlaceTheKernelHas) {
  EXPECT_EQ(current_task_variable(machine_.access(), open(), 0), std::nullopt);
  variable("current_task", 0x600, 0, 0xffff888100000040, 8);
  EXPECT_EQ(current_task_variable(machine_.access(), open(), 0), VirtualAddress(0xffff888100000040));
  machine_.types.add("pcpu_hot 64: current_task@0:8");
  variable("pcpu_hot", 0x700, 0, 0xffff888100000080, 8);
  EXPECT_EQ(current_task_variable(machine_.access(), open(), 0), VirtualAddress(0xffff888100000080));
}

TEST_F(PerCpuTest, TheWatchdogsNotesAreReadAsFarAsTheyAreThere) {
  EXPECT_EQ(read_watchdog(machine_.access(), open(), 0).touched, std::nullopt);
  variable("watchdog_touch_ts", 0x800, 0, 77, 8);
  variable("hrtimer_interrupts", 0x808, 0, 0xffffffff00000005, 8);
  const WatchdogNotes notes = read_watchdog(machine_.access(), open(), 0);
  EXPECT_EQ(notes.touched, 77u);
  EXPECT_EQ(notes.timer_interrupts, 5u) << "32 bits in new kernels";
  EXPECT_EQ(notes.timer_interrupts_seen, std::nullopt);
  EXPECT_EQ(watchdog_threshold(machine_.access()), std::nullopt);
  machine_.symbols.add("watchdog_thresh", kCount + 64, 4);
  machine_.memory.write_u32(kCount + 64, 20);
  EXPECT_EQ(watchdog_threshold(machine_.access()), 20u);
}

TEST_F(PerCpuTest, RunqueueMembersThatOnlySomeKernelsHaveAreNotMissed) {
  machine_.types.add("rq 512: curr@8:8 idle@16:8 clock@64:8 nr_running@4:4");
  Binder binder(machine_.types);
  const RunqueueView view = RunqueueView::bind(binder);
  EXPECT_TRUE(view.current.exists());
  EXPECT_FALSE(view.stop.exists());
  EXPECT_TRUE(binder.missing().empty());
}

class MemoryUseTest : public PerCpuTest {
 protected:
  static constexpr std::uint64_t kMm = 0xffff888200000000;
  std::optional<MemoryUse> use() {
    Binder binder(machine_.types);
    return MemoryMapView::bind(binder).use(machine_.access(), open(), VirtualAddress(kMm));
  }
};

TEST_F(MemoryUseTest, AddsTheCountersOfOldKernelsWithoutSwap) {
  machine_.types.add("mm_struct 512: total_vm@8:8 rss_stat.count@64:[4x8]");
  machine_.set("mm_struct", kMm, "total_vm", 1000);
  for (std::uint64_t kind = 0; kind < 4; ++kind) machine_.memory.write_u64(kMm + 64 + 8 * kind, 1u << kind);
  EXPECT_EQ(use()->virtual_pages, 1000u);
  EXPECT_EQ(use()->resident_pages, 1u + 2 + 8) << "the third counts swapped pages";
}

TEST_F(MemoryUseTest, AddsThePartsOfEachCpuInNewKernels) {
  machine_.types.add("mm_struct 512: total_vm@8:8 rss_stat@64:[4x40]\npercpu_counter 40: count@8:8s counters@32:8");
  machine_.set("mm_struct", kMm, "total_vm", 1000);
  machine_.memory.write_u64(kMm + 64 + 8, 100);
  machine_.memory.write_u64(kMm + 64 + 32, 0x900);
  for (std::uint32_t cpu = 0; cpu < 4; ++cpu) machine_.memory.write_u32(area(cpu) + 0x900, cpu == 0 ? 5 : ~0u);
  EXPECT_EQ(use()->resident_pages, 100u + 5 - 3);
}

TEST_F(MemoryUseTest, CountersThatOverflowOrAreNegativeGiveNoNonsense) {
  machine_.types.add("mm_struct 512: total_vm@8:8 rss_stat.count@64:[4x8]");
  machine_.set("mm_struct", kMm, "total_vm", 1000);
  for (std::uint64_t kind = 0; kind < 4; ++kind) machine_.memory.write_u64(kMm + 64 + 8 * kind, INT64_MAX);
  EXPECT_TRUE(use());
  for (std::uint64_t kind = 0; kind < 4; ++kind) machine_.memory.write_u64(kMm + 64 + 8 * kind, ~std::uint64_t{0});
  EXPECT_EQ(use()->resident_pages, 0u);
}

TEST_F(MemoryUseTest, AnAddressSpaceThatIsNotInTheDumpHasNoSizes) {
  machine_.types.add("mm_struct 512: total_vm@8:8");
  EXPECT_EQ(use().has_value(), false);
}

}  // namespace
}  // namespace whyhung::kernel
