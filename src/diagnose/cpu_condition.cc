// SPDX-License-Identifier: GPL-2.0-or-later
#include "diagnose/cpu_condition.h"

#include <algorithm>

#include "diagnose/detector.h"

namespace whyhung::diagnose {
namespace {

using model::ContextKind;

constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr unsigned kWatchdogShift = 30;               // watchdog_touch_ts counts 2^30 ns
constexpr std::uint64_t kDefaultThreshold = 10;       // kernel.watchdog_thresh when it cannot be read
constexpr std::uint64_t kMostThreshold = 1'000'000;   // s; the kernel takes at most 60
constexpr std::uint64_t kTicksStopped = 2 * kSecond;  // far beyond the longest tick of a busy CPU
constexpr std::uint64_t kNotRun = 5 * kSecond;        // no code with interrupts enabled keeps ticks out for so long

// A machine that stops for a dump takes its CPUs offline too; but only one that was taken out of use before, or never
// came up, has its stopper parked or none.
bool is_out_of_use(const model::Cpu& cpu) {
  if (cpu.online.value_or(true) || cpu.dump_role != model::DumpRole::kNone) return false;
  const bool rests = cpu.task == 0 || cpu.task == cpu.runqueue.idle_task;
  return rests && cpu.stopper && (cpu.stopper->task == 0 || cpu.stopper->enabled == false);
}

// Registers that are all zero are none: /proc/kcore has such notes of CPUs that run.
bool stands_nowhere(const model::Cpu& cpu) {
  return !cpu.registers.empty() &&
         std::ranges::all_of(cpu.registers, [](const model::RegisterValue& one) { return one.value == 0; });
}

CpuDoing doing_of(const model::Cpu& cpu, const model::Task* task) {
  if (is_out_of_use(cpu)) return CpuDoing::kOffline;
  // An interrupt or a softirq on top of the idle task is work like any other.
  const bool in_task = !cpu.activity || cpu.contexts[*cpu.activity].kind == ContextKind::kTask;
  const bool idle_task =
      (task != nullptr && task->is_idle_task) || (cpu.task != 0 && cpu.task == cpu.runqueue.idle_task);
  if (in_task && idle_task) return CpuDoing::kIdle;
  if (stands_nowhere(cpu)) return CpuDoing::kUnknown;
  if (cpu.in_user_mode) return CpuDoing::kUserMode;
  if (!cpu.activity) return CpuDoing::kUnknown;
  if (cpu.busy_wait != model::BusyWait::kNone) return CpuDoing::kWaitsForCpu;
  // The panic was called by the very code that the CPU was running: it cannot be stuck there.
  const bool panics_itself = cpu.dump_role != model::DumpRole::kNone && *cpu.activity == 0;
  return panics_itself ? CpuDoing::kServesDump : CpuDoing::kKernelCode;
}

bool is_endless(const model::Loop& loop) {
  return loop.exits.empty() && !loop.has_unknown_flow && loop.yield == model::LoopYield::kNever;
}

bool has_starved_stopper(const model::Index& index, const model::Cpu& cpu) {
  if (!cpu.stopper || cpu.stopper->pending.empty() || cpu.stopper->task == cpu.task) return false;
  const model::Task* stopper = index.task(cpu.stopper->task);
  return stopper != nullptr && stopper->is_runnable() && stopper->on_runqueue && !stopper->on_cpu;
}

// For how long the stopper, which serves the watchdog, has been runnable and has not run. Before v5.13 whoever prints
// starts the watchdog's clock afresh, the report of a lockup first of all: then this is what is left of it.
std::optional<std::uint64_t> unserved_for(const model::Index& index, const CpuCondition& condition) {
  const model::Cpu& cpu = *condition.cpu;
  if (!condition.stopper_starved || cpu.register_source == model::RegisterSource::kNone) return std::nullopt;
  const std::uint64_t now = index.snapshot().machine.clock.value_or(0);
  const std::uint64_t since = index.task(cpu.stopper->task)->last_queued.value_or(0);
  return since == 0 || since > now ? std::nullopt : std::optional(now - since);
}

// Some machines' notes do not tell whether interrupts were on (riscv64: QEMU leaves sstatus out). A CPU that nobody
// runs takes no ticks either; but nobody stops it in a loop without a way out by chance.
bool is_deaf(const CpuCondition& condition) {
  if (!condition.cpu->interrupts_enabled) return condition.endless_loop && condition.ticks_stopped;
  return !*condition.cpu->interrupts_enabled && condition.doing != CpuDoing::kOffline &&
         (condition.endless_loop || condition.ticks_stopped);
}

// Where every CPU has its interrupts disabled no clock goes on, and none tells how long any has stood. That all do so
// at one moment, in a loop or waiting for a lock, is no chance.
bool all_are_deaf(const std::vector<CpuCondition>& conditions) {
  bool any = false;
  for (const CpuCondition& condition : conditions) {
    if (condition.doing == CpuDoing::kOffline) continue;
    const bool spins = condition.doing == CpuDoing::kWaitsForCpu || condition.cpu->loop.has_value();
    if (condition.cpu->interrupts_enabled != false || !spins || condition.doing == CpuDoing::kIdle) return false;
    any = true;
  }
  return any && conditions.size() > 1;
}

bool can_be_preempted(const model::Snapshot& snapshot, const model::Cpu& cpu, ContextKind context) {
  if (context != ContextKind::kTask || cpu.interrupts_enabled == false) return false;
  if (cpu.activity_preempt_depth.value_or(0) != 0 || cpu.activity_softirq_depth.value_or(0) != 0) return false;
  return snapshot.machine.preemption == "full" || snapshot.machine.preemption == "lazy";
}

void judge_clocks(const model::Index& index, CpuCondition& condition) {
  const model::Snapshot& snapshot = index.snapshot();
  const model::Cpu& cpu = *condition.cpu;
  if (!snapshot.machine.clock) return;
  const std::uint64_t now = *snapshot.machine.clock;
  const auto behind = [&](std::uint64_t then) { return now > then ? now - then : 0; };
  // An interrupt or softirq came later than the task that it came in on top of; when, nobody wrote down.
  const bool task_holds = condition.context == ContextKind::kTask && condition.task != nullptr;
  if (task_holds && condition.task->last_arrival.value_or(0) != 0) {
    condition.held = behind(*condition.task->last_arrival);
  }
  if (cpu.runqueue.clock) condition.clock_behind = behind(*cpu.runqueue.clock);
  const auto touched = cpu.watchdog.touch_seconds;
  // Old kernels write 0, new ones all ones, to have the next check start afresh: no time can be read from that.
  // A threshold of 0 switches the watchdog off: its stamps grow old by themselves.
  const std::uint64_t threshold = snapshot.machine.watchdog_threshold.value_or(kDefaultThreshold);
  const bool watches = threshold != 0 && threshold < kMostThreshold;
  if (watches && touched && *touched != 0 && *touched < (1ull << 33)) {
    condition.unwatched = behind(*touched << kWatchdogShift);
  } else if (watches && touched) {
    condition.unwatched = unserved_for(index, condition);
    condition.unwatched_by_stopper = condition.unwatched.has_value();
  }
  condition.lockup = condition.unwatched && *condition.unwatched >= 2 * threshold * kSecond;
  condition.ticks_stopped = condition.clock_behind && *condition.clock_behind >= kTicksStopped &&
                            condition.doing != CpuDoing::kIdle && condition.doing != CpuDoing::kOffline;
  const bool works = condition.doing == CpuDoing::kUserMode || condition.doing == CpuDoing::kKernelCode ||
                     condition.doing == CpuDoing::kWaitsForCpu;
  // An idle CPU has sent its tick away, and an interrupt that does not end keeps it from coming back.
  const bool is_idle = condition.task != nullptr ? condition.task->is_idle_task : cpu.task == cpu.runqueue.idle_task;
  const bool wants_ticks = works && cpu.task != 0 && !is_idle;
  condition.not_run = wants_ticks && cpu.interrupts_enabled == true && condition.clock_behind.value_or(0) >= kNotRun;
}

}  // namespace

std::vector<CpuCondition> judge_cpus(const model::Index& index) {
  const model::Snapshot& snapshot = index.snapshot();
  std::vector<CpuCondition> conditions;
  for (const model::Cpu& cpu : snapshot.cpus) {
    CpuCondition condition;
    condition.cpu = &cpu;
    condition.task = index.task(cpu.task);
    condition.doing = doing_of(cpu, condition.task);
    if (cpu.activity) condition.context = cpu.contexts[*cpu.activity].kind;
    condition.stopper_starved = has_starved_stopper(index, cpu);
    condition.endless_loop = cpu.loop && is_endless(*cpu.loop);
    condition.preemptible = condition.doing != CpuDoing::kUnknown && can_be_preempted(snapshot, cpu, condition.context);
    judge_clocks(index, condition);
    condition.deaf = is_deaf(condition);
    conditions.push_back(condition);
  }
  // After a crash all CPUs are stopped so, wherever they were.
  if (!stopped_by_itself(snapshot.machine) && all_are_deaf(conditions)) {
    for (CpuCondition& condition : conditions) condition.deaf |= condition.doing == CpuDoing::kKernelCode;
  }
  return conditions;
}

bool stands_long(const CpuCondition& condition) {
  return condition.lockup || condition.ticks_stopped || condition.unwatched.value_or(0) >= kLasting;
}

namespace {

// Whose code it is that spins: the frame of the first that is not the kernel's own spinning. There is none: `frame`.
std::uint32_t past_spinning(const model::Snapshot& snapshot, const model::Cpu& cpu, std::uint32_t frame,
                            std::uint32_t end) {
  using enum names::Meaning;
  if (cpu.busy_wait != model::BusyWait::kSpinlock) return frame;
  for (std::uint32_t at = frame; at < end && at < cpu.stack.frames.size(); ++at) {
    const model::CodeLocation& location = snapshot.location(cpu.stack.frames[at]);
    if (!location.meanings.has(kSpinsForLock) && !location.meanings.has(kSpinLockCode)) return at;
  }
  return frame;
}

}  // namespace

Culprit culprit_on(const model::Snapshot& snapshot, const CpuCondition& condition) {
  const model::Cpu& cpu = *condition.cpu;
  Culprit culprit;
  culprit.task = cpu.task;
  culprit.cpu = cpu.number;
  if (condition.task != nullptr) {
    culprit.pid = condition.task->pid;
    culprit.comm = condition.task->comm;
  }
  if (condition.context == ContextKind::kSoftirq) culprit.kind = CulpritKind::kSoftirq;
  if (condition.context == ContextKind::kHardirq || condition.context == ContextKind::kNmi) {
    culprit.kind = CulpritKind::kHardirq;
  }
  if (!cpu.activity) return culprit;
  const model::ContextSegment& segment = cpu.contexts[*cpu.activity];
  const std::uint32_t frame = cpu.loop ? cpu.loop->frame : segment.first_frame;
  stands_at(culprit, snapshot, cpu.stack.frames.at(past_spinning(snapshot, cpu, frame, segment.end_frame)));
  return culprit;
}

Culprit task_culprit_on(const model::Snapshot& snapshot, const CpuCondition& condition) {
  Culprit culprit = culprit_on(snapshot, condition);
  culprit.kind = CulpritKind::kTask;
  const model::Cpu& cpu = *condition.cpu;
  for (const model::ContextSegment& segment : cpu.contexts) {
    if (segment.kind != model::ContextKind::kTask) continue;
    stands_at(culprit, snapshot, cpu.stack.frames.at(segment.first_frame));
  }
  return culprit;
}

}  // namespace whyhung::diagnose
