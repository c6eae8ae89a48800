// SPDX-License-Identifier: GPL-2.0-or-later
// stop-machine-starved: somebody asked to stop the machine, every CPU but some has stopped and spins at the highest
// priority, and on the missing ones the stopper cannot run because something else does not let go of the CPU. The whole
// machine stands still while interrupts go on.
#include <algorithm>

#include <fmt/format.h>

#include "diagnose/detector.h"
#include "diagnose/occupation.h"

namespace whyhung::diagnose {
namespace {

using model::Certainty;
using model::EvidenceKind;

constexpr std::uint64_t kTransient = 1'000'000'000;  // ns: a machine that is being stopped in good order needs far less

// Something that holds a CPU against its stopper. A CPU that is idle, or in user mode, or waits for another CPU, is
// late at most: its stopper runs as soon as the scheduler does.
bool holds_on(const CpuCondition& condition) {
  const bool could_hold = condition.doing == CpuDoing::kKernelCode || condition.doing == CpuDoing::kUnknown;
  if (!could_hold || condition.preemptible) return false;
  const bool long_enough =
      condition.held.value_or(0) >= kTransient || condition.unwatched.value_or(0) >= 2 * kTransient;
  return condition.endless_loop || condition.lockup || condition.ticks_stopped || long_enough;
}

void add_request_links(const Case& facts, const model::StopMachineRequest& request, Finding& finding) {
  const model::Resource* resource = facts.index.resource(request.address);
  const StopFacts stop{request.function, request.state, request.num_threads, request.thread_ack};
  if (request.requester != 0) {
    Link link{Claim::kAskedForStopMachine, {model::task_node(request.requester)}, {}, Certainty::kCertain, {}};
    link.facts = stop;
    for (const model::Wait* wait : facts.index.waits_for(model::resource_node(request.address))) {
      if (wait->waiter == model::task_node(request.requester)) link.evidence = wait->evidence;
    }
    finding.chain.push_back(std::move(link));
  }
  Link state{Claim::kStopMachineState, {model::resource_node(request.address)}, {}, Certainty::kCertain, {}};
  state.facts = stop;
  if (resource != nullptr) state.evidence = resource->evidence;
  finding.chain.push_back(std::move(state));
  if (request.acknowledged_cpus.empty()) return;
  Link took_part{Claim::kCpusTookPart, {}, {}, Certainty::kCertain, {}};
  for (const std::uint32_t cpu : request.acknowledged_cpus) took_part.nodes.push_back(model::cpu_node(cpu));
  for (const model::Wait* wait : facts.index.waits_for(model::resource_node(request.address))) {
    if (wait->waiter == model::task_node(request.requester)) continue;
    took_part.evidence.insert(took_part.evidence.end(), wait->evidence.begin(), wait->evidence.end());
  }
  finding.chain.push_back(std::move(took_part));
}

void add_missing_cpu_links(const Case& facts, const model::StopMachineRequest& request, const CpuCondition& condition,
                           Finding& finding) {
  const model::Cpu& cpu = *condition.cpu;
  const model::NodeId node = model::cpu_node(cpu.number);
  const model::NodeId stopper = model::task_node(cpu.stopper ? cpu.stopper->task : 0);
  Link missing{Claim::kCpuDidNotTakePart, {node, stopper}, {}, Certainty::kCertain, {}};
  if (const model::Resource* resource = facts.index.resource(request.address)) {
    for (const model::Holder& holder : resource->holders) {
      if (holder.who != stopper) continue;
      missing.evidence = holder.evidence;
      missing.certainty = holder.certainty;
    }
  }
  finding.chain.push_back(std::move(missing));
  Link cannot_run{Claim::kStopperCannotRun, {stopper, node, model::task_node(cpu.task)}, {}, Certainty::kCertain, {}};
  if (const model::Task* task = facts.index.task(stopper.id)) {
    cannot_run.evidence.push_back(state_evidence(facts.snapshot, *task));
    const auto add = [&](std::string_view member, const model::ReadFlag& flag) {
      if (!flag.read) return;
      cannot_run.evidence.push_back({EvidenceKind::kField, std::string(member), task->address, *flag.read ? "1" : "0"});
    };
    add("task_struct.on_rq", task->on_runqueue);
    add("task_struct.on_cpu", task->on_cpu);
  }
  if (!condition.stopper_starved) cannot_run.certainty = Certainty::kLikely;
  finding.chain.push_back(std::move(cannot_run));
}

std::optional<Finding> explain(const Case& facts, const model::StopMachineRequest& request) {
  Finding finding;
  finding.hang_class = HangClass::kStopMachineStarved;
  finding.requester = request.requester;
  finding.requested = request.function;
  add_request_links(facts, request, finding);
  Certainty confidence = Certainty::kCertain;
  for (const std::uint32_t number : request.missing_cpus) {
    const CpuCondition* condition = condition_of(facts, number);
    if (condition == nullptr || !holds_on(*condition)) continue;
    finding.culprits.push_back(culprit_on(facts.snapshot, *condition));
    add_missing_cpu_links(facts, request, *condition, finding);
    Occupation occupation = explain_occupation(facts.snapshot, *condition);
    confidence = model::weaker(confidence, occupation.confidence);
    finding.chain.insert(finding.chain.end(), std::make_move_iterator(occupation.links.begin()),
                         std::make_move_iterator(occupation.links.end()));
    for (const Advice advice : occupation.advice) {
      if (std::ranges::find(finding.advice, advice) == finding.advice.end()) finding.advice.push_back(advice);
    }
  }
  if (finding.culprits.empty()) return std::nullopt;
  // A CPU that did not take part although nothing holds it leaves the explanation incomplete.
  if (finding.culprits.size() < request.missing_cpus.size()) confidence = model::weaker(confidence, Certainty::kLikely);
  finding.confidence = confidence;
  add_victims(facts, finding);
  return finding;
}

}  // namespace

std::vector<Finding> detect_stop_machine_starved(const Case& facts) {
  std::vector<Finding> findings;
  for (const model::StopMachineRequest& request : facts.snapshot.stop_machine) {
    if (auto finding = explain(facts, request)) findings.push_back(std::move(*finding));
  }
  return findings;
}

}  // namespace whyhung::diagnose
