// SPDX-License-Identifier: GPL-2.0-or-later
#include "diagnose/occupation.h"

#include <algorithm>

#include <fmt/format.h>

#include "diagnose/wait_index.h"

namespace whyhung::diagnose {
namespace {

using model::Certainty;
using model::ContextKind;
using model::Evidence;
using model::EvidenceKind;

constexpr std::size_t kMostExitsTold = 3;
constexpr std::uint64_t kSecond = 1'000'000'000;

Evidence field(std::string what, std::string value) {
  return {EvidenceKind::kField, std::move(what), {}, std::move(value)};
}

class OccupationBuilder {
 public:
  OccupationBuilder(const model::Snapshot& snapshot, const CpuCondition& condition)
      : snapshot_(snapshot), condition_(condition), cpu_(*condition.cpu), node_(model::cpu_node(cpu_.number)) {}

  Occupation build() {
    add_occupant();
    add_interrupts();
    add_preemption();
    add_watchdog();
    add_loop();
    out_.confidence = confidence();
    return std::move(out_);
  }

  std::vector<Link> build_readiness() {
    add_interrupts();
    return std::move(out_.links);
  }

 private:
  Link& add(Claim claim, std::vector<model::NodeId> nodes) {
    out_.links.push_back({claim, std::move(nodes), {}, Certainty::kCertain, {}});
    return out_.links.back();
  }

  void add_occupant() {
    Link& link = add(Claim::kCpuOccupied, {node_, model::task_node(cpu_.task)});
    const Culprit culprit = culprit_on(snapshot_, condition_);
    link.facts = OccupantFacts{{culprit.function, culprit.module}, condition_.context, condition_.held};
    if (cpu_.runqueue.current_task != 0) {
      link.evidence.push_back(field(fmt::format("runqueues.curr of CPU {}", cpu_.number),
                                    fmt::format("{:#x}", cpu_.runqueue.current_task)));
    }
    if (condition_.held) {
      link.evidence.push_back(
          field("task_struct.sched_info.last_arrival",
                fmt::format("{} ns; newest clock {} ns", *condition_.task->last_arrival, *snapshot_.machine.clock)));
    }
    if (cpu_.activity) {
      const model::StackFrame& frame = cpu_.stack.frames[cpu_.contexts[*cpu_.activity].first_frame];
      const model::CodeLocation& location = snapshot_.location(frame);
      const bool is_old = cpu_.register_source == model::RegisterSource::kReconstructed;
      link.evidence.push_back({EvidenceKind::kFrame, location.function, location.address,
                               fmt::format("program counter, from {}{}", model::name_of(frame.origin),
                                           is_old ? " that an interrupt saved before the dump" : "")});
    }
    if (cpu_.register_source == model::RegisterSource::kNone) link.certainty = Certainty::kLikely;
  }

  void add_interrupts() {
    if (!cpu_.interrupts_enabled && !condition_.deaf) return;
    if (cpu_.interrupts_enabled) {
      Link& link = add(*cpu_.interrupts_enabled ? Claim::kInterruptsOn : Claim::kInterruptsOff, {node_});
      link.evidence.push_back({EvidenceKind::kRegister,
                               "interrupt flag of the CPU's activity",
                               {},
                               *cpu_.interrupts_enabled ? "set" : "clear"});
    }
    if (condition_.ticks_stopped) {
      Link& clock = add(Claim::kClockStopped, {node_});
      clock.facts = ClockFacts{condition_.clock_behind, {}};
      clock.evidence.push_back(
          field(fmt::format("runqueues.clock of CPU {}", cpu_.number),
                fmt::format("{} ns; newest clock {} ns", *cpu_.runqueue.clock, *snapshot_.machine.clock)));
    }
    const bool is_deaf = cpu_.interrupts_enabled == false || condition_.ticks_stopped;
    if (is_deaf && cpu_.function_call_pending == true) {
      add(Claim::kCallPending, {node_})
          .evidence.push_back(
              {EvidenceKind::kList, fmt::format("call_single_queue of CPU {}", cpu_.number), {}, "not empty"});
    }
  }

  void add_preemption() {
    const std::uint32_t depth = cpu_.activity_preempt_depth.value_or(0);
    std::vector<Evidence> count;  // nothing where it was not read
    if (cpu_.preempt_count) {
      count.push_back(field(fmt::format("{} of CPU {}", snapshot_.machine.preempt_count_name(), cpu_.number),
                            fmt::format("{:#x}", *cpu_.preempt_count)));
    }
    if (condition_.context == ContextKind::kSoftirq) {
      add(Claim::kSoftirqNotPreemptible, {node_}).evidence = count;
      out_.advice.push_back(Advice::kShortenSoftirq);
    } else if (cpu_.interrupts_enabled == false || condition_.deaf) {
      out_.advice.push_back(Advice::kShortenIrqOff);
    } else if (depth != 0) {
      Link& link = add(Claim::kPreemptionDisabled, {node_});
      link.facts = DepthFacts{depth};
      link.evidence = count;
      out_.advice.push_back(Advice::kShortenPreemptOff);
    } else if (!condition_.preemptible) {
      Link& link = add(Claim::kKernelNotPreemptible, {});
      link.facts = PreemptionFacts{snapshot_.machine.preemption};
      if (snapshot_.machine.preemption.empty()) link.certainty = Certainty::kPossible;
      link.evidence = count;
      out_.advice.push_back(Advice::kYieldInLoop);
    }
    if (cpu_.need_resched == true && condition_.context == ContextKind::kTask) {
      add(Claim::kRescheduleIgnored, {node_}).evidence = count;
    }
  }

  void add_watchdog() {
    if (!condition_.unwatched || !condition_.lockup) return;
    Link& link = add(Claim::kWatchdogStale, {node_});
    ClockFacts facts{condition_.unwatched, {}};
    if (snapshot_.machine.watchdog_threshold) facts.threshold = 2 * *snapshot_.machine.watchdog_threshold * kSecond;
    link.facts = facts;
    if (condition_.unwatched_by_stopper) {
      link.evidence.push_back({EvidenceKind::kField,
                               fmt::format("sched_info.last_queued of the stopper of CPU {}", cpu_.number),
                               cpu_.stopper->task, "runnable since then"});
      return;
    }
    link.evidence.push_back(
        field(fmt::format("watchdog_touch_ts of CPU {}", cpu_.number), std::to_string(*cpu_.watchdog.touch_seconds)));
  }

  void add_loop() {
    if (!cpu_.loop) return;
    const model::Loop& loop = *cpu_.loop;
    Evidence code{EvidenceKind::kCode, loop.function, loop.begin, {}};
    for (const std::string& line : loop.instructions) code.value += code.value.empty() ? line : "; " + line;
    if (condition_.endless_loop) {
      Link& link = add(Claim::kEndlessLoop, {});
      link.facts = describe(loop);
      link.evidence.push_back(code);
      return;
    }
    const std::size_t count = std::max<std::size_t>(1, std::min(loop.exits.size(), kMostExitsTold));
    for (std::size_t i = 0; i < count; ++i) {
      Link& link = add(Claim::kLoop, {});
      LoopFacts facts = describe(loop);
      if (i < loop.exits.size()) facts.exit = loop.exits[i];
      link.facts = std::move(facts);
      link.certainty = Certainty::kLikely;
      link.evidence.push_back(code);
      if (i >= loop.exits.size()) continue;
      const model::LoopExit& exit = loop.exits[i];
      link.evidence.push_back({EvidenceKind::kCode, exit.condition, exit.branch, {}});
    }
  }

  static LoopFacts describe(const model::Loop& loop) {
    return {{loop.function, loop.module}, loop.begin, loop.end, loop.yield, {}};
  }

  // Two independent signs make it certain: the code cannot leave, the kernel's own watchdog was not served, the stopper
  // is wanted and does not run, no tick is taken, calls of other CPUs stay unanswered with interrupts off.
  Certainty confidence() const {
    const bool deaf = cpu_.interrupts_enabled == false && cpu_.function_call_pending == true;
    const int signs = (condition_.endless_loop ? 1 : 0) + (condition_.lockup ? 1 : 0) +
                      (condition_.stopper_starved ? 1 : 0) + (condition_.ticks_stopped ? 1 : 0) + (deaf ? 1 : 0);
    if (cpu_.register_source == model::RegisterSource::kNone)
      return signs >= 2 ? Certainty::kLikely : Certainty::kPossible;
    return signs >= 2 ? Certainty::kCertain : signs == 1 ? Certainty::kLikely : Certainty::kPossible;
  }

  const model::Snapshot& snapshot_;
  const CpuCondition& condition_;
  const model::Cpu& cpu_;
  model::NodeId node_;
  Occupation out_;
};

}  // namespace

Occupation explain_occupation(const model::Snapshot& snapshot, const CpuCondition& condition) {
  return OccupationBuilder(snapshot, condition).build();
}

std::vector<Link> explain_readiness(const model::Snapshot& snapshot, const CpuCondition& condition) {
  return OccupationBuilder(snapshot, condition).build_readiness();
}

}  // namespace whyhung::diagnose
