// SPDX-License-Identifier: GPL-2.0-or-later
#include "commands/desk.h"

#include "base/text.h"
#include "debuginfo/btf_scan.h"
#include "kernel/module_types.h"

namespace whyhung::commands {

std::string symbol_text(debuginfo::SymbolSource& symbols, VirtualAddress address) {
  const auto found = symbols.find_covering(address);
  if (!found) return {};
  const std::string name = printable(found->symbol.name);
  return found->offset == 0 ? name : fmt::format("{}+{}", name, found->offset);
}

namespace {

// Where the kernel's own BTF lies, when its types were read from there.
std::optional<VirtualRange> kernel_types(collect::Workbench& machine) {
  if (!machine.target.btf) return std::nullopt;
  auto& symbols = machine.access.symbols;
  const auto begin = symbols.address_of("__start_BTF");
  const auto end = symbols.address_of("__stop_BTF");
  if (begin && end) return VirtualRange{*begin, *end};
  const auto text = symbols.address_of("_text");
  const auto image_end = symbols.address_of("_end");
  if (!text || !image_end) return std::nullopt;
  const auto found = debuginfo::find_btf(machine.access.memory, {*text, *image_end});
  return found ? std::optional(*found) : std::nullopt;
}

}  // namespace

TypeCatalog::TypeCatalog(collect::Workbench& machine) : machine_(machine), others_(machine.access.types) {
  const auto range = kernel_types(machine);
  if (!range) return;
  if (auto opened = debuginfo::BtfDeclarations::open(machine.access.memory, *range)) kernel_ = *std::move(opened);
}

void TypeCatalog::open_modules() {
  if (modules_opened_ || !kernel_) return;
  modules_opened_ = true;
  for (const kernel::LoadedModule& module : machine_.modules) {
    const auto place = kernel::find_module_types(machine_.access, module.address);
    if (!place) continue;
    auto types = debuginfo::BtfDeclarations::open_split(machine_.access.memory, *place, kernel_);
    if (types) modules_.push_back(*std::move(types));
  }
}

std::vector<debuginfo::DeclarationSource*> TypeCatalog::sources() {
  open_modules();
  std::vector<debuginfo::DeclarationSource*> all;
  if (kernel_) all.push_back(kernel_.get());
  for (const auto& types : modules_) all.push_back(types.get());
  all.push_back(&others_);
  return all;
}

std::optional<debuginfo::TypeRef> TypeCatalog::look_up(std::string_view name, Lookup lookup) {
  // The modules' types cost some time to open: they are asked only for what the kernel does not know.
  if (kernel_) {
    if (const auto id = (*kernel_.*lookup)(name)) return debuginfo::TypeRef{kernel_.get(), *id};
  }
  for (debuginfo::DeclarationSource* source : sources()) {
    if (source == kernel_.get()) continue;
    if (const auto id = (source->*lookup)(name)) return debuginfo::TypeRef{source, *id};
  }
  return std::nullopt;
}

std::optional<debuginfo::TypeRef> TypeCatalog::find(std::string_view name) {
  const auto [entry, is_new] = found_.try_emplace(std::string(name));
  if (is_new) entry->second = look_up(name, &debuginfo::DeclarationSource::type_named);
  return entry->second;
}

std::optional<debuginfo::TypeRef> TypeCatalog::variable(std::string_view name) {
  return look_up(name, &debuginfo::DeclarationSource::variable_type);
}

std::optional<debuginfo::TypeRef> TypeCatalog::function(std::string_view name) {
  return look_up(name, &debuginfo::DeclarationSource::function_type);
}

debuginfo::Declarations& TypeCatalog::declarations(const debuginfo::TypeRef& type) {
  auto& known = declarations_[type.source];
  if (!known) known = std::make_unique<debuginfo::Declarations>(*type.source);
  return *known;
}

TypeCatalog& Desk::types() {
  if (!types_) types_ = std::make_unique<TypeCatalog>(*machine_);
  return *types_;
}

const debuginfo::ValueMeaning& Desk::meaning() {
  if (meaning_) return *meaning_;
  meaning_.emplace();
  if (machine_ == nullptr) return *meaning_;
  collect::Workbench& machine = *machine_;
  meaning_->order = machine.access.memory.byte_order();
  meaning_->symbol = [&machine](std::uint64_t address) {
    return symbol_text(machine.access.symbols, VirtualAddress(address));
  };
  meaning_->text = [&machine](std::uint64_t address, std::size_t most) -> std::optional<std::string> {
    auto text = machine.access.memory.read_c_string(VirtualAddress(address), most);
    if (!text) return std::nullopt;
    return *std::move(text);
  };
  return *meaning_;
}

}  // namespace whyhung::commands
