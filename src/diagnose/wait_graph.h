// SPDX-License-Identifier: GPL-2.0-or-later
// The wait-for graph of a snapshot: an arrow from A to B says that A cannot go on before B acts. Waits and holders come
// from the snapshot; that a runnable task needs its CPU, and that a CPU is occupied by its current task, is added here.
#pragma once

#include <map>
#include <set>
#include <vector>

#include "model/snapshot.h"

namespace whyhung::diagnose {

class WaitGraph {
 public:
  explicit WaitGraph(const model::Snapshot& snapshot);

  const std::vector<model::NodeId>& waits_for(model::NodeId node) const;
  // Every node that waits or is waited for, ascending.
  std::vector<model::NodeId> nodes() const;
  // Everything that cannot go on before `node` acts, directly or through others; without `node` itself.
  std::set<model::NodeId> blocked_by(model::NodeId node) const;

 private:
  void add(model::NodeId from, model::NodeId to);

  std::map<model::NodeId, std::vector<model::NodeId>> forward_;
  std::map<model::NodeId, std::vector<model::NodeId>> backward_;
};

}  // namespace whyhung::diagnose
