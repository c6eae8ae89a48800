// SPDX-License-Identifier: GPL-2.0-or-later
// cpu-hog: kernel code holds a CPU with interrupts on and never lets the scheduler have it: what the kernel's own
// detector calls a soft lockup.
#include "diagnose/detector.h"
#include "diagnose/occupation.h"

namespace whyhung::diagnose {
namespace {

constexpr std::uint64_t kLongHeld = 2'000'000'000;  // ns

bool is_hog(const CpuCondition& condition) {
  if (condition.preemptible || condition.cpu->interrupts_enabled == false) return false;
  const bool starves_stopper = condition.stopper_starved && condition.held.value_or(0) >= kLongHeld;
  if (condition.doing == CpuDoing::kKernelCode) {
    return condition.endless_loop || condition.lockup || starves_stopper;
  }
  // Without registers only the scheduler's own records speak, and they must agree.
  return condition.doing == CpuDoing::kUnknown && condition.lockup && starves_stopper;
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
    finding.chain = std::move(occupation.links);
    finding.advice = std::move(occupation.advice);
    finding.confidence = occupation.confidence;
    add_victims(facts, finding);
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace whyhung::diagnose
