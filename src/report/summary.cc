// SPDX-License-Identifier: GPL-2.0-or-later
// The paragraphs: a finding in one sentence, the verdict, and what still ran.
#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "report/links.h"
#include "report/phrases.h"
#include "report/wait_phrases.h"

namespace whyhung::report {
namespace {

using diagnose::Claim;
using diagnose::Culprit;
using diagnose::Finding;
using diagnose::HangClass;
using diagnose::Link;
using diagnose::Rung;

std::string capitalised(std::string_view text) {
  if (text.empty() || text.front() < 'a' || text.front() > 'z') return std::string(text);
  return static_cast<char>(text.front() - 'a' + 'A') + std::string(text.substr(1));
}

// "has held CPU 2 for 14.2 s in an endless loop of pmount_kthread [while1]"
std::string holding_phrase(const Finding& finding, const Culprit& culprit) {
  const Link* occupied = first_link(finding, Claim::kCpuOccupied);
  std::string text = fmt::format("has held CPU {}", culprit.cpu.value_or(0));
  if (occupied != nullptr && finding.culprits.size() == 1) {
    const auto seconds = occupied->facts.find("seconds");
    if (seconds != occupied->facts.end()) text += fmt::format(" for {} s", seconds->second);
  }
  const std::string where = function_phrase(culprit.function, culprit.module);
  if (where.empty()) return text;
  if (first_link(finding, Claim::kEndlessLoop) != nullptr) return text + " in an endless loop of " + where;
  if (first_link(finding, Claim::kLoop) != nullptr) return text + " in a loop of " + where;
  return text + " in " + where;
}

std::string why_it_stays(const Finding& finding) {
  if (first_link(finding, Claim::kInterruptsOff) != nullptr) return "with interrupts disabled";
  if (finding.hang_class == HangClass::kIrqsOff) return "and takes no interrupts";
  if (first_link(finding, Claim::kSoftirqNotPreemptible) != nullptr) return "in a softirq, which is never preempted";
  if (first_link(finding, Claim::kPreemptionDisabled) != nullptr) return "with preemption disabled";
  if (first_link(finding, Claim::kKernelNotPreemptible) != nullptr) {
    return "without yielding, on a kernel that does not preempt kernel code";
  }
  return "without yielding";
}

std::string stop_machine_sentence(const model::Snapshot& snapshot, const Finding& finding) {
  std::string text = finding.requester == 0
                         ? std::string("A stop_machine() request")
                         : "The task " + task_phrase(snapshot, finding.requester) + " asked for stop_machine()";
  text += fmt::format(" to run {}, which needs the stopper thread of every CPU; ", printable(finding.requested));
  std::vector<std::uint32_t> cpus;
  for (const Culprit& culprit : finding.culprits) cpus.push_back(culprit.cpu.value_or(0));
  if (const Link* took_part = first_link(finding, Claim::kCpusTookPart)) {
    std::vector<std::uint32_t> others;
    for (const model::NodeId& one : took_part->nodes) others.push_back(static_cast<std::uint32_t>(one.id));
    text += fmt::format("{} came and spin{} in multi_cpu_stop ever since, ", cpus_phrase(others),
                        others.size() == 1 ? "s" : "");
    text += fmt::format("but on {} it cannot run", cpus_phrase(cpus));
  } else {
    text += fmt::format("on {} it cannot run", cpus_phrase(cpus));
  }
  return text;
}

}  // namespace

std::string finding_phrase(const model::Snapshot& snapshot, const Finding& finding) {
  if (auto text = wait_finding_phrase(snapshot, finding)) return capitalised(*std::move(text));
  std::string culprits;
  for (const Culprit& culprit : finding.culprits) {
    culprits += culprits.empty() ? "" : "; ";
    culprits += fmt::format("{} {} {}", culprit_phrase(snapshot, culprit), holding_phrase(finding, culprit),
                            why_it_stays(finding));
  }
  if (finding.hang_class == HangClass::kStopMachineStarved) {
    return fmt::format("{}: {}.", stop_machine_sentence(snapshot, finding), culprits);
  }
  const bool reads = finding.hang_class == HangClass::kRcuStall;
  return capitalised(culprits) + (reads ? ", inside of rcu_read_lock(): no RCU grace period can end." : ".");
}

std::string summary_phrase(const model::Snapshot& snapshot, const diagnose::Diagnosis& diagnosis) {
  if (diagnosis.verdict == HangClass::kNone) {
    const std::string& panic = snapshot.machine.panic_message;
    return panic.empty()
               ? "No hang found: every CPU could let other tasks run, and no task waits for what cannot come."
               : fmt::format(
                     "No hang found: every CPU could let other tasks run. The machine stopped because of \"{}\".",
                     printable(panic));
  }
  if (diagnosis.findings.empty()) {
    std::string text = "Could not determine why the machine hung, because";
    const char* separator = " ";
    for (const diagnose::Doubt doubt : diagnosis.doubts) {
      text += separator + doubt_phrase(snapshot, diagnosis, doubt);
      separator = "; ";
    }
    return text + ".";
  }
  const Finding& finding = diagnosis.findings.front();
  std::string text = finding_phrase(snapshot, finding);
  const std::size_t victims = finding.victim_tasks.size();
  if (victims != 0) {
    const bool several = finding.culprits.size() > 1 && !finding.culprits.front().occupies_cpu;
    text += fmt::format(" {} task{} wait{} for {}, directly or through others.", victims, victims == 1 ? "" : "s",
                        victims == 1 ? "s" : "", several ? "them" : "it");
  }
  const auto& machine = snapshot.machine;
  const bool guilty_panicked = std::ranges::any_of(
      finding.culprits, [&](const Culprit& culprit) { return culprit.cpu && machine.panic_cpu == culprit.cpu; });
  const bool on_a_cpu = std::ranges::any_of(finding.culprits, &Culprit::occupies_cpu);
  if (on_a_cpu && machine.panic_cpu && !guilty_panicked) {
    const bool is_victim = std::ranges::find(finding.victim_cpus, *machine.panic_cpu) != finding.victim_cpus.end();
    text += fmt::format(" The panic came on CPU {}, which is {}.", *machine.panic_cpu,
                        is_victim ? "a victim" : "not the cause");
  }
  return text;
}

std::string liveness_phrase(const diagnose::CpuLiveness& cpu) {
  const auto word = [](Rung rung) { return rung == Rung::kAlive ? "yes" : rung == Rung::kDead ? "no" : "unknown"; };
  std::string reason;
  switch (cpu.reason) {
    case diagnose::RungReason::kNone: break;
    case diagnose::RungReason::kInterruptsOff: reason = "interrupts are disabled"; break;
    case diagnose::RungReason::kInterruptLoops: reason = "an interrupt does not end"; break;
    case diagnose::RungReason::kSoftirqLoops: reason = "a softirq does not end"; break;
    case diagnose::RungReason::kSoftirqsDisabled: reason = "the occupant has softirqs disabled"; break;
    case diagnose::RungReason::kLeftToDaemon:
      reason = fmt::format("ksoftirqd/{} is runnable and starved, and some kernels then leave softirqs to it", cpu.cpu);
      break;
    case diagnose::RungReason::kCpuOccupied: reason = "the CPU is occupied by kernel code"; break;
    case diagnose::RungReason::kStopperSpins: reason = "its stopper spins at the highest priority"; break;
    case diagnose::RungReason::kNotRun: reason = "it was not run"; break;
    case diagnose::RungReason::kWaitsForCpu: reason = "it spins waiting for another CPU"; break;
    case diagnose::RungReason::kNoRegisters: reason = "its registers were not saved"; break;
  }
  return fmt::format("interrupts {}, softirqs {}, threads and user space {}{}", word(cpu.hardirq), word(cpu.softirq),
                     word(cpu.threads), reason.empty() ? "" : " (" + reason + ")");
}

std::string liveness_phrase(const diagnose::Diagnosis& diagnosis) {
  std::vector<std::uint32_t> softirq;
  std::vector<std::uint32_t> maybe_softirq;
  std::vector<std::uint32_t> threads;
  for (const diagnose::CpuLiveness& cpu : diagnosis.liveness) {
    if (cpu.softirq == Rung::kAlive) softirq.push_back(cpu.cpu);
    if (cpu.softirq == Rung::kUnknown && cpu.hardirq == Rung::kAlive) maybe_softirq.push_back(cpu.cpu);
    if (cpu.threads == Rung::kAlive) threads.push_back(cpu.cpu);
  }
  std::string text;
  if (!softirq.empty()) {
    text = fmt::format("Ping could be answered, because hard interrupts and the softirqs at their end still ran on {}",
                       cpus_phrase(softirq));
  } else if (!maybe_softirq.empty()) {
    text = fmt::format(
        "Ping may have been answered: hard interrupts still ran on {}, but whether softirqs did depends on "
        "the kernel",
        cpus_phrase(maybe_softirq));
  } else {
    text = "Ping could not be answered, because no CPU ran softirqs any more";
  }
  if (threads.empty()) {
    return text + "; ssh and every other program could not, because no CPU let the scheduler run a task.";
  }
  return text + fmt::format("; programs such as ssh could still run on {}, unless they needed the others.",
                            cpus_phrase(threads));
}

}  // namespace whyhung::report
