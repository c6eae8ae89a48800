// SPDX-License-Identifier: GPL-2.0-or-later
// Functions that one CPU asks another to run: the queue that the other empties when it takes the interrupt, and the
// places where senders keep their requests (kernel/smp.c).
#pragma once

#include <optional>
#include <vector>

#include "kernel/fields.h"
#include "kernel/percpu.h"

namespace whyhung::kernel {

// A struct __call_single_data that somebody may wait for.
struct CallRequest {
  VirtualAddress address;
  VirtualAddress function;
};

class CallQueueView {
 public:
  static CallQueueView bind(Binder& binder);
  bool usable() const { return list_.exists() && flags_.exists() && function_.exists(); }

  // The requests that `cpu` has been sent, has not begun, and whose sender holds them locked until it has. Work for
  // the interrupt itself and wake-ups of tasks stand in the same queue and are left out: nobody waits for these.
  std::vector<CallRequest> queued(const Access& access, const PerCpu& percpu, std::uint32_t cpu) const;
  // Where smp_call_function_many() of `sender` keeps its request to `target`. Nothing where the kernel has it
  // elsewhere.
  std::optional<VirtualAddress> slot(const Access& access, const PerCpu& percpu, std::uint32_t sender,
                                     std::uint32_t target) const;
  // The request at `address` as long as it is locked: sent, and its function has not returned.
  std::optional<CallRequest> locked_at(const VirtualMemory& memory, VirtualAddress address) const;

 private:
  Field list_, flags_, function_, slots_;
};

}  // namespace whyhung::kernel
