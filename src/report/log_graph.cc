// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/log_graph.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "report/brief.h"
#include "report/marks.h"

namespace whyhung::report {
namespace {

using log::Accused;
using log::Party;
using log::Saying;
using log::Statement;

constexpr std::size_t kMostVictims = 3;  // that are named

// What an arrow between the two parties of a statement says; empty: it joins nobody.
std::string_view arrow_of(Saying saying) {
  constexpr auto kArrows = std::to_array<std::pair<Saying, std::string_view>>({
      {Saying::kKernelNamesHolder, "waits for"},
      {Saying::kLastHolder, "waits for"},
      {Saying::kListedHolder, "waits for"},
      {Saying::kPredicted, "waits for"},
      {Saying::kInsideTaker, "waits for"},
      {Saying::kWorkOfFlush, "waits for the work of"},
      {Saying::kUnanswered, "waits for"},
      {Saying::kStuckCpu, "is held by"},
      {Saying::kStuckHard, "is held by"},
  });
  const auto* const found = std::ranges::find(kArrows, saying, &std::pair<Saying, std::string_view>::first);
  return found == kArrows.end() ? std::string_view() : found->second;
}

class Maker {
 public:
  Maker(const log::LogReport& report, std::size_t most) : report_(report), most_(most) {}

  Graph make() {
    for (const Accused& accused : report_.verdict.accused) add_accused(accused);
    for (const Statement& statement : report_.verdict.chain) {
      const std::string_view words = arrow_of(statement.saying);
      if (words.empty() || statement.parties.size() < 2) continue;
      // A task that a handler came in on top of does not hold its CPU.
      if (words == "is held by" && !is_accused(statement.parties[1])) continue;
      join(node_of(statement.parties[0]), node_of(statement.parties[1]), words);
    }
    add_waiting();
    return finish();
  }

 private:
  static constexpr std::size_t kNoRoom = static_cast<std::size_t>(-1);

  std::size_t add(GraphRole role, std::vector<std::string> lines) {
    if (graph_.nodes.size() >= most_) {
      graph_.is_whole = false;
      return kNoRoom;
    }
    graph_.nodes.push_back({role, std::move(lines), {}});
    return graph_.nodes.size() - 1;
  }

  bool is_accused(const Party& party) const {
    return std::ranges::any_of(report_.verdict.accused,
                               [&](const Accused& one) { return !party.is_cpu && one.pid == party.number; });
  }

  std::string name_of_task(std::uint32_t pid) const {
    const model::Task* task = report_.snapshot.find_task(log::address_of(pid));
    return brief_task(task == nullptr ? std::string() : task->comm, pid);
  }

  std::size_t node_of(const Party& party) {
    const auto [found, is_new] = known_.try_emplace({party.is_cpu, party.number}, kNoRoom);
    if (is_new) {
      found->second = party.is_cpu ? add(GraphRole::kCpu, {fmt::format("CPU {}", party.number)})
                                   : add(GraphRole::kVictim, {name_of_task(party.number)});
    }
    return found->second;
  }

  void add_accused(const Accused& accused) {
    std::vector<std::string> lines;
    if (!accused.thing.empty()) lines.push_back(printable(accused.thing));
    if (accused.pid) lines.push_back(brief_task(accused.comm, *accused.pid));
    const std::string place = plain(brief_place(accused.function, accused.module));
    if (!place.empty()) lines.push_back(place);
    if (lines.empty()) return;
    lines.emplace_back("culprit");
    const std::size_t node = add(GraphRole::kCulprit, std::move(lines));
    if (accused.pid) known_[{false, *accused.pid}] = node;
    if (first_accused_ == kNoRoom) first_accused_ = node;
    if (accused.on_cpu && accused.cpu) join(node_of({true, *accused.cpu}), node, "is held by");
  }

  // Where the log joins nobody to whom it accuses, those who wait are told together.
  void add_waiting() {
    if (first_accused_ == kNoRoom || report_.victims.empty()) return;
    std::vector<std::uint32_t> others;
    for (const std::uint32_t pid : report_.victims) {
      if (!known_.contains({false, pid})) others.push_back(pid);
    }
    if (others.empty()) return;
    std::vector<std::string> lines;
    if (others.size() > kMostVictims) lines.push_back(fmt::format("{} tasks", others.size()));
    for (std::size_t i = 0; i < std::min(others.size(), kMostVictims); ++i) lines.push_back(name_of_task(others[i]));
    if (others.size() > kMostVictims) lines.push_back(fmt::format("and {} more", others.size() - kMostVictims));
    join(add(GraphRole::kVictim, std::move(lines)), first_accused_, others.size() == 1 ? "waits" : "wait");
  }

  void join(std::size_t from, std::size_t to, std::string_view words) {
    if (from == kNoRoom || to == kNoRoom || from == to || !joined_.emplace(from, to).second) return;
    graph_.edges.push_back({from, to, std::string(words)});
  }

  Graph finish() {
    // A circle is told by the statement that closes it.
    const bool closes = std::ranges::any_of(
        report_.verdict.chain, [](const Statement& statement) { return statement.saying == Saying::kCircle; });
    for (Graph::Edge& edge : graph_.edges) {
      const auto is_culprit = [&](std::size_t node) { return graph_.nodes[node].role == GraphRole::kCulprit; };
      edge.in_circle = closes && is_culprit(edge.from) && is_culprit(edge.to);
    }
    return std::move(graph_);
  }

  const log::LogReport& report_;
  std::size_t most_;
  Graph graph_;
  std::map<std::pair<bool, std::uint32_t>, std::size_t> known_;
  std::set<std::pair<std::size_t, std::size_t>> joined_;
  std::size_t first_accused_ = kNoRoom;
};

}  // namespace

Graph make_log_graph(const log::LogReport& report, std::size_t most) {
  if (!log::is_explained(report.verdict)) return {};
  return Maker(report, most).make();
}

}  // namespace whyhung::report
