// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/graph.h"

#include <algorithm>
#include <map>
#include <ostream>

#include <fmt/format.h>

#include "report/brief.h"
#include "report/links.h"
#include "report/marks.h"
#include "report/words.h"

namespace whyhung::report {
namespace {

using diagnose::Claim;
using diagnose::Link;
using model::Index;
using model::NodeId;

constexpr std::size_t kMostNodes = 400;
constexpr std::size_t kNamed = 3;

class Maker {
 public:
  Maker(const Index& index, const diagnose::Finding& finding) : index_(index), finding_(finding) {}

  Graph make() {
    for (const diagnose::Culprit& culprit : finding_.culprits) add_culprit(culprit);
    for (const Link& link : finding_.chain) add_link(link);
    add_victims();
    return std::move(graph_);
  }

 private:
  // The node that stands for it; kMostNodes when there is no room.
  std::size_t node_for(const NodeId& id, GraphRole role) {
    const auto [found, is_new] = known_.try_emplace(id, graph_.nodes.size());
    if (!is_new) return found->second;
    if (graph_.nodes.size() == kMostNodes) {
      found->second = kMostNodes;
      return kMostNodes;
    }
    if (id.kind == model::NodeKind::kCpu) role = GraphRole::kCpu;
    if (id.kind == model::NodeKind::kResource) role = GraphRole::kResource;
    graph_.nodes.push_back({role, {brief_node(index_, id)}, {id}});
    return found->second;
  }

  void edge(std::size_t from, std::size_t to, std::string_view label) {
    if (from == kMostNodes || to == kMostNodes || from == to) return;
    if (edges_.try_emplace({from, to}, true).second) graph_.edges.push_back({from, to, std::string(label)});
  }

  void add_culprit(const diagnose::Culprit& culprit) {
    const std::size_t at = node_for(model::task_node(culprit.task), GraphRole::kCulprit);
    if (at == kMostNodes || graph_.nodes[at].lines.size() > 1) return;
    const std::string place = plain(brief_place(culprit.function, culprit.module));
    if (!place.empty()) graph_.nodes[at].lines.push_back(place);
    graph_.nodes[at].lines.emplace_back("culprit");
  }

  void connect(const NodeId& from, const NodeId& to, std::string_view label) {
    edge(node_for(from, GraphRole::kVictim), node_for(to, GraphRole::kVictim), label);
  }

  void add_link(const Link& link) {
    if (link.nodes.size() < 2) return;
    if (link.claim == Claim::kTaskWaits) connect(link.nodes[0], link.nodes[1], "waits for");
    if (link.claim == Claim::kHeldBy) {
      connect(link.nodes[0], link.nodes[1], role_words(diagnose::facts_of<diagnose::HeldFacts>(link).role));
    }
    if (link.claim == Claim::kStopperCannotRun) connect(link.nodes[0], link.nodes[1], "needs");
    if (link.claim == Claim::kCpuOccupied || link.claim == Claim::kRealTimeRuns) {
      connect(link.nodes[0], link.nodes[1], "is held by");
    }
    if (link.claim == Claim::kCpuWaitsForIpi) connect(link.nodes[0], link.nodes[1], "waits for");
    if (link.claim == Claim::kTaskStarves) connect(link.nodes[0], link.nodes[1], "needs");
    if (link.claim == Claim::kOthersPreferred) connect(link.nodes[0], link.nodes[1], "runs instead");
    if (link.claim == Claim::kServerSilent) connect(link.nodes[0], link.nodes[1], "is served by");
    if (link.claim == Claim::kCpuSpins && link.nodes.size() > 2) connect(link.nodes[0], link.nodes[2], "spins for");
  }

  // Those who wait for the same thing together.
  void add_victims() {
    std::map<NodeId, std::vector<const model::Task*>> groups;
    for (const std::uint64_t address : finding_.victim_tasks) {
      const model::Task* task = index_.task(address);
      if (task == nullptr || known_.contains(model::task_node(address))) continue;
      if (const model::Wait* wait = index_.wait_of(model::task_node(address))) {
        groups[wait->on].push_back(task);
      } else if (task->queues_for_cpu() && task->cpu) {
        groups[model::cpu_node(*task->cpu)].push_back(task);
      }
    }
    for (const auto& [target, tasks] : groups) {
      const std::size_t to = node_for(target, GraphRole::kResource);
      if (to == kMostNodes || graph_.nodes.size() == kMostNodes) break;
      Graph::Node node;
      for (std::size_t i = 0; i < std::min(tasks.size(), kNamed); ++i) {
        node.lines.push_back(brief_task(tasks[i]->comm, tasks[i]->pid));
      }
      if (tasks.size() > kNamed) node.lines.push_back(fmt::format("and {} more", tasks.size() - kNamed));
      for (const model::Task* task : tasks) node.stands_for.push_back(model::task_node(task->address));
      graph_.nodes.push_back(std::move(node));
      edge(graph_.nodes.size() - 1, to, target.kind == model::NodeKind::kCpu ? "need" : "wait for");
      connect_holders(target);
    }
  }

  void connect_holders(const NodeId& target) {
    const model::Resource* resource = index_.resource(target);
    if (resource == nullptr) return;
    for (const model::Holder& holder : resource->holders) {
      if (known_.contains(holder.who)) connect(target, holder.who, role_words(holder.role));
    }
  }

  const Index& index_;
  const diagnose::Finding& finding_;
  Graph graph_;
  std::map<NodeId, std::size_t> known_;
  std::map<std::pair<std::size_t, std::size_t>, bool> edges_;
};

std::string quoted(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string_view look_of(GraphRole role) {
  switch (role) {
    case GraphRole::kVictim: return "shape=box";
    case GraphRole::kCulprit: return "shape=box, penwidth=3, style=filled, fillcolor=\"#ffd9d2\"";
    case GraphRole::kResource: return "shape=ellipse";
    case GraphRole::kCpu: return "shape=hexagon";
  }
  return {};
}

}  // namespace

Graph make_graph(const Index& index, const diagnose::Finding& finding) {
  return Maker(index, finding).make();
}

void write_dot(std::ostream& out, const Graph& graph, std::string_view title) {
  out << fmt::format("digraph whyhung {{\n  rankdir=LR;\n  label=\"{}\";\n", quoted(title));
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    std::string label;
    for (const std::string& line : graph.nodes[i].lines) label += (label.empty() ? "" : "\\n") + quoted(line);
    out << fmt::format("  n{} [{}, label=\"{}\"];\n", i, look_of(graph.nodes[i].role), label);
  }
  for (const Graph::Edge& edge : graph.edges) {
    out << fmt::format("  n{} -> n{} [label=\"{}\"];\n", edge.from, edge.to, quoted(edge.label));
  }
  out << "}\n";
}

}  // namespace whyhung::report
