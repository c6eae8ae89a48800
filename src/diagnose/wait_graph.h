// SPDX-License-Identifier: GPL-2.0-or-later
// The wait-for graph of a snapshot: an arrow from A to B says that A cannot go on before B acts. Waits and holders come
// from the snapshot; that a runnable task needs its CPU, and that a CPU is occupied by its current task, is added here.
#pragma once

#include <set>
#include <span>
#include <unordered_map>
#include <vector>

#include "model/index.h"

namespace whyhung::diagnose {

class WaitGraph {
 public:
  explicit WaitGraph(const model::Snapshot& snapshot);

  const std::vector<model::NodeId>& waits_for(model::NodeId node) const;
  // Every node that waits or is waited for, ascending.
  std::vector<model::NodeId> nodes() const;
  // Everything that cannot go on before `node` acts, directly or through others; without `node` itself.
  std::set<model::NodeId> blocked_by(model::NodeId node) const;
  // The same for several: first what the first one blocks, ascending, then what the second blocks besides, and so on.
  // Each arrow is followed once. Of the nodes themselves those are left out that none before them blocks.
  std::vector<model::NodeId> blocked_by(std::span<const model::NodeId> nodes) const;

 private:
  using Arrows = std::unordered_map<model::NodeId, std::vector<model::NodeId>, model::NodeHash>;
  void add(model::NodeId from, model::NodeId to);

  Arrows forward_;
  Arrows backward_;
};

}  // namespace whyhung::diagnose
