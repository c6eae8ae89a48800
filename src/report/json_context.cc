// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/json_context.h"

#include <ctime>

#include "base/text.h"
#include "report/brief.h"
#include "report/graph.h"

namespace whyhung::report {
namespace {

template <typename Number>
Json number_or_null(const std::optional<Number>& number) {
  return number ? Json(*number) : Json(nullptr);
}

}  // namespace

Json tool_json() {
  return {{"name", "whyhung"}, {"version", WHYHUNG_VERSION}};
}

Json node_json(const model::NodeId& node) {
  Json json = {{"kind", model::name_of(node.kind)}};
  if (node.kind == model::NodeKind::kCpu) {
    json["cpu"] = node.id;
  } else {
    json["address"] = hex(node.id);
  }
  return json;
}

Json graph_json(const model::Index& index, const diagnose::Finding& finding) {
  const Graph graph = make_graph(index, finding);
  Json nodes = Json::array();
  for (const Graph::Node& node : graph.nodes) {
    Json members = Json::array();
    for (const model::NodeId& one : node.stands_for) members.push_back(node_json(one));
    nodes.push_back({{"role", name_of(node.role)}, {"label", node.lines}, {"members", std::move(members)}});
  }
  Json edges = Json::array();
  for (const Graph::Edge& edge : graph.edges) {
    edges.push_back({{"from", edge.from}, {"to", edge.to}, {"label", edge.label}});
  }
  return {{"nodes", std::move(nodes)}, {"edges", std::move(edges)}};
}

Json no_graph_json() {
  return {{"nodes", Json::array()}, {"edges", Json::array()}};
}

Json moment_json(const model::Machine& machine, std::uint64_t clock) {
  const std::optional<std::int64_t> seconds = wall_clock(machine, clock);
  if (!seconds) return nullptr;
  const auto time = static_cast<std::time_t>(*seconds);
  std::tm fields{};
  if (::gmtime_r(&time, &fields) == nullptr) return nullptr;
  char text[64];
  return std::string(text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &fields));
}

Json modules_json(const model::Snapshot& snapshot) {
  Json all = Json::array();
  for (const model::Module& module : snapshot.modules) {
    Json json = {{"name", valid_utf8(module.name)},   {"module", hex(module.address)},
                 {"base", hex(module.base)},          {"size", module.size},
                 {"state", valid_utf8(module.state)}, {"taints", valid_utf8(module.taints)}};
    if (!module.version.empty()) json["version"] = valid_utf8(module.version);
    all.push_back(std::move(json));
  }
  return all;
}

Json log_json(const model::Snapshot& snapshot) {
  Json incidents = Json::array();
  for (const model::Incident& one : snapshot.incidents) {
    incidents.push_back({{"kind", model::name_of(one.kind)},
                         {"time_ns", one.time},
                         {"time", moment_json(snapshot.machine, one.time)},
                         {"text", valid_utf8(one.text)},
                         {"cpu", number_or_null(one.cpu)},
                         {"pid", number_or_null(one.pid)},
                         {"comm", valid_utf8(one.comm)},
                         {"function", valid_utf8(one.function)},
                         {"module", valid_utf8(one.module)}});
  }
  Json json = {{"incidents", std::move(incidents)}, {"complaint", nullptr}};
  if (const std::optional<model::Complaint>& one = snapshot.machine.complaint) {
    json["complaint"] = {{"kind", model::name_of(one->kind)},
                         {"time_ns", one->time},
                         {"time", moment_json(snapshot.machine, one->time)},
                         {"cpu", number_or_null(one->cpu)},
                         {"pid", number_or_null(one->pid)},
                         {"comm", valid_utf8(one->comm)}};
  }
  return json;
}

}  // namespace whyhung::report
