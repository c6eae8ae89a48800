// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/module_types.h"

#include <algorithm>

#include "debuginfo/btf.h"
#include "kernel/module_types.h"

namespace whyhung::collect {
namespace {

// The kernel's types as a member of a chain, which does not own them.
std::shared_ptr<debuginfo::TypeSource> unowned(debuginfo::TypeSource& types) {
  return {&types, [](debuginfo::TypeSource*) {}};
}

}  // namespace

debuginfo::TypeSource& ModuleTypes::of(std::string_view module) {
  if (module.empty()) return bench_.access.types;
  const auto [entry, is_new] = opened_.try_emplace(std::string(module));
  if (is_new) entry->second = open(module);
  return entry->second ? *entry->second : bench_.access.types;
}

std::shared_ptr<debuginfo::TypeSource> ModuleTypes::open(std::string_view module) {
  const auto missing = [&](std::string why) {
    bench_.gap(fmt::format("types of the module {}", module), std::move(why));
    return nullptr;
  };
  const auto loaded = std::ranges::find(bench_.modules, module, &kernel::LoadedModule::name);
  if (loaded == bench_.modules.end()) return missing("it is not in the list of modules");
  if (!bench_.target.btf) return missing("the kernel carries no types that they could continue");
  const auto place = kernel::find_module_types(bench_.access, loaded->address);
  if (!place) return missing("where the kernel keeps them was not found");
  auto types = debuginfo::BtfTypes::open_split(bench_.access.memory, *place, bench_.target.btf,
                                               fmt::format("BTF of {} in the dump", module));
  if (!types) return missing(types.error().what);
  auto chain = std::make_shared<debuginfo::TypeChain>();
  chain->add(*std::move(types));
  chain->add(unowned(bench_.access.types));
  return chain;
}

}  // namespace whyhung::collect
