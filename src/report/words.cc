// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/words.h"

#include <fmt/format.h>

#include "base/text.h"
#include "report/marks.h"

namespace whyhung::report {
namespace {

using model::HolderRole;
using model::WaitKind;

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i != 0) text += i + 1 == words.size() ? " and " : ", ";
    text += words[i];
  }
  return text;
}

std::string_view noun_of(model::ResourceKind kind) {
  for (const model::ResourceKindWords& row : words_of(kind)) {
    if (row.value == kind) return row.noun;
  }
  return "resource";
}

// Whether the name of such a resource is a symbol of code or data.
bool is_symbol(model::ResourceKind kind) {
  return is_lock(kind) || kind == model::ResourceKind::kSpinlock || kind == model::ResourceKind::kCompletion ||
         kind == model::ResourceKind::kWorkItem || kind == model::ResourceKind::kIpi ||
         kind == model::ResourceKind::kStopWork;
}

// In which mode a lock is wanted: rw_semaphores know them by other words than file locks.
std::string mode_words(const model::WaitHow& how) {
  if (!how.mode) return {};
  const bool exclusive = *how.mode == model::LockMode::kExclusive;
  if (!how.family) return exclusive ? " for writing" : " for reading";
  return fmt::format(" ({}, {})", *how.family == model::FileLockFamily::kFlock ? "flock" : "POSIX",
                     exclusive ? "exclusive" : "shared");
}

}  // namespace

std::string task_phrase(const model::Index& index, std::uint64_t task) {
  const model::Task* found = index.task(task);
  if (found == nullptr) return fmt::format("the task at {:#x}", task);
  return fmt::format("{} (pid {})", printable(found->comm), found->pid);
}

std::string resource_phrase(const model::Index& index, std::uint64_t address) {
  const model::Resource* resource = index.resource(address);
  if (resource == nullptr) return fmt::format("what lies at {:#x}", address);
  if (resource->kind == model::ResourceKind::kFileLock && !resource->name.empty()) {
    return fmt::format("the lock of the file \"{}\"", printable(resource->name));
  }
  const std::string_view noun = noun_of(resource->kind);
  if (resource->name.empty()) return fmt::format("the {} at {:#x}", noun, address);
  const std::string name = printable(resource->name);
  return fmt::format("the {} {}", noun, is_symbol(resource->kind) ? code(name) : name);
}

std::string node_phrase(const model::Index& index, const model::NodeId& node) {
  switch (node.kind) {
    case model::NodeKind::kTask: return task_phrase(index, node.id);
    case model::NodeKind::kCpu: return fmt::format("CPU {}", node.id);
    case model::NodeKind::kResource: return resource_phrase(index, node.id);
  }
  return {};
}

std::string culprit_phrase(const model::Index& index, const diagnose::Culprit& culprit) {
  const model::Task* task = index.task(culprit.task);
  std::string_view kind = "task";
  if (task != nullptr && task->is_kernel_thread) kind = "kernel thread";
  if (task != nullptr && task->is_idle_task) kind = "the idle task";
  std::string owner = fmt::format("{} {}", kind, task_phrase(index, culprit.task));
  switch (culprit.kind) {
    case diagnose::CulpritKind::kTask: return owner;
    case diagnose::CulpritKind::kSoftirq: return fmt::format("a softirq on top of {}", owner);
    case diagnose::CulpritKind::kHardirq: return fmt::format("an interrupt on top of {}", owner);
  }
  return owner;
}

std::string function_phrase(std::string_view function, std::string_view module) {
  if (function.empty() && module.empty()) return {};
  if (function.empty()) return fmt::format("code without a symbol [{}]", printable(module));
  return code(module.empty() ? fmt::format("{}()", printable(function))
                             : fmt::format("{}() [{}]", printable(function), printable(module)));
}

std::string function_phrase(const diagnose::Place& place) {
  return function_phrase(place.function, place.module);
}

std::string called(std::string_view name) {
  const std::string text = printable(name);
  const std::size_t end = text.find(' ');
  if (text.empty() || text.starts_with("0x")) return code(text);
  return code(text.substr(0, end) + "()" + (end == std::string::npos ? std::string() : text.substr(end)));
}

std::string in_place(const diagnose::Place& place) {
  const std::string function = function_phrase(place);
  return function.empty() ? std::string() : " in " + function;
}

std::string cpus_phrase(const std::vector<std::uint32_t>& cpus) {
  // Runs of numbers are written as such: a machine may have hundreds.
  std::vector<std::string> words;
  for (std::size_t i = 0; i < cpus.size();) {
    std::size_t end = i;
    while (end + 1 < cpus.size() && cpus[end + 1] == cpus[end] + 1) ++end;
    if (end >= i + 2) {
      words.push_back(fmt::format("{}-{}", cpus[i], cpus[end]));
    } else {
      for (std::size_t k = i; k <= end; ++k) words.push_back(std::to_string(cpus[k]));
    }
    i = end + 1;
  }
  return (cpus.size() == 1 ? "CPU " : "CPUs ") + joined(words);
}

std::string cpu_nodes_phrase(const std::vector<model::NodeId>& cpus) {
  std::vector<std::uint32_t> numbers;
  numbers.reserve(cpus.size());
  for (const model::NodeId& one : cpus) numbers.push_back(static_cast<std::uint32_t>(one.id));
  return cpus_phrase(numbers);
}

std::string seconds_text(std::uint64_t nanoseconds) {
  return fmt::format("{:.1f}", static_cast<double>(nanoseconds) / 1e9);
}

std::string seconds_after(std::string_view before, const std::optional<std::uint64_t>& nanoseconds) {
  return nanoseconds ? fmt::format("{}{} s", before, seconds_text(*nanoseconds)) : std::string();
}

std::string_view plural(std::uint64_t count) {
  return count == 1 ? "" : "s";
}

std::string_view state_words(const diagnose::RestFacts& rest) {
  return rest.is_frozen ? "frozen" : model::name_of(rest.state);
}

std::string halt_phrase(const diagnose::RestFacts& rest) {
  if (rest.is_frozen) return "frozen (by its cgroup, or for a suspend)";
  return rest.state == model::TaskState::kTraced ? "stopped by a tracer" : std::string(model::name_of(rest.state));
}

bool holds(HolderRole role) {
  return role == HolderRole::kOwner || role == HolderRole::kReader || role == HolderRole::kLastHolder ||
         role == HolderRole::kHandedOver || role == HolderRole::kSpins;
}

std::string_view role_words(HolderRole role) {
  switch (role) {
    case HolderRole::kOwner: return "owns it";
    case HolderRole::kReader: return "holds it for reading";
    case HolderRole::kLastHolder: return "took it last";
    case HolderRole::kHandedOver: return "was handed the lock";
    case HolderRole::kSpins: return "holds it";
    case HolderRole::kMustTakePart: return "must take part";
    case HolderRole::kMustRun: return "must run it";
    case HolderRole::kExecutes: return "executes it";
    case HolderRole::kOccupiesQueue: return "occupies the queue that may not execute more at a time";
    case HolderRole::kOccupiesPool: return "occupies the pool that it waits in";
    case HolderRole::kExecutesQueue: return "executes work of the queue";
    case HolderRole::kMustEnd: return "must end";
    case HolderRole::kMustPark: return "must park";
    case HolderRole::kMustMakeThread: return "must make the thread";
    case HolderRole::kVforkChild: return "runs in its memory until it executes a program or exits (vfork)";
    case HolderRole::kOwesQuiescentState: return "owes a quiescent state";
    case HolderRole::kRunsReader: return "runs a reader";
    case HolderRole::kWasPreemptedReading: return "was preempted as a reader";
    case HolderRole::kServes: return "serves it";
    case HolderRole::kLooksUp: return "looks it up";
    case HolderRole::kHasNotBegun: return "has been sent it and has not begun";
    case HolderRole::kHasNotEnded: return "has begun it and has not come to its end";
    case HolderRole::kOther: return "must act";
  }
  return {};
}

std::string how_phrase(const model::WaitHow& how) {
  const std::string place = in_place({how.function, how.module});
  switch (how.kind) {
    case WaitKind::kSleeps: return "sleeps for it" + mode_words(how) + place;
    case WaitKind::kSleepsAtWord: return "sleeps at this word of its memory";
    case WaitKind::kSleepsAtFutexLock: return "sleeps for it, which belongs to a futex with priority inheritance";
    case WaitKind::kSleepsForPage: return "sleeps until a page is read or written";
    case WaitKind::kSleepsForPageLock: return "sleeps until it is unlocked";
    case WaitKind::kSleepsForBuffer: return "sleeps until a buffer is read, written, or unlocked";
    case WaitKind::kSleepsUntilThawed: return "sleeps until the file system is thawed";
    case WaitKind::kSleepsForLookup: return "sleeps until the name is looked up";
    case WaitKind::kSleepsForAnswer:
      return fmt::format("sleeps until its request {} is answered, which the server {}", printable(how.request),
                         how.taken_up.value_or(false) ? "has read" : "has not read yet");
    case WaitKind::kSleepsForCall:
      return how.request.empty() ? "sleeps until its call is answered"
                                 : fmt::format("sleeps until its call is answered ({})", printable(how.request));
    case WaitKind::kAskedForStop: return "asked for the machine to be stopped";
    case WaitKind::kWaitsForStopper: return "waits for the stopper of a CPU";
    case WaitKind::kSpins: return "spins for it" + place;
    case WaitKind::kSpinsInStopMachine: return "spins in multi_cpu_stop()";
    case WaitKind::kOther: return "waits for it" + place;
  }
  return {};
}

}  // namespace whyhung::report
