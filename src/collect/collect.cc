// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/collect.h"

#include "collect/cpus.h"
#include "collect/incidents.h"
#include "collect/machine.h"
#include "collect/stacks.h"
#include "collect/tasks.h"
#include "collect/waits/waits.h"

namespace whyhung::collect {
namespace {

void add_opening_gaps(const target::Target& target, model::Snapshot& snapshot) {
  for (const Gap& gap : target.gaps) snapshot.gaps.push_back(gap);
  for (const std::string& remark : target.dump->facts().remarks) snapshot.gaps.push_back({"the dump file", remark});
}

}  // namespace

void collect_snapshot(Workbench& bench, std::string_view dump_name, StageClock& clock) {
  describe_dump(bench.target, dump_name, bench.snapshot.machine);
  add_opening_gaps(bench.target, bench.snapshot);
  clock.enter("tasks");
  collect_tasks(bench);
  clock.enter("CPUs");
  collect_cpus(bench);
  note_taken_returns(bench);
  clock.enter("waits");
  for (const WaitCollector& collector : wait_collectors()) collector.collect(bench);
  for (const model::Cpu& cpu : bench.snapshot.cpus) bench.add_lines(cpu.stack);
  clock.enter("machine");
  collect_modules(bench);
  collect_machine(bench);
  collect_incidents(bench);
}

model::Snapshot poor_snapshot(const target::Target& target, std::string_view dump_name, const Error& why) {
  model::Snapshot snapshot;
  describe_dump(target, dump_name, snapshot.machine);
  add_opening_gaps(target, snapshot);
  const std::string advice = why.hint.empty() ? "" : "; " + why.hint;
  snapshot.gaps.push_back({"everything inside of the machine", why.what + advice});
  return snapshot;
}

}  // namespace whyhung::collect
