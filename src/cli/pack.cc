// SPDX-License-Identifier: GPL-2.0-or-later
// pack: does all that a capsule must be able to repeat, and writes the pages that were read for it.
#include <iostream>
#include <sstream>

#include "base/text.h"
#include "cli/analyze.h"
#include "cli/complain.h"
#include "cli/inputs.h"
#include "cli/progress.h"
#include "commands/command.h"
#include "dump/capsule_writer.h"
#include "kernel/names_used.h"
#include "session/session.h"
#include "target/known_types.h"

namespace whyhung::cli {
namespace {

Result<dump::CapsuleSummary> write(const PackOptions& options, session::Session& session) {
  if (session.lack() != nullptr) return fail(*session.lack());
  target::Target& target = *session.target();
  StageClock& clock = session.clock();
  clock.enter("rehearse commands");
  for (const std::string& line : commands::rehearsed_lines(session.snapshot())) {
    std::ostringstream unused;
    commands::Context context{session.snapshot(), session.machine(), nullptr, unused, commands::Format::kText};
    // A command that fails on the dump fails on the capsule in the same way.
    (void)commands::run_command(context, line);
  }
  clock.enter("write the capsule");
  dump::CapsuleOptions capsule;
  capsule.existing = options.force ? Existing::kReplace : Existing::kRefuse;
  capsule.inputs = session.paths();
  capsule.note = "pages that whyhung read";
  capsule.vmcoreinfo = target.vmcoreinfo.text();
  const model::Machine& machine = session.snapshot().machine;
  capsule.machine = machine.machine;
  capsule.node_name = machine.node_name;
  capsule.release = machine.release;
  capsule.version = machine.version;
  auto carried =
      target::types_to_carry(target, collect::open_options({}, options.vmlinux, options.types), kernel::words_used());
  capsule.types = std::move(carried.file);
  capsule.types_are_near = carried.are_near;
  const auto frames = dump::frames_of(target.dump->touched_pages());
  TRY_ASSIGN(const auto summary, dump::write_capsule(*target.dump, frames, options.output, capsule));
  clock.enter("");
  return summary;
}

}  // namespace

int pack(const PackOptions& options) {
  const auto refuse = [](const Error& error) {
    complain(error);
    return 2;
  };
  session::Request request{options.inputs, options.vmlinux, options.types};
  if (const auto wrong = find_inputs(request.inputs); !wrong) return refuse(wrong.error());
  Progress progress;
  const auto session = session::Session::open(request, [&](std::string_view stage) { progress.show(stage); });
  progress.clear();
  if (!session) return refuse(session.error());
  for (const Error& notice : (*session)->notices()) complain(notice);
  const auto summary = write(options, **session);
  progress.clear();
  if (!summary) return refuse(summary.error());
  std::cout << fmt::format("{}: {} pages, {:.1f} MB\n", printable(options.output), summary->pages,
                           static_cast<double>(summary->bytes) / 1e6);
  return 0;
}

}  // namespace whyhung::cli
