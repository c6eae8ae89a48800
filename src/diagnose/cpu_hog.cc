// SPDX-License-Identifier: GPL-2.0-or-later
// cpu-hog: kernel code holds a CPU with interrupts on and never lets the scheduler have it: what the kernel's own
// detector calls a soft lockup.
#include <algorithm>
#include <iterator>

#include "diagnose/detector.h"
#include "diagnose/occupation.h"

namespace whyhung::diagnose {
namespace {

constexpr std::uint64_t kLongHeld = 2'000'000'000;  // ns

bool is_hog(const CpuCondition& condition) {
  if (condition.preemptible || condition.not_run) return false;
  // Without ticks, interrupts are off or nobody runs the CPU.
  if (!condition.cpu->interrupts_enabled.value_or(!condition.ticks_stopped)) return false;
  const bool starves_stopper = condition.stopper_starved && condition.held.value_or(0) >= kLongHeld;
  if (condition.doing == CpuDoing::kKernelCode) {
    return condition.endless_loop || condition.lockup || starves_stopper;
  }
  // Without registers only the scheduler's own records speak, and they must agree.
  return condition.doing == CpuDoing::kUnknown && condition.lockup && starves_stopper;
}

// Whether the CPU's task is inside of a read-side section whose end others have long waited for. Says so in the chain,
// from the one who has waited longest.
bool add_grace_period(const Case& facts, const CpuCondition& condition, Finding& finding) {
  const model::Wait* oldest = nullptr;
  const model::Holder* reader = nullptr;
  for (const auto& [node, wait] : facts.waits.oldest_waits()) {
    const model::Resource* resource = facts.waits.resource(node);
    if (resource->kind != model::ResourceKind::kRcuGracePeriod) continue;
    const auto age = facts.waits.age(*wait);
    if (*age < kLongHeld || (oldest != nullptr && *age <= facts.waits.age(*oldest))) continue;
    const auto is_it = [&](const model::Holder& holder) {
      return holder.who == model::cpu_node(condition.cpu->number) && holder.role == model::HolderRole::kRunsReader;
    };
    const auto found = std::ranges::find_if(resource->holders, is_it);
    if (found == resource->holders.end()) continue;
    oldest = wait;
    reader = &*found;
  }
  if (oldest == nullptr) return false;
  finding.chain.push_back(facts.waits.waits_link(*oldest));
  finding.chain.push_back(facts.waits.held_link(*facts.waits.resource(oldest->on), *reader));
  return true;
}

}  // namespace

std::vector<Finding> detect_cpu_hog(const Case& facts) {
  std::vector<Finding> findings;
  for (const CpuCondition& condition : facts.cpus) {
    if (!is_hog(condition)) continue;
    Finding finding;
    finding.hang_class = HangClass::kCpuHog;
    finding.culprits.push_back(culprit_on(facts.snapshot, condition));
    Occupation occupation = explain_occupation(facts.snapshot, condition);
    const bool is_reader = add_grace_period(facts, condition, finding);
    if (is_reader) finding.hang_class = HangClass::kRcuStall;
    std::ranges::move(occupation.links, std::back_inserter(finding.chain));
    finding.advice = std::move(occupation.advice);
    if (is_reader) finding.advice = {Advice::kLeaveReadSection};
    finding.confidence = occupation.confidence;
    // What the CPU runs is not known: it may wait for a lock there.
    if (condition.doing == CpuDoing::kUnknown) finding.confidence = model::Certainty::kPossible;
    add_victims(facts, finding);
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace whyhung::diagnose
