// SPDX-License-Identifier: GPL-2.0-or-later
// The word of a spinlock (arch_spinlock_t): whether it is taken, and by which CPU where the kernel writes that down.
#pragma once

#include <optional>

#include "kernel/fields.h"

namespace whyhung::kernel {

class SpinlockView {
 public:
  static SpinlockView bind(Binder& binder);

  // `word` is the lock's first 32 bits, as the machine reads them.
  bool looks_taken(std::uint32_t word, std::size_t cpu_count) const;
  // The CPU that holds it; nothing for the forms that do not say, and for a lock that is free.
  std::optional<std::uint32_t> holder(std::uint32_t word, std::size_t cpu_count) const;

 private:
  enum class Form : std::uint8_t { kQueue, kTickets, kHolder };
  Form form_ = Form::kQueue;
  std::uint64_t ticket_bits_ = 0;
};

}  // namespace whyhung::kernel
