// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/brief.h"

#include <ctime>

#include <fmt/format.h>

#include "base/columns.h"
#include "base/text.h"
#include "report/marks.h"
#include "report/words.h"

namespace whyhung::report {
namespace {

constexpr std::size_t kLongestComm = 20;
constexpr std::size_t kLongestFunction = 40;
constexpr std::size_t kLongestModule = 24;
constexpr std::size_t kLongestResource = 56;
constexpr std::uint64_t kSecond = 1'000'000'000;

std::string brief_module(std::string_view module) {
  return module.empty() ? std::string() : fmt::format(" [{}]", cut_to(printable(module), kLongestModule));
}

}  // namespace

std::string brief_task(std::string_view comm, std::uint32_t pid) {
  return fmt::format("{} ({})", cut_to(printable(comm), kLongestComm), pid);
}

std::string brief_task(const model::Index& index, std::uint64_t task) {
  const model::Task* found = index.task(task);
  return found == nullptr ? fmt::format("a task at {:#x}", task) : brief_task(found->comm, found->pid);
}

std::string brief_culprit(const model::Index& index, const diagnose::Culprit& culprit) {
  const model::Task* task = index.task(culprit.task);
  const std::string on = culprit.cpu ? fmt::format(" on CPU {}", *culprit.cpu) : std::string();
  if (culprit.kind == diagnose::CulpritKind::kSoftirq) return "a softirq" + on;
  if (culprit.kind == diagnose::CulpritKind::kHardirq) return "an interrupt" + on;
  const bool is_thread = task != nullptr && task->is_kernel_thread && !task->is_idle_task;
  return (is_thread ? "kthread " : "") + brief_task(culprit.comm, culprit.pid);
}

std::string brief_resource(const model::Index& index, std::uint64_t address) {
  const std::string phrase = plain(resource_phrase(index, address));
  constexpr std::string_view kArticle = "the ";
  return cut_to(phrase.starts_with(kArticle) ? std::string_view(phrase).substr(kArticle.size()) : phrase,
                kLongestResource);
}

std::string brief_node(const model::Index& index, const model::NodeId& node) {
  switch (node.kind) {
    case model::NodeKind::kTask: return brief_task(index, node.id);
    case model::NodeKind::kCpu: return fmt::format("CPU {}", node.id);
    case model::NodeKind::kResource: return brief_resource(index, node.id);
  }
  return {};
}

std::string brief_place(std::string_view function, std::string_view module) {
  if (function.empty()) return {};
  return code(fmt::format("{}(){}", cut_to(printable(function), kLongestFunction), brief_module(module)));
}

std::string brief_location(const model::CodeLocation& location) {
  if (location.function.empty()) return fmt::format("{:#x}{}", location.address, brief_module(location.module));
  return fmt::format("{}+{:#x}{}", cut_to(printable(location.function), kLongestFunction), location.offset,
                     brief_module(location.module));
}

std::optional<std::int64_t> wall_clock(const model::Machine& machine, std::uint64_t clock) {
  // The date is that of the dump, or of the timekeeper's last turn: both tell the same where that was not held up.
  constexpr std::uint64_t kTolerance = 3;
  if (!machine.date || !machine.clock || !machine.uptime || clock > *machine.clock) return std::nullopt;
  const std::uint64_t seconds = *machine.clock / kSecond;
  const std::uint64_t apart = std::max(seconds, *machine.uptime) - std::min(seconds, *machine.uptime);
  if (apart > kTolerance) return std::nullopt;
  return *machine.date - static_cast<std::int64_t>((*machine.clock - clock + kSecond / 2) / kSecond);
}

std::string time_phrase(const model::Machine& machine, std::uint64_t clock) {
  constexpr std::int64_t kDay = 86400;
  const std::optional<std::int64_t> then = wall_clock(machine, clock);
  if (!then) return {};
  const auto time = static_cast<std::time_t>(*then);
  std::tm fields{};
  if (::gmtime_r(&time, &fields) == nullptr) return {};
  char text[64];
  const char* format = *machine.date - *then >= kDay ? "%b %e %H:%M:%S UTC" : "%H:%M:%S UTC";
  return {text, std::strftime(text, sizeof text, format, &fields)};
}

std::string since_phrase(const model::Machine& machine, std::uint64_t age) {
  const std::string time =
      machine.clock && age <= *machine.clock ? time_phrase(machine, *machine.clock - age) : std::string();
  if (time.empty()) return fmt::format("for {} s", seconds_text(age));
  return fmt::format("since {} ({} s)", time, seconds_text(age));
}

}  // namespace whyhung::report
