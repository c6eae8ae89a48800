// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/module_types.h"

#include "kernel/list.h"

namespace whyhung::kernel {
namespace {

constexpr std::uint64_t kMostModules = 16384;
constexpr std::uint64_t kMostBytes = 64u << 20;

}  // namespace

std::optional<VirtualRange> find_module_types(const Access& access, VirtualAddress module) {
  const auto head = access.symbols.address_of("btf_modules");
  if (!head) return std::nullopt;
  Binder binder(access.types);
  const Field list = binder.optional("btf_module", {"list"});
  const Field of_module = binder.optional("btf_module", {"module"});
  const Field types = binder.optional("btf_module", {"btf"});
  const Field data = binder.optional("btf", {"data"});
  const Field size = binder.optional("btf", {"data_size"});
  if (!list.exists() || !of_module.exists() || !types.exists()) return std::nullopt;
  for (const VirtualAddress node : walk_list(access.memory, *head, kMostModules).nodes) {
    const VirtualAddress entry = list.container(node);
    const auto named = of_module.read_pointer(access.memory, entry);
    if (!named || *named != module) continue;
    const auto btf = types.read_pointer(access.memory, entry);
    if (!btf || btf->is_null()) return std::nullopt;
    const auto begin = data.read_pointer(access.memory, *btf);
    const auto length = size.read(access.memory, *btf);
    if (!begin || begin->is_null() || !length || *length == 0 || *length > kMostBytes) return std::nullopt;
    return VirtualRange{*begin, *begin + *length};
  }
  return std::nullopt;
}

}  // namespace whyhung::kernel
