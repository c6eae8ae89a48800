// SPDX-License-Identifier: GPL-2.0-or-later
// What a CPU's interrupt machinery says about it: preempt count, pending softirqs, the registers that the innermost
// interrupt found (include/linux/preempt.h, lib/irq_regs.c, kernel/softirq.c).
#pragma once

#include <optional>
#include <string>

#include "kernel/fields.h"
#include "kernel/percpu.h"

namespace whyhung::kernel {

// preempt_count taken apart. v5.8 (69ea03b56ed2): the NMI part became four bits wide; before it was one bit.
struct PreemptCount {
  std::uint64_t raw = 0;
  std::uint32_t preempt_depth() const { return static_cast<std::uint32_t>(raw & 0xff); }
  std::uint32_t softirq_depth() const { return static_cast<std::uint32_t>(raw >> 8 & 0xff); }
  std::uint32_t hardirq_depth() const { return static_cast<std::uint32_t>(raw >> 16 & 0xf); }
  std::uint32_t nmi_depth() const { return static_cast<std::uint32_t>(raw >> 20 & 0xf); }
  // x86 folds "a reschedule is wanted" into bit 31, inverted (arch/x86/include/asm/preempt.h); arm64, which has it in a
  // word of its own, is brought to that form; s390x has x86's.
  bool wants_reschedule() const { return (raw >> 31 & 1) == 0; }
  bool tells_reschedule = true;  // false: a plain count, which says nothing of that
  std::string member = {};       // what this kernel calls it: "__preempt_count", "pcpu_hot.preempt_count", …
};

class InterruptView {
 public:
  static InterruptView bind(const Access& access, Binder& binder);

  // `running` is the task that runs on `cpu`, for machines that count in it or (before v4.9) at the low end of its
  // stack; null: not known.
  std::optional<PreemptCount> preempt_count(const Access& access, const PerCpu& percpu, std::uint32_t cpu,
                                            VirtualAddress running = {}) const;
  std::optional<std::uint64_t> softirq_pending(const Access& access, const PerCpu& percpu, std::uint32_t cpu) const;
  // Address of the struct pt_regs that the innermost hard interrupt saved; nothing outside of one.
  std::optional<VirtualAddress> interrupted_registers(const Access& access, const PerCpu& percpu,
                                                      std::uint32_t cpu) const;
  // task_struct of ksoftirqd/N.
  std::optional<VirtualAddress> softirq_daemon(const Access& access, const PerCpu& percpu, std::uint32_t cpu) const;

 private:
  std::optional<PreemptCount> lowcore_count(const Access& access, std::uint32_t cpu) const;
  std::optional<PreemptCount> plain_count(const VirtualMemory& memory, VirtualAddress task) const;

  Field task_preempt_count_, task_no_need_resched_, task_plain_count_, task_stack_, stack_plain_count_;
  Field hot_preempt_count_, hot_softirq_pending_, stat_softirq_pending_;
  Field lowcore_preempt_count_;
};

// How this kernel preempts kernel code: "none", "voluntary", "full", "lazy"; empty when it cannot be told.
// `version_banner` is utsname.version ("#1 SMP PREEMPT_DYNAMIC Debian …").
std::string preemption_model(const Access& access, std::string_view version_banner);

}  // namespace whyhung::kernel
