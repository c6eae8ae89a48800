// SPDX-License-Identifier: GPL-2.0-or-later
#include "diagnose/unanswered_calls.h"

#include <algorithm>
#include <functional>
#include <iterator>

namespace whyhung::diagnose {

std::vector<UnansweredCall> unanswered_calls(const Case& facts, std::uint32_t target) {
  std::vector<UnansweredCall> calls;
  for (const model::Resource* resource : facts.index.held_by(model::cpu_node(target))) {
    if (resource->kind != model::ResourceKind::kIpi) continue;
    for (const model::Wait* wait : facts.index.waits_for(model::resource_node(resource->address))) {
      if (wait->waiter.kind != model::NodeKind::kCpu) continue;
      calls.push_back({static_cast<std::uint32_t>(wait->waiter.id), wait, resource});
    }
  }
  // As they stand in the snapshot, each once.
  std::ranges::sort(calls, std::less(), &UnansweredCall::wait);
  const auto is_same = [](const UnansweredCall& a, const UnansweredCall& b) { return a.wait == b.wait; };
  calls.erase(std::unique(calls.begin(), calls.end(), is_same), calls.end());
  return calls;
}

void add_callers(const Case& facts, std::uint32_t target, Finding& finding) {
  for (const UnansweredCall& call : unanswered_calls(facts, target)) {
    Link link{Claim::kCpuWaitsForIpi, {model::cpu_node(call.caller), model::cpu_node(target)}, {}, {}, {}};
    link.certainty = model::Certainty::kCertain;
    link.facts = CallFacts{call.request->name};
    link.evidence = call.wait->evidence;
    std::ranges::copy(call.request->holders.front().evidence, std::back_inserter(link.evidence));
    finding.chain.push_back(std::move(link));
    finding.victim_cpus.push_back(call.caller);
    const CpuCondition* caller = condition_of(facts, call.caller);
    if (caller != nullptr && caller->cpu->task != 0) finding.victim_tasks.push_back(caller->cpu->task);
    add_blocked_by(facts, call.wait->waiter, finding);
  }
}

}  // namespace whyhung::diagnose
