// SPDX-License-Identifier: GPL-2.0-or-later
// Loops in which the kernel waits for another CPU with its own CPU held, and stop_machine.
#include "names/rows.h"

namespace whyhung::names {
namespace {

using enum Meaning;

constexpr auto kRows = std::to_array<Row>({
    {"multi_cpu_stop", kSpinsInStopMachine},
    {"stop_machine_yield", kSpinsInStopMachine},
    {"multi_cpu_stop", kMultiCpuStop},
    {"stop_machine", kAsksForStopMachine},
    {"stop_machine_cpuslocked", kAsksForStopMachine},
    {"__stop_machine", kAsksForStopMachine},
    {"stop_cpus", kAsksForStopMachine},
    {"__stop_cpus", kAsksForStopMachine},
    {"stop_core_cpuslocked", kAsksForStopMachine},
    {"stop_machine_from_inactive_cpu", kAsksForStopMachine},
    {"smp_call_function_many*", kSpinsForIpi},
    {"smp_call_function_single*", kSpinsForIpi},
    {"csd_lock_wait", kSpinsForIpi},
    {"__csd_lock_wait", kSpinsForIpi},
    {"generic_exec_single", kSpinsForIpi},
    {"native_queued_spin_lock_slowpath", kSpinsForLock},
    {"__pv_queued_spin_lock_slowpath", kSpinsForLock},
    {"queued_spin_lock_slowpath", kSpinsForLock},
    {"queued_read_lock_slowpath", kSpinsForLock},
    {"queued_write_lock_slowpath", kSpinsForLock},
    {"_raw_spin_lock*", kSpinsForLock},
    {"_raw_read_lock*", kSpinsForLock},
    {"_raw_write_lock*", kSpinsForLock},
    {"pv_wait*", kSpinsForLock},
    {"kvm_wait", kSpinsForLock},
    {"__ticket_spin_lock", kSpinsForLock},
    {"__spin_yield", kSpinsForLock},
    {"splpar_spin_yield", kSpinsForLock},
    {"__rw_yield", kSpinsForLock},
    {"splpar_rw_yield", kSpinsForLock},
    {"do_raw_spin_lock*", kSpinLockCode},
    {"do_raw_read_lock*", kSpinLockCode},
    {"do_raw_write_lock*", kSpinLockCode},
    {"__raw_spin_lock*", kSpinLockCode},
    {"__raw_read_lock*", kSpinLockCode},
    {"__raw_write_lock*", kSpinLockCode},
    {"arch_spin_lock*", kSpinLockCode},
    {"arch_read_lock*", kSpinLockCode},
    {"arch_write_lock*", kSpinLockCode},
    {"queued_spin_lock*", kSpinLockCode},
    {"queued_read_lock*", kSpinLockCode},
    {"queued_write_lock*", kSpinLockCode},
    {"native_queued_spin_lock*", kSpinLockCode},
    {"__pv_queued_spin_lock*", kSpinLockCode},
    {"__ticket_spin_lock*", kSpinLockCode},
    {"_spin_lock*", kSpinLockCode},
    {"_read_lock*", kSpinLockCode},
    {"_write_lock*", kSpinLockCode},
    {"spin_lock*", kSpinLockCode},
    {"read_lock*", kSpinLockCode},
    {"write_lock*", kSpinLockCode},
    {"osq_lock", kSpinsForOwner},
    {"mutex_spin_on_owner", kSpinsForOwner},
    {"rwsem_spin_on_owner", kSpinsForOwner},
    // kernel/time/timer.c, hrtimer.c; kernel/softirq.c: while another CPU runs what is to be ended.
    {"del_timer_sync", kSpinsForCallback},
    {"timer_delete_sync", kSpinsForCallback},
    {"__timer_delete_sync", kSpinsForCallback},
    {"timer_shutdown_sync", kSpinsForCallback},
    {"hrtimer_cancel", kSpinsForCallback},
    {"tasklet_unlock_spin_wait", kSpinsForCallback},
    {"tasklet_disable_in_atomic", kSpinsForCallback},
    {"console_trylock_spinning", kSpinsForConsole},
    {"serial8250_console_write", kSpinsForConsole},
    {"wait_for_xmitr", kSpinsForConsole},
});

}  // namespace

std::span<const Row> spin_rows() {
  return kRows;
}

}  // namespace whyhung::names
