// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/crash_phrases.h"

#include <fmt/format.h>

#include "base/columns.h"
#include "base/text.h"
#include "report/brief.h"
#include "report/links.h"
#include "report/words.h"

namespace whyhung::report {
namespace {

using diagnose::CrashFacts;
using model::CrashKind;

// What the code did.
std::string_view deed(CrashKind kind) {
  switch (kind) {
    case CrashKind::kPageFault: return "used an address that is not mapped";
    case CrashKind::kProtection: return "used an address that cannot be one";
    case CrashKind::kInvalidInstruction: return "met a BUG() or an instruction that is none";
    case CrashKind::kDivide: return "divided by zero";
    case CrashKind::kStackOverflow: return "ran out of kernel stack";
    case CrashKind::kMachineCheck: return "was at work when the hardware reported a fault";
    case CrashKind::kOtherException: return "took an exception that the kernel cannot survive";
    case CrashKind::kOutOfMemory: return "asked for memory when there was none, and the kernel panics then";
    case CrashKind::kStackSmashed: return "found its stack overwritten";
    case CrashKind::kCalled: return "called panic()";
    case CrashKind::kHangDetector: return "was found by a detector of hangs";
    case CrashKind::kRequested: return "was at work when a crash was asked for";
  }
  return {};
}

// What it is called among those who read such dumps.
std::string_view name_of_crash(CrashKind kind) {
  switch (kind) {
    case CrashKind::kPageFault: return "invalid memory access";
    case CrashKind::kProtection: return "general protection fault";
    case CrashKind::kInvalidInstruction: return "BUG() or invalid instruction";
    case CrashKind::kDivide: return "division by zero";
    case CrashKind::kStackOverflow: return "kernel stack overflow";
    case CrashKind::kMachineCheck: return "machine check: a fault of the hardware";
    case CrashKind::kOtherException: return "exception in the kernel";
    case CrashKind::kOutOfMemory: return "out of memory, and the kernel is set to panic then";
    case CrashKind::kStackSmashed: return "overwritten stack";
    case CrashKind::kCalled: return "call of panic()";
    case CrashKind::kHangDetector: return "a detector of hangs fired";
    case CrashKind::kRequested: return "crash asked for";
  }
  return {};
}

// What the log says of the crash: the Oops of the task that is accused, or of its CPU.
const model::Incident* incident_of(const model::Index& index, const diagnose::Finding& finding) {
  if (finding.culprits.empty()) return nullptr;
  const diagnose::Culprit& culprit = finding.culprits.front();
  const auto& incidents = index.snapshot().incidents;
  for (auto one = incidents.rbegin(); one != incidents.rend(); ++one) {
    if (one->kind != model::IncidentKind::kOops) continue;
    if (one->pid == culprit.pid && (!one->cpu || !culprit.cpu || one->cpu == culprit.cpu)) return &*one;
  }
  return nullptr;
}

}  // namespace

std::string crash_headline(const model::Index& index, const diagnose::Finding& finding) {
  const diagnose::Link* died = first_link(finding, diagnose::Claim::kKernelDied);
  if (died == nullptr) return "the kernel crashed";
  const auto& facts = diagnose::facts_of<CrashFacts>(*died);
  const std::string place = brief_place(facts.place.function, facts.place.module);
  std::string_view name = name_of_crash(facts.kind);
  const model::Incident* incident = incident_of(index, finding);
  const auto log_says = [&](std::string_view words) {
    return incident != nullptr && incident->text.find(words) != std::string::npos;
  };
  // Both are one kind of exception; the kernel's own words tell them apart.
  if (facts.kind == CrashKind::kPageFault && (log_says("NULL pointer") || log_says("null pointer"))) {
    name = "NULL pointer dereference";
  }
  if (facts.kind == CrashKind::kInvalidInstruction && log_says("kernel BUG at")) name = "BUG()";
  return fmt::format("{}{}{}", name, place.empty() ? "" : " in ", place);
}

std::string crash_why_phrase(const model::Index& index, const diagnose::Finding& finding) {
  const diagnose::Link* died = first_link(finding, diagnose::Claim::kKernelDied);
  if (died == nullptr || finding.culprits.empty()) return {};
  const auto& facts = diagnose::facts_of<CrashFacts>(*died);
  const diagnose::Culprit& culprit = finding.culprits.front();
  const model::Snapshot& snapshot = index.snapshot();
  std::string text = brief_culprit(index, culprit);
  if (!culprit.function.empty() && culprit.location < snapshot.locations.size()) {
    text += " at " + brief_location(snapshot.locations[culprit.location]);
  }
  if (culprit.kind == diagnose::CulpritKind::kTask) text += fmt::format(" on CPU {}", node(*died, 0));
  return fmt::format("{} {}; it did not hang", text, deed(facts.kind));
}

std::string crash_log_phrase(const model::Index& index, const diagnose::Finding& finding) {
  constexpr std::size_t kLongest = 160;
  const model::Incident* incident = incident_of(index, finding);
  return incident == nullptr ? std::string() : fmt::format("\"{}\"", cut_to(printable(incident->text), kLongest));
}

std::string crash_registers_phrase(const model::Snapshot& snapshot) {
  if (!snapshot.machine.crash) return {};
  const model::Cpu* cpu = snapshot.find_cpu(snapshot.machine.crash->cpu);
  if (cpu == nullptr) return {};
  for (const model::FrameRegisters& registers : cpu->stack.registers) {
    if (registers.frame != snapshot.machine.crash->frame) continue;
    std::string text;
    for (const model::RegisterValue& one : registers.values) {
      text += fmt::format("{}{:>3}={:016x}", text.empty() ? "" : " ", printable(one.name), one.value);
    }
    return text;
  }
  return {};
}

std::string died_phrase(const model::Index& index, const diagnose::Link& link) {
  const auto& facts = diagnose::facts_of<CrashFacts>(link);
  const std::string place = function_phrase(facts.place);
  return fmt::format("CPU {}, running {}: {} {}", node(link, 0), task_phrase(index, node(link, 1)),
                     place.empty() ? "the code" : place, deed(facts.kind));
}

std::string stopped_phrase(const diagnose::Link& link) {
  const std::string message = printable(diagnose::facts_of<CrashFacts>(link).message);
  return fmt::format("the kernel panicked on CPU {}{}", node(link, 0),
                     message.empty() ? "" : fmt::format(": \"{}\"", message));
}

std::string slept_phrase(const model::Index& index, const diagnose::Link& link) {
  const auto& facts = diagnose::facts_of<diagnose::RestFacts>(link);
  return fmt::format(
      "{} went to sleep{} with a spinlock held or preemption disabled, as the kernel itself noticed, and "
      "sleeps since",
      task_phrase(index, node(link, 0)), in_place(facts.place));
}

std::string killed_phrase(const model::Index& index, const diagnose::Link& link) {
  const auto& facts = diagnose::facts_of<diagnose::KilledFacts>(link);
  return fmt::format(
      "{} was in the hands of {} (pid {}), which an Oops{} killed {} s after boot, before anybody waited",
      resource_phrase(index, node(link, 0)), printable(facts.comm), facts.pid, in_place(facts.place),
      seconds_text(facts.time));
}

std::string crashed_phrase(const model::Index&, const diagnose::Finding& finding, std::string_view culprit) {
  const diagnose::Link* died = first_link(finding, diagnose::Claim::kKernelDied);
  if (died == nullptr) return "The kernel crashed; it did not hang.";
  const auto& facts = diagnose::facts_of<CrashFacts>(*died);
  return fmt::format("No hang: the kernel crashed. The {}{} {}.", culprit, in_place(facts.place), deed(facts.kind));
}

}  // namespace whyhung::report
