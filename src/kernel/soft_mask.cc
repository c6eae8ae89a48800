// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/soft_mask.h"

namespace whyhung::kernel {

SoftMaskView SoftMaskView::bind(const arch::Architecture& architecture, const Access& access, Binder& binder) {
  SoftMaskView view;
  view.architecture_ = &architecture;
  if (!architecture.soft_mask_register) return view;
  // v4.16: soft_enabled became irq_soft_mask, with the opposite meaning.
  view.mask_ = binder.optional("paca_struct", {"irq_soft_mask"});
  view.soft_enabled_ = binder.optional("paca_struct", {"soft_enabled"});
  view.paca_size_ = access.types.size_of("paca_struct").value_or(0);
  // v4.17: an array of pointers took the place of one array.
  view.pointers_ = access.symbols.address_of("paca_ptrs");
  if (!view.pointers_) view.array_ = access.symbols.address_of("paca");
  return view;
}

std::optional<bool> SoftMaskView::meaning(std::uint64_t value) const {
  if (mask_.exists()) return (value & 1) == 0;
  if (soft_enabled_.exists()) return (value & 1) != 0;
  return std::nullopt;
}

std::optional<bool> SoftMaskView::enabled(const arch::RegisterSet& registers) const {
  const auto by_cpu = architecture_->interrupts_enabled(registers);
  if (by_cpu == false || !architecture_->soft_mask_register) return by_cpu;
  const auto saved = registers.get(*architecture_->soft_mask_register);
  const auto by_mask = saved ? meaning(*saved) : std::nullopt;
  return by_mask ? by_mask : by_cpu;
}

std::optional<bool> SoftMaskView::enabled_now(const Access& access, std::uint32_t cpu) const {
  const Field& field = mask_.exists() ? mask_ : soft_enabled_;
  if (!field.exists()) return std::nullopt;
  std::optional<VirtualAddress> paca;
  if (pointers_) {
    const auto table = access.memory.read_pointer(*pointers_);
    const auto entry = table ? access.memory.read_pointer(*table + std::uint64_t{cpu} * 8) : table;
    if (entry && !entry->is_null()) paca = *entry;
  } else if (array_ && paca_size_ != 0) {
    const auto first = access.memory.read_pointer(*array_);
    if (first && !first->is_null()) paca = *first + std::uint64_t{cpu} * paca_size_;
  }
  if (!paca) return std::nullopt;
  const auto value = field.read(access.memory, *paca);
  return value ? meaning(*value) : std::nullopt;
}

}  // namespace whyhung::kernel
