// SPDX-License-Identifier: GPL-2.0-or-later
// Desk: what stays from one command to the next: types that were looked up, the task that is spoken of, settings, the
// user's own short names. Commands never write into the snapshot; what they must remember they keep here.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "collect/workbench.h"
#include "debuginfo/btf_declarations.h"
#include "debuginfo/declaration.h"
#include "debuginfo/flat_declarations.h"
#include "debuginfo/value_text.h"

namespace whyhung::commands {

// Types of the kernel and of its modules by name.
class TypeCatalog {
 public:
  explicit TypeCatalog(collect::Workbench& machine);

  // A struct, union, enum, typedef or base type; a name may say "struct ", "union " or "enum " before it. The kernel's
  // own BTF first, then that of each module, then what other sources of types know.
  std::optional<debuginfo::TypeRef> find(std::string_view name);
  std::optional<debuginfo::TypeRef> variable(std::string_view name);
  std::optional<debuginfo::TypeRef> function(std::string_view name);
  // The types of one source, each read once.
  debuginfo::Declarations& declarations(const debuginfo::TypeRef& type);
  // All sources that there are: for completing names.
  std::vector<debuginfo::DeclarationSource*> sources();

 private:
  using Lookup = std::optional<std::uint64_t> (debuginfo::DeclarationSource::*)(std::string_view);
  std::optional<debuginfo::TypeRef> look_up(std::string_view name, Lookup lookup);
  void open_modules();

  collect::Workbench& machine_;
  std::shared_ptr<debuginfo::BtfDeclarations> kernel_;  // null: the kernel carries no BTF
  std::vector<std::shared_ptr<debuginfo::BtfDeclarations>> modules_;
  bool modules_opened_ = false;
  debuginfo::FlatDeclarations others_;
  std::map<std::string, std::optional<debuginfo::TypeRef>, std::less<>> found_;
  std::unordered_map<debuginfo::DeclarationSource*, std::unique_ptr<debuginfo::Declarations>> declarations_;
};

class Desk {
 public:
  // `machine` may be null: then there are no types.
  explicit Desk(collect::Workbench* machine) : machine_(machine) {}
  Desk(const Desk&) = delete;
  Desk& operator=(const Desk&) = delete;

  // Only with a machine.
  TypeCatalog& types();
  // What addresses and texts mean, for printing values.
  const debuginfo::ValueMeaning& meaning();

  std::optional<std::uint64_t> current_task;  // address of the task that `set` chose
  debuginfo::Radix radix = debuginfo::Radix::kDecimal;
  std::map<std::string, std::string, std::less<>> aliases;  // the user's own
  std::uint64_t printed = 0;                                // values that `p` has numbered
  bool scrolls = true;                                      // long output goes through a pager
  bool allows_shell = true;                                 // false: no command may run another program

 private:
  collect::Workbench* machine_;
  std::unique_ptr<TypeCatalog> types_;
  std::optional<debuginfo::ValueMeaning> meaning_;
};

// "symbol" or "symbol+16" for an address in the kernel's or a module's image; empty elsewhere.
std::string symbol_text(debuginfo::SymbolSource& symbols, VirtualAddress address);

}  // namespace whyhung::commands
