// SPDX-License-Identifier: GPL-2.0-or-later
// SnapshotBuilder: crashed machines in a few lines, for tests of everything that judges or shows. Tasks are named by
// pid; a task, CPU or function comes into being when it is first mentioned.
//   SnapshotBuilder b;
//   b.cpu(0).runs(21, "migration/0").frames({"multi_cpu_stop", "kthread"}).busy_wait("stop-machine");
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "model/snapshot.h"

namespace whyhung::test {

inline constexpr std::uint64_t kSecond = 1'000'000'000;

class SnapshotBuilder;

class CpuBuilder {
 public:
  CpuBuilder(SnapshotBuilder& builder, std::size_t index) : builder_(builder), index_(index) {}

  // The task that the CPU runs; it is on the CPU and on its runqueue.
  CpuBuilder& runs(std::uint32_t pid, std::string_view comm);
  // The CPU runs its idle task.
  CpuBuilder& idles();
  // Innermost first; "function [module]" for a module's. One context for all of them, which is the activity.
  CpuBuilder& frames(std::initializer_list<std::string_view> functions,
                     model::ContextKind kind = model::ContextKind::kTask);
  // The CPU's panic or dump code on top: contexts of the frames that follow are added behind.
  CpuBuilder& adds_context(std::initializer_list<std::string_view> functions, model::ContextKind kind);
  CpuBuilder& activity(std::uint32_t context);
  CpuBuilder& dump_role(model::DumpRole role);
  CpuBuilder& busy_wait(std::string_view what);
  CpuBuilder& interrupts(bool enabled);
  CpuBuilder& user_mode();
  // Times before the machine's clock, in seconds.
  CpuBuilder& held_for(double seconds);
  CpuBuilder& unwatched_for(double seconds);
  CpuBuilder& clock_behind(double seconds);
  CpuBuilder& preempt_depth(std::uint32_t own);
  CpuBuilder& softirq_depth(std::uint32_t own);
  // The loop of frame 0. Without exits and with kNever it is endless.
  CpuBuilder& loop(std::string_view function, model::LoopYield yield, std::vector<model::LoopExit> exits = {},
                   std::uint32_t frame = 0);
  // migration/N: not running, on the runqueue, with work queued.
  CpuBuilder& stopper_starves(std::uint32_t pid, std::uint64_t argument, std::string_view function = "multi_cpu_stop");
  // migration/N runs here.
  CpuBuilder& stopper_runs(std::uint32_t pid);
  CpuBuilder& no_registers();
  CpuBuilder& call_pending(bool pending);
  CpuBuilder& softirq_daemon(std::uint32_t pid);

  model::Cpu& value();
  model::Cpu* operator->() { return &value(); }

 private:
  void add_frames(std::initializer_list<std::string_view> functions, model::ContextKind kind);
  SnapshotBuilder& builder_;
  std::size_t index_;
};

class SnapshotBuilder {
 public:
  static constexpr std::uint64_t kNow = 100 * kSecond;

  // A voluntary-preemption machine of 6.1 at second 100 of its clock.
  SnapshotBuilder();

  CpuBuilder cpu(std::uint32_t number);
  model::Task& task(std::uint32_t pid, std::string_view comm = {});
  std::uint64_t address_of(std::uint32_t pid) { return task(pid).address; }
  model::Machine& machine() { return snapshot_.machine; }
  SnapshotBuilder& preemption(std::string_view model);
  std::uint32_t location(std::string_view function);

  // The machine is being stopped: `requester` asked, CPUs of `took_part` spin, the others' stoppers have it queued.
  // Adds the request, its resource with holders, and the waits.
  model::StopMachineRequest& stop_machine(std::uint64_t address, std::uint32_t requester,
                                          std::initializer_list<std::uint32_t> took_part,
                                          std::initializer_list<std::uint32_t> missing);

  model::Snapshot& snapshot() { return snapshot_; }
  const model::Snapshot& build() const { return snapshot_; }

 private:
  model::Snapshot snapshot_;
};

// Four CPUs, the classic: rmmod asks to stop the machine, CPU 2 is held by a kernel thread in an endless loop.
SnapshotBuilder starved_stop_machine();

}  // namespace whyhung::test
