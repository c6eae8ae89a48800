// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/complaints.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace whyhung::collect {
namespace {

using model::Complaint;
using model::ComplaintKind;

constexpr std::size_t kMostLinesOfStall = 4;  // behind the first: who is stalled

std::string_view between(std::string_view text, std::string_view begin, std::string_view end) {
  const std::size_t at = text.find(begin);
  if (at == std::string_view::npos) return {};
  text.remove_prefix(at + begin.size());
  const std::size_t length = text.find(end);
  return length == std::string_view::npos ? std::string_view() : text.substr(0, length);
}

std::optional<std::uint32_t> number_at(std::string_view text) {
  const std::size_t length = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto value = parse_unsigned(text.substr(0, length), 10);
  return value && *value <= 0xffffffffu ? std::optional(static_cast<std::uint32_t>(*value)) : std::nullopt;
}

std::optional<std::uint32_t> number_after(std::string_view text, std::string_view mark) {
  const std::size_t at = text.find(mark);
  return at == std::string_view::npos ? std::nullopt : number_at(text.substr(at + mark.size()));
}

// "comm:pid", in which the comm may have colons of its own.
void name_task(std::string_view text, Complaint& complaint) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return;
  complaint.pid = number_at(text.substr(colon + 1));
  complaint.comm = std::string(text.substr(0, colon));
}

// "rcu: \t3-....: (…)", "\tTasks blocked on level-0 rcu_node (CPUs 0-3): P116".
void name_stalled(std::string_view text, Complaint& complaint) {
  if (text.starts_with("rcu: ")) text.remove_prefix(5);
  if (const std::size_t first = text.find_first_not_of(" \t"); first != std::string_view::npos)
    text.remove_prefix(first);
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  if (!complaint.cpu && digits != 0 && text.substr(digits).starts_with("-")) complaint.cpu = number_at(text);
  if (!complaint.pid) complaint.pid = number_after(text, "): P");
}

std::optional<Complaint> complaint_in(std::span<const model::LogRecord> records) {
  const std::string_view text = records.front().text;
  Complaint complaint;
  complaint.time = records.front().time;
  const auto says = [&](std::string_view words) { return text.find(words) != std::string_view::npos; };
  if (says("BUG: soft lockup - CPU#")) {
    complaint.kind = ComplaintKind::kSoftLockup;
    complaint.cpu = number_after(text, "CPU#");
    name_task(between(text, "! [", "]"), complaint);
    return complaint;
  }
  if (says("hard LOCKUP")) {
    complaint.kind = ComplaintKind::kHardLockup;
    // v4.13 (2104180a5369) on POWER: "CPU 1 detected hard LOCKUP on other CPUs 2", "CPU 2 self-detected hard LOCKUP".
    constexpr std::array<std::string_view, 3> kMarks = {"hard LOCKUP on other CPUs ", "hard LOCKUP on cpu ", "CPU "};
    for (const std::string_view mark : kMarks) {
      if (!complaint.cpu) complaint.cpu = number_after(text, mark);
    }
    return complaint;
  }
  if (says("INFO: task ") && says(" blocked for more than ")) {
    complaint.kind = ComplaintKind::kHungTask;
    name_task(between(text, "INFO: task ", " blocked for more than "), complaint);
    return complaint;
  }
  if (says("INFO: rcu") && (says("self-detected stall on CPU") || says("detected stalls on CPUs/tasks") ||
                            says("detected expedited stalls on CPUs/tasks"))) {
    complaint.kind = ComplaintKind::kRcuStall;
    for (const model::LogRecord& record : records.subspan(1, std::min(kMostLinesOfStall, records.size() - 1))) {
      name_stalled(record.text, complaint);
    }
    return complaint;
  }
  return std::nullopt;
}

}  // namespace

std::optional<Complaint> find_complaint(std::span<const model::LogRecord> records) {
  for (std::size_t left = records.size(); left != 0; --left) {
    if (auto complaint = complaint_in(records.subspan(left - 1))) return complaint;
  }
  return std::nullopt;
}

}  // namespace whyhung::collect
