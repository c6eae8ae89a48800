// SPDX-License-Identifier: GPL-2.0-or-later
// FakeKernel: a small machine of x86_64 with a kernel like v6.1, complete enough for everything that collects: per-CPU
// areas, runqueues, tasks on their list, stoppers, modules, log. Each part can be changed or taken away afterwards.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "support/fake_target.h"

namespace whyhung::test {

struct FakeFrame {
  FakeFrame(const char* name) : function(name) {}  // NOLINT: a name is a frame
  FakeFrame(std::string_view name, unwind::FrameSource how) : function(name), source(how) {}
  std::string function;  // "name" or "name [module]": stands 0x10 bytes into it
  unwind::FrameSource source = unwind::FrameSource::kCall;
  std::uint64_t offset = 0x10;
  arch::RegisterSet registers = {};  // of frames that an exception saved
};
// The frame that an interrupt found, with interrupts enabled or not.
FakeFrame interrupted(std::string_view function, bool interrupts_enabled = true);

class FakeKernel : public FakeTarget {
 public:
  explicit FakeKernel(std::uint32_t cpus = 4);

  // The function's address; made on first mention, 0x100 bytes of int3 long. "name [module]" for a module's.
  std::uint64_t function(std::string_view name);
  // A symbol for an object: "name", or "name [module]" for a module's.
  void name_variable(std::string_view name, std::uint64_t address, std::uint64_t size);
  // Machine code at the function's start. The rest of it stays int3.
  std::uint64_t code(std::string_view name, std::initializer_list<unsigned> bytes);

  // A task that sleeps interruptibly in schedule(); its address.
  std::uint64_t add_task(std::uint32_t pid, std::string_view comm, std::uint32_t cpu = 0);
  void add_kthread(std::uint32_t pid, std::string_view comm, std::string_view thread_function);
  std::uint64_t task(std::uint32_t pid) const { return kTasks + std::uint64_t{pid} * 0x10000; }
  static std::uint64_t stack_of(std::uint32_t pid) { return kStacks + std::uint64_t{pid} * 0x8000; }
  // The struct kthread of a kernel thread.
  static std::uint64_t kthread_of(std::uint64_t task) { return task + 0xc00; }
  std::uint64_t idle_task(std::uint32_t cpu) const { return task(900'000 + cpu); }
  void set_task(std::uint32_t pid, std::string_view member, std::uint64_t value);
  // Takes it off the list of tasks; its task_struct stays as it is.
  void unlist(std::uint32_t pid);
  // It sleeps uninterruptibly in the innermost of these frames; a task that does not exist is made.
  void sleep(std::uint32_t pid, std::vector<FakeFrame> frames);
  // The stack of a sleeping task.
  void task_stack(std::uint32_t pid, std::vector<FakeFrame> frames);

  // The CPU runs this task, with these registers saved in its crash note. The first frame is where it stands.
  void run(std::uint32_t cpu, std::uint32_t pid, std::vector<FakeFrame> frames, bool interrupts_enabled = true,
           unwind::StackEnd end = unwind::StackEnd::kOutermost);
  // The CPU left no crash note.
  void lose_registers(std::uint32_t cpu);
  // The stack that was set for a CPU, to be changed.
  unwind::Stack& cpu_stack(std::uint32_t cpu) { return unwinder->stacks[cpu_sp(cpu)]; }
  static std::uint64_t cpu_sp(std::uint32_t cpu) { return 0xffffc9ff00000000 + 0x10000 * cpu; }

  // Address of a CPU's copy of a per-CPU variable.
  std::uint64_t percpu(std::uint32_t cpu, std::string_view variable);
  static std::uint64_t area(std::uint32_t cpu) { return 0xffff888700000000 + 0x100000 * std::uint64_t{cpu}; }
  std::uint64_t runqueue(std::uint32_t cpu) { return percpu(cpu, "runqueues"); }

  // Work for the stoppers of these CPUs: the same multi_stop_data for all, which lies on the stack of `requester`.
  struct StopRequest {
    std::uint64_t data;
    std::uint64_t done;
  };
  StopRequest stop_machine(std::uint32_t requester, std::string_view function,
                           std::initializer_list<std::uint32_t> queued, std::uint32_t threads);
  void add_stopper(std::uint32_t cpu, std::uint32_t pid);
  // Queues one work.
  void queue_work(std::uint32_t cpu, std::string_view function, std::uint64_t argument, std::uint64_t done);

  void add_module(std::string_view name, std::uint64_t base, std::uint64_t size);
  void log(std::string_view text);

  static constexpr std::uint64_t kNow = 100'000'000'000;

 private:
  static constexpr std::uint64_t kTasks = 0xffff888100000000;
  static constexpr std::uint64_t kStacks = 0xffffc90000000000;
  unwind::Stack make_stack(std::vector<FakeFrame>& frames, std::uint64_t sp, bool first_is_exact);
  void write_crash_note(std::uint32_t cpu, const arch::RegisterSet& registers, std::uint32_t pid);

  std::uint32_t cpus_;
  std::vector<std::uint64_t> listed_;  // tasks on init_task's list
  std::vector<std::uint64_t> modules_;
  std::vector<std::vector<std::uint64_t>> works_;
  std::uint64_t next_function_ = 0xffffffff81000000;
  std::uint64_t next_module_function_ = 0xffffffffc0000000;
  std::uint64_t next_work_ = 0xffffc9fe00000000;
  std::uint64_t log_records_ = 0;
  std::uint64_t log_bytes_ = 0;
};

}  // namespace whyhung::test
