// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/incidents.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "collect/machine.h"

namespace whyhung::collect {
namespace {

using model::Incident;
using model::IncidentKind;

constexpr std::size_t kMostRecords = 1u << 16;
constexpr std::size_t kMostIncidents = 64;
constexpr std::size_t kMostWords = 64;
// Lines of one report follow each other within this time, ns.
constexpr std::uint64_t kBurst = 1'000'000'000;
// kernel/panic.c, taint_flags: an Oops or BUG came before; a warning did.
constexpr std::uint64_t kTaintDied = 1u << 7;
constexpr std::uint64_t kTaintWarned = 1u << 9;

struct Opening {
  std::string_view text;
  IncidentKind kind;
};
// The first lines by version and machine: arch/*/mm/fault.c, arch/*/kernel/traps.c, lib/bug.c, kernel/sched/core.c.
constexpr auto kOpenings = std::to_array<Opening>({
    {"BUG: unable to handle", IncidentKind::kOops},
    {"BUG: kernel NULL pointer dereference", IncidentKind::kOops},
    {"BUG: Kernel NULL pointer dereference", IncidentKind::kOops},
    {"BUG: Unable to handle kernel", IncidentKind::kOops},
    {"Unable to handle kernel", IncidentKind::kOops},
    {"kernel BUG at ", IncidentKind::kOops},
    {"general protection fault", IncidentKind::kOops},
    {"Oops: ", IncidentKind::kOops},
    {"Internal error: ", IncidentKind::kOops},
    {"invalid opcode: ", IncidentKind::kOops},
    {"divide error: ", IncidentKind::kOops},
    {"BUG: scheduling while atomic: ", IncidentKind::kAtomicSleep},
    {"WARNING: ", IncidentKind::kWarning},
});

std::string_view after(std::string_view text, std::string_view mark) {
  const std::size_t at = text.find(mark);
  return at == std::string_view::npos ? std::string_view() : text.substr(at + mark.size());
}

std::string_view word_of(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(' ');
  if (begin == std::string_view::npos) return {};
  text.remove_prefix(begin);
  return text.substr(0, text.find_first_of(" \t\n"));
}

std::optional<std::uint32_t> number_after(std::string_view text, std::string_view mark) {
  const auto value = parse_unsigned(word_of(after(text, mark)), 10);
  return value && *value <= 0xffffffffu ? std::optional(static_cast<std::uint32_t>(*value)) : std::nullopt;
}

// "CPU: 3 PID: 124 Comm: oops_holder Tainted: G …", in which later kernels have "UID: 0" too.
void read_task(std::string_view text, Incident& incident) {
  if (text.find("CPU: ") == std::string_view::npos || text.find("PID: ") == std::string_view::npos) return;
  if (!incident.cpu) incident.cpu = number_after(text, "CPU: ");
  if (!incident.pid) incident.pid = number_after(text, "PID: ");
  if (!incident.comm.empty()) return;
  std::string_view comm = after(text, "Comm: ");
  const std::size_t end = std::min(comm.find(" Tainted: "), comm.find(" Not tainted"));
  incident.comm = std::string(comm.substr(0, end));
}

// "function+0x22/0x40 [module]" somewhere behind a mark.
void read_place(std::string_view text, Incident& incident) {
  constexpr std::array<std::string_view, 6> kMarks = {"RIP: ", "pc : ", "PC is at ", "NIP [", "epc : ", "Krnl PSW"};
  if (!incident.function.empty()) return;
  for (const std::string_view mark : kMarks) {
    std::string_view rest = after(text, mark);
    if (rest.empty()) continue;
    const std::size_t plus = rest.find("+0x");
    if (plus == std::string_view::npos || plus == 0) return;
    const std::size_t begin = rest.find_last_of(" :]", plus);
    incident.function = std::string(rest.substr(begin == std::string_view::npos ? 0 : begin + 1,
                                                plus - (begin == std::string_view::npos ? 0 : begin + 1)));
    std::string_view module = after(rest.substr(plus), "[");
    incident.module = std::string(module.substr(0, module.find_first_of("] ")));
    return;
  }
}

// Numbers of sixteen digits: addresses in registers and on the stack.
void read_words(std::string_view text, Incident& incident) {
  constexpr std::size_t kDigits = 16;
  std::size_t begin = 0;
  while (begin < text.size() && incident.words.size() < kMostWords) {
    const std::size_t end = std::min(text.find_first_of(" :<>()[]", begin), text.size());
    if (end - begin == kDigits) {
      const auto value = parse_unsigned(text.substr(begin, kDigits), 16);
      const bool is_kernels = value && *value >> 63 != 0 && *value != ~std::uint64_t{0};
      if (is_kernels && std::ranges::find(incident.words, *value) == incident.words.end()) {
        incident.words.push_back(*value);
      }
    }
    begin = end + 1;
  }
}

// "BUG: scheduling while atomic: comm/pid/0x00000002": the comm may have slashes of its own.
void read_sleeper(std::string_view text, Incident& incident) {
  const std::string_view rest = after(text, "scheduling while atomic: ");
  const std::size_t count = rest.rfind("/0x");
  const std::size_t pid = count == std::string_view::npos ? count : rest.rfind('/', count - 1);
  if (pid == std::string_view::npos || count == 0) return;
  const auto number = parse_unsigned(rest.substr(pid + 1, count - pid - 1), 10);
  if (!number || *number > 0xffffffffu) return;
  incident.pid = static_cast<std::uint32_t>(*number);
  incident.comm = std::string(rest.substr(0, pid));
}

const Opening* opening_of(std::string_view text) {
  for (const Opening& one : kOpenings) {
    const std::size_t at = text.find(one.text);
    // "watchdog: BUG: …" and the like have few words before it.
    if (at != std::string_view::npos && at <= 16) return &one;
  }
  return nullptr;
}

}  // namespace

std::vector<Incident> find_incidents(std::span<const model::LogRecord> records) {
  std::vector<Incident> incidents;
  bool is_open = false;
  for (const model::LogRecord& record : records) {
    const std::string_view text = record.text;
    Incident* current = is_open ? &incidents.back() : nullptr;
    if (current != nullptr && record.time > current->time + kBurst) is_open = false;
    const Opening* opening = opening_of(text);
    // An Oops has several lines that could each be its first.
    const bool goes_on = is_open && (opening == nullptr || opening->kind == incidents.back().kind);
    if (opening != nullptr && !goes_on) {
      if (incidents.size() == kMostIncidents) break;
      Incident incident;
      incident.kind = opening->kind;
      incident.time = record.time;
      incident.text = std::string(text.substr(0, text.find('\n')));
      if (incident.kind == IncidentKind::kAtomicSleep) read_sleeper(text, incident);
      incidents.push_back(std::move(incident));
      is_open = true;
    }
    if (!is_open) continue;
    read_task(text, incidents.back());
    read_place(text, incidents.back());
    read_words(text, incidents.back());
    if (text.find("---[ end trace") != std::string_view::npos) is_open = false;
  }
  return incidents;
}

void collect_incidents(Workbench& bench) {
  const auto mask = bench.access.symbols.find_all("tainted_mask", 1);
  if (!mask.empty()) {
    const auto taints = bench.access.memory.read_u64(mask.front().address);
    if (taints) bench.snapshot.machine.taints = taint_letters(*taints);
    if (taints && (*taints & (kTaintDied | kTaintWarned)) == 0) return;
  }
  bench.snapshot.incidents = find_incidents(read_log(bench, kMostRecords));
}

}  // namespace whyhung::collect
