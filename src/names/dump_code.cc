// SPDX-License-Identifier: GPL-2.0-or-later
// What a CPU does because somebody panicked, a dump is taken, or a detector of hangs reports.
#include "names/rows.h"

namespace whyhung::names {
namespace {

using enum Meaning;

constexpr auto kRows = std::to_array<Row>({
    {"panic", kPanics},
    {"vpanic", kPanics},
    {"nmi_panic", kPanics},
    {"__crash_kexec", kPanics},
    {"crash_kexec", kPanics},
    {"machine_kexec", kPanics},
    {"crash_setup_regs", kPanics},
    {"oops_end", kPanics},
    {"sysrq_handle_crash", kPanics},
    {"local_cpu_stop", kStopsForDump},
    {"ipi_cpu_stop", kStopsForDump},
    {"ipi_cpu_crash_stop", kStopsForDump},
    {"stop_this_cpu", kStopsForDump},
    {"crash_nmi_callback", kStopsForDump},
    {"kdump_nmi_callback", kStopsForDump},
    {"panic_smp_self_stop", kStopsForDump},
    {"nmi_panic_self_stop", kStopsForDump},
    {"sysvec_reboot", kStopsForDump},
    {"smp_reboot_interrupt", kStopsForDump},
    {"smp_stop_nmi_callback", kStopsForDump},
    {"nmi_shootdown_cpus", kStopsForDump},
    {"native_stop_other_cpus", kStopsForDump},
    {"crash_ipi_callback", kStopsForDump},
    {"nmi_stop_this_cpu", kStopsForDump},
    // arch/riscv/kernel/smp.c: ipi_stop() is part of it; the CPU then takes itself off the mask of those that are
    // online.
    {"handle_IPI", kServesStopIpi},
    {"soft_nmi_interrupt", kDetectsHang},
    {"wd_lockup_ipi", kDetectsHang},
    {"watchdog_smp_panic", kDetectsHang},
    {"watchdog_timer_fn", kDetectsHang},
    {"watchdog_overflow_callback", kDetectsHang},
    {"watchdog_hardlockup_check", kDetectsHang},
    {"check_cpu_stall", kDetectsHang},
    {"print_cpu_stall", kDetectsHang},
    {"print_other_cpu_stall", kDetectsHang},
    // Of other CPUs, and on those: lib/nmi_backtrace.c, kernel/rcu/tree_stall.h.
    {"nmi_trigger_cpumask_backtrace", kDetectsHang},
    {"nmi_cpu_backtrace", kDetectsHang},
    {"nmi_cpu_backtrace_handler", kDetectsHang},
    {"rcu_dump_cpu_stacks", kDetectsHang},
});

}  // namespace

std::span<const Row> dump_rows() {
  return kRows;
}

}  // namespace whyhung::names
