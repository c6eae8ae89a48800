// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/interrupts.h"

#include <array>

namespace whyhung::kernel {

InterruptView InterruptView::bind(const Access& access, Binder& binder) {
  InterruptView v;
  // A type is searched for only where a variable of it exists.
  if (access.symbols.address_of("pcpu_hot")) {
    v.hot_preempt_count_ = binder.optional("pcpu_hot", {"preempt_count"});
    v.hot_softirq_pending_ = binder.optional("pcpu_hot", {"softirq_pending"});
  }
  if (access.symbols.address_of("irq_stat")) {
    v.stat_softirq_pending_ = binder.optional("irq_cpustat_t", {"__softirq_pending"});
  }
  // arch/arm64/include/asm/thread_info.h, v5.0: two 32-bit halves, the upper one 0 when a reschedule is wanted.
  v.task_preempt_count_ = binder.optional("task_struct", {"thread_info.preempt.count"});
  v.task_no_need_resched_ = binder.optional("task_struct", {"thread_info.preempt.need_resched"});
  v.task_plain_count_ = binder.optional("task_struct", {"thread_info.preempt_count"});
  // Asked for only where nothing else counts: to look for a name that is not there means to look everywhere.
  const bool has_count = v.task_preempt_count_.exists() || v.task_plain_count_.exists() ||
                         v.hot_preempt_count_.exists() || access.symbols.address_of("__preempt_count");
  if (!has_count && access.symbols.address_of("lowcore_ptr")) {
    v.lowcore_preempt_count_ = binder.optional("lowcore", {"preempt_count"});
  }
  // v4.9 (c65eacbe290b): thread_info may be part of the task; before, it lies at the low end of the task's stack.
  if (!binder.optional("task_struct", {"thread_info"}).exists()) {
    v.task_stack_ = binder.optional("task_struct", {"stack"});
    v.stack_plain_count_ = binder.optional("thread_info", {"preempt_count"});
  }
  return v;
}

namespace {

// A 32-bit per-CPU value that is a variable of its own, or a member of a per-CPU structure.
struct Value {
  std::uint64_t value = 0;
  std::string name;  // the member's, or the variable's
};
std::optional<Value> read_either(const Access& access, const PerCpu& percpu, std::uint32_t cpu,
                                 std::string_view variable, std::string_view holder, const Field& member) {
  if (const auto structure = percpu.find(holder, cpu); structure && member.exists()) {
    if (const auto value = member.read(access.memory, *structure)) return Value{*value, member.path()};
  }
  if (const auto address = percpu.find(variable, cpu)) {
    if (const auto value = access.memory.read_u32(*address)) return Value{*value, std::string(variable)};
  }
  return std::nullopt;
}

}  // namespace

std::optional<PreemptCount> InterruptView::preempt_count(const Access& access, const PerCpu& percpu, std::uint32_t cpu,
                                                         VirtualAddress running) const {
  if (task_preempt_count_.exists() && task_no_need_resched_.exists()) {
    if (running.is_null()) return std::nullopt;
    const auto count = task_preempt_count_.read(access.memory, running);
    const auto no_need = task_no_need_resched_.read(access.memory, running);
    if (!count || !no_need) return std::nullopt;
    constexpr std::uint64_t kNoNeed = 1u << 31;
    return PreemptCount{(*count & ~kNoNeed & 0xffffffff) | (*no_need != 0 ? kNoNeed : 0), true,
                        task_preempt_count_.path()};
  }
  const auto found = read_either(access, percpu, cpu, "__preempt_count", "pcpu_hot", hot_preempt_count_);
  if (found) return PreemptCount{found->value, true, found->name};
  if (lowcore_preempt_count_.exists()) return lowcore_count(access, cpu);
  return plain_count(access.memory, running);
}

// s390x: each CPU's lowcore has it; an array of pointers names them (arch/s390/include/asm/preempt.h).
std::optional<PreemptCount> InterruptView::lowcore_count(const Access& access, std::uint32_t cpu) const {
  const auto table = access.symbols.address_of("lowcore_ptr");
  if (!table) return std::nullopt;
  const auto lowcore = access.memory.read_pointer(*table + std::uint64_t{cpu} * 8);
  if (!lowcore || lowcore->is_null()) return std::nullopt;
  const auto count = lowcore_preempt_count_.read(access.memory, *lowcore);
  if (!count) return std::nullopt;
  return PreemptCount{*count & 0xffffffff, true, lowcore_preempt_count_.path()};
}

std::optional<PreemptCount> InterruptView::plain_count(const VirtualMemory& memory, VirtualAddress task) const {
  constexpr std::size_t kCountBytes = 4;  // a wider one has a flag in its upper half
  if (task.is_null()) return std::nullopt;
  const bool in_task = task_plain_count_.exists();
  const auto stack = in_task ? ReadResult<VirtualAddress>(task) : task_stack_.read_pointer(memory, task);
  const Field& field = in_task ? task_plain_count_ : stack_plain_count_;
  if (!stack || !field.exists() || field.size() < kCountBytes) return std::nullopt;
  const auto count = memory.read_u32(field.in(*stack));
  if (!count) return std::nullopt;
  return PreemptCount{*count, /*tells_reschedule=*/false, field.path()};
}

std::optional<std::uint64_t> InterruptView::softirq_pending(const Access& access, const PerCpu& percpu,
                                                            std::uint32_t cpu) const {
  if (const auto hot = percpu.find("pcpu_hot", cpu); hot && hot_softirq_pending_.exists()) {
    if (const auto value = hot_softirq_pending_.read(access.memory, *hot)) return *value;
  }
  const auto found = read_either(access, percpu, cpu, "__softirq_pending", "irq_stat", stat_softirq_pending_);
  return found ? std::optional(found->value) : std::nullopt;
}

std::optional<VirtualAddress> InterruptView::interrupted_registers(const Access& access, const PerCpu& percpu,
                                                                   std::uint32_t cpu) const {
  // x86 has a variable of its own for it (arch/x86/include/asm/irq_regs.h).
  auto variable = percpu.find("__irq_regs", cpu);
  if (!variable) variable = percpu.find("irq_regs", cpu);
  if (!variable) return std::nullopt;
  const auto registers = access.memory.read_pointer(*variable);
  if (!registers || registers->is_null()) return std::nullopt;
  return *registers;
}

std::optional<VirtualAddress> InterruptView::softirq_daemon(const Access& access, const PerCpu& percpu,
                                                            std::uint32_t cpu) const {
  const auto variable = percpu.find("ksoftirqd", cpu);
  if (!variable) return std::nullopt;
  const auto task = access.memory.read_pointer(*variable);
  if (!task || task->is_null()) return std::nullopt;
  return *task;
}

std::string preemption_model(const Access& access, std::string_view version_banner) {
  // v5.12 (826bfeb37bb4): with PREEMPT_DYNAMIC the mode is chosen at boot: preempt_dynamic_none, _voluntary, _full, and
  // since v6.13 (7c70cb94d29c) _lazy.
  constexpr std::array<std::string_view, 4> kModes = {"none", "voluntary", "full", "lazy"};
  if (const auto symbol = access.symbols.address_of("preempt_dynamic_mode")) {
    const auto mode = access.memory.read_u32(*symbol);
    if (mode && *mode < kModes.size()) return std::string(kModes[*mode]);
  }
  if (version_banner.find("PREEMPT_DYNAMIC") != std::string_view::npos) return {};
  if (version_banner.find("PREEMPT_RT") != std::string_view::npos) return "full";
  if (version_banner.find("PREEMPT_LAZY") != std::string_view::npos) return "lazy";
  if (version_banner.find("PREEMPT") != std::string_view::npos) return "full";
  return version_banner.empty() ? "" : "voluntary or none";
}

}  // namespace whyhung::kernel
