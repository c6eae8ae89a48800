// SPDX-License-Identifier: GPL-2.0-or-later
// irqs-off: kernel code holds a CPU with interrupts disabled: no tick, no answer to other CPUs, and the soft-lockup
// detector of that CPU is blind. What an NMI watchdog calls a hard lockup. Other CPUs that wait for an answer are
// victims.
#include <algorithm>

#include "diagnose/occupation.h"
#include "diagnose/unanswered_calls.h"

namespace whyhung::diagnose {
namespace {

bool is_deaf(const CpuCondition& condition) {
  if (condition.doing == CpuDoing::kKernelCode) return condition.deaf;
  // A CPU that did not even save its registers, takes no ticks and leaves calls unanswered.
  return condition.doing == CpuDoing::kUnknown && condition.cpu->register_source == model::RegisterSource::kNone &&
         condition.ticks_stopped && condition.cpu->function_call_pending == true;
}

// Where it was not found whose request is whose: who spins for an answer when this CPU owes some.
void guess_callers(const Case& facts, const CpuCondition& condition, Finding& finding) {
  if (condition.cpu->function_call_pending != true) return;
  for (const CpuCondition& other : facts.cpus) {
    if (other.doing != CpuDoing::kWaitsForCpu || other.cpu->busy_wait != model::BusyWait::kIpi) continue;
    if (facts.waits.wait_of(model::cpu_node(other.cpu->number)) != nullptr) continue;
    finding.chain.push_back(
        {Claim::kCpuWaitsForIpi,
         {model::cpu_node(other.cpu->number), model::cpu_node(condition.cpu->number)},
         {},
         model::Certainty::kLikely,
         {{model::EvidenceKind::kFrame, "the innermost function of that CPU waits for an answer", {}, {}}}});
    finding.victim_cpus.push_back(other.cpu->number);
    if (other.cpu->task != 0) finding.victim_tasks.push_back(other.cpu->task);
  }
}

}  // namespace

std::vector<Finding> detect_irqs_off(const Case& facts) {
  std::vector<Finding> findings;
  for (const CpuCondition& condition : facts.cpus) {
    if (!is_deaf(condition)) continue;
    Finding finding;
    finding.hang_class = HangClass::kIrqsOff;
    finding.culprits.push_back(culprit_on(facts.snapshot, condition));
    add_callers(facts, condition.cpu->number, finding);
    if (finding.chain.empty()) guess_callers(facts, condition, finding);
    Occupation occupation = explain_occupation(facts.snapshot, condition);
    std::ranges::move(occupation.links, std::back_inserter(finding.chain));
    finding.advice = std::move(occupation.advice);
    finding.confidence = occupation.confidence;
    // No ticks: interrupts are off, or nobody runs the CPU.
    if (!condition.cpu->interrupts_enabled) {
      finding.confidence = model::weaker(finding.confidence, model::Certainty::kLikely);
    }
    if (condition.doing == CpuDoing::kUnknown) finding.confidence = model::Certainty::kPossible;
    add_victims(facts, finding);
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace whyhung::diagnose
