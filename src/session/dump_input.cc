// SPDX-License-Identifier: GPL-2.0-or-later
// A crash dump, whole or in parts.
#include "collect/collect.h"
#include "session/input.h"

namespace whyhung::session {
namespace {

Result<Opened> open(Inputs inputs, StageClock& clock) {
  Opened opened;
  TRY_ASSIGN(auto target,
             target::open_target(collect::open_options(std::move(inputs.files), inputs.vmlinux, inputs.types), clock));
  opened.target = std::make_unique<target::Target>(std::move(target));
  clock.enter("structures");
  auto machine = collect::Workbench::create(*opened.target);
  if (!machine) {
    opened.snapshot = collect::poor_snapshot(*opened.target, inputs.name, machine.error());
    opened.lack = std::move(machine).error();
    return opened;
  }
  opened.machine = *std::move(machine);
  collect::collect_snapshot(*opened.machine, inputs.name, clock);
  return opened;
}

}  // namespace

const InputKind kDumpInput = {"crash dump", [](std::span<const std::byte>) { return true; }, open};

}  // namespace whyhung::session
