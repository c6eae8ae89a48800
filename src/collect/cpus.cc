// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/cpus.h"

#include <algorithm>
#include <span>

#include "collect/contexts.h"
#include "collect/cpu_registers.h"
#include "collect/loop.h"
#include "collect/memory_traces.h"
#include "collect/stacks.h"
#include "collect/tasks.h"
#include "collect/waits/spinlocks.h"
#include "kernel/watchdog.h"
#include "model/gap_kinds.h"

namespace whyhung::collect {
namespace {

model::Task* find_task(Workbench& bench, std::uint64_t address) {
  auto& tasks = bench.snapshot.tasks;
  const auto found = std::ranges::find(tasks, address, &model::Task::address);
  return found == tasks.end() ? nullptr : &*found;
}

void read_runqueue(Workbench& bench, model::Cpu& cpu) {
  const auto address = bench.percpu().find("runqueues", cpu.number);
  if (!address) return;
  const VirtualMemory& memory = bench.access.memory;
  const kernel::RunqueueView& view = bench.runqueues;
  model::RunqueueState& out = cpu.runqueue;
  const auto current = view.current.read_pointer(memory, *address);
  if (current) {
    out.current_task = current->value;
  } else if (view.current.exists()) {
    bench.gap(std::string(model::kGapRunqueues),
              to_error(current.error(), fmt::format("that of CPU {}", cpu.number)).what);
  }
  if (const auto task = view.idle.read_pointer(memory, *address)) out.idle_task = task->value;
  if (const auto clock = view.clock_of(memory, *address)) out.clock = *clock;
  if (const auto count = view.nr_running.read(memory, *address)) out.running_count = *count;
  if (const auto count = view.nr_switches.read(memory, *address)) out.switch_count = *count;
}

void read_stopper(Workbench& bench, model::Cpu& cpu) {
  const auto state = bench.stoppers.stopper(bench.access, bench.percpu(), cpu.number);
  if (!state) return;
  model::Stopper& out = cpu.stopper.emplace();
  out.task = state->thread.value;
  out.enabled = state->enabled;
  if (state->running_function) out.running_function = bench.function_name(*state->running_function);
  for (const kernel::StopperState::Work& work : state->pending) {
    out.pending.push_back(
        {work.address.value, bench.function_name(work.function), work.argument.value, work.done.value});
  }
  if (!state->broken.empty()) bench.gap(fmt::format("stopper work of CPU {}", cpu.number), state->broken);
}

void read_interrupt_state(Workbench& bench, model::Cpu& cpu) {
  const kernel::PerCpu& percpu = bench.percpu();
  if (const auto count = bench.interrupts.preempt_count(bench.access, percpu, cpu.number, VirtualAddress(cpu.task))) {
    cpu.preempt_count = count->raw;
    bench.snapshot.machine.preempt_count_member = count->member;
    if (count->tells_reschedule) cpu.need_resched = count->wants_reschedule();
  }
  cpu.softirq_pending = bench.interrupts.softirq_pending(bench.access, percpu, cpu.number);
  if (const auto daemon = bench.interrupts.softirq_daemon(bench.access, percpu, cpu.number)) {
    cpu.softirq_daemon = daemon->value;
  }
  if (const auto queue = percpu.find("call_single_queue", cpu.number)) {
    // v3.13 (0ebeb79ce99c): an llist, whose head is NULL when it is empty; before, a list that is linked to itself.
    const auto first = bench.access.memory.read_pointer(*queue);
    if (first) cpu.function_call_pending = !first->is_null() && *first != *queue;
  }
  const kernel::WatchdogNotes notes = kernel::read_watchdog(bench.access, percpu, cpu.number);
  cpu.watchdog = {notes.touched, notes.timer_interrupts, notes.timer_interrupts_seen};
}

// The task that runs on the CPU: what the CPU itself calls current, else what its runqueue says.
VirtualAddress running_task(Workbench& bench, const model::Cpu& cpu) {
  const auto current = kernel::current_task_variable(bench.access, bench.percpu(), cpu.number);
  if (current && !current->is_null()) {
    if (current->value != cpu.runqueue.current_task && cpu.runqueue.current_task != 0) {
      bench.gap(fmt::format("current task of CPU {}", cpu.number),
                fmt::format("the CPU says {:#x}, its runqueue {:#x}: it was in the middle of a context switch",
                            current->value, cpu.runqueue.current_task));
    }
    return *current;
  }
  return VirtualAddress(cpu.runqueue.current_task);
}

// panic() disables preemption before it does anything else; nmi_panic() and the rest do not.
bool is_panic(std::string_view function) {
  return function == "panic" || function == "vpanic" || function == "panic_smp_self_stop";
}

// Levels of the preempt count that panic() took on the way from the activity's context inward: one, whether it went on
// to take the dump or stopped because another CPU was first.
std::uint32_t levels_of_panic(const model::Snapshot& snapshot, const model::Cpu& cpu) {
  const std::uint32_t end = cpu.contexts[*cpu.activity].end_frame;
  for (std::uint32_t frame = 0; frame < end && frame < cpu.stack.frames.size(); ++frame) {
    const model::CodeLocation& location = snapshot.location(cpu.stack.frames[frame]);
    if (location.module.empty() && is_panic(names::base_name(location.function))) return 1;
  }
  return cpu.dump_role == model::DumpRole::kPanicked ? 1 : 0;
}

// An interrupt that was only passing may have held locks of its own, and so may one that prints what it detected.
bool has_passing_context(const model::Snapshot& snapshot, const model::Cpu& cpu) {
  const auto inner = std::span(cpu.contexts).first(*cpu.activity);
  return std::ranges::any_of(inner, [&](const model::ContextSegment& segment) {
    const model::DumpRole role = dump_role_of(snapshot, cpu, segment);
    const bool passes = role == model::DumpRole::kNone || role == model::DumpRole::kDetecting;
    return segment.kind != model::ContextKind::kNmi && passes;
  });
}

// What the activity's own share of the preempt count is; nothing where that cannot be told apart.
void read_activity_depths(const model::Snapshot& snapshot, model::Cpu& cpu) {
  if (!cpu.preempt_count || !cpu.activity) return;
  const kernel::PreemptCount count{*cpu.preempt_count};
  const std::uint32_t by_panic = levels_of_panic(snapshot, cpu);
  const std::uint32_t depth = count.preempt_depth();
  const std::uint32_t own = depth > by_panic ? depth - by_panic : 0;
  if (own == 0 || !has_passing_context(snapshot, cpu)) cpu.activity_preempt_depth = own;
  cpu.activity_softirq_depth = count.softirq_depth();
}

// Kernels that never preempt kernel code need not count (CONFIG_PREEMPT_COUNT), and most that are used do not: there a
// depth of 0 says nothing. Idle tasks have a level of their own where it is counted.
bool counts_preemption(Workbench& bench) {
  const auto& cpus = bench.snapshot.cpus;
  const bool any_level = std::ranges::any_of(cpus, [](const model::Cpu& cpu) {
    return cpu.preempt_count && kernel::PreemptCount{*cpu.preempt_count}.preempt_depth() != 0;
  });
  return any_level || bench.access.symbols.address_of("preempt_schedule").has_value();
}

// The registers at the activity's innermost frame.
std::optional<arch::RegisterSet> activity_registers(const unwind::Stack& stack, const model::Cpu& cpu) {
  if (!cpu.activity) return std::nullopt;
  const std::uint32_t frame = cpu.contexts[*cpu.activity].first_frame;
  if (frame >= stack.frames.size()) return std::nullopt;
  return stack.frames[frame].registers;
}

bool is_endless(const model::Loop& loop) {
  return loop.exits.empty() && !loop.has_unknown_flow && loop.yield == model::LoopYield::kNever;
}

// Registers that were found in memory are older than the dump: the interrupt that they were saved in may be long over.
// What the CPU counts is of the dump's own moment.
bool may_be_over(const model::Cpu& cpu) {
  if (cpu.register_source != model::RegisterSource::kReconstructed || !cpu.preempt_count) return false;
  const kernel::PreemptCount count{*cpu.preempt_count};
  return count.hardirq_depth() == 0 && count.softirq_depth() == 0;
}

// An interrupt that does not loop for ever, on a CPU that still takes its ticks, was only passing through.
void settle_activity(Workbench& bench, const unwind::Stack& stack, model::Cpu& cpu) {
  constexpr std::uint64_t kFresh = 1'000'000'000;
  const bool idle_task = cpu.task == cpu.runqueue.idle_task;
  const std::uint64_t newest = bench.snapshot.machine.clock.value_or(0);
  const bool takes_ticks = cpu.runqueue.clock && *cpu.runqueue.clock + kFresh >= newest;
  while (cpu.activity) {
    const model::ContextKind kind = cpu.contexts[*cpu.activity].kind;
    const bool is_over = kind == model::ContextKind::kSoftirq && may_be_over(cpu);
    const bool is_interrupt = kind == model::ContextKind::kHardirq || kind == model::ContextKind::kNmi || is_over;
    const bool is_idle = idle_task && kind == model::ContextKind::kTask;
    if (!is_idle && cpu.busy_wait == model::BusyWait::kNone)
      cpu.loop = find_loop(bench, cpu, activity_registers(stack, cpu));
    if (!is_interrupt || (!takes_ticks && !may_be_over(cpu)) || (cpu.loop && is_endless(*cpu.loop))) return;
    if (!move_activity_outward(bench.snapshot, cpu)) return;
    cpu.loop.reset();
  }
}

void read_stack(Workbench& bench, const CpuRegisters& found, model::Cpu& cpu) {
  const arch::Architecture& architecture = *bench.target.architecture;
  cpu.registers = to_model(architecture, found.registers);
  if (architecture.is_user_mode(found.registers)) {
    cpu.in_user_mode = true;
    cpu.interrupts_enabled = architecture.interrupts_enabled(found.registers);
    cpu.stack.end = model::StackEndReason::kUserMode;
    return;
  }
  if (!bench.target.unwinder) return;
  const unwind::Stack stack =
      bench.target.unwinder->walk({found.registers, /*pc_is_exact=*/true, VirtualAddress(cpu.task)});
  cpu.stack = to_model(bench, stack, StackDetail::kFramesAndRegisters);
  cut_into_contexts(bench.snapshot, cpu);
  if (!cpu.activity && cpu.stack.end == model::StackEndReason::kUserMode) cpu.in_user_mode = true;
  settle_activity(bench, stack, cpu);
  const auto registers = activity_registers(stack, cpu);
  if (registers) {
    cpu.interrupts_enabled = bench.soft_mask.enabled(*registers);
    // A hypervisor knows nothing of a mask in software; what memory has is of the same moment as its registers.
    const bool is_now = cpu.contexts[*cpu.activity].first_frame == 0;
    if (is_now && found.source == model::RegisterSource::kPrstatus) {
      const auto by_mask = bench.soft_mask.enabled_now(bench.access, cpu.number);
      if (by_mask == false) cpu.interrupts_enabled = false;
    }
  }
  collect_spinlock_wait(bench, cpu, registers);
  read_activity_depths(bench.snapshot, cpu);
}

model::Cpu read_cpu(Workbench& bench, const CpuRegisterFinder& finder, MemoryTraces& traces, std::uint32_t number,
                    std::optional<bool> online) {
  model::Cpu cpu;
  cpu.number = number;
  cpu.online = online;
  read_runqueue(bench, cpu);
  read_stopper(bench, cpu);
  cpu.task = running_task(bench, cpu).value;
  read_interrupt_state(bench, cpu);
  model::Task* task = find_task(bench, cpu.task);
  const CpuRegisters found = finder.find(number, task == nullptr ? 0 : task->pid, VirtualAddress(cpu.task));
  cpu.register_source = found.source;
  if (!found.remark.empty()) {
    const bool is_bare = found.source == model::RegisterSource::kNone;
    bench.gap(fmt::format("registers of CPU {}", number),
              found.remark + (is_bare ? traces.of(number, VirtualAddress(cpu.task)) : ""));
  }
  if (found.source != model::RegisterSource::kNone) read_stack(bench, found, cpu);
  if (task != nullptr) {
    task->stack = cpu.stack;
    task->cpu = number;
    name_thread_function_by_stack(bench, *task);
  }
  return cpu;
}

// A stuck CPU's own clock may stand still; the newest of all tells the time of the dump.
std::optional<std::uint64_t> newest_clock(const Workbench& bench) {
  std::optional<std::uint64_t> newest;
  for (const std::uint32_t cpu : bench.percpu().possible()) {
    const auto runqueue = bench.percpu().find("runqueues", cpu);
    if (!runqueue) continue;
    const auto clock = bench.runqueues.clock_of(bench.access.memory, *runqueue);
    if (clock && *clock != 0 && (!newest || *clock > *newest)) newest = *clock;
  }
  return newest;
}

}  // namespace

void collect_cpus(Workbench& bench) {
  const CpuRegisterFinder finder(bench);
  MemoryTraces traces(bench);
  const auto online = bench.percpu().mask("__cpu_online_mask");
  bench.snapshot.machine.clock = newest_clock(bench);
  for (const std::uint32_t number : bench.percpu().possible()) {
    std::optional<bool> is_online;
    if (online) is_online = std::ranges::find(*online, number) != online->end();
    bench.snapshot.cpus.push_back(read_cpu(bench, finder, traces, number, is_online));
  }
  if (counts_preemption(bench)) return;
  for (model::Cpu& cpu : bench.snapshot.cpus) cpu.activity_preempt_depth.reset();
}

}  // namespace whyhung::collect
