// SPDX-License-Identifier: GPL-2.0-or-later
// sys: the machine as a whole.
#include <ostream>

#include "commands/command.h"
#include "report/json_values.h"
#include "report/system_header.h"

namespace whyhung::commands {
namespace {

Result<void> run(Context& context, const std::vector<std::string>& arguments) {
  if (!arguments.empty()) return fail(ErrorKind::kUsage, "sys takes no arguments");
  if (context.format == Format::kJson) {
    context.out << report::machine_json(context.snapshot.machine).dump();
  } else {
    report::write_system_header(context.out, context.snapshot.machine);
  }
  return {};
}

}  // namespace

const Command kSys = {
    .name = "sys", .alias = "", .usage = "sys", .help = "the machine: kernel, time, load, memory, panic", .run = run};

}  // namespace whyhung::commands
