// SPDX-License-Identifier: GPL-2.0-or-later
// Types of structures that only a module knows. Each module's are opened when they are first asked for.
#pragma once

#include <map>

#include "collect/workbench.h"

namespace whyhung::collect {

class ModuleTypes {
 public:
  explicit ModuleTypes(Workbench& bench) : bench_(bench) {}

  // The types that code of `module` sees: its own and the kernel's. An empty name is the kernel itself. Where a module
  // brings none, the kernel's alone.
  debuginfo::TypeSource& of(std::string_view module);

 private:
  std::shared_ptr<debuginfo::TypeSource> open(std::string_view module);

  Workbench& bench_;
  std::map<std::string, std::shared_ptr<debuginfo::TypeSource>, std::less<>> opened_;
};

}  // namespace whyhung::collect
