// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/module.h"

#include <algorithm>
#include <array>

#include "kernel/list.h"

namespace whyhung::kernel {
namespace {

constexpr std::uint64_t kMostModules = 16384;
constexpr std::uint64_t kMostMemoryTypes = 16;
constexpr std::size_t kLongestVersion = 64;
constexpr std::uint64_t kMostModuleBytes = 1ull << 30;
constexpr std::array<std::string_view, 4> kStates = {"live", "coming", "going", "unformed"};

struct ModuleView {
  Field list, name, state, taints, version, source_version;
  // v6.4 (ac3b43283923): mem[] of struct module_memory, text first; v4.5 (7523e4dc5057): core_layout and init_layout;
  // before: module_core, core_size, core_text_size.
  Field memory, memory_base, memory_size;
  Field core_base, core_size, core_text_size, init_base, init_size;
  Field kallsyms, symtab, num_symtab, strtab;
  Field orc_ips, orc_rows, orc_count;
  std::uint64_t memory_entry = 0;
};

ModuleView bind(Binder& binder) {
  ModuleView v;
  v.list = binder.required("module", {"list"});
  v.name = binder.required("module", {"name"});
  v.state = binder.required("module", {"state"});
  v.taints = binder.optional("module", {"taints"});
  v.version = binder.optional("module", {"version"});
  v.source_version = binder.optional("module", {"srcversion"});
  v.memory = binder.optional("module", {"mem"});
  if (v.memory.exists()) {
    v.memory_base = binder.optional("module", {"mem[0].base"});
    v.memory_size = binder.optional("module", {"mem[0].size"});
    v.memory_entry = v.memory.element_size();
  }
  v.core_base = binder.optional("module", {"core_layout.base", "module_core"});
  v.core_size = binder.optional("module", {"core_layout.size", "core_size"});
  v.core_text_size = binder.optional("module", {"core_layout.text_size", "core_text_size"});
  v.init_base = binder.optional("module", {"init_layout.base", "module_init"});
  v.init_size = binder.optional("module", {"init_layout.size", "init_size"});
  // v4.5 (8244062ef1e5): the tables moved into struct mod_kallsyms, which `kallsyms` points to.
  v.kallsyms = binder.optional("module", {"kallsyms"});
  const std::string_view holder = v.kallsyms.exists() ? "mod_kallsyms" : "module";
  v.symtab = binder.optional(holder, {"symtab"});
  v.num_symtab = binder.optional(holder, {"num_symtab"});
  v.strtab = binder.optional(holder, {"strtab"});
  v.orc_ips = binder.optional("module", {"arch.orc_unwind_ip"});
  v.orc_rows = binder.optional("module", {"arch.orc_unwind"});
  v.orc_count = binder.optional("module", {"arch.num_orcs"});
  return v;
}

std::uint64_t value_or_zero(const ReadResult<std::uint64_t>& value) {
  return value ? *value : 0;
}

void add_range(LoadedModule& module, std::uint64_t base, std::uint64_t size) {
  if (base == 0 || size == 0 || size > kMostModuleBytes) return;
  module.ranges.push_back({VirtualAddress(base), VirtualAddress(base + size)});
}

// What the module calls its version, else the checksum of its sources. Only of modules that are not the kernel's own:
// for all others it is the kernel's.
std::string read_version(const Access& access, const ModuleView& view, const LoadedModule& module) {
  if (module.taints == 0) return {};
  for (const Field* field : {&view.version, &view.source_version}) {
    const auto text = field->read_pointer(access.memory, module.address);
    if (!text || text->is_null()) continue;
    if (auto version = access.memory.read_c_string(*text, kLongestVersion)) return *version;
  }
  return {};
}

void read_ranges(const Access& access, const ModuleView& view, LoadedModule& module) {
  const VirtualMemory& memory = access.memory;
  const auto value = [&](const Field& field, VirtualAddress at) { return value_or_zero(field.read(memory, at)); };
  if (view.memory.exists() && view.memory_entry != 0) {
    const std::uint64_t count = std::min(view.memory.element_count(), kMostMemoryTypes);
    for (std::uint64_t i = 0; i < count; ++i) {
      // The fields are those of the first element; the others follow at equal distances.
      const VirtualAddress shifted = module.address + i * view.memory_entry;
      add_range(module, value(view.memory_base, shifted), value(view.memory_size, shifted));
      if (i == 0 && !module.ranges.empty()) module.text = module.ranges.front();
    }
    return;
  }
  const std::uint64_t base = value(view.core_base, module.address);
  add_range(module, base, value(view.core_size, module.address));
  add_range(module, value(view.init_base, module.address), value(view.init_size, module.address));
  const std::uint64_t text_size = value(view.core_text_size, module.address);
  if (base != 0 && text_size <= kMostModuleBytes) {
    module.text = {VirtualAddress(base), VirtualAddress(base + text_size)};
  }
}

void read_tables(const Access& access, const ModuleView& view, LoadedModule& module) {
  const VirtualMemory& memory = access.memory;
  VirtualAddress holder = module.address;
  if (view.kallsyms.exists()) holder = VirtualAddress(value_or_zero(view.kallsyms.read(memory, module.address)));
  if (!holder.is_null()) {
    module.symbol_table = VirtualAddress(value_or_zero(view.symtab.read(memory, holder)));
    module.symbol_count = value_or_zero(view.num_symtab.read(memory, holder));
    module.string_table = VirtualAddress(value_or_zero(view.strtab.read(memory, holder)));
  }
  module.orc_ips = VirtualAddress(value_or_zero(view.orc_ips.read(memory, module.address)));
  module.orc_rows = VirtualAddress(value_or_zero(view.orc_rows.read(memory, module.address)));
  module.orc_count = value_or_zero(view.orc_count.read(memory, module.address));
}

}  // namespace

bool LoadedModule::contains(VirtualAddress address_in_module) const {
  return std::ranges::any_of(ranges, [&](const VirtualRange& range) { return range.contains(address_in_module); });
}

std::string_view module_state_name(std::int64_t state) {
  return state >= 0 && state < static_cast<std::int64_t>(kStates.size()) ? kStates[static_cast<std::size_t>(state)]
                                                                         : "unknown";
}

ModuleList read_modules(const Access& access) {
  ModuleList result;
  Binder binder(access.types);
  const ModuleView view = bind(binder);
  const auto head = access.symbols.address_of("modules");
  if (!head) {
    result.broken = "the kernel has no symbol \"modules\"";
    return result;
  }
  if (!binder.missing().empty()) {
    result.broken = fmt::format("the kernel's types lack {}", binder.missing().front());
    return result;
  }
  const ListWalk walk = walk_list(access.memory, *head, kMostModules);
  result.broken = walk.broken;
  for (const VirtualAddress node : walk.nodes) {
    LoadedModule module;
    module.address = view.list.container(node);
    const auto name = view.name.read_text(access.memory, module.address);
    const auto state = view.state.read_signed(access.memory, module.address);
    if (!name || !state) {
      if (result.broken.empty())
        result.broken = fmt::format("struct module at {:#x}: unreadable", module.address.value);
      continue;
    }
    module.name = *name;
    module.state = *state;
    module.taints = value_or_zero(view.taints.read(access.memory, module.address));
    module.version = read_version(access, view, module);
    read_ranges(access, view, module);
    read_tables(access, view, module);
    result.modules.push_back(std::move(module));
  }
  return result;
}

}  // namespace whyhung::kernel
