// SPDX-License-Identifier: GPL-2.0-or-later
#include "diagnose/io_stuck.h"

namespace whyhung::diagnose {
namespace {

using model::Certainty;

constexpr std::uint64_t kLastingIo = 15'000'000'000;  // ns: longer than a device takes that only is slow

}  // namespace

bool waits_for_io(const Case& facts, const model::Task& task) {
  constexpr std::size_t kInnermost = 6;
  for (std::size_t i = 0; i < task.stack.frames.size() && i < kInnermost; ++i) {
    if (facts.snapshot.location(task.stack.frames[i]).meanings.has(names::Meaning::kWaitsForIo)) return true;
  }
  return false;
}

void end_at_io(const Case& facts, const model::Task& task, Finding& finding) {
  Link link{Claim::kWaitsForIo, {model::task_node(task.address)}, facts.waits.rest_of(task), Certainty::kLikely, {}};
  link.evidence.push_back(state_evidence(facts.snapshot, task));
  finding.chain.push_back(std::move(link));
  finding.hang_class = HangClass::kIoStuck;
  finding.advice.push_back(Advice::kLookBelow);
}

bool end_at_device(const Case& facts, const model::Wait& wait, Finding& finding) {
  const model::Resource& device = *facts.waits.resource(wait.on);
  const auto* known = facts_of<model::DeviceFacts>(device);
  const model::DeviceFacts state = known == nullptr ? model::DeviceFacts{} : *known;
  const bool held_back = state.suspended || state.frozen.has_value();
  if (facts.waits.age(wait).value_or(0) < (held_back ? kLasting : kLastingIo)) return false;
  finding.chain.push_back({Claim::kDeviceSilent,
                           {wait.on},
                           SilentDeviceFacts{state},
                           held_back ? Certainty::kCertain : Certainty::kLikely,
                           device.evidence});
  finding.hang_class = HangClass::kIoStuck;
  finding.advice.push_back(held_back ? Advice::kResumeDevice : Advice::kLookBelow);
  return true;
}

std::optional<Finding> stuck_in_io(const Case& facts) {
  Finding finding;
  const model::Task* longest = nullptr;
  for (const model::Task& task : facts.snapshot.tasks) {
    if (task.state != model::TaskState::kUninterruptible || task.on_runqueue || task.is_kernel_thread) continue;
    const auto rested = facts.waits.idle_time(task).value_or(0);
    const bool known = facts.waits.wait_of(model::task_node(task.address)) != nullptr;
    if (rested < kLastingIo || known || !waits_for_io(facts, task)) continue;
    finding.victim_tasks.push_back(task.address);
    if (longest == nullptr || rested > facts.waits.idle_time(*longest).value_or(0)) longest = &task;
  }
  if (longest == nullptr) return std::nullopt;
  end_at_io(facts, *longest, finding);
  finding.confidence = Certainty::kLikely;
  return finding;
}

}  // namespace whyhung::diagnose
