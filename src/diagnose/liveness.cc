// SPDX-License-Identifier: GPL-2.0-or-later
#include "diagnose/liveness.h"

namespace whyhung::diagnose {
namespace {

using model::ContextKind;

bool starves(const model::Index& index, std::uint64_t task_address) {
  const model::Task* task = index.task(task_address);
  return task != nullptr && task->is_runnable() && task->on_runqueue && !task->on_cpu;
}

CpuLiveness judge(const model::Index& index, const CpuCondition& condition) {
  const model::Cpu& cpu = *condition.cpu;
  CpuLiveness out{cpu.number, Rung::kUnknown, Rung::kUnknown, Rung::kUnknown, RungReason::kNoRegisters};
  if (condition.doing == CpuDoing::kOffline) {
    return {cpu.number, Rung::kDead, Rung::kDead, Rung::kDead, RungReason::kOffline};
  }
  if (condition.doing == CpuDoing::kUnknown) {
    if (condition.ticks_stopped) out.hardirq = Rung::kDead;
    return out;
  }
  if (condition.not_run) return {cpu.number, Rung::kDead, Rung::kDead, Rung::kDead, RungReason::kNotRun};
  if (condition.doing == CpuDoing::kIdle || condition.doing == CpuDoing::kUserMode ||
      condition.doing == CpuDoing::kServesDump) {
    return {cpu.number, Rung::kAlive, Rung::kAlive, Rung::kAlive, RungReason::kNone};
  }
  const bool holds = condition.doing == CpuDoing::kWaitsForCpu || condition.endless_loop || condition.lockup ||
                     condition.ticks_stopped || condition.stopper_starved;
  const bool in_interrupt = condition.context == ContextKind::kHardirq || condition.context == ContextKind::kNmi;
  if (condition.deaf || (in_interrupt && holds)) {
    const RungReason reason = in_interrupt ? RungReason::kInterruptLoops : RungReason::kInterruptsOff;
    return {cpu.number, Rung::kDead, Rung::kDead, Rung::kDead, reason};
  }
  out.hardirq = Rung::kAlive;
  out.softirq = Rung::kAlive;
  out.threads = Rung::kAlive;
  out.reason = RungReason::kNone;
  if (!holds) return out;
  out.threads = Rung::kDead;
  out.reason = RungReason::kCpuOccupied;
  if (condition.doing == CpuDoing::kWaitsForCpu) {
    out.reason = cpu.busy_wait == model::BusyWait::kStopMachine ? RungReason::kStopperSpins : RungReason::kWaitsForCpu;
  }
  if (condition.context == ContextKind::kSoftirq) {
    out.softirq = Rung::kDead;
    out.reason = RungReason::kSoftirqLoops;
  } else if (cpu.activity_softirq_depth.value_or(0) != 0) {
    out.softirq = Rung::kDead;
    out.reason = RungReason::kSoftirqsDisabled;
  } else if (starves(index, cpu.softirq_daemon)) {
    // v4.9 (4cd13c21b207) to v6.4: once ksoftirqd/N is runnable, the end of an interrupt leaves softirqs to it. Nothing
    // in a dump tells whether the kernel has that rule.
    out.softirq = Rung::kUnknown;
    out.reason = RungReason::kLeftToDaemon;
  }
  return out;
}

}  // namespace

std::vector<CpuLiveness> judge_liveness(const model::Index& index, const std::vector<CpuCondition>& cpus) {
  std::vector<CpuLiveness> all;
  all.reserve(cpus.size());
  for (const CpuCondition& condition : cpus) all.push_back(judge(index, condition));
  return all;
}

}  // namespace whyhung::diagnose
