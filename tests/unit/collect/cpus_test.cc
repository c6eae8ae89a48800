// SPDX-License-Identifier: GPL-2.0-or-later
// CPUs: where their registers come from, which task ran, and what their own counters say.
#include "collect_test_support.h"

namespace whyhung::collect {
namespace {

using model::RegisterSource;
namespace x86 = arch::x86;

class CpusTest : public CollectTest {
 protected:
  CpusTest() {
    kernel.add_task(100, "worker");
    kernel.run(1, 100, {"reads_file", "do_syscall_64", "entry_SYSCALL_64_after_hwframe"});
  }
  // Registers that stand in a function with a stack of one frame.
  arch::RegisterSet registers_in(std::string_view function, std::uint64_t sp = 0xffffc9dd00000000) {
    arch::RegisterSet registers;
    registers.set(x86::kRip, kernel.function(function) + 0x10);
    registers.set(x86::kRsp, sp);
    registers.set(x86::kCs, 0x10);
    registers.set(x86::kRflags, 0x246);
    return registers;
  }
  void add_note(const arch::RegisterSet& registers, std::uint32_t pid) {
    kernel.dump->add_note("CORE", 1, test::prstatus_of(registers, pid));
  }
  std::string function_of(const model::Cpu& cpu) {
    return cpu.stack.frames.empty() ? "" : snapshot().location(cpu.stack.frames.at(0)).function;
  }
  std::string registers_gap(std::uint32_t cpu) { return gap(fmt::format("registers of CPU {}", cpu)); }
  template <typename T>
  void set_percpu(std::uint32_t cpu, std::string_view variable, T value) {
    kernel.machine.memory.write_integer(kernel.percpu(cpu, variable), value);
  }
};

TEST_F(CpusTest, TheKernelsOwnCrashNoteIsTheBestSource) {
  arch::RegisterSet other = registers_in("somewhere_else");
  other.set(x86::kGsBase, FakeKernel::area(1));
  add_note(other, 100);
  EXPECT_EQ(cpu(1).register_source, RegisterSource::kCrashNote);
  EXPECT_EQ(function_of(cpu(1)), "reads_file");
  EXPECT_EQ(registers_gap(1), "");
  EXPECT_EQ(cpu(1).task, kernel.task(100));
  EXPECT_TRUE(cpu(1).online);
}

TEST_F(CpusTest, ANoteOfTheFileBelongsToTheCpuWhosePerCpuBaseItHolds) {
  kernel.lose_registers(1);
  arch::RegisterSet mine = registers_in("mine"), other = registers_in("others");
  mine.set(x86::kGsBase, FakeKernel::area(1));
  other.set(x86::kGsBase, FakeKernel::area(3));
  add_note(other, 100);
  add_note(mine, 7);
  EXPECT_EQ(cpu(1).register_source, RegisterSource::kPrstatus);
  EXPECT_EQ(function_of(cpu(1)), "mine");
}

TEST_F(CpusTest, AHypervisorsNotesAreNumberedByCpu) {
  for (std::uint32_t number = 0; number < 4; ++number) {
    kernel.lose_registers(number);
    add_note(registers_in("function_" + std::to_string(number)), number + 1);
  }
  for (std::uint32_t number = 0; number < 4; ++number) {
    EXPECT_EQ(function_of(cpu(number)), "function_" + std::to_string(number));
    EXPECT_EQ(cpu(number).register_source, RegisterSource::kPrstatus);
  }
}

// A machine that counts its CPUs in its own way and names the running task in a register, as riscv64 does.
class OwnNumbersTest : public CpusTest {
 protected:
  OwnNumbersTest() {
    own_.percpu_base_register = std::nullopt;
    own_.current_task_register = x86::kGsBase;
    own_.hardware_numbers = "numbers_of_cpus";
    kernel.target.architecture = &own_;
    for (std::uint32_t number = 0; number < 4; ++number) kernel.lose_registers(number);
  }
  void number_cpus(std::initializer_list<std::uint64_t> numbers) {
    constexpr std::uint64_t kTable = 0xffffc9dd00002000;
    kernel.machine.symbols.add("numbers_of_cpus", kTable, 8 * numbers.size());
    std::uint64_t at = kTable;
    for (const std::uint64_t number : numbers) {
      kernel.machine.memory.write_u64(at, number);
      at += 8;
    }
  }
  void add_note_of(std::string_view function, std::uint64_t task) {
    arch::RegisterSet registers = registers_in(function);
    registers.set(x86::kGsBase, task);
    add_note(registers, 0);
  }
  void add_notes_of_programs() {
    for (const char* function : {"first", "second", "third", "fourth"}) add_note_of(function, 0x7f0000001000);
  }

  arch::Architecture own_ = arch::kX86_64;
};

TEST_F(OwnNumbersTest, ANoteBelongsToTheCpuWhoseTaskItNames) {
  add_note_of("mine", kernel.task(100));
  add_note_of("zero", kernel.idle_task(0));
  add_note_of("three", kernel.idle_task(3));
  add_note_of("two", kernel.idle_task(2));
  EXPECT_EQ(function_of(cpu(0)), "zero");
  EXPECT_EQ(function_of(cpu(1)), "mine");
  EXPECT_EQ(function_of(cpu(2)), "two");
  EXPECT_EQ(function_of(cpu(3)), "three");
}

TEST_F(OwnNumbersTest, OtherNotesComeInTheMachinesOrder) {
  number_cpus({0x20, 0, 0x10, 0x30});
  add_notes_of_programs();
  EXPECT_EQ(function_of(cpu(0)), "third");
  EXPECT_EQ(function_of(cpu(1)), "first");
  EXPECT_EQ(function_of(cpu(2)), "second");
  EXPECT_EQ(function_of(cpu(3)), "fourth");
}

TEST_F(OwnNumbersTest, NumbersThatTwoCpusShareAreNone) {
  number_cpus({3, 1, 1, 0});
  add_notes_of_programs();
  EXPECT_EQ(function_of(cpu(0)), "first");
  EXPECT_EQ(function_of(cpu(3)), "fourth");
}

TEST_F(OwnNumbersTest, ANoteOfAnotherCpusTaskIsNotTakenForItsPlace) {
  add_note_of("zero", kernel.idle_task(0));
  add_note_of("two", kernel.idle_task(2));
  EXPECT_EQ(cpu(1).register_source, RegisterSource::kNone);
  EXPECT_EQ(function_of(cpu(2)), "two");
}

TEST_F(CpusTest, AKernelsNotesNameThePidThatRan) {
  kernel.lose_registers(1);
  add_note(registers_in("idles"), 0);
  add_note(registers_in("idles_too"), 0);
  add_note(registers_in("mine"), 100);
  EXPECT_EQ(function_of(cpu(1)), "mine");
}

TEST_F(CpusTest, TwoNotesOfTheSamePidAreNobodys) {
  kernel.lose_registers(1);
  add_note(registers_in("one"), 100);
  add_note(registers_in("other"), 100);
  EXPECT_EQ(cpu(1).register_source, RegisterSource::kNone);
}

TEST_F(CpusTest, RegistersThatTheLastInterruptFoundAreMarkedAsSuch) {
  kernel.lose_registers(1);
  const std::uint64_t saved = 0xffffc9dd00001000;
  const arch::RegisterSet registers = registers_in("spins [driver]");
  for (std::size_t i = 0; i < 21; ++i) kernel.machine.memory.write_u64(saved + 8 * i, registers.get(i).value_or(0));
  set_percpu(1, "__irq_regs", saved);
  EXPECT_EQ(cpu(1).register_source, RegisterSource::kReconstructed);
  EXPECT_EQ(function_of(cpu(1)), "spins");
  EXPECT_EQ(registers_gap(1), "not saved for the dump; these are the registers that its last interrupt found");
}

TEST_F(CpusTest, RegistersThatAnInterruptLeftOnTheStackAreMarkedAsSuch) {
  kernel.lose_registers(1);
  unwind::FrameState left;
  left.registers = registers_in("spins [driver]");
  kernel.unwinder->interruptions[FakeKernel::stack_of(100)] = left;
  EXPECT_EQ(cpu(1).register_source, RegisterSource::kReconstructed);
  EXPECT_EQ(function_of(cpu(1)), "spins");
  EXPECT_NE(registers_gap(1).find("an earlier interrupt left on the task's stack"), std::string::npos);
}

TEST_F(CpusTest, ACpuThatDidNotAnswerHasNoRegisters) {
  kernel.lose_registers(1);
  EXPECT_EQ(cpu(1).register_source, RegisterSource::kNone);
  EXPECT_EQ(registers_gap(1), "not saved: the CPU did not answer when the dump was taken");
  EXPECT_TRUE(cpu(1).stack.frames.empty());
  EXPECT_EQ(cpu(1).activity, std::nullopt);
  EXPECT_EQ(cpu(1).task, kernel.task(100)) << "which task ran is known all the same";
  EXPECT_EQ(cpu(2).register_source, RegisterSource::kCrashNote) << "the others have theirs";
}

TEST_F(CpusTest, ATaskInUserModeHasNoKernelStack) {
  FakeFrame user("anything");
  kernel.run(1, 100, {user});
  arch::RegisterSet registers = registers_in("anything");
  registers.set(x86::kCs, 0x33);
  kernel.lose_registers(1);
  registers.set(x86::kGsBase, FakeKernel::area(1));
  add_note(registers, 100);
  EXPECT_TRUE(cpu(1).in_user_mode);
  EXPECT_EQ(cpu(1).interrupts_enabled, true);
  EXPECT_EQ(cpu(1).stack.end, model::StackEndReason::kUserMode);
  EXPECT_TRUE(cpu(1).stack.frames.empty());
}

TEST_F(CpusTest, InterruptsAreOffWhenTheRegistersSaySo) {
  kernel.add_task(101, "other");
  kernel.run(2, 101, {"spins [driver]"}, false);
  EXPECT_EQ(cpu(1).interrupts_enabled, true);
  EXPECT_EQ(cpu(2).interrupts_enabled, false);
}

TEST_F(CpusTest, TheRunningTaskHasTheCpusStack) {
  EXPECT_EQ(the_task(100).stack.frames.size(), 3u);
  EXPECT_EQ(the_task(100).cpu, 1u);
  EXPECT_EQ(the_task(100).stack, cpu(1).stack);
}

TEST_F(CpusTest, TheRunqueueTellsClockAndLoad) {
  kernel.machine.set("rq", kernel.runqueue(1), "clock", FakeKernel::kNow - 7);
  kernel.machine.set("rq", kernel.runqueue(1), "nr_running", 3);
  kernel.machine.set("rq", kernel.runqueue(1), "nr_switches", 12345);
  EXPECT_EQ(cpu(1).runqueue.clock, FakeKernel::kNow - 7);
  EXPECT_EQ(cpu(1).runqueue.running_count, 3u);
  EXPECT_EQ(cpu(1).runqueue.switch_count, 12345u);
  EXPECT_EQ(cpu(1).runqueue.current_task, kernel.task(100));
  EXPECT_EQ(cpu(1).runqueue.idle_task, kernel.idle_task(1));
}

TEST_F(CpusTest, TheNewestClockOfAllIsTheTimeOfTheDump) {
  kernel.machine.set("rq", kernel.runqueue(3), "clock", FakeKernel::kNow + 5);
  kernel.machine.set("rq", kernel.runqueue(1), "clock", FakeKernel::kNow - 60'000'000'000);
  EXPECT_EQ(snapshot().machine.clock, FakeKernel::kNow + 5);
}

TEST_F(CpusTest, ACpuInTheMiddleOfASwitchIsSaidToBe) {
  kernel.add_task(101, "next");
  kernel.machine.set("rq", kernel.runqueue(1), "curr", kernel.task(101));
  EXPECT_EQ(cpu(1).task, kernel.task(100)) << "the CPU's own idea counts";
  EXPECT_NE(gap("current task of CPU 1").find("in the middle of a context switch"), std::string::npos);
  EXPECT_EQ(gap("current task of CPU 2"), "");
}

TEST_F(CpusTest, WithoutAVariableOfItsOwnTheRunqueueNamesTheTask) {
  kernel.machine.symbols.remove("current_task");
  EXPECT_EQ(cpu(1).task, kernel.task(100));
}

TEST_F(CpusTest, ThePreemptCountIsTakenApart) {
  set_percpu<std::uint32_t>(1, "__preempt_count", 0x80000203);
  set_percpu<std::uint32_t>(2, "__preempt_count", 0x00000000);
  EXPECT_EQ(cpu(1).preempt_count, 0x80000203u);
  EXPECT_EQ(cpu(1).activity_preempt_depth, 3u);
  EXPECT_EQ(cpu(1).activity_softirq_depth, 2u);
  EXPECT_EQ(cpu(1).need_resched, false);
  EXPECT_EQ(cpu(2).need_resched, true) << "bit 31 is inverted";
}

TEST_F(CpusTest, V62KeepsItsCountersInPcpuHot) {
  kernel.machine.types.add("pcpu_hot 64: current_task@0:8 preempt_count@8:4 softirq_pending@12:2");
  for (const char* gone : {"current_task", "__preempt_count", "__softirq_pending"}) kernel.machine.symbols.remove(gone);
  kernel.machine.symbols.add("pcpu_hot", 0x5000, 64);
  kernel.add_task(101, "other");
  kernel.machine.set("rq", kernel.runqueue(1), "curr", 0);
  for (std::uint32_t number = 0; number < 4; ++number) {
    const std::uint64_t hot = kernel.percpu(number, "pcpu_hot");
    kernel.machine.set("pcpu_hot", hot, "current_task", number == 1 ? kernel.task(101) : kernel.idle_task(number));
    kernel.machine.set("pcpu_hot", hot, "preempt_count", 0x80000000 + number);
    kernel.machine.set("pcpu_hot", hot, "softirq_pending", 0x40 + number);
  }
  EXPECT_EQ(cpu(1).task, kernel.task(101));
  EXPECT_EQ(cpu(1).preempt_count, 0x80000001u);
  EXPECT_EQ(snapshot().machine.preempt_count_name(), "pcpu_hot.preempt_count");
  EXPECT_EQ(cpu(1).softirq_pending, 0x41u);
}

TEST_F(CpusTest, CountersThatTheKernelDoesNotHaveAreLeftOut) {
  for (const char* gone : {"__preempt_count", "__softirq_pending", "ksoftirqd", "watchdog_touch_ts",
                           "hrtimer_interrupts", "call_single_queue", "cpu_stopper"}) {
    kernel.machine.symbols.remove(gone);
  }
  EXPECT_EQ(cpu(1).preempt_count, std::nullopt);
  EXPECT_EQ(cpu(1).activity_preempt_depth, std::nullopt);
  EXPECT_EQ(cpu(1).need_resched, std::nullopt);
  EXPECT_EQ(cpu(1).softirq_pending, std::nullopt);
  EXPECT_EQ(cpu(1).softirq_daemon, 0u);
  EXPECT_EQ(cpu(1).watchdog.touch_seconds, std::nullopt);
  EXPECT_EQ(cpu(1).watchdog.hrtimer_interrupts, std::nullopt);
  EXPECT_EQ(cpu(1).function_call_pending, std::nullopt);
  EXPECT_FALSE(cpu(1).stopper);
  EXPECT_EQ(function_of(cpu(1)), "reads_file");
}

TEST_F(CpusTest, SoftirqsFunctionCallsAndWatchdogsAreNoted) {
  kernel.add_kthread(20, "ksoftirqd/1", "smpboot_thread_fn");
  set_percpu<std::uint32_t>(1, "__softirq_pending", 0x282);
  set_percpu<std::uint64_t>(1, "ksoftirqd", kernel.task(20));
  set_percpu<std::uint64_t>(1, "call_single_queue", 0xffff888712345678);
  set_percpu<std::uint64_t>(1, "watchdog_touch_ts", 42);
  set_percpu<std::uint64_t>(1, "hrtimer_interrupts", 17);
  set_percpu<std::uint64_t>(1, "hrtimer_interrupts_saved", 16);
  EXPECT_EQ(cpu(1).softirq_pending, 0x282u);
  EXPECT_EQ(cpu(1).softirq_daemon, kernel.task(20));
  EXPECT_EQ(cpu(1).function_call_pending, true);
  EXPECT_EQ(cpu(2).function_call_pending, false);
  EXPECT_EQ(cpu(1).watchdog.touch_seconds, 42u);
  EXPECT_EQ(cpu(1).watchdog.hrtimer_interrupts, 17u);
  EXPECT_EQ(cpu(1).watchdog.hrtimer_interrupts_seen, 16u);
}

TEST_F(CpusTest, ACpuThatIsOfflineIsSaidToBe) {
  kernel.machine.memory.write_u64(kernel.machine.symbols.address_of("__cpu_online_mask")->value, 0b0111);
  EXPECT_EQ(cpu(3).online, false);
  EXPECT_EQ(cpu(1).online, true);
  EXPECT_EQ(snapshot().machine.cpu_count, 4u);
  EXPECT_EQ(snapshot().machine.online_cpu_count, 3u);
}

TEST_F(CpusTest, WithoutTheOnlineMaskItIsNotKnownWhoIsOnline) {
  kernel.machine.symbols.remove("__cpu_online_mask");
  EXPECT_EQ(cpu(1).online, std::nullopt);
  EXPECT_EQ(snapshot().machine.online_cpu_count, std::nullopt);
}

TEST_F(CpusTest, WithoutAnUnwinderTheRegistersAreStillThere) {
  kernel.target.unwinder.reset();
  EXPECT_EQ(cpu(1).register_source, RegisterSource::kCrashNote);
  const auto& registers = cpu(1).registers;
  const auto pc = std::ranges::find(registers, "RIP", &model::RegisterValue::name);
  ASSERT_NE(pc, registers.end());
  EXPECT_EQ(pc->value, kernel.function("reads_file") + 0x10);
  EXPECT_TRUE(cpu(1).stack.frames.empty());
}

TEST_F(CpusTest, RegistersOfInterruptedCodeAreKeptWithItsFrame) {
  kernel.run(1, 100, {"crash_nmi_callback", "asm_exc_nmi", interrupted("spins [driver]"), "kthread"});
  ASSERT_EQ(cpu(1).stack.registers.size(), 1u);
  EXPECT_EQ(cpu(1).stack.registers.at(0).frame, 2u);
  EXPECT_EQ(cpu(1).stack.frames.at(2).origin, model::FrameOrigin::kException);
}

}  // namespace
}  // namespace whyhung::collect
