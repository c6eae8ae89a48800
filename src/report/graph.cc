// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/graph.h"

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <ostream>
#include <set>

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
using model::NodeId;

constexpr std::size_t kNamed = 3;
constexpr std::size_t kNoRoom = std::numeric_limits<std::size_t>::max();
constexpr std::size_t kLongestDrawn = 44;  // columns

// Names in full: who draws cuts them, who reads the graph as data has them whole.
std::string whole_name(const Index& index, const NodeId& id) {
  if (id.kind != model::NodeKind::kResource) return brief_node(index, id);
  constexpr std::string_view kArticle = "the ";
  std::string phrase = plain(resource_phrase(index, id.id));
  if (phrase.starts_with(kArticle)) phrase.erase(0, kArticle.size());
  return phrase;
}

// The parts of which each node leads to each other one (Tarjan), without recursion: graphs are a stranger's.
class Circles {
 public:
  explicit Circles(const Graph& graph) : next_(graph.nodes.size()), seen_(graph.nodes.size()), part_(seen_.size(), 0) {
    for (const Graph::Edge& edge : graph.edges) next_[edge.from].push_back(edge.to);
    low_.resize(seen_.size());
    for (std::size_t node = 0; node < seen_.size(); ++node) {
      if (seen_[node] == 0) visit(node);
    }
  }
  bool together(std::size_t a, std::size_t b) const { return part_[a] == part_[b]; }

 private:
  struct Visit {
    std::size_t node;
    std::size_t at = 0;  // of its arrows, the next
  };

  void enter(std::size_t node) {
    seen_[node] = low_[node] = ++count_;
    open_.push_back(node);
    visits_.push_back({node});
  }

  void visit(std::size_t first) {
    enter(first);
    while (!visits_.empty()) {
      Visit& visit = visits_.back();
      const std::size_t node = visit.node;
      if (visit.at < next_[node].size()) {
        const std::size_t next = next_[node][visit.at++];
        if (seen_[next] == 0) {
          enter(next);
        } else if (part_[next] == 0) {
          low_[node] = std::min(low_[node], seen_[next]);
        }
        continue;
      }
      visits_.pop_back();
      if (!visits_.empty()) low_[visits_.back().node] = std::min(low_[visits_.back().node], low_[node]);
      if (low_[node] == seen_[node]) close(node);
    }
  }

  void close(std::size_t root) {
    ++parts_;
    while (part_[root] == 0) {
      part_[open_.back()] = parts_;
      open_.pop_back();
    }
  }

  std::vector<std::vector<std::size_t>> next_;
  std::vector<std::size_t> seen_;  // in which order; 0: not yet
  std::vector<std::size_t> part_;  // 0: not known yet
  std::vector<std::size_t> low_;
  std::vector<std::size_t> open_;
  std::vector<Visit> visits_;
  std::size_t count_ = 0;
  std::size_t parts_ = 0;
};

void mark_circles(Graph& graph) {
  const Circles circles(graph);
  for (Graph::Edge& edge : graph.edges) edge.in_circle = circles.together(edge.from, edge.to);
}

class Maker {
 public:
  Maker(const Index& index, const diagnose::Finding& finding, std::size_t most)
      : index_(index), finding_(finding), most_(most) {}

  Graph make() {
    for (const diagnose::Culprit& culprit : finding_.culprits) add_culprit(culprit);
    for (const Link& link : finding_.chain) add_link(link);
    add_victims();
    mark_circles(graph_);
    return std::move(graph_);
  }

 private:
  std::size_t new_node(GraphRole role, std::vector<std::string> lines, std::vector<NodeId> stands_for) {
    if (graph_.nodes.size() >= most_) {
      graph_.is_whole = false;
      return kNoRoom;
    }
    graph_.nodes.push_back({role, std::move(lines), std::move(stands_for)});
    return graph_.nodes.size() - 1;
  }

  // The node that stands for it.
  std::size_t node_for(const NodeId& id, GraphRole role) {
    const auto [found, is_new] = known_.try_emplace(id, kNoRoom);
    if (!is_new) return found->second;
    if (id.kind == model::NodeKind::kCpu) role = GraphRole::kCpu;
    if (id.kind == model::NodeKind::kResource) role = GraphRole::kResource;
    found->second = new_node(role, {whole_name(index_, id)}, {id});
    return found->second;
  }

  void edge(std::size_t from, std::size_t to, std::string_view label) {
    if (from == kNoRoom || to == kNoRoom || from == to) return;
    if (edges_.emplace(from, to).second) graph_.edges.push_back({from, to, std::string(label)});
  }

  void add_culprit(const diagnose::Culprit& culprit) {
    const std::size_t at = node_for(model::task_node(culprit.task), GraphRole::kCulprit);
    if (at == kNoRoom || graph_.nodes[at].lines.size() > 1) return;
    std::string place = plain(function_phrase(culprit.function, culprit.module));
    if (!place.empty()) graph_.nodes[at].lines.push_back(std::move(place));
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

  // What keeps a CPU, or whom it runs, from going on; nothing when that is not known.
  std::optional<NodeId> held_up_by(std::uint32_t number) const {
    const model::Cpu* cpu = index_.cpu(number);
    if (const model::Wait* wait = index_.wait_of(model::cpu_node(number))) return wait->on;
    if (cpu == nullptr) return std::nullopt;
    if (const model::Wait* wait = index_.wait_of(model::task_node(cpu->task))) return wait->on;
    return std::nullopt;
  }

  // CPUs of which the chain says nothing, those together that are held up by the same.
  void add_cpus(const std::set<std::uint32_t>& needed) {
    std::map<std::optional<NodeId>, std::vector<std::uint32_t>> groups;
    for (const std::uint32_t cpu : needed) {
      if (!known_.contains(model::cpu_node(cpu))) groups[held_up_by(cpu)].push_back(cpu);
    }
    for (const auto& [by, cpus] : groups) {
      std::vector<NodeId> all;
      for (const std::uint32_t cpu : cpus) all.push_back(model::cpu_node(cpu));
      const std::size_t node = new_node(GraphRole::kCpu, {cpus_phrase(cpus)}, std::move(all));
      for (const std::uint32_t cpu : cpus) known_[model::cpu_node(cpu)] = node;
      if (by) edge(node, node_for(*by, GraphRole::kResource), cpus.size() == 1 ? "spins for" : "spin for");
    }
  }

  // Those who wait for the same thing together.
  void add_victims() {
    std::set<std::uint32_t> needed(finding_.victim_cpus.begin(), finding_.victim_cpus.end());
    std::vector<std::pair<const model::Task*, NodeId>> waiting;
    for (const std::uint64_t address : finding_.victim_tasks) {
      const model::Task* task = index_.task(address);
      if (task == nullptr || known_.contains(model::task_node(address))) continue;
      if (const model::Wait* wait = index_.wait_of(model::task_node(address))) {
        waiting.emplace_back(task, wait->on);
      } else if (task->queues_for_cpu() && task->cpu) {
        needed.insert(*task->cpu);
        waiting.emplace_back(task, model::cpu_node(*task->cpu));
      }
    }
    add_cpus(needed);
    struct Group {
      NodeId target;
      std::vector<const model::Task*> tasks;
    };
    std::map<std::size_t, Group> groups;
    for (const auto& [task, target] : waiting) {
      const std::size_t to = node_for(target, GraphRole::kResource);
      Group& group = groups.try_emplace(to, Group{target, {}}).first->second;
      group.tasks.push_back(task);
      // Who asked comes first.
      if (task->address == finding_.requester) std::swap(group.tasks.front(), group.tasks.back());
    }
    for (const auto& [to, group] : groups) {
      if (to != kNoRoom) add_group(to, group.target, group.tasks);
    }
  }

  void add_group(std::size_t to, const NodeId& target, const std::vector<const model::Task*>& tasks) {
    std::vector<std::string> lines;
    if (tasks.size() > kNamed) lines.push_back(fmt::format("{} tasks", tasks.size()));
    for (std::size_t i = 0; i < std::min(tasks.size(), kNamed); ++i) {
      lines.push_back(brief_task(tasks[i]->comm, tasks[i]->pid));
    }
    if (tasks.size() > kNamed) lines.push_back(fmt::format("and {} more", tasks.size() - kNamed));
    std::vector<NodeId> all;
    all.reserve(tasks.size());
    for (const model::Task* task : tasks) all.push_back(model::task_node(task->address));
    const std::size_t from = new_node(GraphRole::kVictim, std::move(lines), std::move(all));
    const bool is_cpu = target.kind == model::NodeKind::kCpu;
    const bool is_one = tasks.size() == 1;
    edge(from, to, is_cpu ? (is_one ? "needs" : "need") : (is_one ? "waits for" : "wait for"));
    connect_holders(target);
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
  std::size_t most_;
  Graph graph_;
  std::map<NodeId, std::size_t> known_;
  std::set<std::pair<std::size_t, std::size_t>> edges_;
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

std::string_view name_of(GraphRole role) {
  switch (role) {
    case GraphRole::kVictim: return "victim";
    case GraphRole::kCulprit: return "culprit";
    case GraphRole::kResource: return "resource";
    case GraphRole::kCpu: return "cpu";
  }
  return {};
}

std::string drawn(std::string_view line) {
  return cut_to(line, kLongestDrawn);
}

Graph make_graph(const Index& index, const diagnose::Finding& finding, std::size_t most) {
  return Maker(index, finding, most).make();
}

void write_dot(std::ostream& out, const Graph& graph, std::string_view title) {
  out << fmt::format("digraph whyhung {{\n  rankdir=LR;\n  label=\"{}\";\n", quoted(title));
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    std::string label;
    for (const std::string& line : graph.nodes[i].lines) label += (label.empty() ? "" : "\\n") + quoted(drawn(line));
    out << fmt::format("  n{} [{}, label=\"{}\"];\n", i, look_of(graph.nodes[i].role), label);
  }
  for (const Graph::Edge& edge : graph.edges) {
    out << fmt::format("  n{} -> n{} [label=\"{}\"{}];\n", edge.from, edge.to, quoted(edge.label),
                       edge.in_circle ? ", penwidth=3" : "");
  }
  out << "}\n";
}

}  // namespace whyhung::report
