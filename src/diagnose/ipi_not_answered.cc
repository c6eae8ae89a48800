// SPDX-License-Identifier: GPL-2.0-or-later
// ipi-not-answered, external: a CPU spins until another has run a function for it, and that other, which has not simply
// disabled interrupts and looped (see irqs_off.cc), does not do so: it spins itself with interrupts disabled; or the
// interrupt never reached it; or it was not run at all, by a hypervisor or firmware that no part of this kernel can
// see.
#include <algorithm>

#include "diagnose/occupation.h"
#include "diagnose/unanswered_calls.h"

namespace whyhung::diagnose {
namespace {

bool somebody_waits_long(const Case& facts, std::uint32_t target) {
  return std::ranges::any_of(unanswered_calls(facts, target), [&](const UnansweredCall& call) {
    const CpuCondition* caller = condition_of(facts, call.caller);
    return caller != nullptr && stands_long(*caller);
  });
}

Link& add(Finding& finding, Claim claim, std::uint32_t cpu, model::Certainty certainty) {
  finding.chain.push_back({claim, {model::cpu_node(cpu)}, {}, certainty, {}});
  return finding.chain.back();
}

void blame_nobody(const Case& facts, const CpuCondition& condition, Finding& finding) {
  const std::uint32_t number = condition.cpu->number;
  finding.confidence = model::Certainty::kLikely;
  finding.advice.push_back(Advice::kLookOutside);
  finding.victim_cpus.push_back(number);
  add_blocked_by(facts, model::cpu_node(number), finding);
}

Finding explain_not_run(const Case& facts, const CpuCondition& condition) {
  Finding finding;
  finding.hang_class = HangClass::kExternal;
  add_callers(facts, condition.cpu->number, finding);
  std::ranges::move(explain_readiness(facts.snapshot, condition), std::back_inserter(finding.chain));
  add(finding, Claim::kCpuNotRun, condition.cpu->number, model::Certainty::kLikely);
  blame_nobody(facts, condition, finding);
  return finding;
}

Finding explain_unanswered(const Case& facts, const CpuCondition& condition) {
  const model::Cpu& cpu = *condition.cpu;
  Finding finding;
  finding.hang_class = HangClass::kIpiNotAnswered;
  add_callers(facts, cpu.number, finding);
  std::ranges::move(explain_readiness(facts.snapshot, condition), std::back_inserter(finding.chain));
  if (cpu.interrupts_enabled != false) {
    add(finding, Claim::kInterruptLost, cpu.number, model::Certainty::kLikely);
    blame_nobody(facts, condition, finding);
    return finding;
  }
  const model::Wait* wait = facts.waits.wait_of(model::cpu_node(cpu.number));
  if (wait != nullptr) {
    Link spins{Claim::kCpuSpins,
               {wait->waiter, model::task_node(cpu.task), wait->on},
               WaitFacts{wait->how, {}},
               wait->certainty,
               wait->evidence};
    finding.chain.push_back(std::move(spins));
  }
  finding.culprits.push_back(culprit_on(facts.snapshot, condition));
  finding.confidence = model::Certainty::kLikely;
  finding.advice.push_back(Advice::kShortenIrqOff);
  add_victims(facts, finding);
  return finding;
}

}  // namespace

std::vector<Finding> detect_ipi_not_answered(const Case& facts) {
  std::vector<Finding> findings;
  for (const CpuCondition& condition : facts.cpus) {
    // A CPU of its own may do without ticks; one that others have sent for must come.
    if (condition.not_run && condition.cpu->function_call_pending == true) {
      findings.push_back(explain_not_run(facts, condition));
      continue;
    }
    if (!somebody_waits_long(facts, condition.cpu->number)) continue;
    const bool is_deaf = condition.cpu->interrupts_enabled == false;
    // What loops with interrupts disabled is judged as that; without registers nothing is known of the CPU.
    if (condition.doing == CpuDoing::kUnknown || (is_deaf && condition.doing != CpuDoing::kWaitsForCpu)) continue;
    findings.push_back(explain_unanswered(facts, condition));
  }
  return findings;
}

}  // namespace whyhung::diagnose
