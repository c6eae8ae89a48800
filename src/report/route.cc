// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/route.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "base/columns.h"
#include "report/brief.h"
#include "report/links.h"
#include "report/marks.h"
#include "report/words.h"

namespace whyhung::report {
namespace {

using diagnose::Claim;
using diagnose::Link;
using model::Index;

constexpr std::string_view kArrow = " -> ";
constexpr std::size_t kMostStops = 64;

std::string cpu_stop(const Link& link, std::size_t at) {
  return fmt::format("CPU {}", node(link, at));
}

// As short as can be: the rest stands elsewhere on the screen.
std::string short_name(const Index& index, const model::NodeId& node) {
  std::string text = brief_node(index, node);
  if (node.kind == model::NodeKind::kCpu) return text;
  // "pmount_kthread (115)", "mutex table_lock [mutexes]".
  const std::size_t end = text.rfind(node.kind == model::NodeKind::kTask ? " (" : " [");
  return end == std::string::npos || end == 0 ? text : text.substr(0, end);
}

// Where a link leads, in its order.
std::vector<std::string> stops_of(const Index& index, const Link& link) {
  const auto task = [&](std::size_t at) { return short_name(index, model::task_node(node(link, at))); };
  const auto resource = [&](std::size_t at) { return short_name(index, model::resource_node(node(link, at))); };
  switch (link.claim) {
    case Claim::kAskedForStopMachine: return {task(0), "stop_machine()"};
    case Claim::kCpuDidNotTakePart: return {cpu_stop(link, 0)};
    case Claim::kCpuOccupied: {
      const auto& facts = diagnose::facts_of<diagnose::OccupantFacts>(link);
      const bool is_task =
          facts.context == model::ContextKind::kTask || facts.context == model::ContextKind::kException;
      return {cpu_stop(link, 0), is_task ? task(1) : plain(brief_place(facts.place.function, facts.place.module))};
    }
    case Claim::kRealTimeRuns:
    case Claim::kKernelDied: return {cpu_stop(link, 0), task(1)};
    case Claim::kTaskWaits: return {task(0), resource(1)};
    case Claim::kHeldBy:
      if (link.nodes.size() < 2) return {resource(0)};
      return {resource(0), diagnose::facts_of<diagnose::HeldFacts>(link).is_former ? "its former owner"
                                                                                   : short_name(index, link.nodes[1])};
    case Claim::kCpuSpins: return {cpu_stop(link, 0), resource(2)};
    case Claim::kCpuWaitsForIpi: return {cpu_stop(link, 0), cpu_stop(link, 1)};
    case Claim::kTaskStarves: return {task(0), cpu_stop(link, 1)};
    case Claim::kOthersPreferred: return {cpu_stop(link, 0), task(1)};
    case Claim::kServerSilent:
      return link.nodes.size() > 1 ? std::vector<std::string>{resource(0), task(1)}
                                   : std::vector<std::string>{resource(0)};
    case Claim::kDeviceSilent: return {resource(0)};
    case Claim::kWaitsForIo: return {task(0), "I/O"};
    case Claim::kHolderGone: return {"a task that exited"};
    case Claim::kHolderKilled: {
      const auto& facts = diagnose::facts_of<diagnose::KilledFacts>(link);
      return {resource(0), brief_task(facts.comm, facts.pid) + ", killed"};
    }
    case Claim::kNobodyCompletes:
    case Claim::kNobodyHolds: return {"nobody"};
    case Claim::kWakeupLost: return {"a lost wake-up"};
    case Claim::kCpuNotRun: return {cpu_stop(link, 0), "the host or the firmware"};
    case Claim::kThrottled: return {"its quota"};
    case Claim::kStopMachineState:
    case Claim::kCpusTookPart:
    case Claim::kStopperCannotRun:
    case Claim::kInterruptsOn:
    case Claim::kInterruptsOff:
    case Claim::kPreemptionDisabled:
    case Claim::kKernelNotPreemptible:
    case Claim::kSoftirqNotPreemptible:
    case Claim::kRescheduleIgnored:
    case Claim::kWatchdogStale:
    case Claim::kClockStopped:
    case Claim::kCallPending:
    case Claim::kEndlessLoop:
    case Claim::kLoop:
    case Claim::kCycleCloses:
    case Claim::kHolderSleeps:
    case Claim::kHolderNaps:
    case Claim::kHolderRuns:
    case Claim::kHolderStopped:
    case Claim::kCpuHoldsSpinlocks:
    case Claim::kOnlyTheseCouldHold:
    case Claim::kInsideReclaim:
    case Claim::kInterruptLost:
    case Claim::kSleptAtomically:
    case Claim::kMachineStopped: return {};
  }
  return {};
}

std::string joined(const std::vector<std::string>& stops, std::size_t first, std::size_t last) {
  std::string text;
  for (std::size_t i = 0; i < stops.size(); ++i) {
    if (i == first && last > first) {
      text += kArrow;
      text += "..";
    }
    if (i >= first && i < last) continue;
    if (!text.empty()) text += kArrow;
    text += stops[i];
  }
  return text;
}

}  // namespace

std::string route_phrase(const Index& index, const diagnose::Finding& finding, std::size_t width) {
  const bool is_circle = first_link(finding, Claim::kCycleCloses) != nullptr;
  std::vector<std::string> stops;
  for (const Link& link : finding.chain) {
    for (std::string& stop : stops_of(index, link)) {
      // A chain that comes back to where it was has said so; a circle is closed by its first member.
      const bool is_known = std::ranges::find(stops, stop) != stops.end();
      const bool closes = is_circle && stops.size() > 1 && stop == stops.front() && stops.back() != stop;
      if (stop.empty() || (is_known && !closes)) continue;
      if (stops.size() >= kMostStops) stops.erase(stops.begin() + kMostStops / 2);
      stops.push_back(std::move(stop));
    }
    if (link.claim == Claim::kCycleCloses) break;
  }
  if (stops.size() < 2) return {};
  // From the second on, as many are left out as must be.
  std::size_t left_out = 0;
  while (left_out + 2 < stops.size() && columns_of(joined(stops, 1, 1 + left_out)) > width) ++left_out;
  return cut_to(joined(stops, 1, 1 + left_out), width);
}

}  // namespace whyhung::report
