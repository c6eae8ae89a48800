// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/crash_phrases.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/columns.h"
#include "base/text.h"
#include "report/brief.h"
#include "report/links.h"
#include "report/marks.h"
#include "report/words.h"

namespace whyhung::report {
namespace {

using diagnose::CrashFacts;
using model::CrashKind;

// What the code did.
std::string_view deed(CrashKind kind) {
  switch (kind) {
    case CrashKind::kPageFault: return "used memory that is not there, or not for that";
    case CrashKind::kProtection: return "used an address that cannot be one, or did what the processor forbids";
    case CrashKind::kInvalidInstruction: return "met a BUG() or an instruction that is none";
    case CrashKind::kDivide: return "divided by zero, or got a quotient that has no room";
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
    case CrashKind::kDivide: return "divide error";
    case CrashKind::kStackOverflow: return "kernel stack overflow";
    case CrashKind::kMachineCheck: return "machine check: a fault of the hardware";
    case CrashKind::kOtherException: return "exception in the kernel";
    case CrashKind::kOutOfMemory: return "out of memory: the kernel is set to panic then";
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

constexpr std::uint64_t kFirstPage = 4096;

// Where a pointer to nothing leads, with the offset of a member.
bool is_null(const model::Snapshot& snapshot) {
  const auto& crash = snapshot.machine.crash;
  return crash && crash->address && *crash->address < kFirstPage;
}

bool is_stray_jump(const CrashFacts& facts) {
  return facts.inner && facts.inner->function.empty() && facts.inner->module.empty();
}

std::string_view deed_of(const model::Snapshot& snapshot, const CrashFacts& facts) {
  if (is_stray_jump(facts)) return "jumped to where there is no code";
  if (facts.kind == CrashKind::kPageFault && is_null(snapshot)) return "used a pointer that is NULL";
  return deed(facts.kind);
}

// Where it happened, if not in the code that is accused.
std::string inner_phrase(const CrashFacts& facts) {
  if (!facts.inner || is_stray_jump(facts)) return {};
  return fmt::format(", in {} that it called", function_phrase(*facts.inner));
}

std::string memory_phrase(std::uint64_t address) {
  if (address == 0) return "the address 0 (NULL)";
  if (address < kFirstPage) return fmt::format("{0:#x}: a member {0} bytes behind a pointer that is NULL", address);
  return fmt::format("{:#x}", address);
}

// In the order in which one looks for them; those of other machines as they come.
std::size_t place_of_register(std::string_view name) {
  constexpr auto kFirst = std::to_array<std::string_view>({"RIP", "RSP", "RAX", "RBX",    "RCX",      "RDX", "RSI",
                                                           "RDI", "RBP", "R8",  "R9",     "R10",      "R11", "R12",
                                                           "R13", "R14", "R15", "RFLAGS", "ORIG_RAX", "CS",  "SS"});
  return static_cast<std::size_t>(std::ranges::find(kFirst, name) - kFirst.begin());
}

}  // namespace

std::string crash_headline(const model::Index& index, const diagnose::Finding& finding) {
  const diagnose::Link* died = first_link(finding, diagnose::Claim::kKernelDied);
  if (died == nullptr) return "the kernel crashed";
  const auto& facts = diagnose::facts_of<CrashFacts>(*died);
  // Where nobody is accused, whoever was there had the bad luck.
  const std::string place =
      finding.culprits.empty() ? std::string() : brief_place(facts.place.function, facts.place.module);
  std::string_view name = name_of_crash(facts.kind);
  const model::Incident* incident = incident_of(index, finding);
  const auto log_says = [&](std::string_view words) {
    return incident != nullptr && incident->text.find(words) != std::string::npos;
  };
  // One kind of exception each: the address tells what it was, or the kernel's own words.
  const bool is_of_null = is_null(index.snapshot()) || log_says("NULL pointer") || log_says("null pointer");
  if (facts.kind == CrashKind::kPageFault && is_of_null) {
    name = "NULL pointer dereference";
  }
  if (facts.kind == CrashKind::kInvalidInstruction && log_says("kernel BUG at")) name = "BUG()";
  return fmt::format("{}{}{}", name, place.empty() ? "" : " in ", place);
}

std::string crash_why_phrase(const model::Index& index, const diagnose::Finding& finding) {
  const diagnose::Link* died = first_link(finding, diagnose::Claim::kKernelDied);
  if (died == nullptr) return {};
  const auto& facts = diagnose::facts_of<CrashFacts>(*died);
  if (finding.culprits.empty()) {
    return fmt::format("{} {} on CPU {}; that accuses nobody, and it did not hang", brief_task(index, node(*died, 1)),
                       deed(facts.kind), node(*died, 0));
  }
  const diagnose::Culprit& culprit = finding.culprits.front();
  const model::Snapshot& snapshot = index.snapshot();
  std::string text = brief_culprit(index, culprit);
  if (!culprit.function.empty() && culprit.location < snapshot.locations.size()) {
    text += " at " + brief_location(snapshot.locations[culprit.location]);
  }
  if (culprit.kind == diagnose::CulpritKind::kTask) text += fmt::format(" on CPU {}", node(*died, 0));
  return fmt::format("{} {}{}; it did not hang", text, deed_of(index.snapshot(), facts), inner_phrase(facts));
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
  const std::uint32_t frame = snapshot.machine.crash->frame;
  const auto saved = std::ranges::find(cpu->stack.registers, frame, &model::FrameRegisters::frame);
  if (saved == cpu->stack.registers.end() && frame != 0) return {};
  std::vector<model::RegisterValue> values = saved == cpu->stack.registers.end() ? cpu->registers : saved->values;
  std::ranges::stable_sort(values, {}, [](const model::RegisterValue& one) { return place_of_register(one.name); });
  std::string text;
  for (const model::RegisterValue& one : values) {
    text += fmt::format("{}{}={:016x}", text.empty() ? "" : " ", printable(one.name), one.value);
  }
  return text;
}

std::string crash_code_phrase(const model::Snapshot& snapshot) {
  if (!snapshot.machine.crash) return {};
  const model::Crash& crash = *snapshot.machine.crash;
  if (!crash.code_at || *crash.code_at >= crash.code.size()) return {};
  const std::string text = printable(crash.code[*crash.code_at]);
  return code(text) + (crash.address ? fmt::format(", which means {}", memory_phrase(*crash.address)) : "");
}

std::vector<std::string> crash_code(const model::Snapshot& snapshot) {
  std::vector<std::string> lines;
  if (!snapshot.machine.crash) return lines;
  const model::Crash& crash = *snapshot.machine.crash;
  for (std::size_t i = 0; i < crash.code.size(); ++i) {
    lines.push_back((i == crash.code_at ? "> " : "  ") + printable(crash.code[i]));
  }
  return lines;
}

std::string died_phrase(const model::Index& index, const diagnose::Link& link) {
  const auto& facts = diagnose::facts_of<CrashFacts>(link);
  const std::string place = function_phrase(facts.place);
  return fmt::format("CPU {}, running {}: {} {}{}", node(link, 0), task_phrase(index, node(link, 1)),
                     place.empty() ? "the code" : place, deed_of(index.snapshot(), facts), inner_phrase(facts));
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

std::string crashed_phrase(const model::Index& index, const diagnose::Finding& finding, std::string_view culprit) {
  const diagnose::Link* died = first_link(finding, diagnose::Claim::kKernelDied);
  if (died == nullptr) return "The kernel crashed; it did not hang.";
  const auto& facts = diagnose::facts_of<CrashFacts>(*died);
  if (finding.culprits.empty()) {
    return fmt::format("No hang: the kernel crashed. {} {}; that accuses nobody.", task_phrase(index, node(*died, 1)),
                       deed(facts.kind));
  }
  return fmt::format("No hang: the kernel crashed. The {}{} {}{}.", culprit, in_place(facts.place),
                     deed_of(index.snapshot(), facts), inner_phrase(facts));
}

}  // namespace whyhung::report
