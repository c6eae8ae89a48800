// SPDX-License-Identifier: GPL-2.0-or-later
// The tables of functions that mean something on a stack.
#include "kernel/known_code.h"

#include <gtest/gtest.h>

#include <set>

namespace whyhung::kernel {
namespace {

TEST(KnownCode, EntriesAreToldByWhatTheyWereEnteredFor) {
  for (const auto name : {"asm_exc_nmi", "end_repeat_nmi", "nmi"}) EXPECT_EQ(entry_kind(name), EntryKind::kNmi) << name;
  for (const auto name : {"asm_sysvec_apic_timer_interrupt", "asm_common_interrupt", "apic_timer_interrupt",
                          "call_function_interrupt", "common_interrupt", "do_irq", "do_IRQ", "ext_int_handler"}) {
    EXPECT_EQ(entry_kind(name), EntryKind::kHardirq) << name;
  }
  for (const auto name :
       {"asm_exc_page_fault", "page_fault", "invalid_op", "do_trap_load_fault", "do_trap_break", "pgm_check_handler"}) {
    EXPECT_EQ(entry_kind(name), EntryKind::kException) << name;
  }
  for (const auto name : {"entry_SYSCALL_64_after_hwframe", "entry_SYSCALL_64", "entry_INT80_compat", "do_trap_ecall_u",
                          "__do_syscall"}) {
    EXPECT_EQ(entry_kind(name), EntryKind::kSystemCall) << name;
  }
}

TEST(KnownCode, AnNmiIsNoOrdinaryException) {
  EXPECT_EQ(entry_kind("asm_exc_nmi"), EntryKind::kNmi);
}

TEST(KnownCode, NamesThatOnlyResembleEntriesAreNone) {
  for (const auto name : {"", "sysvec_apic_timer_interrupt_", "do_syscall_64", "nmi_handle", "page_fault_oops",
                          "my_asm_sysvec_x", "kthread"}) {
    EXPECT_EQ(entry_kind(name), std::nullopt) << name;
  }
}

TEST(KnownCode, SoftirqsRunInTheirLoopUnderItsOldAndNewName) {
  EXPECT_TRUE(runs_softirqs("__do_softirq"));
  EXPECT_TRUE(runs_softirqs("handle_softirqs"));
  EXPECT_TRUE(runs_softirqs("handle_softirqs.isra.0"));
  EXPECT_FALSE(runs_softirqs("do_softirq_own_stack"));
  EXPECT_FALSE(runs_softirqs("run_ksoftirqd"));
}

TEST(KnownCode, PanicStopAndDetectorAreDifferentRoles) {
  EXPECT_EQ(dump_code("panic"), DumpCode::kPanic);
  EXPECT_EQ(dump_code("__crash_kexec"), DumpCode::kPanic);
  EXPECT_EQ(dump_code("stop_this_cpu"), DumpCode::kStoppedByPanic);
  EXPECT_EQ(dump_code("crash_nmi_callback"), DumpCode::kStoppedByPanic);
  EXPECT_EQ(dump_code("watchdog_timer_fn"), DumpCode::kDetector);
  EXPECT_EQ(dump_code("watchdog_overflow_callback"), DumpCode::kDetector);
  EXPECT_EQ(dump_code("panic_handler_of_mine"), std::nullopt);
}

TEST(KnownCode, BusyWaitsAreToldByWhatTheyWaitFor) {
  const std::pair<std::string_view, BusyWait> waits[] = {
      {"multi_cpu_stop", BusyWait::kStopMachine},
      {"smp_call_function_many_cond", BusyWait::kIpi},
      {"smp_call_function_single", BusyWait::kIpi},
      {"native_queued_spin_lock_slowpath", BusyWait::kSpinlock},
      {"native_queued_spin_lock_slowpath.part.0", BusyWait::kSpinlock},
      {"_raw_spin_lock_irqsave", BusyWait::kSpinlock},
      {"mutex_spin_on_owner", BusyWait::kOwnerSpin},
      {"osq_lock", BusyWait::kOwnerSpin},
      {"console_trylock_spinning", BusyWait::kConsole}};
  std::set<std::string_view> names;
  for (const auto& [function, kind] : waits) {
    EXPECT_EQ(busy_wait(function), kind) << function;
    names.insert(name_of(kind));
  }
  EXPECT_EQ(names.size(), 5u);
  EXPECT_EQ(busy_wait("spin_forever"), std::nullopt);
}

TEST(KnownCode, FunctionsThatYieldAreKnownWithAllTheirVariants) {
  for (const auto name : {"schedule", "schedule_timeout", "__schedule", "__cond_resched", "__SCT__cond_resched",
                          "msleep", "msleep_interruptible", "usleep_range_state", "mutex_lock", "down_read",
                          "wait_for_completion_timeout", "io_schedule_timeout", "cond_resched"}) {
    EXPECT_TRUE(may_yield(name)) << name;
  }
  for (const auto name : {"", "cpu_relax", "udelay", "__const_udelay", "mutex_unlock", "mutex_trylock", "up_read",
                          "_raw_spin_lock", "downgrade"}) {
    EXPECT_FALSE(may_yield(name)) << name;
  }
}

TEST(KnownCode, ReturnThunksAreReturns) {
  EXPECT_TRUE(is_return_thunk("__x86_return_thunk"));
  EXPECT_TRUE(is_return_thunk("srso_return_thunk"));
  EXPECT_FALSE(is_return_thunk("__x86_indirect_thunk_rax"));
}

TEST(KnownCode, BaseNamesLackWhatCompilersAppend) {
  EXPECT_EQ(base_name("panic.cold"), "panic");
  EXPECT_EQ(base_name("f.isra.0.constprop.1"), "f");
  EXPECT_EQ(base_name(".do_ppc64"), ".do_ppc64") << "a leading dot is part of the name";
  EXPECT_EQ(base_name(".do_ppc64.part.0"), ".do_ppc64");
  EXPECT_EQ(base_name(""), "");
}

}  // namespace
}  // namespace whyhung::kernel
