// SPDX-License-Identifier: GPL-2.0-or-later
// A CPU's stack cut into contexts, and which of them it was really busy with when the dump got hold of it.
#include "collect/contexts.h"
#include "collect_test_support.h"
#include "names/functions.h"

namespace whyhung::collect {
namespace {

using model::ContextKind;
using model::DumpRole;

struct Context {
  ContextKind kind;
  std::uint32_t begin, end;
  bool operator==(const Context&) const = default;
};
void PrintTo(const Context& one, std::ostream* out) {
  *out << model::name_of(one.kind) << fmt::format(" [{}, {})", one.begin, one.end);
}
using Contexts = std::vector<Context>;

class ContextsTest : public CollectTest {
 protected:
  ContextsTest() { kernel.add_task(100, "worker"); }
  const model::Cpu& runs(std::vector<FakeFrame> frames, bool interrupts_enabled = true,
                         unwind::StackEnd end = unwind::StackEnd::kOutermost) {
    kernel.run(1, 100, std::move(frames), interrupts_enabled, end);
    return cpu(1);
  }
  // The CPU takes no ticks: its clock stands still while those of others go on.
  void stop_clock() { kernel.machine.set("rq", kernel.runqueue(1), "clock", FakeKernel::kNow - 5'000'000'000); }
  static Contexts contexts(const model::Cpu& cpu) {
    Contexts found;
    for (const auto& one : cpu.contexts) found.push_back({one.kind, one.first_frame, one.end_frame});
    return found;
  }
};

const std::vector<FakeFrame> kSystemCall = {"reads_file", "vfs_read", "do_syscall_64",
                                            "entry_SYSCALL_64_after_hwframe"};

// The frames, and those that they interrupted.
std::vector<FakeFrame> on_top_of(std::vector<FakeFrame> frames, std::vector<FakeFrame> under,
                                 bool interrupts_enabled = true) {
  under.front() = interrupted(under.front().function, interrupts_enabled);
  frames.insert(frames.end(), under.begin(), under.end());
  return frames;
}
const std::vector<FakeFrame> kStopNmi = {"crash_nmi_callback", "nmi_handle", "exc_nmi", "asm_exc_nmi"};
const std::vector<FakeFrame> kTimer = {"advances_clock", "__hrtimer_run_queues", "asm_sysvec_apic_timer_interrupt"};

TEST_F(ContextsTest, ATaskAloneIsOneContext) {
  const model::Cpu& found = runs(kSystemCall);
  EXPECT_EQ(contexts(found), (Contexts{{ContextKind::kTask, 0, 4}}));
  EXPECT_EQ(found.activity, 0u);
  EXPECT_EQ(found.dump_role, DumpRole::kNone);
  EXPECT_EQ(found.interrupts_enabled, true);
  EXPECT_EQ(found.busy_wait, model::BusyWait::kNone);
}

TEST_F(ContextsTest, WhoEndsATimerWaitsForItsCallbackWhateverLockItTakesMeanwhile) {
  const model::Cpu& found =
      runs({"_raw_spin_lock_irqsave", "lock_timer_base", "__timer_delete_sync", "stops_aging [driver]"});
  EXPECT_EQ(found.busy_wait, model::BusyWait::kCallback);
}

TEST_F(ContextsTest, ALockOfADriverThatEndsATimerIsALock) {
  EXPECT_EQ(runs({"_raw_spin_lock_irqsave", "ages [driver]", "timer_delete_sync"}).busy_wait,
            model::BusyWait::kSpinlock);
}

TEST_F(ContextsTest, TheNmiThatStopsACpuIsNotWhatItDid) {
  const model::Cpu& found = runs(on_top_of(kStopNmi, kSystemCall, false));
  EXPECT_EQ(contexts(found), (Contexts{{ContextKind::kNmi, 0, 4}, {ContextKind::kTask, 4, 8}}));
  EXPECT_EQ(found.dump_role, DumpRole::kStoppedForDump);
  EXPECT_EQ(found.activity, 1u);
  EXPECT_EQ(found.interrupts_enabled, false) << "the task had them off, whatever the NMI had";
}

TEST_F(ContextsTest, AnNmiThatPrintsWhereTheCpuIsIsNotWhatItDid) {
  stop_clock();  // printing takes its time
  const model::Cpu& found =
      runs(on_top_of({"show_regs", "nmi_cpu_backtrace_handler", "nmi_handle", "exc_nmi", "asm_exc_nmi"}, kSystemCall));
  EXPECT_EQ(found.activity, 1u);
  EXPECT_EQ(found.dump_role, DumpRole::kDetecting);
}

TEST_F(ContextsTest, AnInterruptThatWasPassingThroughIsNotWhatItDid) {
  const model::Cpu& found = runs(on_top_of(kTimer, kSystemCall));
  EXPECT_EQ(contexts(found), (Contexts{{ContextKind::kHardirq, 0, 3}, {ContextKind::kTask, 3, 7}}));
  EXPECT_EQ(found.activity, 1u);
  EXPECT_EQ(found.interrupts_enabled, true);
}

TEST_F(ContextsTest, AnInterruptOnACpuThatTakesNoTicksIsWhatItDid) {
  stop_clock();
  const model::Cpu& found = runs(on_top_of(kStopNmi, on_top_of(kTimer, kSystemCall), false));
  EXPECT_EQ(contexts(found),
            (Contexts{{ContextKind::kNmi, 0, 4}, {ContextKind::kHardirq, 4, 7}, {ContextKind::kTask, 7, 11}}));
  EXPECT_EQ(found.activity, 1u);
  EXPECT_EQ(found.interrupts_enabled, false);
}

TEST_F(ContextsTest, AnInterruptThatLoopsForEverIsWhatItDid) {
  kernel.code("advances_clock", {0xf3, 0x90, 0xeb, 0xfc});  // pause; jmp back to it
  std::vector<FakeFrame> timer = kTimer;
  timer.front().offset = 0;
  const model::Cpu& found = runs(on_top_of(timer, kSystemCall));
  EXPECT_EQ(found.activity, 0u);
  ASSERT_TRUE(found.loop);
  EXPECT_EQ(found.loop->function, "advances_clock");
}

TEST_F(ContextsTest, SoftirqsRunOnTopOfTheInterruptThatRaisedThem) {
  const model::Cpu& found =
      runs(on_top_of({"net_rx_action", "__do_softirq", "irq_exit_rcu", "asm_common_interrupt"}, kSystemCall));
  EXPECT_EQ(contexts(found),
            (Contexts{{ContextKind::kSoftirq, 0, 2}, {ContextKind::kHardirq, 2, 4}, {ContextKind::kTask, 4, 8}}));
  EXPECT_EQ(found.activity, 0u) << "a softirq is no passing interrupt";
}

TEST_F(ContextsTest, SoftirqsOfTheirDaemonRunOnTopOfATask) {
  const model::Cpu& found = runs({"net_rx_action", "handle_softirqs.isra.0", "run_ksoftirqd", "smpboot_thread_fn"});
  EXPECT_EQ(contexts(found), (Contexts{{ContextKind::kSoftirq, 0, 2}, {ContextKind::kTask, 2, 4}}));
  EXPECT_EQ(found.activity, 0u);
}

TEST_F(ContextsTest, AnExceptionIsAContextOfItsOwn) {
  const model::Cpu& found = runs(on_top_of({"handle_mm_fault", "exc_page_fault", "asm_exc_page_fault"}, kSystemCall));
  EXPECT_EQ(contexts(found), (Contexts{{ContextKind::kException, 0, 3}, {ContextKind::kTask, 3, 7}}));
  EXPECT_EQ(found.activity, 0u);
}

TEST_F(ContextsTest, APanicInATaskIsTheTasksOwnActivity) {
  kernel.machine.memory.write_u32(kernel.percpu(1, "__preempt_count"), 0x80000001);
  const model::Cpu& found = runs({"__crash_kexec", "panic", "sysrq_handle_crash", "write_sysrq", "do_syscall_64"});
  EXPECT_EQ(found.dump_role, DumpRole::kPanicked);
  EXPECT_EQ(contexts(found), (Contexts{{ContextKind::kTask, 0, 5}}));
  EXPECT_EQ(found.activity, 0u);
  EXPECT_EQ(found.activity_preempt_depth, 0u) << "the one level is panic()'s own";
}

TEST_F(ContextsTest, AWatchdogThatPanicsIsNotWhatTheCpuDid) {
  kernel.machine.memory.write_u32(kernel.percpu(1, "__preempt_count"), 0x80010002);
  const model::Cpu& found =
      runs(on_top_of({"__crash_kexec", "panic", "watchdog_timer_fn", "asm_sysvec_apic_timer_interrupt"},
                     {"spins [driver]", "kthread"}));
  EXPECT_EQ(found.dump_role, DumpRole::kPanicked);
  EXPECT_EQ(found.activity, 1u);
  EXPECT_EQ(found.preempt_count, 0x80010002u);
  EXPECT_EQ(found.activity_preempt_depth, 1u);
}

TEST_F(ContextsTest, AWatchdogThatOnlyReportsIsADetector) {
  const model::Cpu& found = runs(on_top_of({"watchdog_timer_fn", "asm_sysvec_apic_timer_interrupt"}, kSystemCall));
  EXPECT_EQ(found.dump_role, DumpRole::kDetecting);
  EXPECT_EQ(found.activity, 1u);
}

TEST_F(ContextsTest, ACpuThatPanicsSecondWasStopped) {
  EXPECT_EQ(runs({"panic_smp_self_stop", "panic", "other_bug", "kthread"}).dump_role, DumpRole::kStoppedForDump);
}

TEST_F(ContextsTest, ThePanicOfACpuThatCameSecondCountsToo) {
  kernel.machine.memory.write_u32(kernel.percpu(1, "__preempt_count"), 0x80010001);
  const model::Cpu& found =
      runs(on_top_of({"panic_smp_self_stop", "panic", "watchdog_timer_fn", "asm_sysvec_apic_timer_interrupt"},
                     {"spins [driver]", "kthread"}));
  EXPECT_EQ(found.dump_role, DumpRole::kStoppedForDump);
  EXPECT_EQ(found.activity, 1u);
  EXPECT_EQ(found.activity_preempt_depth, 0u) << "the one level is panic()'s own";
}

TEST_F(ContextsTest, WhatAnInterruptHeldThatWasOnlyPassingIsNotTheTasks) {
  kernel.machine.memory.write_u32(kernel.percpu(1, "__preempt_count"), 0x80010002);
  const std::vector<FakeFrame> frames =
      on_top_of({"advances_clock", "asm_sysvec_apic_timer_interrupt"}, {"works [driver]", "kthread"});
  EXPECT_EQ(runs(frames).activity, 1u);
  EXPECT_EQ(runs(frames).activity_preempt_depth, std::nullopt) << "whose the levels are cannot be told";
}

TEST_F(ContextsTest, WhatADetectorHoldsThatPrintsIsNotTheTasks) {
  kernel.machine.memory.write_u32(kernel.percpu(1, "__preempt_count"), 0x10004);
  const model::Cpu& found = runs(
      on_top_of({"console_unlock", "vprintk_emit", "_printk", "watchdog_timer_fn", "asm_sysvec_apic_timer_interrupt"},
                {"spins [driver]", "kthread"}));
  EXPECT_EQ(found.dump_role, DumpRole::kDetecting);
  EXPECT_EQ(found.activity, 1u);
  EXPECT_EQ(found.activity_preempt_depth, std::nullopt) << "printing takes levels of its own";
}

TEST_F(ContextsTest, AKernelThatDoesNotCountTellsNoDepth) {
  for (std::uint32_t number = 0; number < 4; ++number) {
    kernel.machine.memory.write_u32(kernel.percpu(number, "__preempt_count"), 0x80000000);
  }
  EXPECT_EQ(runs({"spins [driver]", "kthread"}).activity_preempt_depth, std::nullopt);
}

TEST_F(ContextsTest, AKernelThatCanPreemptItselfCountsEvenIfNobodyHoldsIt) {
  kernel.function("preempt_schedule");
  for (std::uint32_t number = 0; number < 4; ++number) {
    kernel.machine.memory.write_u32(kernel.percpu(number, "__preempt_count"), 0x80000000);
  }
  EXPECT_EQ(runs({"spins [driver]", "kthread"}).activity_preempt_depth, 0u);
}

TEST_F(ContextsTest, ACpuThatServesIpisWasStoppedByOneWhenItIsOffline) {
  kernel.machine.memory.write_u64(kernel.machine.symbols.address_of("__cpu_online_mask")->value, 0b1101);
  const model::Cpu& found = runs(on_top_of({"handle_IPI", "do_irq", "handle_exception"}, kSystemCall));
  EXPECT_EQ(found.dump_role, DumpRole::kStoppedForDump);
  EXPECT_EQ(contexts(found).front().kind, ContextKind::kHardirq);
  EXPECT_EQ(found.activity, 1u);
}

TEST_F(ContextsTest, ACpuThatServesIpisAndIsOnlineWasNotStopped) {
  const model::Cpu& found = runs(on_top_of({"handle_IPI", "do_irq", "handle_exception"}, kSystemCall));
  EXPECT_EQ(found.dump_role, DumpRole::kNone);
}

TEST_F(ContextsTest, AModulesPanicIsNotTheKernels) {
  const model::Cpu& found = runs(on_top_of({"panic [impostor]", "asm_common_interrupt"}, kSystemCall));
  EXPECT_EQ(found.dump_role, DumpRole::kNone);
}

TEST_F(ContextsTest, AnInterruptWhileTheStoppedCpuWaitsForTheEndIsOfNoInterest) {
  const model::Cpu& found =
      runs(on_top_of({"crash_nmi_callback", "asm_exc_nmi"}, {"panic_smp_self_stop", "panic", "other_bug", "kthread"}));
  EXPECT_EQ(contexts(found), (Contexts{{ContextKind::kTask, 2, 6}}));
  EXPECT_EQ(found.activity, 0u);
}

TEST_F(ContextsTest, ACpuThatWasStoppedInUserModeHasNoActivityInTheKernel) {
  const model::Cpu& found = runs(kStopNmi, false, unwind::StackEnd::kUserMode);
  EXPECT_EQ(found.dump_role, DumpRole::kStoppedForDump);
  EXPECT_EQ(found.activity, std::nullopt);
  EXPECT_TRUE(found.in_user_mode);
  EXPECT_EQ(found.interrupts_enabled, std::nullopt);
}

TEST_F(ContextsTest, TheKernelsOwnWaitForAnotherCpuIsNoted) {
  EXPECT_EQ(runs({"smp_call_function_many_cond", "on_each_cpu_cond_mask", "flush_tlb_mm_range"}).busy_wait,
            model::BusyWait::kIpi);
}

TEST_F(ContextsTest, AWaitUnderTheCodeThatStoppedTheCpuIsNotedToo) {
  const model::Cpu& found =
      runs(on_top_of(kStopNmi, {"native_queued_spin_lock_slowpath", "_raw_spin_lock", "wants_lock [driver]"}, false));
  EXPECT_EQ(found.activity, 1u);
  EXPECT_EQ(found.busy_wait, model::BusyWait::kSpinlock);
}

TEST_F(ContextsTest, AModulesFunctionOfThatNameIsNoWaitOfTheKernel) {
  EXPECT_EQ(runs({"_raw_spin_lock [impostor]", "kthread"}).busy_wait, model::BusyWait::kNone);
  EXPECT_EQ(snapshot().waits.size(), 0u);
}

TEST_F(ContextsTest, ARegisterSetThatAnEarlierInterruptLeftBeginsAContextToo) {
  const FakeFrame earlier("spins [driver]", unwind::FrameSource::kEarlierInterrupt);
  const model::Cpu& found = runs({"advances_clock", "asm_sysvec_apic_timer_interrupt", earlier, "kthread"});
  EXPECT_EQ(contexts(found), (Contexts{{ContextKind::kHardirq, 0, 2}, {ContextKind::kTask, 2, 4}}));
}

TEST_F(ContextsTest, AnInterruptOfWhichNothingHasRunIsNoContext) {
  // The first instructions of an exception, of which only arm64 shows itself by a name of its own.
  const auto cut_on = [](names::Machine machine) {
    model::Snapshot snapshot;
    model::Cpu cpu;
    for (const auto& [function, module] :
         {std::pair("vectors", ""), std::pair("spins", "driver"), std::pair("kthread", "")}) {
      const auto at = static_cast<std::uint32_t>(snapshot.locations.size());
      model::CodeLocation& location = snapshot.locations.emplace_back();
      location.function = function;
      location.module = module;
      location.meanings = names::meanings_of(function, module, machine);
      cpu.stack.frames.push_back({at, model::FrameOrigin::kCall, 0});
    }
    cpu.stack.frames[1].origin = model::FrameOrigin::kLinkRegister;
    cut_into_contexts(snapshot, cpu);
    return contexts(cpu);
  };
  EXPECT_EQ(cut_on(names::Machine::kArm64), (Contexts{{ContextKind::kTask, 1, 3}}));
  EXPECT_EQ(cut_on(names::Machine::kX86_64), (Contexts{{ContextKind::kTask, 0, 3}})) << "there it means nothing";
}

TEST_F(ContextsTest, AnIdleCpuIsNotSearchedForALoop) {
  kernel.code("default_idle", {0xf3, 0x90, 0xeb, 0xfc});
  kernel.run(2, 900'002, {{"default_idle", unwind::FrameSource::kRegisters}, "do_idle", "cpu_startup_entry"});
  kernel.cpu_stack(2).frames[0].pc = VirtualAddress(kernel.function("default_idle"));
  EXPECT_EQ(contexts(cpu(2)), (Contexts{{ContextKind::kTask, 0, 3}}));
  EXPECT_EQ(cpu(2).task, kernel.idle_task(2));
  EXPECT_FALSE(cpu(2).loop);
}

}  // namespace
}  // namespace whyhung::collect
