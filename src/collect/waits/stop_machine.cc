// SPDX-License-Identifier: GPL-2.0-or-later
// Waits for stopper threads. stop_machine() hands every CPU's stopper the same struct multi_stop_data, on the stack of
// the task that asked; a CPU whose stopper never runs still has the work in its queue, and thread_ack counts such CPUs.
// (kernel/stop_machine.c; the structures are the same from 3.10 to 7.x.)
#include <algorithm>
#include <map>

#include "collect/waits/waits.h"
#include "names/functions.h"

namespace whyhung::collect {
namespace {

using model::Certainty;
using model::Evidence;
using model::EvidenceKind;

// A work's function is known by its symbol alone.
bool is_multi_stop(std::string_view function) {
  return names::means(function, names::Meaning::kMultiCpuStop);
}

struct Request {
  kernel::MultiStopData data;
  std::map<std::uint32_t, kernel::StopperState::Work> queued;  // by CPU
};

Evidence field(std::string what, std::uint64_t address, std::string value) {
  return {EvidenceKind::kField, std::move(what), address, std::move(value)};
}

class StopMachineCollector {
 public:
  explicit StopMachineCollector(Workbench& bench) : bench_(bench), snapshot_(bench.snapshot) {}

  void run() {
    find_queued_requests();
    find_requests_on_stacks();
    for (const auto& [address, request] : requests_) describe(request);
    describe_single_works();
  }

 private:
  void add(VirtualAddress address) {
    if (requests_.contains(address.value)) return;
    const auto data = bench_.stoppers.multi_stop(bench_.access, address);
    if (!data || !bench_.stoppers.is_plausible(bench_.access, *data, bench_.percpu().possible().size())) return;
    requests_[address.value].data = *data;
  }

  void find_queued_requests() {
    for (const model::Cpu& cpu : snapshot_.cpus) {
      if (!cpu.stopper) continue;
      for (const model::StopperWork& work : cpu.stopper->pending) {
        if (!is_multi_stop(work.function)) continue;
        add(VirtualAddress(work.argument));
        const auto found = requests_.find(work.argument);
        if (found == requests_.end()) continue;
        found->second.queued[cpu.number] = {VirtualAddress(work.address), VirtualAddress(),
                                            VirtualAddress(work.argument), VirtualAddress(work.done)};
      }
    }
  }

  // When every stopper has begun, no queue names the request: then it is found where the asking task left it.
  void find_requests_on_stacks() {
    constexpr std::uint64_t kFrameBytes = 512;
    for (const model::Task& task : snapshot_.tasks) {
      for (const model::StackFrame& frame : task.stack.frames) {
        if (!snapshot_.location(frame).meanings.has(names::Meaning::kAsksForStopMachine)) continue;
        for (std::uint64_t offset = 0; offset < kFrameBytes; offset += 8) {
          const std::uint64_t at = frame.sp + offset;
          if (task.stack_size == 0 || at < task.stack_base || at - task.stack_base >= task.stack_size) break;
          add(VirtualAddress(at));
        }
      }
    }
  }

  bool runs_multi_stop(const model::Cpu& cpu) const {
    if (!cpu.stopper || cpu.task != cpu.stopper->task || cpu.task == 0) return false;
    if (is_multi_stop(cpu.stopper->running_function)) return true;
    return std::ranges::any_of(cpu.stack.frames, [&](const model::StackFrame& frame) {
      return snapshot_.location(frame).meanings.has(names::Meaning::kMultiCpuStop);
    });
  }

  // A request that waits for its turn behind another one, on the stack of the task that asked.
  static bool is_unbegun(const Request& request) {
    constexpr std::int64_t kPrepare = 1;
    return request.data.state == kPrepare && request.data.thread_ack == request.data.num_threads;
  }

  static bool has_in_register(const model::Cpu& cpu, std::uint64_t value) {
    const auto is_in = [&](const std::vector<model::RegisterValue>& registers) {
      return std::ranges::find(registers, value, &model::RegisterValue::value) != registers.end();
    };
    return is_in(cpu.registers) ||
           std::ranges::any_of(cpu.stack.registers, [&](const auto& saved) { return is_in(saved.values); });
  }

  // The request that the CPU's stopper takes part in. Of several it is the one that its registers name.
  const Request* request_run_by(const model::Cpu& cpu) const {
    if (!runs_multi_stop(cpu)) return nullptr;
    std::vector<const Request*> possible;
    for (const auto& [address, request] : requests_) {
      if (request.queued.contains(cpu.number) || (requests_.size() > 1 && is_unbegun(request))) continue;
      possible.push_back(&request);
    }
    if (possible.size() == 1) return possible.front();
    const auto is_named = [&](const Request* one) { return has_in_register(cpu, one->data.address.value); };
    const auto found = std::ranges::find_if(possible, is_named);
    return found == possible.end() ? nullptr : *found;
  }

  void describe(const Request& request) {
    const kernel::MultiStopData& data = request.data;
    model::StopMachineRequest out;
    out.address = data.address.value;
    out.function = bench_.function_name(data.function);
    out.state = bench_.stoppers.state_name(bench_.access, data.state);
    out.num_threads = data.num_threads;
    out.thread_ack = data.thread_ack;
    for (const model::Cpu& cpu : snapshot_.cpus) {
      if (request.queued.contains(cpu.number)) {
        out.missing_cpus.push_back(cpu.number);
      } else if (request_run_by(cpu) == &request) {
        out.acknowledged_cpus.push_back(cpu.number);
      }
    }
    const model::Task* requester = bench_.task_with_stack_at(data.address.value);
    if (requester != nullptr) out.requester = requester->address;
    add_resource(request, out);
    add_waits(request, out, requester);
    snapshot_.stop_machine.push_back(std::move(out));
  }

  void add_resource(const Request& request, const model::StopMachineRequest& out) {
    model::Resource resource;
    resource.address = out.address;
    resource.kind = model::ResourceKind::kStopMachine;
    resource.name = out.function;
    resource.evidence = {field("multi_stop_data.fn", out.address, out.function),
                         field("multi_stop_data.state", out.address, out.state),
                         field("multi_stop_data.num_threads", out.address, std::to_string(out.num_threads)),
                         field("multi_stop_data.thread_ack", out.address, std::to_string(out.thread_ack))};
    // The queue and the count are kept by different code: when they agree, both are right.
    const bool agree = request.queued.size() == out.thread_ack;
    for (const auto& [number, work] : request.queued) {
      const model::Cpu* cpu = snapshot_.find_cpu(number);
      model::Holder holder;
      holder.who = model::task_node(cpu->stopper->task);
      holder.role = model::HolderRole::kMustTakePart;
      holder.certainty = agree ? Certainty::kCertain : Certainty::kLikely;
      holder.evidence = {{EvidenceKind::kList, fmt::format("cpu_stopper.works of CPU {}", number), work.address.value,
                          fmt::format("cpu_stop_work{{fn=multi_cpu_stop, arg={:#x}}}", out.address)}};
      resource.holders.push_back(std::move(holder));
    }
    snapshot_.resources.push_back(std::move(resource));
  }

  void add_waits(const Request& request, const model::StopMachineRequest& out, const model::Task* requester) {
    if (requester != nullptr) {
      model::Wait wait{model::task_node(requester->address),
                       model::resource_node(out.address),
                       model::WaitKind::kAskedForStop,
                       requester->last_arrival,
                       Certainty::kCertain,
                       {}};
      wait.evidence.push_back(
          {EvidenceKind::kInference, "multi_stop_data lies on the stack of this task", out.address,
           fmt::format("stack {:#x}-{:#x}", requester->stack_base, requester->stack_base + requester->stack_size)});
      add_requester_frames(*requester, wait);
      add_completion(request, wait);
      snapshot_.waits.push_back(std::move(wait));
    }
    for (const std::uint32_t number : out.acknowledged_cpus) {
      const model::Cpu* cpu = snapshot_.find_cpu(number);
      model::Wait wait{model::task_node(cpu->task),
                       model::resource_node(out.address),
                       model::WaitKind::kSpinsInStopMachine,
                       {},
                       Certainty::kCertain,
                       {}};
      if (!cpu->stopper->running_function.empty()) {
        wait.evidence.push_back(
            field(fmt::format("cpu_stopper.fn of CPU {}", number), 0, cpu->stopper->running_function));
        wait.evidence.back().address.reset();
      }
      wait.evidence.push_back(
          {EvidenceKind::kFrame, "multi_cpu_stop", {}, fmt::format("on the stack of CPU {}", number)});
      snapshot_.waits.push_back(std::move(wait));
    }
  }

  void add_requester_frames(const model::Task& requester, model::Wait& wait) {
    for (const model::StackFrame& frame : requester.stack.frames) {
      const model::CodeLocation& location = snapshot_.location(frame);
      if (!location.meanings.has(names::Meaning::kAsksForStopMachine)) continue;
      wait.evidence.push_back({EvidenceKind::kFrame, location.function, frame.sp,
                               fmt::format("{}+{:#x}", location.function, location.offset)});
    }
  }

  void add_completion(const Request& request, model::Wait& wait) {
    if (request.queued.empty()) return;
    const VirtualAddress done = request.queued.begin()->second.done;
    if (done.is_null()) return;
    const auto state = bench_.stoppers.done(bench_.access, done);
    if (state) wait.evidence.push_back(field("cpu_stop_done.nr_todo", done.value, std::to_string(state->to_do)));
  }

  // Work for one CPU's stopper (stop_one_cpu and the like) that somebody waits for.
  void describe_single_works() {
    for (const model::Cpu& cpu : snapshot_.cpus) {
      if (!cpu.stopper) continue;
      for (const model::StopperWork& work : cpu.stopper->pending) {
        if (work.done == 0 || requests_.contains(work.argument)) continue;
        const model::Task* waiter = bench_.task_with_stack_at(work.done);
        if (waiter == nullptr) continue;
        model::Resource resource;
        resource.address = work.done;
        resource.kind = model::ResourceKind::kStopWork;
        resource.name = work.function;
        resource.holders.push_back({model::task_node(cpu.stopper->task),
                                    model::HolderRole::kMustRun,
                                    Certainty::kCertain,
                                    {{EvidenceKind::kList, fmt::format("cpu_stopper.works of CPU {}", cpu.number),
                                      work.address, fmt::format("cpu_stop_work{{fn={}}}", work.function)}}});
        snapshot_.waits.push_back(
            {model::task_node(waiter->address),
             model::resource_node(work.done),
             model::WaitKind::kWaitsForStopper,
             waiter->last_arrival,
             Certainty::kCertain,
             {{EvidenceKind::kInference, "cpu_stop_done lies on the stack of this task", work.done, {}}}});
        snapshot_.resources.push_back(std::move(resource));
      }
    }
  }

  Workbench& bench_;
  model::Snapshot& snapshot_;
  std::map<std::uint64_t, Request> requests_;
};

}  // namespace

void collect_stop_machine_waits(Workbench& bench) {
  StopMachineCollector(bench).run();
}

}  // namespace whyhung::collect
