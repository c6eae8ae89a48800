// SPDX-License-Identifier: GPL-2.0-or-later
// The stopper threads and stop_machine (kernel/stop_machine.c): per CPU a struct cpu_stopper with its queue of work,
// and per stop_machine() a struct multi_stop_data on the stack of the task that asked.
#pragma once

#include <string>
#include <vector>

#include "kernel/fields.h"
#include "kernel/percpu.h"

namespace whyhung::kernel {

struct StopperState {
  VirtualAddress thread;  // task_struct of migration/N
  std::optional<bool> enabled;
  std::optional<VirtualAddress> running_function;  // v5.11 (a8b62fd08505): fn and caller of the work in progress
  struct Work {
    VirtualAddress address;
    VirtualAddress function;
    VirtualAddress argument;
    VirtualAddress done;  // struct cpu_stop_done of who waits, null: nobody
  };
  std::vector<Work> pending;
  std::string broken;  // why the queue is not complete; empty: it is
};

struct MultiStopData {
  VirtualAddress address;
  VirtualAddress function;
  std::uint32_t num_threads = 0;
  std::uint32_t thread_ack = 0;  // CPUs that have not acknowledged `state` yet
  std::int64_t state = 0;
  VirtualAddress active_cpus;  // null: the first online CPU runs the function
};

struct StopDone {
  std::uint64_t to_do = 0;  // CPUs that have not finished
  VirtualAddress completion;
};

class StopperView {
 public:
  static StopperView bind(const Access& access, Binder& binder);

  ReadResult<StopperState> stopper(const Access& access, const PerCpu& percpu, std::uint32_t cpu) const;
  ReadResult<MultiStopData> multi_stop(const Access& access, VirtualAddress address) const;
  ReadResult<StopDone> done(const Access& access, VirtualAddress address) const;
  // "MULTI_STOP_PREPARE", or the number where the kernel has no such enumerator.
  std::string state_name(const Access& access, std::int64_t state) const;
  // Values that only a live multi_stop_data has: used to tell one from garbage on a stack.
  bool is_plausible(const Access& access, const MultiStopData& data, std::size_t cpu_count) const;

 private:
  Field thread_, enabled_, works_, running_function_;
  Field work_list_, work_function_, work_argument_, work_done_;
  Field data_function_, data_threads_, data_active_, data_state_, data_ack_;
  Field done_to_do_, done_completion_;
  std::optional<VirtualAddress> old_stopper_task_;  // per-CPU cpu_stopper_task, before v4.2
};

}  // namespace whyhung::kernel
