// SPDX-License-Identifier: GPL-2.0-or-later
// Who waits for whom, as far as a log tells it: tasks, CPUs, devices and servers that its statements join.
#pragma once

#include "log/read_log.h"
#include "report/graph.h"

namespace whyhung::report {

Graph make_log_graph(const log::LogReport& report, std::size_t most = kMostGraphNodes);

}  // namespace whyhung::report
