// SPDX-License-Identifier: GPL-2.0-or-later
// Workbench: what every collector works with, made once: the opened machine, the views of its structures, and the
// snapshot that is being filled.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "arch/disassembler.h"
#include "kernel/cpu_bandwidth.h"
#include "kernel/cpu_stopper.h"
#include "kernel/interrupts.h"
#include "kernel/kthread.h"
#include "kernel/module.h"
#include "kernel/percpu.h"
#include "kernel/runqueue.h"
#include "kernel/soft_mask.h"
#include "kernel/switch_frame.h"
#include "kernel/task.h"
#include "kernel/xarray.h"
#include "model/snapshot.h"
#include "names/functions.h"
#include "target/target.h"

namespace whyhung::collect {

// "function", or "function [module]".
std::string code_name(const model::CodeLocation& location);

// How to open a dump for collecting: with the names that the views will ask for.
target::OpenOptions open_options(std::vector<std::shared_ptr<ByteSource>> dump_files, std::string vmlinux,
                                 std::string types);

class Workbench {
 public:
  // Binds all views. Fails when the machine has no types or no per-CPU areas: then there is nothing to collect from.
  // `target` outlives the workbench.
  static Result<std::unique_ptr<Workbench>> create(target::Target& target);

  Workbench(const Workbench&) = delete;
  Workbench& operator=(const Workbench&) = delete;

  target::Target& target;
  kernel::Access access;
  model::Snapshot snapshot;

  std::optional<kernel::PerCpu> percpu_storage;
  const kernel::PerCpu& percpu() const { return *percpu_storage; }
  kernel::TaskView tasks;
  kernel::TaskStates task_states;
  kernel::XArrayView xarray;
  kernel::KthreadView kthreads;
  kernel::RunqueueView runqueues;
  kernel::CpuBandwidthView cpu_bandwidth;
  kernel::StopperView stoppers;
  kernel::InterruptView interrupts;
  kernel::SoftMaskView soft_mask;
  kernel::SwitchFrameView switch_frames;
  std::vector<kernel::LoadedModule> modules;
  std::unique_ptr<arch::Disassembler> disassembler;  // null: none for this machine

  // The symbol and module of an address, remembered. `lookup` is the address to look up (see Frame::lookup_address),
  // `shown` the one to print.
  std::uint32_t locate(VirtualAddress shown, VirtualAddress lookup);
  // Adds source lines to the places of a stack, when there is debug information.
  void add_lines(const model::StackTrace& stack);
  // "function", "function [module]", "function+0x…" for code in the middle, "0x…" without a symbol; empty for null.
  std::string function_name(VirtualAddress function);
  const kernel::LoadedModule* module_of(VirtualAddress address) const;
  // The task on whose kernel stack `address` lies: who waits for an object that a function put there. All tasks have
  // been listed by then.
  const model::Task* task_with_stack_at(std::uint64_t address);
  // Adds a resource, or returns the one that is known at that address already.
  model::Resource& resource_at(std::uint64_t address, model::ResourceKind kind);
  void gap(std::string what, std::string why) { snapshot.gaps.push_back({std::move(what), std::move(why)}); }

 private:
  explicit Workbench(target::Target& opened)
      : target(opened),
        access{*opened.memory, *opened.types, *opened.symbols},
        machine_(names::machine_named(opened.architecture->name)) {}
  void load_modules();

  std::unordered_map<std::uint64_t, std::uint32_t> located_;
  std::unordered_map<std::uint64_t, std::size_t> resources_;  // by address, of the first so many of the snapshot's
  std::size_t resources_known_ = 0;
  std::map<std::uint64_t, std::size_t> stacks_;  // the places of tasks by the lowest addresses of their stacks
  names::Machine machine_;
};

}  // namespace whyhung::collect
