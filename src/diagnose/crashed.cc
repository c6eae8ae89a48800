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
  const model::CodeLocation& location = facts.snapshot.location(cpu.stack.frames[crash.frame]);
  const std::uint32_t accused = crash.accused.value_or(crash.frame);
  if (accused >= cpu.stack.frames.size()) return {};
  stands_at(culprit, facts.snapshot, cpu.stack.frames[accused]);
  Finding finding;
  finding.hang_class = HangClass::kCrashed;
  finding.confidence = model::Certainty::kCertain;
  const model::NodeId node = model::cpu_node(cpu.number);
  CrashFacts words;
  words.kind = crash.kind;
  words.place = {culprit.function, culprit.module};
  words.message = machine.panic_message;
  Link stopped{Claim::kMachineStopped, {node}, words, model::Certainty::kCertain, {}};
  stopped.evidence.push_back({model::EvidenceKind::kField, "panic_cpu", {}, std::to_string(cpu.number)});
  finding.chain.push_back(std::move(stopped));
  if (accused != crash.frame) words.inner = Place{location.function, location.module};
  words.frame = crash.frame;
  words.code = crash.code;
  words.code_at = crash.code_at;
  words.address = crash.address;
  Link died{Claim::kKernelDied, {node, model::task_node(cpu.task)}, std::move(words), model::Certainty::kCertain, {}};
  died.evidence.push_back({model::EvidenceKind::kFrame, location.function, location.address, {}});
  finding.chain.push_back(std::move(died));
  // Whoever asked for the last page, or was at work when the hardware failed, need not have done anything.
  if (crash.kind == model::CrashKind::kOutOfMemory) {
    finding.advice.push_back(Advice::kFindMemoryUser);
  } else if (crash.kind != model::CrashKind::kMachineCheck) {
    finding.culprits.push_back(std::move(culprit));
    finding.advice.push_back(Advice::kMendCrash);
  }
  return {finding};
}

}  // namespace whyhung::diagnose
