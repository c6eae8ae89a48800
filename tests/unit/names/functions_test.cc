// SPDX-License-Identifier: GPL-2.0-or-later
// The tables of functions that mean something on a stack.
#include "names/functions.h"

#include <gtest/gtest.h>

namespace whyhung::names {
namespace {

bool has(std::string_view function, Meaning meaning, Machine machine = Machine::kAny) {
  return meanings_of(function, "", machine).has(meaning);
}

TEST(Functions, EntriesAreToldByWhatTheyWereEnteredFor) {
  for (const auto name : {"asm_exc_nmi", "end_repeat_nmi", "nmi"}) EXPECT_TRUE(has(name, Meaning::kEntersNmi)) << name;
  for (const auto name : {"asm_sysvec_apic_timer_interrupt", "asm_common_interrupt", "apic_timer_interrupt",
                          "call_function_interrupt", "common_interrupt", "do_irq", "do_IRQ", "ext_int_handler"}) {
    EXPECT_TRUE(has(name, Meaning::kEntersHardirq)) << name;
  }
  for (const auto name :
       {"asm_exc_page_fault", "page_fault", "invalid_op", "do_trap_load_fault", "do_trap_break", "pgm_check_handler"}) {
    EXPECT_TRUE(has(name, Meaning::kEntersException)) << name;
  }
  for (const auto name : {"entry_SYSCALL_64_after_hwframe", "entry_SYSCALL_64", "entry_INT80_compat", "do_trap_ecall_u",
                          "__do_syscall"}) {
    EXPECT_TRUE(has(name, Meaning::kEntersSystemCall)) << name;
  }
}

TEST(Functions, EntryCodeOfOneMachineMeansNothingOnAnother) {
  EXPECT_TRUE(has("do_irq", Meaning::kEntersHardirq, Machine::kRiscv64));
  EXPECT_FALSE(has("do_irq", Meaning::kEntersHardirq, Machine::kS390x));
  EXPECT_FALSE(has("do_irq", Meaning::kEntersHardirq, Machine::kX86_64));
  EXPECT_TRUE(has("vectors", Meaning::kJustEntering, Machine::kArm64));
  EXPECT_FALSE(has("vectors", Meaning::kJustEntering, Machine::kX86_64));
  EXPECT_FALSE(has("nmi", Meaning::kEntersNmi, Machine::kPpc64));
  EXPECT_TRUE(has("data_access_common", Meaning::kEntersException, Machine::kPpc64));
  for (const Machine machine :
       {Machine::kX86_64, Machine::kArm64, Machine::kPpc64, Machine::kRiscv64, Machine::kS390x}) {
    EXPECT_TRUE(has("panic", Meaning::kPanics, machine)) << "what is the same on all";
  }
}

TEST(Functions, MachinesAreKnownByTheNamesOfArchitectures) {
  EXPECT_EQ(machine_named("x86_64"), Machine::kX86_64);
  EXPECT_EQ(machine_named("arm64"), Machine::kArm64);
  EXPECT_EQ(machine_named("ppc64le"), Machine::kPpc64);
  EXPECT_EQ(machine_named("riscv64"), Machine::kRiscv64);
  EXPECT_EQ(machine_named("s390x"), Machine::kS390x);
  EXPECT_EQ(machine_named(""), Machine::kAny) << "one that is not known could be any";
}

TEST(Functions, NamesThatOnlyResembleEntriesAreNone) {
  for (const auto name :
       {"", "sysvec_apic_timer_interrupt_", "do_syscall_64", "nmi_handle", "page_fault_oops", "my_asm_sysvec_x"}) {
    for (const Meaning entry : {Meaning::kEntersNmi, Meaning::kEntersHardirq, Meaning::kEntersException,
                                Meaning::kEntersSystemCall, Meaning::kJustEntering}) {
      EXPECT_FALSE(has(name, entry)) << name;
    }
  }
}

TEST(Functions, AModulesFunctionMeansNothingUnlessItsStructuresProveIt) {
  EXPECT_TRUE(meanings_of("panic", "impostor", Machine::kAny).empty());
  EXPECT_TRUE(meanings_of("mutex_lock", "impostor", Machine::kAny).empty());
  EXPECT_TRUE(meanings_of("request_wait_answer", "fuse", Machine::kAny).has(Meaning::kWaitsForFuse));
}

TEST(Functions, SoftirqsRunInTheirLoopUnderItsOldAndNewName) {
  EXPECT_TRUE(has("__do_softirq", Meaning::kRunsSoftirqs));
  EXPECT_TRUE(has("handle_softirqs.isra.0", Meaning::kRunsSoftirqs));
  EXPECT_FALSE(has("do_softirq_own_stack", Meaning::kRunsSoftirqs));
  EXPECT_FALSE(has("run_ksoftirqd", Meaning::kRunsSoftirqs));
}

TEST(Functions, PanicStopAndDetectorAreDifferentRoles) {
  EXPECT_TRUE(has("__crash_kexec", Meaning::kPanics));
  EXPECT_TRUE(has("stop_this_cpu", Meaning::kStopsForDump));
  EXPECT_TRUE(has("watchdog_timer_fn", Meaning::kDetectsHang));
  EXPECT_TRUE(has("handle_IPI", Meaning::kServesStopIpi));
  EXPECT_FALSE(has("panic_handler_of_mine", Meaning::kPanics));
}

TEST(Functions, BusyWaitsAreToldByWhatTheyWaitFor) {
  EXPECT_TRUE(has("multi_cpu_stop", Meaning::kSpinsInStopMachine));
  EXPECT_TRUE(has("smp_call_function_many_cond", Meaning::kSpinsForIpi));
  EXPECT_TRUE(has("native_queued_spin_lock_slowpath.part.0", Meaning::kSpinsForLock));
  EXPECT_TRUE(has("_raw_spin_lock_irqsave", Meaning::kSpinsForLock));
  EXPECT_TRUE(has("osq_lock", Meaning::kSpinsForOwner));
  EXPECT_TRUE(has("console_trylock_spinning", Meaning::kSpinsForConsole));
  EXPECT_FALSE(has("spin_forever", Meaning::kSpinsForLock));
  EXPECT_FALSE(has("rcu_read_lock", Meaning::kSpinLockCode)) << "a lock only by its name";
}

TEST(Functions, FunctionsThatYieldAreKnownWithAllTheirVariants) {
  for (const auto name :
       {"schedule", "schedule_timeout", "schedule_timeout_uninterruptible", "__schedule", "__cond_resched",
        "__SCT__cond_resched", "msleep", "msleep_interruptible", "usleep_range_state", "mutex_lock", "down_read",
        "down_write_killable", "down_timeout", "wait_for_completion_timeout", "io_schedule_timeout", "cond_resched"}) {
    EXPECT_TRUE(means(name, Meaning::kYields)) << name;
  }
  for (const auto name :
       {"", "cpu_relax", "udelay", "__const_udelay", "mutex_unlock", "mutex_trylock", "up_read", "_raw_spin_lock",
        "downgrade", "schedule_work", "schedule_work_on", "schedule_delayed_work", "scheduler_tick", "schedule_tail",
        "down_trylock", "down_read_trylock", "down_write_trylock"}) {
    EXPECT_FALSE(means(name, Meaning::kYields)) << name;
    EXPECT_FALSE(means(name, Meaning::kWaits)) << name;
  }
}

TEST(Functions, ReturnThunksAreReturns) {
  EXPECT_TRUE(means("__x86_return_thunk", Meaning::kReturnThunk));
  EXPECT_TRUE(means("srso_return_thunk", Meaning::kReturnThunk));
  EXPECT_FALSE(means("__x86_indirect_thunk_rax", Meaning::kReturnThunk));
}

TEST(Functions, SleepsInReclaimAndInIoAreToldApart) {
  EXPECT_TRUE(has("shrink_slab", Meaning::kReclaims));
  EXPECT_FALSE(has("reclaim_throttle", Meaning::kReclaims));
  EXPECT_TRUE(has("reclaim_throttle", Meaning::kPausesReclaim));
  EXPECT_TRUE(has("io_schedule", Meaning::kWaitsForIo));
  EXPECT_TRUE(has("asm_preempt_schedule_irq", Meaning::kPreempts));
}

TEST(Functions, BaseNamesLackWhatCompilersAppend) {
  EXPECT_EQ(base_name("panic.cold"), "panic");
  EXPECT_EQ(base_name("f.isra.0.constprop.1"), "f");
  EXPECT_EQ(base_name(".do_ppc64"), ".do_ppc64") << "a leading dot is part of the name";
  EXPECT_EQ(base_name(".do_ppc64.part.0"), ".do_ppc64");
  EXPECT_EQ(base_name(""), "");
}

}  // namespace
}  // namespace whyhung::names
