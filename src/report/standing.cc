// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/standing.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/columns.h"
#include "base/text.h"
#include "report/brief.h"
#include "report/crash_phrases.h"
#include "report/links.h"
#include "report/phrases.h"

namespace whyhung::report {
namespace {

using diagnose::Claim;
using diagnose::Culprit;
using diagnose::Finding;
using diagnose::HangClass;
using diagnose::Link;
using model::Complaint;
using model::ComplaintKind;
using model::Index;

constexpr std::size_t kMostCulprits = 2;
constexpr std::size_t kMostMembers = 4;
constexpr std::size_t kLongestVersion = 32;

bool states(const Finding& finding, Claim claim) {
  return first_link(finding, claim) != nullptr;
}

// Why nothing could take the CPU away.
std::string_view why_kept(const Index& index, const Finding& finding) {
  if (states(finding, Claim::kInterruptsOff)) return "; interrupts are off: no tick and no IPI gets in";
  if (finding.hang_class == HangClass::kIrqsOff) return "; it takes no interrupts";
  if (states(finding, Claim::kSoftirqNotPreemptible)) return "; a softirq runs until it returns";
  if (states(finding, Claim::kPreemptionDisabled)) return "; preemption is disabled there";
  if (!states(finding, Claim::kKernelNotPreemptible)) return "; it does not yield";
  const std::string& model = index.snapshot().machine.preemption;
  if (model == "voluntary") return "; preempt=voluntary: never taken away";
  if (model == "none") return "; preempt=none: never taken away";
  return "; this kernel never takes the CPU from its own code";
}

// "kthread pmount_kthread (115) loops in pmount_kthread+0x1d [while1] on CPU 2 since …".
std::string holding_phrase(const Index& index, const Finding& finding, const Culprit& culprit) {
  const model::Snapshot& snapshot = index.snapshot();
  std::string text = brief_culprit(index, culprit);
  const bool loops = states(finding, Claim::kEndlessLoop) || states(finding, Claim::kLoop);
  text += loops ? " loops" : " has been running";
  if (!culprit.function.empty() && culprit.location < snapshot.locations.size()) {
    text += " in " + brief_location(snapshot.locations[culprit.location]);
  } else if (const std::string place = brief_place(culprit.function, culprit.module); !place.empty()) {
    text += " in " + place;
  }
  if (culprit.kind == diagnose::CulpritKind::kTask && culprit.cpu) text += fmt::format(" on CPU {}", *culprit.cpu);
  for (const Link& link : finding.chain) {
    if (link.claim != Claim::kCpuOccupied || !culprit.cpu || node(link, 0) != *culprit.cpu) continue;
    const auto& held = diagnose::facts_of<diagnose::OccupantFacts>(link).held;
    if (held && culprit.kind == diagnose::CulpritKind::kTask) text += " " + since_phrase(snapshot.machine, *held);
    break;
  }
  return text;
}

std::string occupants(const Index& index, const Finding& finding) {
  std::string text;
  for (std::size_t i = 0; i < std::min(finding.culprits.size(), kMostCulprits); ++i) {
    text += (i == 0 ? "" : "; ") + holding_phrase(index, finding, finding.culprits[i]);
  }
  if (finding.culprits.size() > kMostCulprits)
    text += fmt::format("; {} more", finding.culprits.size() - kMostCulprits);
  return text + std::string(why_kept(index, finding));
}

// "A wants x, held by B, which wants y, held by A: this cannot end since …".
std::string circle(const Index& index, const Finding& finding) {
  std::string text;
  std::size_t members = 0;
  std::optional<std::uint64_t> closed;  // how long ago the last of them began to wait
  for (const Link& link : finding.chain) {
    if (link.claim == Claim::kTaskWaits) {
      if (const auto& age = diagnose::facts_of<diagnose::WaitFacts>(link).age; age && (!closed || *age < *closed))
        closed = age;
      if (++members > kMostMembers) continue;
      text += members == 1 ? brief_task(index, node(link, 0)) : std::string(", which");
      text += " wants " + brief_resource(index, node(link, 1));
    } else if (link.claim == Claim::kHeldBy && link.nodes.size() > 1 && members <= kMostMembers) {
      const model::HolderRole role = diagnose::facts_of<diagnose::HeldFacts>(link).role;
      const std::string who = brief_node(index, link.nodes[1]);
      text += holds(role) ? ", held by " + who : fmt::format(", for which {} {}", who, role_words(role));
    }
  }
  if (members > kMostMembers) text += fmt::format(", and so on through {} tasks", members);
  return closed ? text + ": closed " + since_phrase(index.snapshot().machine, *closed) : text;
}

std::string_view meaning_of_taint(char letter) {
  switch (letter) {
    case 'P': return "proprietary";
    case 'O': return "out of tree";
    case 'E': return "unsigned";
    case 'F': return "loaded by force";
    case 'C': return "staging";
    case 'K': return "live patch";
    case 'N': return "test code";
    default: return {};
  }
}

std::string standing_of(const model::Module& module) {
  std::string text;
  for (const char letter : module.taints) {
    const std::string_view meaning = meaning_of_taint(letter);
    if (!meaning.empty()) text += fmt::format("{}{}", text.empty() ? "" : ", ", meaning);
  }
  if (module.taints.find('O') == std::string::npos) text = text.empty() ? "part of this kernel" : "in tree, " + text;
  if (!module.taints.empty()) text += fmt::format(" (taints {})", printable(module.taints));
  if (!module.version.empty()) text += ", version " + cut_to(printable(module.version), kLongestVersion);
  if (module.state == "going") text += ", being unloaded";
  if (module.state == "coming") text += ", being loaded";
  return text;
}

// What a CPU or task that is named elsewhere is for the finding.
enum class Part : std::uint8_t { kCulprit, kVictim, kNone };

Part part_of(const Finding& finding, std::optional<std::uint32_t> cpu, std::optional<std::uint64_t> task) {
  for (const Culprit& culprit : finding.culprits) {
    if (task && culprit.task == *task) return Part::kCulprit;
    if (!task && cpu && culprit.occupies_cpu && culprit.cpu == cpu) return Part::kCulprit;
  }
  if (task && std::ranges::find(finding.victim_tasks, *task) != finding.victim_tasks.end()) return Part::kVictim;
  if (cpu && std::ranges::find(finding.victim_cpus, *cpu) != finding.victim_cpus.end()) return Part::kVictim;
  return Part::kNone;
}

std::string_view name_of_complaint(ComplaintKind kind) {
  switch (kind) {
    case ComplaintKind::kSoftLockup: return "a soft lockup";
    case ComplaintKind::kHardLockup: return "a hard lockup";
    case ComplaintKind::kRcuStall: return "an RCU stall";
    case ComplaintKind::kHungTask: return "a hung task";
  }
  return {};
}

std::optional<std::uint64_t> task_named(const Index& index, const Complaint& complaint) {
  if (!complaint.pid) return std::nullopt;
  const auto tasks = index.tasks_with_pid(*complaint.pid);
  const auto found = std::ranges::find(tasks, false, &model::Task::is_idle_task);
  return found == tasks.end() ? std::nullopt : std::optional((*found)->address);
}

// What the kernel's log says, and whether that is what was found.
std::string log_phrase(const Index& index, const Complaint& complaint, const Finding* finding) {
  std::string whom;
  if (complaint.pid && !complaint.comm.empty()) whom = brief_task(complaint.comm, *complaint.pid);
  if (whom.empty() && complaint.pid) whom = fmt::format("pid {}", *complaint.pid);
  if (complaint.cpu) whom += fmt::format("{}CPU {}", whom.empty() ? "" : " on ", *complaint.cpu);
  std::string text =
      fmt::format("; the log reports {}{}{}", name_of_complaint(complaint.kind), whom.empty() ? "" : ": ", whom);
  if (finding == nullptr || whom.empty()) return text;
  const Part part = part_of(*finding, complaint.cpu, task_named(index, complaint));
  if (complaint.kind == ComplaintKind::kHungTask) {
    // It names who waits, and never claims to name the cause.
    return text + (part == Part::kNone ? ", not part of this" : ", part of this");
  }
  switch (part) {
    case Part::kCulprit: return text + ": agrees";
    case Part::kVictim: return text + ", only a victim";
    case Part::kNone: return text + ", not the cause";
  }
  return text;
}

}  // namespace

std::string why_phrase(const Index& index, const Finding& finding) {
  switch (finding.hang_class) {
    case HangClass::kStopMachineStarved:
    case HangClass::kIrqsOff: return occupants(index, finding);
    case HangClass::kCpuHog:
      return states(finding, Claim::kHolderRuns) ? finding_phrase(index, finding) : occupants(index, finding);
    case HangClass::kMutexDeadlock:
    case HangClass::kMixedLockCycle:
    case HangClass::kWorkqueueFlushDeadlock:
    case HangClass::kUserSpaceLock:
    case HangClass::kSelfDeadlock: return circle(index, finding);
    case HangClass::kCrashed: return crash_why_phrase(index, finding);
    case HangClass::kSpinlockDeadlock:
    case HangClass::kLockHeldBySleeper:
    case HangClass::kLockHeldByExitedTask:
    case HangClass::kLockLeaked:
    case HangClass::kRwsemReaderBlocksWriter:
    case HangClass::kHolderFrozen:
    case HangClass::kLostWakeup:
    case HangClass::kNeverCompleted:
    case HangClass::kWorkqueueStall:
    case HangClass::kRtHog:
    case HangClass::kStarvation:
    case HangClass::kRcuStall:
    case HangClass::kMemoryReclaimStall:
    case HangClass::kIpiNotAnswered:
    case HangClass::kExternal:
    case HangClass::kIoStuck:
    case HangClass::kServerGone:
    case HangClass::kNone:
    case HangClass::kUndetermined: return finding_phrase(index, finding);
  }
  return {};
}

std::string standing_phrase(const model::Snapshot& snapshot, const Finding& finding) {
  std::vector<std::string_view> told;
  std::string text;
  for (const Culprit& culprit : finding.culprits) {
    if (culprit.module.empty() || told.size() == kMostCulprits) continue;
    if (std::ranges::find(told, std::string_view(culprit.module)) != told.end()) continue;
    told.push_back(culprit.module);
    const auto module = std::ranges::find(snapshot.modules, culprit.module, &model::Module::name);
    if (module == snapshot.modules.end()) continue;
    constexpr std::size_t kLongestName = 24;
    text += fmt::format("{}{}: {}", text.empty() ? "" : "; ", cut_to(printable(module->name), kLongestName),
                        standing_of(*module));
  }
  return text;
}

std::string panic_phrase(const Index& index, const diagnose::Diagnosis& diagnosis) {
  const model::Machine& machine = index.snapshot().machine;
  if (machine.panic_message.empty()) return {};
  constexpr std::string_view kPrefix = "Kernel panic - not syncing: ";
  std::string_view message = machine.panic_message;
  if (message.starts_with(kPrefix)) message.remove_prefix(kPrefix.size());
  const std::string time = machine.clock ? time_phrase(machine, *machine.clock) : std::string();
  std::string text = time + (time.empty() ? "" : " ") + fmt::format("\"{}\"", cut_to(printable(message), 80));
  const Finding* finding = diagnosis.findings.empty() ? nullptr : &diagnosis.findings.front();
  if (machine.panic_cpu) text += fmt::format(" on CPU {}", *machine.panic_cpu);
  if (machine.panic_cpu && finding != nullptr && std::ranges::any_of(finding->culprits, &Culprit::occupies_cpu)) {
    switch (part_of(*finding, machine.panic_cpu, std::nullopt)) {
      case Part::kCulprit: text += ", the culprit's"; break;
      case Part::kVictim: text += ", a victim"; break;
      case Part::kNone: text += ", not the cause"; break;
    }
  }
  if (machine.complaint) text += log_phrase(index, *machine.complaint, finding);
  return text;
}

}  // namespace whyhung::report
