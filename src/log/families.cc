// SPDX-License-Identifier: GPL-2.0-or-later
// The table of message families. To add one: a function in a family_*.cc and its line here.
#include <array>

#include "log/reader.h"

namespace whyhung::log {
namespace {

constexpr auto kFamilies = std::to_array<Family>({
    // hung_task and task dumps
    {" blocked for more than ", read_hung_task},
    {" blocked in I/O wait for more than ", read_hung_task},
    {"is blocked on a mutex likely owned by task", read_mutex_blocker},
    {"blocked on a semaphore likely last held by task", read_semaphore_blocker},
    {"blocked on an rw-semaphore likely owned by task", read_rw_semaphore_blocker},
    {"owner is not found", read_unknown_blocker},
    {"last holder is not found", read_unknown_blocker},
    {" state:", read_task_header},
    {"COMMAND: ", read_debugger_header},
    {"COMM: ", read_debugger_header},
    {"stack_trace(", read_drgn_header},
    {"[exception RIP: ", read_interrupted},
    {"/stack", read_stack_file},
    {"CPU: ", read_cpu_line},
    {"Pid: ", read_old_cpu_line},
    {"Workqueue: ", read_work_of_task},
    {"sysrq: ", read_sysrq},
    {"SysRq : ", read_sysrq},
    {"Future hung task reports are suppressed", read_no_more_reports},
    // registers
    {"RIP: 0010:", read_program_counter},
    {"RIP: 0033:", read_user_program_counter},
    {"pc : ", read_program_counter},
    {"PC is at ", read_program_counter},
    {"epc : ", read_program_counter},
    {"EIP: ", read_program_counter},
    {"EIP is at ", read_program_counter},
    {"NIP [", read_program_counter},
    {"FLAGS: ", read_flags},
    {"pstate: ", read_pstate},
    {"MSR:", read_msr},
    {"Krnl PSW", read_psw},
    {"EX:", read_psw},
    {"badaddr:", read_riscv_status},
    {"Hardware name:", read_hardware},
    {"DMI: ", read_hardware},
    // watchdogs, calls to other CPUs, spinlocks
    {"soft lockup - CPU#", read_soft_lockup},
    {"detected hard LOCKUP on cpu ", read_hard_lockup},
    {"self-detected hard LOCKUP", read_power_hard_lockup},
    {" Hard LOCKUP", read_power_hard_lockup},
    {"detected hard LOCKUP on other CPUs ", read_power_hard_lockup},
    {"became unstuck", read_unstuck_cpu},
    {"NMI backtrace for cpu ", read_nmi_backtrace},
    {"Task dump for CPU ", read_task_dump_for_cpu},
    {"non-responsive CSD lock", read_deaf_call},
    {"got unstuck on CPU#", read_answered_call},
    {"spinlock lockup", read_spin_report},
    {"spinlock recursion", read_spin_report},
    {".owner_cpu: ", read_spin_owner},
    // RCU
    {"detected stalls on CPUs/tasks", read_stall},
    {"self-detected stall on CPU", read_stall},
    {"detected stall on CPU ", read_old_stall},
    {"detected expedited stalls", read_expedited_stall},
    {"this GP)", read_stalled_cpu},
    {"GPs behind)", read_stalled_cpu},
    {"GP behind)", read_stalled_cpu},
    {"(detected by ", read_stall_duration},
    {"(t=", read_stall_duration},
    {"Tasks blocked on level-", read_stalled_tasks},
    {"kthread starved for ", read_starved_thread},
    {"kthread timer wakeup didn't happen", read_missing_timer},
    {"Stall ended before state dump start", read_ended_stall},
    {"detected stalls on tasks", read_tasks_stall},
    {"holdout: ", read_tasks_holdout},
    {"jiffies old", read_old_grace_period},
    // workqueues and the freezer
    {"workqueue lockup - pool", read_pool_lockup},
    {"Showing busy workqueues", read_busy_list},
    {"workqueue ", read_queue},
    {"pwq ", read_pool_of_queue},
    {"in-flight: ", read_works_in_flight},
    {"pending: ", read_works_pending},
    {"inactive: ", read_works_inactive},
    {"delayed: ", read_works_inactive},
    {"hung=", read_pool},
    {"Showing backtraces of busy workers", read_busy_workers},
    {"Showing backtraces of running workers", read_busy_workers},
    {"hogged CPU for >", read_work_hogs},
    {"refusing to freeze", read_freeze_refused},
    {"Freezing of tasks failed", read_freeze_refused},
    {"Freezing user space processes failed", read_freeze_refused},
    {"Freezing user space processes aborted", read_freeze_refused},
    {"Freezing remaining freezable tasks failed", read_freeze_refused},
    {"Freezing user space processes completed", read_frozen},
    {"Freezing user space processes ... (elapsed", read_frozen},
    // lockdep
    {"held by ", read_lock_count},
    {"all locks held in the system", read_all_locks},
    {"at: ", read_held_lock},
    {"){", read_lock_entry},
    {"possible circular locking dependency", read_circular},
    {"possible recursive locking", read_recursive},
    {"inconsistent lock state", read_inconsistent},
    {"is trying to acquire lock", read_wanted_lock},
    {"-> #", read_chain_entry},
    {"sleeping function called from invalid context", read_atomic_sleep},
    {"scheduling while atomic", read_atomic_sleep},
    {"lockdep is turned off", read_lockdep_off},
    // crashes
    {"Kernel panic - not syncing: ", read_panic},
    {"BUG: unable to handle", read_oops},
    {"BUG: kernel NULL pointer", read_oops},
    {"general protection fault", read_oops},
    {"kernel BUG at ", read_oops},
    {"Internal error: ", read_oops},
    {"Unable to handle kernel ", read_oops},
    {"WARNING: CPU: ", read_warning},
    {"---[ end trace", read_end_of_trace},
    // memory
    {"invoked oom-killer", read_oom},
    {"Out of memory: ", read_oom},
    {"Memory cgroup out of memory", read_oom},
    {"page allocation failure", read_allocation_failure},
    {"page allocation stall", read_allocation_failure},
    // clocks, suspend, hypervisors
    {"timekeeping watchdog on CPU", read_clock},
    {"as unstable because", read_clock},
    {"tsc unstable", read_clock},
    {"Time has been changed", read_clock, true},
    {"Time jumped backwards", read_clock, true},
    {"Clock change detected", read_clock, true},
    {"hrtimer: interrupt took ", read_long_interrupt},
    {"RT throttling activated", read_rt_throttled},
    {"PM: suspend entry", read_suspend},
    {"PM: hibernation entry", read_suspend},
    {"PM: hibernation: hibernation entry", read_suspend},
    {"PM: Syncing filesystems", read_suspend},
    {"PM: suspend exit", read_resume},
    {"PM: resume", read_resume},
    {"hibernation exit", read_resume},
    {"Waking up from system sleep state", read_resume},
    {"reseeded on system resumption", read_resume},
    {"reseeded due to virtual machine fork", read_resume},
    {"Hypervisor detected", read_guest},
    {"Booting paravirtualized kernel", read_guest},
    {"kvm-clock", read_guest},
    {"hv_vmbus", read_guest},
    {"hv clocksource", read_guest},
    {"Linux version ", read_version},
    // losses
    {"printk messages dropped", read_dropped},
    {"messages dropped", read_dropped},
    {"kernel messages", read_dropped, true},
    {"callbacks suppressed", read_suppressed},
    // file systems and the network
    {"guest-fsfreeze", read_freeze, true},
    {"fsfreeze", read_freeze, true},
    {"reezing filesystem", read_freeze, true},
    {"hawing filesystem", read_thaw, true},
    {" to become free", read_device_kept},
    {"ink is Down", read_link_lost},
    {"EXT4-fs error", read_file_system_error},
    {"Remounting filesystem read-only", read_file_system_error},
    {"metadata I/O error", read_file_system_error},
    {"log I/O error", read_file_system_error},
    // devices
    {"timeout, completion polled", read_nvme},
    {"timeout, aborting", read_nvme},
    {"timeout, reset controller", read_nvme},
    {"timeout, disable controller", read_nvme},
    {"Device not ready; aborting", read_nvme},
    {"controller is down; will reset", read_nvme},
    {"FAILED Result: ", read_device_trouble},
    {"timing out command", read_device_trouble},
    {"task abort", read_device_trouble},
    {"ttempting task abort", read_device_trouble},
    {"rejecting I/O to", read_device_trouble},
    {"exception Emask", read_device_trouble},
    {"qc timeout", read_device_trouble},
    {"link is slow to respond", read_device_trouble},
    {"Timeout waiting for hardware", read_device_trouble},
    {"host controller not responding", read_device_trouble},
    {"HC died", read_device_trouble},
    {"detected conn error", read_device_trouble},
    {"session recovery timed out", read_device_trouble},
    {"remote port time out", read_device_trouble},
    {"Connection timed out", read_nbd},
    {"ossible stuck request", read_nbd},
    {"Disabling device after reset failure", read_nvme},
    {"timeout. Will cause a leak", read_device_trouble},
    {"GPU reset(", read_gpu_reset},
    {"PingAck did not arrive", read_device_trouble},
    {"eh_abort_handler", read_device_trouble},
    {"eh_device_reset_handler", read_device_trouble},
    {"Failing path ", read_device_trouble},
    {"out-of-data-space (queue IO)", read_device_trouble},
    {"uncorrectable I/O failure and has been suspended", read_suspended_pool},
    {"ufshcd_abort: ", read_device_trouble},
    {"ufshcd_try_to_abort_task: ", read_device_trouble},
    {"task management cmd", read_device_trouble},
    {"NETDEV WATCHDOG: ", read_device_trouble},
    {"NVRM: Xid", read_device_trouble},
    {"GPU HANG", read_device_trouble},
    {" timeout, signaled seq", read_device_trouble},
    {"I/O error, dev ", read_io_error},
    {"I/O error on dev ", read_io_error},
    // servers
    {"not responding, still trying", read_server_silent},
    {"not responding, timed out", read_server_silent},
    {"has not responded in", read_server_silent},
    {"libceph: ", read_server_silent},
    {"ceph: mds", read_server_silent},
    {" was lost; in progress operations", read_server_silent},
    {" OK", read_server_answers},
    {"session established", read_server_answers},
});

constexpr auto kKeptWords = std::to_array<std::string_view>({
    "+0x",
    "Call Trace:",
    "Call trace:",
    "<TASK>",
    "</TASK>",
    "<IRQ>",
    "</IRQ>",
    "<NMI>",
    "</NMI>",
    "RSP: ",
    "Backtrace:",
    "[<",
    "running task",
    "-- Boot ",
    "-- Reboot --",
    "Booting Linux on physical CPU",
    "Panic#",
    "Oops#",
    "PC stack   pid father",
    "console",
    "Oops: ",
    "watchdog",
    "Command line: ",
});

}  // namespace

std::span<const Family> families() {
  return kFamilies;
}

const TriggerSet& family_triggers() {
  static const TriggerSet set = [] {
    std::array<std::string_view, kFamilies.size()> words;
    for (std::size_t i = 0; i < words.size(); ++i) words[i] = kFamilies[i].trigger;
    return TriggerSet(words);
  }();
  return set;
}

const TriggerSet& kept_triggers() {
  static const TriggerSet set = [] {
    std::array<std::string_view, kFamilies.size() + kKeptWords.size()> words;
    for (std::size_t i = 0; i < kFamilies.size(); ++i) words[i] = kFamilies[i].trigger;
    for (std::size_t i = 0; i < kKeptWords.size(); ++i) words[kFamilies.size() + i] = kKeptWords[i];
    return TriggerSet(words);
  }();
  return set;
}

}  // namespace whyhung::log
