// SPDX-License-Identifier: GPL-2.0-or-later
// El7Port: what a forged 3.10 of one machine has of its own: where things lie, what its stacks are like, what a CPU
// keeps for itself. One constant function per machine, all listed in el7_port.cc; el7/<machine>/ holds its C and linker
// script.
#pragma once

#include <memory>

#include "support/kallsyms_builder.h"
#include "support/kernel_stack.h"
#include "support/memory_image.h"

namespace whyhung::test {

// Where the builder puts things, virtual addresses in linear memory but for `free_memory`.
struct El7Layout {
  std::string_view machine;  // utsname.machine
  std::uint32_t page_size;
  std::uint64_t tasks, stacks, areas;  // task_structs, stacks of 16 KB, per-CPU areas
  std::uint64_t module_data;           // struct modules, symbols and names
  std::uint64_t free_memory;           // physical: tables, and what else needs pages
  std::string_view saved_sp;           // member of task_struct
  std::string_view page_tables;        // symbol
  KallsymsLayout kallsyms;
  std::string_view lockup_line;  // of the log, where pmount_kthread is seen to loop
  bool stops_by_nmi;  // a CPU that panics reaches all others, whatever they do, and they save their registers
};

class El7Port {
 public:
  static constexpr std::uint64_t kStackBytes = 16384;
  static constexpr std::uint64_t kAreaBytes = 0x40000;
  static constexpr std::uint64_t kNotes = 0x3f000;  // crash notes, of each area

  virtual ~El7Port() = default;
  virtual const El7Layout& layout() const = 0;

  // Stacks that begin at `stack`, used on a CPU whose per-CPU area is `area`: of a kernel thread as far as kthread(),
  // of a process where a system call is entered, of an idle task as far as cpu_idle_loop().
  virtual std::unique_ptr<KernelStack> thread_stack(FakeMachine& machine, std::uint64_t stack, std::uint64_t area) = 0;
  virtual std::unique_ptr<KernelStack> process_stack(FakeMachine& machine, std::uint64_t stack, std::uint64_t area) = 0;
  virtual std::unique_ptr<KernelStack> idle_stack(FakeMachine& machine, std::uint64_t stack, std::uint64_t area) = 0;

  virtual void set_up(FakeMachine& machine) = 0;
  virtual void set_up_cpu(FakeMachine& machine, std::uint32_t cpu, std::uint64_t area) = 0;
  // `task`, whose stack begins at `stack`, is the one that runs on the CPU.
  virtual void set_current(FakeMachine& machine, std::uint32_t cpu, std::uint64_t task, std::uint64_t stack) = 0;
  virtual std::string_view interrupt_registers() const = 0;  // the per-CPU variable that points to them
  virtual Bytes prstatus(const Spot& spot, std::uint32_t pid) const = 0;
  virtual std::string vmcoreinfo(FakeMachine& machine) const = 0;  // lines beside those that every machine has
  virtual MemoryImage image(FakeMachine& machine) const = 0;
};

// Throws when there is no such machine.
std::unique_ptr<El7Port> make_el7_port(std::string_view machine);

}  // namespace whyhung::test
