// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/names_used.h"

#include <array>

namespace whyhung::kernel {
namespace {

constexpr std::array<std::string_view, 35> kSymbols = {
    "init_task",          "init_pid_ns",      "__per_cpu_offset",   "nr_cpu_ids",
    "__cpu_possible_mask", "__cpu_online_mask", "runqueues",         "current_task",
    "pcpu_hot",           "cpu_stopper",      "modules",            "task_state_array",
    "__preempt_count",    "irq_stat",         "__softirq_pending",  "__irq_regs",
    "ksoftirqd",          "crash_notes",      "watchdog_touch_ts",  "hrtimer_interrupts",
    "hrtimer_interrupts_saved", "watchdog_thresh", "preempt_dynamic_mode", "init_uts_ns",
    "tk_core",            "avenrun",          "node_data",          "nr_node_ids",
    "panic_cpu",          "crashing_cpu",     "prb",                "multi_cpu_stop",
    "_totalram_pages",    "__cpu_present_mask", "call_single_queue"};

constexpr std::array<std::string_view, 38> kTypes = {
    "task_struct",   "thread_info",       "thread_union",       "signal_struct",     "pid",
    "pid_namespace", "xarray",            "xa_node",            "rq",                "pcpu_hot",
    "irq_cpustat_t", "kthread",           "cpu_stopper",        "cpu_stop_work",     "multi_stop_data",
    "cpu_stop_done", "module",            "module_memory",      "mod_kallsyms",      "inactive_task_frame",
    "uts_namespace", "timekeeper",        "tk_data",            "pglist_data",       "printk_ringbuffer",
    "prb_desc",      "printk_info",       "prb_desc_ring",      "prb_data_ring",     "prb_data_blk_lpos",
    "orc_entry",     "completion",        "mm_struct",          "thread_struct",     "sched_info",
    "idr",           "mod_arch_specific", "module_layout"};

constexpr std::array<std::string_view, 5> kEnumerators = {"MULTI_STOP_NONE", "MULTI_STOP_PREPARE",
                                                          "MULTI_STOP_DISABLE_IRQ", "MULTI_STOP_RUN",
                                                          "MULTI_STOP_EXIT"};

}  // namespace

std::span<const std::string_view> symbols_used() { return kSymbols; }
std::span<const std::string_view> types_used() { return kTypes; }
std::span<const std::string_view> enumerators_used() { return kEnumerators; }

}  // namespace whyhung::kernel
