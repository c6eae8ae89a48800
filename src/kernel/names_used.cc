// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/names_used.h"

#include <array>

namespace whyhung::kernel {
namespace {

// Only names that every kernel of the last years has: looking for one that is not there means looking everywhere. Names
// of some kernels only are asked for when something says that they exist.
constexpr std::array<std::string_view, 33> kSymbols = {"init_task",
                                                       "init_pid_ns",
                                                       "__per_cpu_offset",
                                                       "nr_cpu_ids",
                                                       "__cpu_possible_mask",
                                                       "__cpu_online_mask",
                                                       "runqueues",
                                                       "cpu_stopper",
                                                       "modules",
                                                       "task_state_array",
                                                       "__irq_regs",
                                                       "ksoftirqd",
                                                       "crash_notes",
                                                       "watchdog_touch_ts",
                                                       "hrtimer_interrupts",
                                                       "watchdog_thresh",
                                                       "init_uts_ns",
                                                       "avenrun",
                                                       "node_data",
                                                       "nr_node_ids",
                                                       "panic_cpu",
                                                       "prb",
                                                       "call_single_queue",
                                                       "__start_init_task",
                                                       "__end_init_task",
                                                       "pcpu_hot",
                                                       "current_task",
                                                       "__preempt_count",
                                                       "irq_stat",
                                                       "__softirq_pending",
                                                       "tk_core",
                                                       "hrtimer_interrupts_saved",
                                                       "preempt_dynamic_mode"};

constexpr std::array<std::string_view, 29> kTypes = {
    "task_struct",       "thread_info",   "signal_struct", "pid",
    "pid_namespace",     "xarray",        "xa_node",       "rq",
    "kthread",           "cpu_stopper",   "cpu_stop_work", "multi_stop_data",
    "cpu_stop_done",     "module",        "mod_kallsyms",  "inactive_task_frame",
    "uts_namespace",     "timekeeper",    "pglist_data",   "printk_ringbuffer",
    "prb_desc",          "printk_info",   "prb_desc_ring", "prb_data_ring",
    "prb_data_blk_lpos", "irq_cpustat_t", "vm_struct",     "pt_regs",
    "thread_union"};

struct Conditional {
  std::string_view type;
  std::string_view symbol;
  bool when_present;
};
constexpr std::array<Conditional, 2> kConditionalTypes = {
    {{"pcpu_hot", "pcpu_hot", true}, {"orc_entry", "__start_orc_header", false}}};

constexpr std::array<std::string_view, 5> kEnumerators = {
    "MULTI_STOP_NONE", "MULTI_STOP_PREPARE", "MULTI_STOP_DISABLE_IRQ", "MULTI_STOP_RUN", "MULTI_STOP_EXIT"};

// Of one that was moved or split, both; all types of a file are looked at before the next one is.
constexpr std::array<std::string_view, 23> kSources = {"kernel/sched/core.c",    // schedule, runqueues
                                                       "kernel/stop_machine.c",  // multi_cpu_stop, cpu_stopper
                                                       "kernel/module/main.c",
                                                       "kernel/module.c",            // modules
                                                       "kernel/kthread.c",           // kthread
                                                       "kernel/pid.c",               // init_pid_ns
                                                       "init/version.c",             // init_uts_ns
                                                       "kernel/time/timekeeping.c",  // tk_core
                                                       "kernel/printk/printk.c",
                                                       "kernel/printk.c",     // prb, log_buf
                                                       "kernel/softirq.c",    // irq_stat, ksoftirqd
                                                       "kernel/watchdog.c",   // watchdog_touch_ts
                                                       "kernel/workqueue.c",  // process_one_work
                                                       "kernel/locking/mutex.c",
                                                       "kernel/mutex.c",  // __mutex_lock
                                                       "kernel/locking/rwsem.c",
                                                       "lib/rwsem.c",  // rwsem_down_read_slowpath
                                                       "kernel/locking/semaphore.c",
                                                       "kernel/semaphore.c",      // __down
                                                       "kernel/rcu/tree.c",       // rcu_state
                                                       "mm/vmalloc.c",            // vmap_area_list
                                                       "mm/mmzone.c",             // first_online_pgdat
                                                       "kernel/time/hrtimer.c"};  // hrtimer_interrupt

constexpr std::string_view kWords[] = {
#include <kernel/words_used.inc>
};

}  // namespace

std::span<const std::string_view> symbols_used() {
  return kSymbols;
}
std::span<const std::string_view> symbols_of_every_kernel() {
  static constexpr std::array<std::string_view, 8> kAlways = {"init_task",  "init_pid_ns",     "__per_cpu_offset",
                                                              "nr_cpu_ids", "runqueues",       "cpu_stopper",
                                                              "modules",    "task_state_array"};
  return kAlways;
}
std::vector<std::string_view> types_used(debuginfo::SymbolSource& symbols) {
  std::vector<std::string_view> types(kTypes.begin(), kTypes.end());
  for (const Conditional& one : kConditionalTypes) {
    if (symbols.address_of(one.symbol).has_value() == one.when_present) types.push_back(one.type);
  }
  return types;
}
std::span<const std::string_view> enumerators_used() {
  return kEnumerators;
}
std::span<const std::string_view> words_used() {
  return kWords;
}
std::span<const std::string_view> sources_used() {
  return kSources;
}

}  // namespace whyhung::kernel
