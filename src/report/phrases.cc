// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/phrases.h"

#include <fmt/format.h>

#include "base/text.h"
#include "report/marks.h"

namespace whyhung::report {
namespace {

// A task and how many more there are of its kind.
std::string first_of_phrase(const model::Index& index, const std::vector<diagnose::UnlistedWait>& tasks) {
  const std::string others = tasks.size() == 1 ? "" : fmt::format(" (and {} others like it)", tasks.size() - 1);
  return task_phrase(index, tasks.front().task) + others;
}

// Why it is not known whom these CPUs wait for.
std::string cpu_waits_phrase(const model::Index& index, const std::vector<std::uint32_t>& cpus) {
  bool all_spin = true;
  bool is_counted = false;
  for (const std::uint32_t number : cpus) {
    const model::Cpu* cpu = index.cpu(number);
    all_spin &= cpu != nullptr && cpu->busy_wait == model::BusyWait::kSpinlock;
    is_counted |= cpu == nullptr || !cpu->preempt_count || cpu->activity_preempt_depth;
  }
  const bool is_uncounted = all_spin && !is_counted;
  return fmt::format("{} waited for another CPU or a lock, and who keeps it waiting was not found{}", cpus_phrase(cpus),
                     is_uncounted ? ": spinlocks do not name their holder, and this kernel does not count "
                                    "how many a CPU holds"
                                  : "");
}

}  // namespace

std::string evidence_phrase(const model::Evidence& evidence) {
  std::string text = code(printable(evidence.what));
  if (!evidence.value.empty()) text += fmt::format(" = {}", printable(evidence.value));
  if (evidence.address) text += fmt::format(" at {:#x}", *evidence.address);
  return text;
}

std::string doubt_phrase(const model::Index& index, const diagnose::Diagnosis& diagnosis, diagnose::Doubt doubt) {
  switch (doubt) {
    case diagnose::Doubt::kNothingReadable:
      return "the inside of the machine, or part of it, could not be read: see what is missing";
    case diagnose::Doubt::kCpusUnknown:
      return fmt::format("what {} did is not known: no registers of it are in the dump, or they could not be read",
                         cpus_phrase(diagnosis.unknown_cpus));
    case diagnose::Doubt::kLockupUnexplained:
      return fmt::format(
          "{} did not let the scheduler run for longer than the kernel's own limit, and what holds it is "
          "not a hang that is known here",
          cpus_phrase(diagnosis.doubtful_cpus));
    case diagnose::Doubt::kCpuWaitsUnexplained: return cpu_waits_phrase(index, diagnosis.doubtful_cpus);
    case diagnose::Doubt::kDetectorFired:
      return fmt::format("the kernel itself reported a hang: \"{}\"",
                         printable(index.snapshot().machine.panic_message));
    case diagnose::Doubt::kWaitsUnending: {
      const diagnose::UnendingWait& longest = diagnosis.unending.front();
      return fmt::format("{} has waited {:.0f} s for {}, and why it does not come was not found",
                         task_phrase(index, longest.task), static_cast<double>(longest.age) / 1e9,
                         resource_phrase(index, longest.resource));
    }
    case diagnose::Doubt::kOthersUnlisted: {
      const diagnose::UnlistedWait& first = diagnosis.unlisted.front();
      return fmt::format("{} sleeps in {} until others have left or done their part, and the kernel does not note who",
                         first_of_phrase(index, diagnosis.unlisted), code(printable(first.function)));
    }
    case diagnose::Doubt::kWaitsUnread: {
      const diagnose::UnlistedWait& first = diagnosis.unread.front();
      const std::string who = first_of_phrase(index, diagnosis.unread);
      if (first.function.empty()) return fmt::format("{} sleeps, and its stack could not be read", who);
      return fmt::format("{} sleeps in {}, and what for could not be read from its stack", who,
                         code(printable(first.function)));
    }
    case diagnose::Doubt::kNoClock:
      return "no clock of the machine could be read: nothing tells how long anything has stood";
    case diagnose::Doubt::kTasksUnexplained: {
      const auto& longest = diagnosis.accounting.unexplained.front();
      return fmt::format("{} task{} sleep{} uninterruptibly without an explanation, {} for {:.0f} s",
                         diagnosis.accounting.unexplained.size(),
                         diagnosis.accounting.unexplained.size() == 1 ? "" : "s",
                         diagnosis.accounting.unexplained.size() == 1 ? "s" : "", task_phrase(index, longest.task),
                         static_cast<double>(longest.since.value_or(0)) / 1e9);
    }
  }
  return {};
}

}  // namespace whyhung::report
