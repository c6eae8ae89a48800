// SPDX-License-Identifier: GPL-2.0-or-later
// mod: the loaded modules.
#include <ostream>

#include "base/text.h"
#include "commands/command.h"
#include "report/json_values.h"

namespace whyhung::commands {
namespace {

Result<void> run(Context& context, const std::vector<std::string>& arguments) {
  if (!arguments.empty()) return fail(ErrorKind::kUsage, "mod takes no arguments");
  const auto& modules = context.snapshot.modules;
  if (context.format == Format::kJson) {
    report::Json all = report::Json::array();
    for (const model::Module& module : modules) {
      all.push_back({{"name", valid_utf8(module.name)},
                     {"module", report::hex(module.address)},
                     {"base", report::hex(module.base)},
                     {"size", module.size},
                     {"state", module.state},
                     {"taints", module.taints}});
    }
    context.out << all.dump();
    return {};
  }
  context.out << "     MODULE       NAME                         BASE              SIZE  STATE  TAINTS\n";
  for (const model::Module& module : modules) {
    context.out << fmt::format("{:016x}  {:<24} {:016x}  {:>9}  {:<6} {}\n", module.address, printable(module.name),
                               module.base, module.size, module.state, module.taints);
  }
  return {};
}

}  // namespace

const Command kMod = {.name = "mod", .alias = "", .usage = "mod", .help = "the loaded modules", .run = run};

}  // namespace whyhung::commands
