// SPDX-License-Identifier: GPL-2.0-or-later
// mod: the loaded modules, oldest first, as crash lists them.
#include <algorithm>
#include <ranges>

#include "base/text.h"
#include "commands/command.h"

namespace whyhung::commands {
namespace {

constexpr auto kOptions = std::to_array<Option>({{"t", "", "only tainted modules, with their taints"},
                                                 {"s", "", "nothing: symbols of modules come from memory"},
                                                 {"S", "", "the same"},
                                                 {"d", "", "the same"},
                                                 {"r", "", "the same"}});

Value value_of(const model::Module& module) {
  Value value = Value::object();
  value.set("name", module.name);
  value.set("module", Value::address(module.address));
  value.set("base", Value::address(module.base));
  value.set("size", module.size);
  value.set("state", module.state);
  value.set("taints", module.taints);
  return value;
}

Result<void> run(Call& call) {
  const auto& modules = call.snapshot().modules;
  std::vector<const model::Module*> chosen;
  for (auto at = modules.rbegin(); at != modules.rend(); ++at) {
    const model::Module& module = *at;
    if (call.words().empty() || std::ranges::find(call.words(), module.name) != call.words().end())
      chosen.push_back(&module);
  }
  for (const std::string& word : call.words()) {
    if (std::ranges::find(modules, word, &model::Module::name) == modules.end()) {
      return fail(ErrorKind::kNotFound, "no module is called {}", printable(word));
    }
  }
  if (call.has("t")) {
    std::erase_if(chosen, [](const model::Module* module) { return module->taints.empty(); });
    if (chosen.empty()) call.output.heading("no tainted modules\n");
    std::size_t width = 4;
    for (const model::Module* module : chosen) width = std::max(width, module->name.size());
    if (!chosen.empty()) call.output.heading(fmt::format("{:<{}}  TAINTS\n", "NAME", width));
    for (const model::Module* module : chosen) {
      call.output.row(fmt::format("{:<{}}  {}\n", printable(module->name), width, printable(module->taints)),
                      value_of(*module));
    }
    return {};
  }
  std::size_t width = 20;
  for (const model::Module* module : chosen) width = std::max(width, module->name.size());
  if (!chosen.empty()) {
    call.output.heading(
        fmt::format("     MODULE       {:<{}}       BASE           SIZE  OBJECT FILE\n", "NAME", width));
  }
  for (const model::Module* module : chosen) {
    // What crash's users look for in the last column is whether symbols are there: they are, from memory.
    const std::string state =
        module->state.empty() || module->state == "live" ? "" : fmt::format("  [{}]", printable(module->state));
    call.output.row(fmt::format("{:016x}  {:<{}}  {:016x}  {:>9}  (symbols in the dump){}\n", module->address,
                                printable(module->name), width, module->base, module->size, state),
                    value_of(*module));
  }
  return {};
}

}  // namespace

extern const Command kMod = {.name = "mod",
                             .usage = "mod [-t] [NAME]…",
                             .help = "the loaded modules; -t: their taints",
                             .options = kOptions,
                             .run = run,
                             .rehearse = [](const model::Snapshot&) { return std::vector<std::string>{"mod"}; }};

}  // namespace whyhung::commands
