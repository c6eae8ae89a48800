// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/spinlock.h"

namespace whyhung::kernel {
namespace {

// ppc64 before its queued locks: paca_struct.lock_token, next to paca_index, so that one load gives both
// (arch/powerpc/include/asm/spinlock.h).
constexpr std::uint32_t kLockToken = 0x8000;

}  // namespace

SpinlockView SpinlockView::bind(Binder& binder) {
  SpinlockView v;
  const bool has_token =
      binder.optional("arch_spinlock_t", {"slock"}).exists() && binder.optional("paca_struct", {"lock_token"}).exists();
  // x86 before v4.2 (d6abfdb20223): the ticket that is served, and the one that the next comer takes.
  const Field ticket = binder.optional("arch_spinlock_t", {"tickets.head"});
  if (has_token) {
    v.form_ = Form::kHolder;
  } else if (ticket.exists() && (ticket.size() == 1 || ticket.size() == 2)) {
    v.form_ = Form::kTickets;
    v.ticket_bits_ = 8 * ticket.size();
  }
  return v;
}

bool SpinlockView::looks_taken(std::uint32_t word, std::size_t cpu_count) const {
  if (form_ == Form::kHolder) return holder(word, cpu_count).has_value();
  if (form_ == Form::kTickets) {
    const std::uint32_t mask = (1u << ticket_bits_) - 1;
    return (word & mask) != (word >> ticket_bits_ & mask);
  }
  // The lowest byte counts (0 with a queue only in passing), and the upper ones name the queue's tail. Every value with
  // a set low byte up to 3 is legal (_Q_LOCKED_VAL, _Q_SLOW_VAL of paravirtual ones).
  const std::uint32_t low = word & 0xff;
  return low == 1 || low == 3;
}

std::optional<std::uint32_t> SpinlockView::holder(std::uint32_t word, std::size_t cpu_count) const {
  if (form_ != Form::kHolder || word >> 16 != kLockToken) return std::nullopt;
  const std::uint32_t cpu = word & 0xffff;
  if (cpu >= cpu_count) return std::nullopt;
  return cpu;
}

}  // namespace whyhung::kernel
