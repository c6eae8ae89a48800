// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/wait_phrases.h"

#include <fmt/format.h>

#include "base/text.h"
#include "report/links.h"
#include "report/marks.h"
#include "report/words.h"

namespace whyhung::report {

using diagnose::Claim;
using diagnose::Link;
using model::Index;

namespace {

std::string task_of(const Index& index, const Link& link, std::size_t at = 0) {
  return task_phrase(index, node(link, at));
}

// "253:0", "completely".
std::string number_text(const model::DeviceNumber& number) {
  return fmt::format("{}:{}", number.major, number.minor);
}
std::string_view freeze_words(model::FreezeLevel level) {
  switch (level) {
    case model::FreezeLevel::kNot: return "no";
    case model::FreezeLevel::kWriting: return "for writing";
    case model::FreezeLevel::kPageFaults: return "for page faults";
    case model::FreezeLevel::kOwnThreads: return "for its own threads";
    case model::FreezeLevel::kCompletely: return "completely";
  }
  return {};
}

// "the device dm-0 (number 253:0, driver dm_blk_dops [dm_mod], mapped as data)"
std::string device_words(const Index& index, const Link& link, const model::DeviceFacts& facts) {
  std::string details;
  const auto add = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) details += fmt::format("{}{} {}", details.empty() ? "" : ", ", name, printable(value));
  };
  if (facts.number) add("number", number_text(*facts.number));
  add("driver", facts.driver);
  add("mapped as", facts.mapped_as);
  add("file system", facts.file_system);
  const model::Resource* resource = index.resource(node(link, 0));
  const std::string what = facts.frozen && resource != nullptr ? "the file system " + printable(resource->name)
                                                               : resource_phrase(index, node(link, 0));
  return details.empty() ? what : fmt::format("{} ({})", what, details);
}

// What is the matter with a device.
std::string device_state(const model::DeviceFacts& facts) {
  if (facts.frozen) {
    return fmt::format("is frozen {}{}: who writes to it waits until somebody thaws it", freeze_words(*facts.frozen),
                       facts.suspended ? ", and its device is suspended" : "");
  }
  return facts.suspended ? "is suspended: it takes no I/O until somebody resumes it" : "has not answered";
}

std::string weight_words(const diagnose::Weight& weight) {
  if (weight.is_idle_policy) return "SCHED_IDLE";
  return weight.nice ? fmt::format("nice {}", *weight.nice) : "nice unknown";
}

}  // namespace

std::string waits_phrase(const Index& index, const Link& link) {
  const auto& facts = facts_of<diagnose::WaitFacts>(link);
  const std::string how = how_phrase(facts.how);
  constexpr std::string_view kSleeps = "sleeps ";
  const bool has_slept = facts.age && how.starts_with(kSleeps);
  return fmt::format("{} wants {}: it {}{}", task_of(index, link), resource_phrase(index, node(link, 1)),
                     has_slept ? "has slept " + how.substr(kSleeps.size()) : how,
                     seconds_after(has_slept ? " for " : ", for ", facts.age));
}

std::string held_phrase(const Index& index, const Link& link) {
  if (link.nodes.size() < 2) return "it is held";
  const auto& facts = facts_of<diagnose::HeldFacts>(link);
  const std::string who = node_phrase(index, link.nodes[1]);
  const std::string what = resource_phrase(index, node(link, 0));
  if (facts.is_former) return fmt::format("{} names the task at {:#x} as its owner", what, link.nodes[1].id);
  if (facts.role == model::HolderRole::kOwner) return fmt::format("{} is held by {}", what, who);
  if (facts.role == model::HolderRole::kReader)
    return fmt::format("{} is held for reading, last taken by {}", what, who);
  if (facts.role == model::HolderRole::kLastHolder) return fmt::format("{} was last taken by {}", what, who);
  return fmt::format("{} depends on {}, which {}", what, who, role_words(facts.role));
}

std::string cycle_phrase(const Index& index, const Link& link) {
  return link.nodes.size() == 1 ? fmt::format("{} waits for itself: this cannot end", task_of(index, link))
                                : std::string("so the circle is closed: none of them can ever go on");
}

std::string rests_phrase(const Index& index, const Link& link) {
  const auto& facts = facts_of<diagnose::RestFacts>(link);
  const std::string task = task_of(index, link);
  const std::string idle = seconds_text(facts.idle);
  const std::string where = in_place(facts.place);
  if (link.claim == Claim::kHolderNaps) {
    return fmt::format("{} runs now and then (last {} s ago), but sleeps again{} without releasing it", task, idle,
                       where);
  }
  if (link.claim == Claim::kHolderRuns) {
    return fmt::format("{} runs on and on{} (last put on its CPU {} s ago), and all who wait came while it had it",
                       task, where, idle);
  }
  if (link.claim == Claim::kHolderStopped) {
    return fmt::format("{} is {}: it cannot release it before it is continued", task, halt_phrase(facts));
  }
  return fmt::format("{} sleeps ({}){} and has not run for {} s", task, state_words(facts), where, idle);
}

std::string gone_phrase(const Index& index, const Link& link) {
  const auto& facts = facts_of<diagnose::GoneFacts>(link);
  switch (facts.how) {
    case diagnose::GoneHow::kAbsent:
      if (!facts.former) {
        return fmt::format("there is no task at {:#x} any more: the holder exited", node(link, 0));
      }
      return fmt::format("there is no such task any more; what is left of its task_struct is {} (pid {}), which exited",
                         printable(facts.former->comm), facts.former->pid);
    case diagnose::GoneHow::kExited: return fmt::format("{} has exited", task_of(index, link));
    case diagnose::GoneHow::kReused: break;
  }
  return fmt::format(
      "the holder exited: its task_struct at {:#x} now belongs to {}, which started {} s after the wait began",
      node(link, 0), task_of(index, link), seconds_text(facts.later.value_or(0)));
}

std::string nobody_phrase(const Index& index, const Link& link) {
  return fmt::format("no task is known that is about to complete {}", resource_phrase(index, node(link, 0)));
}

std::string lost_phrase(const Link& link) {
  const auto& facts = facts_of<diagnose::LostFacts>(link);
  if (facts.done) {
    return fmt::format("it is completed (done = {}), but the waiter sleeps on and was not woken", *facts.done);
  }
  if (facts.count.value_or(0) != 0) {
    return fmt::format("it is free (count = {}), but the waiter sleeps on and was not woken", *facts.count);
  }
  return "nobody holds it, but the waiter sleeps on and was not woken";
}

std::string spins_phrase(const Index& index, const Link& link) {
  const auto& facts = facts_of<diagnose::WaitFacts>(link);
  return fmt::format("CPU {}, running {}, wants {}: it {}{}", node(link, 0), task_of(index, link, 1),
                     resource_phrase(index, node(link, 2)), how_phrase(facts.how),
                     facts.age ? fmt::format("; its watchdog last ran {} s ago", seconds_text(*facts.age)) : "");
}

std::string spinlocks_phrase(const Link& link) {
  const std::uint32_t held = facts_of<diagnose::DepthFacts>(link).depth;
  return fmt::format("the preempt count of CPU {} shows {} more than spinning needs: as of {} spinlock{} held",
                     node(link, 0), held, held, plural(held));
}

std::string only_these_phrase(const Link& link) {
  const bool one = link.nodes.size() == 1;
  return fmt::format(
      "who holds a spinlock is on a CPU with preemption disabled, and that is only {}: what {} for {} will never "
      "release",
      cpu_nodes_phrase(link.nodes), one ? "it spins" : "they spin", one ? "it" : "they");
}

std::string nobody_holds_phrase(const Index& index, const Link& link) {
  std::string locks;
  for (const model::NodeId& one : link.nodes) {
    locks += locks.empty() ? "" : " and ";
    locks += resource_phrase(index, one.id);
  }
  const std::uint32_t held = facts_of<diagnose::DepthFacts>(link).depth;
  return fmt::format(
      "who holds a spinlock is on a CPU with preemption disabled, and all that could hold one hold {} together: of {} "
      "one at least was never released by a task that has left it",
      held, locks);
}

std::string starves_phrase(const Index& index, const Link& link) {
  const auto& facts = facts_of<diagnose::StarvationFacts>(link);
  return fmt::format("{} is runnable and has waited {} s for CPU {}{}", task_of(index, link),
                     seconds_text(facts.queued), node(link, 1),
                     facts.others == 0 ? "" : fmt::format("; so have {} more", facts.others));
}

std::string throttled_phrase(const Index& index, const Link& link) {
  const auto& facts = facts_of<diagnose::ThrottleFacts>(link);
  const auto milliseconds = [](std::uint64_t ns) { return fmt::format("{:.1f}", static_cast<double>(ns) / 1e6); };
  return fmt::format("{} may not run: its control group{} has used its {} ms of CPU time in {} ms",
                     task_of(index, link), facts.group.empty() ? "" : " " + printable(facts.group),
                     milliseconds(facts.quota), milliseconds(facts.period));
}

std::string preferred_phrase(const Index& index, const Link& link) {
  const auto& facts = facts_of<diagnose::PreferenceFacts>(link);
  return fmt::format(
      "CPU {} runs others instead ({}, {}; {} more are runnable there), which the scheduler prefers to a task with {}",
      node(link, 0), task_of(index, link, 1), weight_words(facts.running), facts.others, weight_words(facts.starved));
}

std::string io_phrase(const Index& index, const Link& link) {
  const auto& facts = facts_of<diagnose::RestFacts>(link);
  return fmt::format("{} waits for I/O{}, and has not run for {} s", task_of(index, link), in_place(facts.place),
                     seconds_text(facts.idle));
}

std::string server_phrase(const Index& index, const Link& link) {
  const auto& facts = facts_of<diagnose::SilenceFacts>(link);
  const std::string server = resource_phrase(index, node(link, 0));
  const std::string task = task_of(index, link, 1);
  const diagnose::RestFacts rest = facts.task.value_or(diagnose::RestFacts{});
  switch (facts.how) {
    case diagnose::SilenceHow::kNobody: return fmt::format("no process has {} open any more", server);
    case diagnose::SilenceHow::kRemote:
      return fmt::format("{} has not answered; the transport to it is {}; nothing in this kernel keeps the call",
                         server, facts.connected.value_or(false) ? "connected" : "not connected");
    case diagnose::SilenceHow::kStopped:
      return fmt::format("{} is {}: it cannot answer before it is continued", task, halt_phrase(rest));
    case diagnose::SilenceHow::kSleeps: break;
  }
  return fmt::format("{} sleeps ({}){} and has not run for {} s, with the request unanswered", task, state_words(rest),
                     in_place(rest.place), seconds_text(rest.idle));
}

std::string device_phrase(const Index& index, const Link& link) {
  const model::DeviceFacts& facts = facts_of<diagnose::SilentDeviceFacts>(link).device;
  return fmt::format("{} {}", device_words(index, link, facts), device_state(facts));
}

std::string_view policy_words(std::uint32_t policy) {
  constexpr std::uint32_t kFifo = 1;
  constexpr std::uint32_t kRoundRobin = 2;
  if (policy == kFifo) return "SCHED_FIFO";
  return policy == kRoundRobin ? "SCHED_RR" : "SCHED_DEADLINE";
}

std::string real_time_phrase(const Index& index, const Link& link) {
  const auto& facts = facts_of<diagnose::RealTimeFacts>(link);
  return fmt::format("CPU {} runs {} in {} mode under {} (prio {}), which stands above them and does not let go",
                     node(link, 0), task_of(index, link, 1), facts.in_user_mode ? "user" : "kernel",
                     policy_words(facts.policy), facts.priority);
}

std::string reclaim_phrase(const Index& index, const Link& link) {
  const auto& facts = facts_of<diagnose::ReclaimFacts>(link);
  return fmt::format("{} was freeing memory ({}){}: all that need memory wait with it or try in vain",
                     task_of(index, link), called(facts.reclaim),
                     facts.place.function.empty() ? "" : " and had come to " + function_phrase(facts.place));
}

}  // namespace whyhung::report
