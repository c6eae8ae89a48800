// SPDX-License-Identifier: GPL-2.0-or-later
// What stands around a verdict, for the report as JSON: the graph to be drawn, times of day, modules, what the kernel's
// own log tells.
#pragma once

#include "diagnose/finding.h"
#include "model/index.h"
#include "report/json_values.h"

namespace whyhung::report {

// What wrote the report.
Json tool_json();
// A task or a resource by its address, a CPU by its number.
Json node_json(const model::NodeId& node);
// Nodes with their roles and labels, edges by the numbers of the nodes. What is waited for by many together is one
// node.
Json graph_json(const model::Index& index, const diagnose::Finding& finding);
Json no_graph_json();
// "2026-11-22T14:32:38Z"; null where the dump does not tell what time it was.
Json moment_json(const model::Machine& machine, std::uint64_t clock);
Json modules_json(const model::Snapshot& snapshot);
// Oopses, warnings and the last complaint of a watchdog: a witness, on whom no finding rests.
Json log_json(const model::Snapshot& snapshot);

}  // namespace whyhung::report
