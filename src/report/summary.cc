// SPDX-License-Identifier: GPL-2.0-or-later
// The verdict in one paragraph, and what still ran.
#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "report/phrases.h"

namespace whyhung::report {

using diagnose::Culprit;
using diagnose::Finding;
using diagnose::HangClass;
using diagnose::Rung;

std::string summary_phrase(const model::Index& index, const diagnose::Diagnosis& diagnosis) {
  if (diagnosis.verdict == HangClass::kNone) {
    const std::string& panic = index.snapshot().machine.panic_message;
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
      text += separator + doubt_phrase(index, diagnosis, doubt);
      separator = "; ";
    }
    return text + ".";
  }
  const Finding& finding = diagnosis.findings.front();
  std::string text = finding_phrase(index, finding);
  text += alike_phrase(finding);
  const std::size_t victims = finding.victim_tasks.size();
  if (victims != 0) {
    const bool several = finding.culprits.size() > 1 && !finding.culprits.front().occupies_cpu;
    text += fmt::format(" {} task{} wait{} for {}, directly or through others.", victims, victims == 1 ? "" : "s",
                        victims == 1 ? "s" : "", several ? "them" : "it");
  }
  const auto& machine = index.snapshot().machine;
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
    case diagnose::RungReason::kOffline: reason = "it is offline, or was never there"; break;
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
  if (!diagnosis.liveness.empty() && threads.size() == diagnosis.liveness.size()) {
    return threads.size() == 1 ? "The CPU could still run programs, and answer ping."
                               : fmt::format("All {} CPUs could still run programs, and answer ping.", threads.size());
  }
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
  return text +
         fmt::format("; other programs still ran on {}, unless they needed a blocked task.", cpus_phrase(threads));
}

}  // namespace whyhung::report
