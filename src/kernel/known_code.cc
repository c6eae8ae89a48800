// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/known_code.h"

#include <array>
#include <span>

#include "base/text.h"

namespace whyhung::kernel {
namespace {

bool any_matches(std::span<const std::string_view> patterns, std::string_view function) {
  return matches_any(patterns, base_name(function));
}

// arch/x86/entry/entry_64.S: v5.8 gave the entries their asm_ names; before, an interrupt's is the handler's own.
constexpr std::array<std::string_view, 13> kNmiEntries = {"asm_exc_nmi",
                                                          "exc_nmi",
                                                          "end_repeat_nmi",
                                                          "nmi",
                                                          "first_nmi",
                                                          "nmi_restore",
                                                          "repeat_nmi",
                                                          "system_reset_exception",
                                                          "machine_check_exception",
                                                          "system_reset_common*",
                                                          "machine_check_common*",
                                                          "soft_nmi_common*",
                                                          "mcck_int_handler"};
// arch/arm64/kernel/entry.S: v5.14 gave the entries their el1h_64_ names.
// arch/powerpc/kernel/exceptions-64s.S; newer kernels append "_virt" and "_real".
// arch/s390/kernel/entry.S.
// arch/riscv/kernel/entry.S has one entry for all; what it calls tells them apart (traps.c; before v6.4 do_IRQ in
// irq.c).
constexpr std::array<std::string_view, 31> kHardirqEntries = {"asm_sysvec_*",
                                                              "asm_common_interrupt",
                                                              "asm_spurious_interrupt",
                                                              "common_interrupt",
                                                              "ret_from_intr",
                                                              "apic_timer_interrupt",
                                                              "reschedule_interrupt",
                                                              "call_function_*",
                                                              "reboot_interrupt",
                                                              "vectors",
                                                              "el1h_64_irq*",
                                                              "el1h_64_fiq*",
                                                              "el1_irq",
                                                              "el1_fiq",
                                                              "el1_interrupt",
                                                              "el0t_64_irq*",
                                                              "el0t_32_irq*",
                                                              "el0_irq*",
                                                              "el0_fiq*",
                                                              "el0_interrupt",
                                                              "call_on_irq_stack",
                                                              "decrementer_common*",
                                                              "hardware_interrupt_common*",
                                                              "doorbell_super_common*",
                                                              "h_doorbell_common*",
                                                              "h_virt_irq_common*",
                                                              "performance_monitor_common*",
                                                              "do_irq",
                                                              "do_IRQ",
                                                              "ext_int_handler",
                                                              "io_int_handler"};
constexpr std::array<std::string_view, 29> kExceptionEntries = {"asm_exc_*",
                                                                "error_entry",
                                                                "page_fault",
                                                                "general_protection",
                                                                "invalid_op",
                                                                "double_fault",
                                                                "divide_error",
                                                                "int3",
                                                                "stack_segment",
                                                                "async_page_fault",
                                                                "machine_check",
                                                                "error_return",
                                                                "el1_sync*",
                                                                "el1h_64_sync*",
                                                                "el1_dbg",
                                                                "el1h_64_error*",
                                                                "el1_error*",
                                                                "data_access_*",
                                                                "instruction_access_*",
                                                                "program_check_common*",
                                                                "alignment_common*",
                                                                "facility_unavailable_*",
                                                                "do_trap_insn_*",
                                                                "do_trap_load_*",
                                                                "do_trap_store_*",
                                                                "do_trap_break",
                                                                "do_trap_unknown",
                                                                "do_page_fault",
                                                                "pgm_check_handler"};
constexpr std::array<std::string_view, 14> kSystemCallEntries = {
    "entry_SYSCALL_64*", "entry_SYSENTER_*", "entry_INT80_*",    "system_call*", "sysret_check",
    "el0t_64_sync*",     "el0t_32_sync*",    "el0_sync*",        "el0_svc*",     "el0_da",
    "syscall_exit*",     "do_trap_ecall_u",  "ret_from_syscall", "__do_syscall"};

constexpr std::array<std::string_view, 3> kSoftirqLoops = {"__do_softirq", "handle_softirqs",
                                                           "__softirqentry_text_start"};

constexpr std::array<std::string_view, 9> kPanicCode = {
    "panic",         "vpanic",           "nmi_panic", "__crash_kexec",     "crash_kexec",
    "machine_kexec", "crash_setup_regs", "oops_end",  "sysrq_handle_crash"};
constexpr std::array<std::string_view, 15> kStoppedCode = {
    "local_cpu_stop",         "ipi_cpu_stop",         "ipi_cpu_crash_stop",    "stop_this_cpu",
    "crash_nmi_callback",     "kdump_nmi_callback",   "panic_smp_self_stop",   "nmi_panic_self_stop",
    "sysvec_reboot",          "smp_reboot_interrupt", "smp_stop_nmi_callback", "nmi_shootdown_cpus",
    "native_stop_other_cpus", "crash_ipi_callback",   "nmi_stop_this_cpu"};

// The detectors of lockups and stalls, which report from the timer interrupt of the very CPU that hangs.
constexpr std::array<std::string_view, 9> kDetectorCode = {"soft_nmi_interrupt",
                                                           "wd_lockup_ipi",
                                                           "watchdog_smp_panic",
                                                           "watchdog_timer_fn",
                                                           "watchdog_overflow_callback",
                                                           "watchdog_hardlockup_check",
                                                           "check_cpu_stall",
                                                           "print_cpu_stall",
                                                           "print_other_cpu_stall"};

struct KnownWait {
  std::string_view pattern;
  BusyWait kind;
};
constexpr std::array<KnownWait, 28> kBusyWaits = {{
    {"multi_cpu_stop", BusyWait::kStopMachine},
    {"stop_machine_yield", BusyWait::kStopMachine},
    {"smp_call_function_many*", BusyWait::kIpi},
    {"smp_call_function_single*", BusyWait::kIpi},
    {"csd_lock_wait", BusyWait::kIpi},
    {"__csd_lock_wait", BusyWait::kIpi},
    {"generic_exec_single", BusyWait::kIpi},
    {"native_queued_spin_lock_slowpath", BusyWait::kSpinlock},
    {"__pv_queued_spin_lock_slowpath", BusyWait::kSpinlock},
    {"queued_spin_lock_slowpath", BusyWait::kSpinlock},
    {"queued_read_lock_slowpath", BusyWait::kSpinlock},
    {"queued_write_lock_slowpath", BusyWait::kSpinlock},
    {"_raw_spin_lock*", BusyWait::kSpinlock},
    {"_raw_read_lock*", BusyWait::kSpinlock},
    {"_raw_write_lock*", BusyWait::kSpinlock},
    {"pv_wait*", BusyWait::kSpinlock},
    {"kvm_wait", BusyWait::kSpinlock},
    {"__ticket_spin_lock", BusyWait::kSpinlock},
    {"__spin_yield", BusyWait::kSpinlock},
    {"splpar_spin_yield", BusyWait::kSpinlock},
    {"__rw_yield", BusyWait::kSpinlock},
    {"splpar_rw_yield", BusyWait::kSpinlock},
    {"osq_lock", BusyWait::kOwnerSpin},
    {"mutex_spin_on_owner", BusyWait::kOwnerSpin},
    {"rwsem_spin_on_owner", BusyWait::kOwnerSpin},
    {"console_trylock_spinning", BusyWait::kConsole},
    {"serial8250_console_write", BusyWait::kConsole},
    {"wait_for_xmitr", BusyWait::kConsole},
}};

constexpr std::array<std::string_view, 30> kYields = {"schedule*",
                                                      "__schedule",
                                                      "__cond_resched*",
                                                      "_cond_resched",
                                                      "cond_resched*",
                                                      "might_resched",
                                                      "preempt_schedule*",
                                                      "__SCT__cond_resched",
                                                      "__SCT__might_resched",
                                                      "__SCT__preempt_schedule*",
                                                      "dynamic_cond_resched",
                                                      "dynamic_might_resched",
                                                      "yield",
                                                      "yield_to",
                                                      "msleep*",
                                                      "usleep_range*",
                                                      "io_schedule*",
                                                      "wait_for_completion*",
                                                      "__wait_for_common",
                                                      "mutex_lock*",
                                                      "__mutex_lock*",
                                                      "down",
                                                      "down_*",
                                                      "wait_woken",
                                                      "__might_sleep",
                                                      "__might_resched",
                                                      "kthread_parkme",
                                                      "ssleep",
                                                      "fsleep",
                                                      "wait_on_bit*"};

}  // namespace

std::string_view base_name(std::string_view function) {
  // A leading dot belongs to the name (ppc64 ELFv1); what compilers append starts at a later one.
  const std::size_t dot = function.find('.', 1);
  return dot == std::string_view::npos ? function : function.substr(0, dot);
}

std::optional<EntryKind> entry_kind(std::string_view function) {
  if (any_matches(kNmiEntries, function)) return EntryKind::kNmi;
  if (any_matches(kHardirqEntries, function)) return EntryKind::kHardirq;
  if (any_matches(kExceptionEntries, function)) return EntryKind::kException;
  if (any_matches(kSystemCallEntries, function)) return EntryKind::kSystemCall;
  return std::nullopt;
}

bool is_just_entering(std::string_view function) {
  // The vectors of arm64, the one of riscv64, then ppc64's.
  return function == "vectors" || function == "handle_exception" || function.starts_with("exc_virt_") ||
         function.starts_with("exc_real_") || function.ends_with("_pSeries");
}

bool runs_softirqs(std::string_view function) {
  return any_matches(kSoftirqLoops, function);
}

std::optional<DumpCode> dump_code(std::string_view function) {
  if (any_matches(kPanicCode, function)) return DumpCode::kPanic;
  if (any_matches(kStoppedCode, function)) return DumpCode::kStoppedByPanic;
  // arch/riscv/kernel/smp.c: ipi_stop() is part of it.
  if (base_name(function) == "handle_IPI") return DumpCode::kStoppedIfOffline;
  if (any_matches(kDetectorCode, function)) return DumpCode::kDetector;
  return std::nullopt;
}

std::optional<BusyWait> busy_wait(std::string_view function) {
  const std::string_view name = base_name(function);
  for (const KnownWait& wait : kBusyWaits) {
    if (matches_pattern(wait.pattern, name)) return wait.kind;
  }
  return std::nullopt;
}

std::string_view name_of(BusyWait wait) {
  switch (wait) {
    case BusyWait::kStopMachine: return "stop-machine";
    case BusyWait::kIpi: return "ipi";
    case BusyWait::kSpinlock: return "spinlock";
    case BusyWait::kOwnerSpin: return "owner-spin";
    case BusyWait::kConsole: return "console";
  }
  return "";
}

bool starts_kernel_thread(std::string_view function) {
  return base_name(function) == "kthread";
}

bool precedes_thread_function(std::string_view function) {
  constexpr std::array<std::string_view, 7> kBefore = {
      "schedule*", "__schedule", "complete*", "kthread_parkme", "__kthread_parkme", "do_exit", "_cond_resched"};
  return any_matches(kBefore, function);
}

bool may_yield(std::string_view function) {
  return any_matches(kYields, function);
}

bool is_return_thunk(std::string_view function) {
  // arch/s390/lib/expoline.S; compilers make such a function for each register where there are none.
  return base_name(function).ends_with("return_thunk") || function.starts_with("__s390_indirect_jump_r14");
}

}  // namespace whyhung::kernel
