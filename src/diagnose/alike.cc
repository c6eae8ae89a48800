// SPDX-License-Identifier: GPL-2.0-or-later
#include "diagnose/alike.h"

#include <iterator>
#include <unordered_map>

#include <fmt/format.h>

namespace whyhung::diagnose {
namespace {

constexpr std::size_t kMostApart = 3;  // so many of a kind are told one by one

// What findings of one kind have in common.
std::string kind_of(const model::Index& index, const Finding& finding) {
  std::string kind = fmt::format("{}:{}", static_cast<int>(finding.hang_class), static_cast<int>(finding.confidence));
  for (const Culprit& culprit : finding.culprits) {
    fmt::format_to(std::back_inserter(kind), "|{}:{}:{}", static_cast<int>(culprit.kind), culprit.function,
                   culprit.module);
    const model::Task* task = index.task(culprit.task);
    if (task == nullptr) continue;
    for (const model::StackFrame& frame : task->stack.frames) {
      fmt::format_to(std::back_inserter(kind), ",{}", frame.location);
    }
  }
  for (const Link& link : finding.chain) {
    fmt::format_to(std::back_inserter(kind), "|{}", static_cast<int>(link.claim));
    for (const model::NodeId& node : link.nodes) {
      const model::Resource* resource = index.resource(node);
      if (resource != nullptr) fmt::format_to(std::back_inserter(kind), ":{}", static_cast<int>(resource->kind));
    }
  }
  return kind;
}

std::uint64_t last_resource(const Finding& finding) {
  std::uint64_t last = 0;
  for (const Link& link : finding.chain) {
    for (const model::NodeId& node : link.nodes) {
      if (node.kind == model::NodeKind::kResource) last = node.id;
    }
  }
  return last;
}

}  // namespace

void fold_alike(const model::Index& index, std::vector<Finding>& findings) {
  if (findings.size() <= kMostApart) return;
  std::unordered_map<std::string, std::size_t> group_of;
  std::vector<std::size_t> groups;  // of each finding
  std::vector<std::size_t> counts;  // of each group
  for (const Finding& finding : findings) {
    const auto [found, is_new] = group_of.try_emplace(kind_of(index, finding), counts.size());
    if (is_new) counts.push_back(0);
    ++counts[found->second];
    groups.push_back(found->second);
  }
  std::vector<Finding> kept;
  std::unordered_map<std::size_t, std::size_t> place_of;  // of a group's first finding in `kept`
  for (std::size_t i = 0; i < findings.size(); ++i) {
    const bool is_folded = counts[groups[i]] > kMostApart;
    const auto [place, is_first] = place_of.try_emplace(groups[i], kept.size());
    if (is_first || !is_folded) {
      kept.push_back(std::move(findings[i]));
      continue;
    }
    kept[place->second].also.push_back({std::move(findings[i].culprits), last_resource(findings[i]),
                                        findings[i].victim_tasks.size(), findings[i].victim_cpus.size()});
  }
  findings = std::move(kept);
}

}  // namespace whyhung::diagnose
