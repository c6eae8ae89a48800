// SPDX-License-Identifier: GPL-2.0-or-later
// crashed: no hang stopped the machine but an exception that the kernel cannot survive, or code that called panic().
// Hangs that were there besides are told beside it.
#include "diagnose/detector.h"

namespace whyhung::diagnose {

bool stopped_by_itself(const model::Machine& machine) {
  if (!machine.crash) return false;
  return machine.crash->kind != model::CrashKind::kHangDetector && machine.crash->kind != model::CrashKind::kRequested;
}

std::vector<Finding> detect_crashed(const Case& facts) {
  const model::Machine& machine = facts.snapshot.machine;
  const CpuCondition* condition = machine.crash ? condition_of(facts, machine.crash->cpu) : nullptr;
  if (!stopped_by_itself(machine) || condition == nullptr) return {};
  const model::Crash& crash = *machine.crash;
  const model::Cpu& cpu = *condition->cpu;
  if (crash.frame >= cpu.stack.frames.size()) return {};
  Culprit culprit = culprit_on(facts.snapshot, *condition);
  culprit.kind = CulpritKind::kTask;
  for (const model::ContextSegment& segment : cpu.contexts) {
    if (crash.frame < segment.first_frame || crash.frame >= segment.end_frame) continue;
    if (segment.kind == model::ContextKind::kSoftirq) culprit.kind = CulpritKind::kSoftirq;
    if (segment.kind == model::ContextKind::kHardirq) culprit.kind = CulpritKind::kHardirq;
  }
  const model::StackFrame& frame = cpu.stack.frames[crash.frame];
  stands_at(culprit, facts.snapshot, frame);
  const model::CodeLocation& location = facts.snapshot.location(frame);
  Finding finding;
  finding.hang_class = HangClass::kCrashed;
  finding.confidence = model::Certainty::kCertain;
  const model::NodeId node = model::cpu_node(cpu.number);
  CrashFacts words{crash.kind, {culprit.function, culprit.module}, machine.panic_message};
  Link stopped{Claim::kMachineStopped, {node}, words, model::Certainty::kCertain, {}};
  stopped.evidence.push_back({model::EvidenceKind::kField, "panic_cpu", {}, std::to_string(cpu.number)});
  finding.chain.push_back(std::move(stopped));
  Link died{Claim::kKernelDied, {node, model::task_node(cpu.task)}, std::move(words), model::Certainty::kCertain, {}};
  died.evidence.push_back({model::EvidenceKind::kFrame, location.function, location.address, {}});
  finding.chain.push_back(std::move(died));
  finding.culprits.push_back(std::move(culprit));
  finding.advice.push_back(Advice::kMendCrash);
  return {finding};
}

}  // namespace whyhung::diagnose
