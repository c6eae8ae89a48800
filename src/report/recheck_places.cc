// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/recheck_places.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "base/text.h"

namespace whyhung::report {
namespace {

using Kind = Place::Kind;

// Records whose words are not "type.member", or whose address is not that of the type.
struct Special {
  std::string_view what;  // the beginning of the words
  Kind kind;
  std::string_view type;
};
constexpr auto kSpecial = std::to_array<Special>({
    {"spinlock's word", Kind::kWord, {}},
    {"kthread.exited", Kind::kObject, "completion"},
    {"kthread.parked", Kind::kObject, "completion"},
    {"mutex_waiter on its stack", Kind::kObject, "mutex_waiter"},
    {"rwsem_waiter on its stack", Kind::kObject, "rwsem_waiter"},
    {"semaphore_waiter on its stack", Kind::kObject, "semaphore_waiter"},
    {"waiter on its stack, linked into the completion's queue", Kind::kObject, "swait_queue"},
    {"multi_stop_data lies on the stack", Kind::kObject, "multi_stop_data"},
    {"futex_q.key", Kind::kObject, "futex_q"},
    {"rcu_node.qsmask", Kind::kByHand, {}},      // at the address of the whole state
    {"rcu_node.blkd_tasks", Kind::kByHand, {}},  // likewise
    {"mapped_device.", Kind::kByHand, {}},       // at the address of its gendisk
    {"wait_page_queue.", Kind::kByHand, {}},     // at the address of the folio
    {"buffer_head.b_state", Kind::kByHand, {}},  // at that of the word
    {"rpc_xprt.state", Kind::kByHand, {}},       // one of its bits
    {"rpc_xprt.address_strings", Kind::kByHand, {}},
    {"task_struct.frozen", Kind::kByHand, {}},  // several members together
});

// Types of the variables that there is one of for each CPU.
constexpr auto kVariables = std::to_array<std::pair<std::string_view, std::string_view>>(
    {{"runqueues", "rq"}, {"cpu_stopper", "cpu_stopper"}, {"pcpu_hot", "pcpu_hot"}});

// Types that v5.15 took out of another, so that the record is of the inner one.
constexpr auto kInner = std::to_array<std::pair<std::string_view, std::string_view>>({{"rt_mutex", "rt_mutex_base"}});

std::size_t name_length(std::string_view text) {
  std::size_t end = 0;
  while (end < text.size() && (std::isalnum(static_cast<unsigned char>(text[end])) != 0 || text[end] == '_')) ++end;
  return end;
}

// "mutex" and "owner" of "mutex.owner, the waiting task itself".
std::optional<std::pair<std::string, std::string>> split(std::string_view what) {
  const std::size_t type = name_length(what);
  if (type == 0 || type + 1 >= what.size() || what[type] != '.') return std::nullopt;
  std::size_t end = type + 1;
  for (;;) {
    const std::size_t length = name_length(what.substr(end));
    if (length == 0) return std::nullopt;
    end += length;
    if (end + 1 >= what.size() || what[end] != '.' || name_length(what.substr(end + 1)) == 0) break;
    ++end;
  }
  if (end < what.size() && what[end] != ',' && what[end] != ' ' && what[end] != ':') return std::nullopt;
  return std::pair(std::string(what.substr(0, type)), std::string(what.substr(type + 1, end - type - 1)));
}

// The number behind " of CPU ", where the words end with it; what stands before is left in `what`.
std::optional<std::uint32_t> take_cpu(std::string_view& what) {
  constexpr std::string_view kOf = " of CPU ";
  const std::size_t at = what.find(kOf);
  if (at == std::string_view::npos) return std::nullopt;
  const auto number = parse_unsigned(what.substr(at + kOf.size()), 10);
  if (!number) return std::nullopt;
  what = what.substr(0, at);
  return static_cast<std::uint32_t>(*number);
}

std::uint64_t task_of(const model::Index& index, const diagnose::Link& link) {
  for (const model::NodeId& node : link.nodes) {
    if (const model::Task* task = index.task(node)) return task->address;
  }
  return 0;
}

bool has_frame(const model::StackTrace& stack, std::uint64_t sp) {
  return std::ranges::any_of(stack.frames, [&](const model::StackFrame& frame) { return frame.sp == sp; });
}

Place per_cpu(const model::Index& index, std::string_view what, std::uint32_t number) {
  const model::Cpu* cpu = index.cpu(number);
  if (what == "preempt count") what = index.snapshot().machine.preempt_count_name();
  Place place{Kind::kPerCpu, {}, std::string(what), std::string(what), 0, number};
  const auto parts = split(what);
  if (!parts) return what.size() == name_length(what) ? place : Place{};
  place.member = parts->second;
  if (parts->first == "task_struct" && cpu != nullptr && cpu->task != 0) {
    return {Kind::kMember, parts->first, parts->second, {}, cpu->task, number};
  }
  const auto* const known = std::ranges::find(kVariables, parts->first, [](const auto& one) { return one.first; });
  if (known == kVariables.end()) return {};
  place.variable = parts->first;
  place.type = known->second;
  return place;
}

Place frame_place(const model::Index& index, const diagnose::Link& link, const model::Evidence& evidence) {
  for (const model::NodeId& node : link.nodes) {
    const model::Task* task = index.task(node);
    const model::Cpu* cpu =
        node.kind == model::NodeKind::kCpu ? index.cpu(static_cast<std::uint32_t>(node.id)) : nullptr;
    if (task != nullptr) cpu = index.cpu_of(*task);
    const bool is_there = !evidence.address || (task != nullptr && has_frame(task->stack, *evidence.address));
    if (cpu != nullptr && (!evidence.address || has_frame(cpu->stack, *evidence.address) ||
                           evidence.value.starts_with("program counter"))) {
      return {Kind::kCpuStack, {}, {}, {}, 0, cpu->number};
    }
    if (task != nullptr && is_there) return {Kind::kTaskStack, {}, {}, {}, task->address, 0};
  }
  constexpr std::string_view kOnCpu = "on the stack of CPU ";
  if (evidence.value.starts_with(kOnCpu)) {
    const auto number = parse_unsigned(std::string_view(evidence.value).substr(kOnCpu.size()), 10);
    if (number) return {Kind::kCpuStack, {}, {}, {}, 0, static_cast<std::uint32_t>(*number)};
  }
  return {};
}

}  // namespace

Place place_of(const model::Index& index, const diagnose::Link& link, const model::Evidence& evidence) {
  using model::EvidenceKind;
  std::string_view what = evidence.what;
  const std::uint64_t address = evidence.address.value_or(0);
  if (evidence.kind == EvidenceKind::kFrame) return frame_place(index, link, evidence);
  if (evidence.kind == EvidenceKind::kCode) return address == 0 ? Place{} : Place{Kind::kCode, {}, {}, {}, address, 0};
  for (const Special& one : kSpecial) {
    if (what.starts_with(one.what) && address != 0) return {one.kind, std::string(one.type), {}, {}, address, 0};
  }
  if (evidence.kind != EvidenceKind::kField) return {};
  if (const auto cpu = take_cpu(what)) return per_cpu(index, what, *cpu);
  const auto parts = split(what);
  if (!parts) return {};
  // What is said of a task without its address is said of the task that the link speaks of.
  const std::uint64_t object = address != 0 ? address : parts->first == "task_struct" ? task_of(index, link) : 0;
  if (object == 0) return {};
  const auto* const inner = std::ranges::find(kInner, parts->first, [](const auto& one) { return one.first; });
  return {
      Kind::kMember, inner == kInner.end() ? parts->first : std::string(inner->second), parts->second, {}, object, 0};
}

Expected expected_of(const model::Evidence& evidence) {
  if (evidence.kind == model::EvidenceKind::kFrame) return {std::nullopt, evidence.what};
  std::string_view text = evidence.value;
  if (const std::size_t unit = text.find(" ns"); unit != std::string_view::npos) text = text.substr(0, unit);
  Expected expected;
  const bool is_hexadecimal = text.starts_with("0x");
  if (const auto number = parse_unsigned(is_hexadecimal ? text.substr(2) : text, is_hexadecimal ? 16 : 10)) {
    expected.number = static_cast<std::int64_t>(*number);
  } else if (const auto negative = parse_signed(text, 10)) {
    expected.number = *negative;
  } else {
    // "function [module]"
    expected.word = text.substr(0, text.find(" ["));
  }
  return expected;
}

}  // namespace whyhung::report
