// SPDX-License-Identifier: GPL-2.0-or-later
// El7Machine: a machine of RHEL 7's 3.10 with eight CPUs, composed in memory from a forged kernel: per-CPU areas, tasks
// with stacks, stoppers, modules, log. What hangs, if anything, is put on top.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "forge/el7_port.h"
#include "support/forged_kernel.h"

namespace whyhung::test {

class El7Machine {
 public:
  static constexpr std::uint32_t kCpus = 8;
  static constexpr std::uint64_t kSecond = 1'000'000'000;
  static constexpr std::uint64_t kNow = 1000 * kSecond;  // of the scheduler's clock

  // `folder` holds what the cross compiler made: vmlinux and the modules while1 and abba. Throws when it does not.
  El7Machine(std::unique_ptr<El7Port> port, const std::string& folder);

  std::uint64_t address(std::string_view symbol) { return address_of(machine_, symbol); }
  std::uint64_t percpu(std::uint32_t cpu, std::string_view variable);
  void set(std::string_view type, std::uint64_t base, std::string_view member, std::uint64_t value) {
    machine_.set(type, base, member, value);
  }
  FakeMachine& memory() { return machine_; }

  // A kernel thread, asleep: in a function of the kernel that sleeps, or before its function began. Its task_struct.
  std::uint64_t add_kthread(std::uint32_t pid, std::string_view comm, std::string_view function, std::uint32_t cpu);
  // A process, asleep in poll().
  std::uint64_t add_process(std::uint32_t pid, std::string_view comm, std::uint32_t cpu);
  std::uint64_t task(std::uint32_t pid) const { return tasks_.at(pid); }
  void set_task(std::uint32_t pid, std::string_view member, std::uint64_t value) {
    set("task_struct", task(pid), member, value);
  }
  std::uint64_t stack_of(std::uint32_t pid);

  using Stack = std::unique_ptr<KernelStack>;
  // The stack of a task that runs on `cpu`, see El7Port.
  Stack thread_stack(std::uint32_t pid, std::uint32_t cpu) {
    return port_->thread_stack(machine_, stack_of(pid), area(cpu));
  }
  Stack process_stack(std::uint32_t pid, std::uint32_t cpu) {
    return port_->process_stack(machine_, stack_of(pid), area(cpu));
  }
  Stack idle_stack(std::uint32_t cpu) { return port_->idle_stack(machine_, stack_of(idle(cpu)), area(cpu)); }
  // The stack of a stopper as far as multi_cpu_stop().
  Stack stopping_stack(std::uint32_t cpu);
  void switched_out(std::uint32_t pid, std::uint64_t saved_sp) { set_task(pid, port_->layout().saved_sp, saved_sp); }
  // The task runs on its CPU since `since`.
  void run(std::uint32_t pid, std::uint32_t cpu, std::uint64_t since);
  // The task is runnable and waits for its CPU.
  void wait_for_cpu(std::uint32_t pid, std::uint64_t since);
  static std::uint32_t stopper(std::uint32_t cpu) { return 8 + cpu; }
  static std::uint32_t idle(std::uint32_t cpu) { return 900'000 + cpu; }

  // Registers that the kernel saved for the dump: in the CPU's own note, and in the file.
  void save_registers(std::uint32_t cpu, std::uint32_t pid, const Spot& spot);
  // The CPU is in an interrupt, which saved registers there.
  void in_interrupt(std::uint32_t cpu, std::uint64_t registers) {
    machine_.memory.write_u64(percpu(cpu, port_->interrupt_registers()), registers);
  }
  void touch_watchdog(std::uint32_t cpu, std::uint64_t when) {
    machine_.memory.write_u64(percpu(cpu, "watchdog_touch_ts"), when >> 30);
  }
  std::string_view lockup_line() const { return port_->layout().lockup_line; }
  bool stops_by_nmi() const { return port_->layout().stops_by_nmi; }
  // The CPU runs crash_kexec(), the innermost function of this stack of the task that runs there.
  void crash(std::uint32_t cpu, std::uint32_t pid, KernelStack& stack);
  // A mutex that nobody holds.
  void free_mutex(std::uint64_t mutex);
  void log(std::uint64_t nanoseconds, std::string_view text);

  // Links what was added, and writes the vmcore.
  void write_dump(const std::string& path);

 private:
  std::uint64_t add_task(std::uint32_t pid, std::string_view comm, std::uint32_t cpu, bool is_listed);
  void set_up_system();
  void set_up_cpu(std::uint32_t cpu);
  void add_module(std::string_view name, const std::string& path);
  void add_kallsyms();
  std::string vmcoreinfo();

  std::uint64_t area(std::uint32_t cpu) const { return port_->layout().areas + El7Port::kAreaBytes * cpu; }

  std::unique_ptr<El7Port> port_;
  FakeMachine machine_;
  std::vector<ForgedSymbol> kernel_symbols_;
  std::map<std::uint32_t, std::uint64_t> tasks_;  // by pid
  std::vector<std::uint64_t> listed_;             // list links on init_task.tasks
  std::vector<std::uint64_t> modules_;            // list links
  Bytes notes_;
  std::uint64_t log_bytes_ = 0;
  std::uint64_t log_records_ = 0;
};

}  // namespace whyhung::test
