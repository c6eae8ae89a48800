// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/memory_traces.h"

#include <algorithm>

#include "base/text.h"
#include "collect/machine.h"
#include "collect/stacks.h"
#include "names/meaning.h"

namespace whyhung::collect {
namespace {

constexpr std::size_t kRecords = 2048;      // from the end of the log
constexpr std::size_t kReportRecords = 64;  // that a report of the watchdog has at most
constexpr std::string_view kLockup = "BUG: soft lockup - CPU#";

// The switch frame of a task that runs is stale: it tells of the last time that the task slept.
std::string last_sleep(Workbench& bench, VirtualAddress task) {
  if (task.is_null()) return {};
  const model::StackTrace stack = stack_of_sleeping_task(bench, task, StackDetail::kFrames);
  const bool is_whole = stack.end == model::StackEndReason::kOutermost || stack.end == model::StackEndReason::kUserMode;
  if (!is_whole) return {};
  for (const model::StackFrame& frame : stack.frames) {
    const model::CodeLocation& location = bench.snapshot.location(frame);
    const bool is_sleep =
        location.meanings.has(names::Meaning::kYields) || location.meanings.has(names::Meaning::kWaits);
    if (is_sleep || location.function.empty()) continue;
    return fmt::format("; when its task last let another one run, it stood in {}", code_name(location));
  }
  return {};
}

// What a soft lockup's report says after its first line: "NIP [d0000…] function+0x…", "RIP: 0010:[<ffff…>] …".
bool names_code(std::string_view line) {
  return line.starts_with("NIP [") || line.starts_with("RIP: ") || line.starts_with("pc : ");
}

std::string last_report(const std::vector<model::LogRecord>& records, std::uint32_t cpu) {
  const std::string mark = fmt::format("{}{} ", kLockup, cpu);
  const auto is_report = [](const model::LogRecord& record) { return record.text.find(kLockup) != std::string::npos; };
  for (std::size_t i = records.size(); i-- > 0;) {
    if (records[i].text.find(mark) == std::string::npos) continue;
    std::string said = fmt::format("; the kernel's log last said of it: \"{}\"", printable(records[i].text));
    const std::size_t end = std::min(records.size(), i + kReportRecords);
    for (std::size_t j = i + 1; j < end && !is_report(records[j]); ++j) {
      if (!names_code(records[j].text)) continue;
      said += fmt::format(" and \"{}\"", printable(records[j].text));
      break;
    }
    return said;
  }
  return {};
}

}  // namespace

std::string MemoryTraces::of(std::uint32_t cpu, VirtualAddress task) {
  if (!records_) records_ = read_log(bench_, kRecords);
  return last_sleep(bench_, task) + last_report(*records_, cpu);
}

}  // namespace whyhung::collect
