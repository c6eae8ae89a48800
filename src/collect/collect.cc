// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/collect.h"

#include <algorithm>
#include <span>

#include "collect/cpus.h"
#include "collect/incidents.h"
#include "collect/machine.h"
#include "collect/stacks.h"
#include "collect/tasks.h"
#include "collect/waits/waits.h"
#include "collect/without_types.h"
#include "kernel/names_used.h"
#include "model/gap_kinds.h"

namespace whyhung::collect {
namespace {

std::string list_of(const std::vector<std::string>& names) {
  constexpr std::size_t kMostNamed = 4;
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), kMostNamed); ++i) text += (i == 0 ? "" : ", ") + names[i];
  if (names.size() > kMostNamed) text += fmt::format(" and {} more", names.size() - kMostNamed);
  return text;
}

void add_opening_gaps(const target::Target& target, model::Snapshot& snapshot) {
  for (const Gap& gap : target.gaps) snapshot.gaps.push_back(gap);
  for (const std::string& remark : target.dump->facts().remarks) snapshot.gaps.push_back({"the dump file", remark});
}

// A variable's page by its name, others by their address.
std::vector<std::string> names_of(std::span<const ReadFault> missing, debuginfo::SymbolSource& symbols) {
  constexpr std::uint64_t kFarthest = 1u << 20;
  std::vector<std::string> names;
  for (const ReadFault& one : missing) {
    const auto symbol = symbols.find_covering(VirtualAddress(one.address));
    const bool is_near = symbol && symbol->offset < kFarthest;
    const std::string where = is_near ? " in " + symbol->symbol.name : "";
    names.push_back(fmt::format("{:#x}{} ({})", one.address, where, describe(one.kind)));
  }
  return names;
}

// A capsule holds the pages that were read when it was made: what a newer reader asks for besides is left out by
// design.
void add_gap_of_pages(const target::Target& target, bool is_capsule, std::vector<Gap>& gaps) {
  if (!target.memory) return;
  // Naming them reads memory too.
  const auto known = target.memory->missing_pages();
  std::vector<ReadFault> missing(known.begin(), known.end());
  if (is_capsule) std::erase_if(missing, [](const ReadFault& one) { return one.kind == FaultKind::kBeyondDump; });
  if (missing.empty()) return;
  const std::string count = missing.size() == 1 ? "a page that was" : fmt::format("{} pages that were", missing.size());
  gaps.push_back({std::string(model::kGapMemory),
                  fmt::format("{} asked for cannot be had: {}", count, list_of(names_of(missing, *target.symbols)))});
}

// What could not be read of the kernel's own descriptions shows only when all has been asked for.
void add_gaps_of_names(Workbench& bench) {
  const target::Target& target = bench.target;
  const auto problem = target.btf ? target.btf->problem() : std::nullopt;
  const bool is_left_out =
      bench.snapshot.machine.capsule && problem && problem->what.ends_with(describe(FaultKind::kBeyondDump));
  if (problem && problem->kind == ErrorKind::kUnreadable && !is_left_out)
    bench.gap(std::string(model::kGapTypes), problem->what);
  const auto& gaps = bench.snapshot.gaps;
  const auto torn = std::ranges::find(gaps, std::string(model::kGapSymbols), &Gap::what);
  if (torn == gaps.end()) return;
  std::vector<std::string> lost;
  for (const std::string_view name : kernel::symbols_of_every_kernel()) {
    if (!target.symbols->address_of(name)) lost.emplace_back(name);
  }
  if (!lost.empty()) {
    bench.gap(std::string(model::kGapVariables), fmt::format("missing are {}: {}", list_of(lost), torn->why));
  }
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
  add_gaps_of_names(bench);
  add_gap_of_pages(bench.target, bench.snapshot.machine.capsule, bench.snapshot.gaps);
}

model::Snapshot poor_snapshot(const target::Target& target, std::string_view dump_name, const Error& why) {
  model::Snapshot snapshot;
  describe_dump(target, dump_name, snapshot.machine);
  add_opening_gaps(target, snapshot);
  describe_without_types(target, snapshot);
  add_gap_of_pages(target, snapshot.machine.capsule, snapshot.gaps);
  const std::string advice = why.hint.empty() ? "" : "; " + why.hint;
  snapshot.gaps.push_back({"everything inside of the machine", why.what + advice});
  return snapshot;
}

}  // namespace whyhung::collect
