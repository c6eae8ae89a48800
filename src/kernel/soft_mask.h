// SPDX-License-Identifier: GPL-2.0-or-later
// Interrupts that are masked in software: ppc64 leaves them on in the CPU and notes in the CPU's paca that they are to
// wait (arch/powerpc/include/asm/hw_irq.h). Saved registers carry a copy of that note.
#pragma once

#include <optional>

#include "arch/architecture.h"
#include "kernel/fields.h"

namespace whyhung::kernel {

class SoftMaskView {
 public:
  // Binds nothing on machines that do not do this.
  static SoftMaskView bind(const arch::Architecture& architecture, const Access& access, Binder& binder);

  // Whether saved registers of kernel mode had interrupts on, by the CPU and by the mask; nothing when neither is
  // known.
  std::optional<bool> enabled(const arch::RegisterSet& registers) const;
  // Whether the mask of that CPU lets interrupts through as memory has it now; nothing on other machines.
  std::optional<bool> enabled_now(const Access& access, std::uint32_t cpu) const;

 private:
  std::optional<bool> meaning(std::uint64_t value) const;

  const arch::Architecture* architecture_ = nullptr;
  Field mask_;          // irq_soft_mask: bit 0 set means off
  Field soft_enabled_;  // before: 1 means on
  std::optional<VirtualAddress> pointers_;
  std::optional<VirtualAddress> array_;
  std::uint64_t paca_size_ = 0;
};

}  // namespace whyhung::kernel
