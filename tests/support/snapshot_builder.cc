// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/snapshot_builder.h"

#include <algorithm>

#include <fmt/format.h>

#include "names/functions.h"

namespace whyhung::test {
namespace {

constexpr std::uint64_t kTasks = 0xffff888100000000;
constexpr std::uint64_t kText = 0xffffffff81000000;

std::uint64_t nanoseconds(double seconds) {
  return static_cast<std::uint64_t>(seconds * 1e9);
}

}  // namespace

model::Cpu& CpuBuilder::value() {
  return builder_.snapshot().cpus[index_];
}

CpuBuilder& CpuBuilder::runs(std::uint32_t pid, std::string_view comm) {
  model::Task& task = builder_.task(pid, comm);
  task.on_cpu = true;
  task.on_runqueue = true;
  task.state = model::TaskState::kRunning;
  task.cpu = value().number;
  value().task = task.address;
  value().runqueue.current_task = task.address;
  return *this;
}

CpuBuilder& CpuBuilder::idles() {
  model::Task& task = *std::ranges::find(builder_.snapshot().tasks, value().runqueue.idle_task, &model::Task::address);
  task.on_cpu = true;
  value().task = task.address;
  value().runqueue.current_task = task.address;
  return frames({"intel_idle", "do_idle", "cpu_startup_entry"});
}

void CpuBuilder::add_frames(std::initializer_list<std::string_view> functions, model::ContextKind kind) {
  model::Cpu& cpu = value();
  const auto begin = static_cast<std::uint32_t>(cpu.stack.frames.size());
  for (const std::string_view function : functions) {
    const bool crosses = cpu.stack.frames.size() == begin && begin != 0;
    model::StackFrame frame;
    frame.location = builder_.location(function);
    frame.origin = cpu.stack.frames.empty() ? model::FrameOrigin::kRegisters
                   : crosses                ? model::FrameOrigin::kException
                                            : model::FrameOrigin::kCall;
    frame.sp = 0xffffc90000000000 + 0x10000 * cpu.number + 16 * cpu.stack.frames.size();
    cpu.stack.frames.push_back(frame);
  }
  cpu.contexts.push_back({kind, begin, static_cast<std::uint32_t>(cpu.stack.frames.size())});
  cpu.stack.end = model::StackEndReason::kOutermost;
}

CpuBuilder& CpuBuilder::frames(std::initializer_list<std::string_view> functions, model::ContextKind kind) {
  value().stack.frames.clear();
  value().contexts.clear();
  add_frames(functions, kind);
  return activity(0);
}

CpuBuilder& CpuBuilder::adds_context(std::initializer_list<std::string_view> functions, model::ContextKind kind) {
  add_frames(functions, kind);
  return *this;
}

CpuBuilder& CpuBuilder::activity(std::uint32_t context) {
  value().activity = context;
  return *this;
}
CpuBuilder& CpuBuilder::dump_role(model::DumpRole role) {
  value().dump_role = role;
  return *this;
}
CpuBuilder& CpuBuilder::busy_wait(std::string_view what) {
  value().busy_wait = value_named<model::BusyWait>(what).value();
  return *this;
}
CpuBuilder& CpuBuilder::interrupts(bool enabled) {
  value().interrupts_enabled = enabled;
  return *this;
}
CpuBuilder& CpuBuilder::user_mode() {
  value().in_user_mode = true;
  value().stack = {};
  value().stack.end = model::StackEndReason::kUserMode;
  value().contexts.clear();
  value().activity.reset();
  return *this;
}
CpuBuilder& CpuBuilder::held_for(double seconds) {
  const auto task = std::ranges::find(builder_.snapshot().tasks, value().task, &model::Task::address);
  task->last_arrival = SnapshotBuilder::kNow - nanoseconds(seconds);
  return *this;
}
CpuBuilder& CpuBuilder::unwatched_for(double seconds) {
  value().watchdog.touch_seconds = (SnapshotBuilder::kNow - nanoseconds(seconds)) >> 30;
  return *this;
}
CpuBuilder& CpuBuilder::clock_behind(double seconds) {
  value().runqueue.clock = SnapshotBuilder::kNow - nanoseconds(seconds);
  return *this;
}
CpuBuilder& CpuBuilder::preempt_depth(std::uint32_t own) {
  value().activity_preempt_depth = own;
  value().preempt_count = 0x80000000 | own;
  return *this;
}
CpuBuilder& CpuBuilder::softirq_depth(std::uint32_t own) {
  value().activity_softirq_depth = own;
  value().preempt_count = 0x80000000 | own << 8;
  return *this;
}

CpuBuilder& CpuBuilder::loop(std::string_view function, model::LoopYield yield, std::vector<model::LoopExit> exits,
                             std::uint32_t frame) {
  const model::CodeLocation& location = builder_.snapshot().locations[builder_.location(function)];
  model::Loop& loop = value().loop.emplace();
  loop.frame = frame;
  loop.function = location.function;
  loop.module = location.module;
  loop.begin = location.address;
  loop.end = location.address + 2;
  loop.instructions = {fmt::format("{:#x}: jmp {:#x}", loop.begin, loop.begin)};
  loop.exits = std::move(exits);
  loop.yield = yield;
  return *this;
}

CpuBuilder& CpuBuilder::stopper_starves(std::uint32_t pid, std::uint64_t argument, std::string_view function) {
  model::Task& task = builder_.task(pid, fmt::format("migration/{}", value().number));
  task.is_kernel_thread = true;
  task.state = model::TaskState::kRunning;
  task.on_runqueue = true;
  task.cpu = value().number;
  model::Stopper& stopper = value().stopper.emplace();
  stopper.task = task.address;
  stopper.enabled = true;
  stopper.pending.push_back({argument + 0x1000 + 0x40 * value().number, std::string(function), argument, 0});
  return *this;
}

CpuBuilder& CpuBuilder::stopper_runs(std::uint32_t pid) {
  runs(pid, fmt::format("migration/{}", value().number));
  builder_.task(pid).is_kernel_thread = true;
  model::Stopper& stopper = value().stopper.emplace();
  stopper.task = builder_.address_of(pid);
  stopper.enabled = true;
  stopper.running_function = "multi_cpu_stop";
  frames({"multi_cpu_stop", "cpu_stopper_thread", "smpboot_thread_fn", "kthread", "ret_from_fork"});
  return busy_wait("stop-machine").interrupts(true);
}

CpuBuilder& CpuBuilder::no_registers() {
  value().register_source = model::RegisterSource::kNone;
  value().stack = {};
  value().contexts.clear();
  value().activity.reset();
  value().interrupts_enabled.reset();
  return *this;
}

CpuBuilder& CpuBuilder::call_pending(bool pending) {
  value().function_call_pending = pending;
  return *this;
}

CpuBuilder& CpuBuilder::softirq_daemon(std::uint32_t pid) {
  model::Task& task = builder_.task(pid, fmt::format("ksoftirqd/{}", value().number));
  task.is_kernel_thread = true;
  task.cpu = value().number;
  value().softirq_daemon = task.address;
  return *this;
}

SnapshotBuilder::SnapshotBuilder() {
  model::Machine& machine = snapshot_.machine;
  machine.dump_file = "vmcore";
  machine.dump_format = "kdump-compressed, lzo";
  machine.architecture = machine.machine = "x86_64";
  machine.symbols_from = "kallsyms in the dump";
  machine.types_from = "BTF in the dump";
  machine.node_name = "testhost";
  machine.release = "6.1.0-test-amd64";
  machine.version = "#1 SMP PREEMPT_DYNAMIC";
  machine.date = 1795363951;
  machine.uptime = 100;
  machine.load_average = {401, 96, 33};
  machine.memory_bytes = 640ull << 20;
  machine.preemption = "voluntary";
  machine.watchdog_threshold = 10;
  machine.clock = kNow;
  machine.cpu_count = 0;
  machine.online_cpu_count = 0;
  machine.task_count = 0;
}

CpuBuilder SnapshotBuilder::cpu(std::uint32_t number) {
  const auto found = std::ranges::find(snapshot_.cpus, number, &model::Cpu::number);
  if (found != snapshot_.cpus.end()) return {*this, static_cast<std::size_t>(found - snapshot_.cpus.begin())};
  model::Task& idle = task(1'000'000 + number, fmt::format("swapper/{}", number));
  idle.pid = idle.tgid = 0;
  idle.is_idle_task = true;
  idle.is_kernel_thread = true;
  idle.state = model::TaskState::kRunning;
  idle.cpu = number;
  model::Cpu cpu;
  cpu.number = number;
  cpu.online = true;
  cpu.register_source = model::RegisterSource::kCrashNote;
  cpu.runqueue.idle_task = idle.address;
  cpu.runqueue.clock = kNow;
  cpu.watchdog.touch_seconds = kNow >> 30;
  cpu.interrupts_enabled = true;
  cpu.preempt_count = 0x80000000;
  cpu.activity_preempt_depth = 0;
  cpu.activity_softirq_depth = 0;
  cpu.need_resched = false;
  snapshot_.cpus.push_back(cpu);
  snapshot_.machine.cpu_count = snapshot_.machine.online_cpu_count = snapshot_.cpus.size();
  return {*this, snapshot_.cpus.size() - 1};
}

model::Task& SnapshotBuilder::task(std::uint32_t pid, std::string_view comm) {
  const std::uint64_t address = kTasks + std::uint64_t{pid} * 0x4000;
  const auto found = std::ranges::find(snapshot_.tasks, address, &model::Task::address);
  if (found != snapshot_.tasks.end()) {
    if (!comm.empty()) found->comm = comm;
    return *found;
  }
  model::Task task;
  task.address = address;
  task.pid = task.tgid = pid;
  task.comm = comm;
  task.state = model::TaskState::kInterruptible;
  task.raw_state = 1;
  task.is_kernel_thread = task.on_cpu = task.on_runqueue = false;  // read, all three
  task.last_arrival = kNow - kSecond;
  task.stack_base = 0xffffc90000000000 + std::uint64_t{pid} * 0x8000;
  task.stack_size = 0x4000;
  snapshot_.tasks.push_back(task);
  snapshot_.machine.task_count = snapshot_.tasks.size();
  return snapshot_.tasks.back();
}

SnapshotBuilder& SnapshotBuilder::preemption(std::string_view model) {
  snapshot_.machine.preemption = model;
  return *this;
}

std::uint32_t SnapshotBuilder::location(std::string_view text) {
  std::string_view function = text;
  std::string_view module;
  if (const std::size_t bracket = text.find(" ["); bracket != std::string_view::npos) {
    function = text.substr(0, bracket);
    module = text.substr(bracket + 2, text.size() - bracket - 3);
  }
  auto& locations = snapshot_.locations;
  for (std::uint32_t i = 0; i < locations.size(); ++i) {
    if (locations[i].function == function && locations[i].module == module) return i;
  }
  model::CodeLocation location;
  location.address = kText + 0x1000 * locations.size() + 0x10;
  location.function = function;
  location.offset = 0x10;
  location.module = module;
  location.meanings = names::meanings_of(location.function, location.module, names::Machine::kAny);
  locations.push_back(location);
  return static_cast<std::uint32_t>(locations.size() - 1);
}

model::StopMachineRequest& SnapshotBuilder::stop_machine(std::uint64_t address, std::uint32_t requester,
                                                         std::initializer_list<std::uint32_t> took_part,
                                                         std::initializer_list<std::uint32_t> missing) {
  model::StopMachineRequest request;
  request.address = address;
  request.function = "__try_stop_module";
  request.state = "MULTI_STOP_PREPARE";
  request.num_threads = static_cast<std::uint32_t>(took_part.size() + missing.size());
  request.thread_ack = static_cast<std::uint32_t>(missing.size());
  request.acknowledged_cpus = took_part;
  request.missing_cpus = missing;
  model::Resource resource;
  resource.address = address;
  resource.kind = model::ResourceKind::kStopMachine;
  resource.name = request.function;
  resource.evidence = {
      {model::EvidenceKind::kField, "multi_stop_data.thread_ack", address, std::to_string(request.thread_ack)}};
  for (const std::uint32_t number : missing) {
    model::Holder holder;
    holder.who = model::task_node(cpu(number)->stopper ? cpu(number)->stopper->task : 0);
    holder.role = model::HolderRole::kMustTakePart;
    holder.evidence = {{model::EvidenceKind::kList, fmt::format("cpu_stopper.works of CPU {}", number), address, {}}};
    resource.holders.push_back(holder);
  }
  snapshot_.resources.push_back(resource);
  if (requester != 0) {
    request.requester = address_of(requester);
    snapshot_.waits.push_back({model::task_node(request.requester),
                               model::resource_node(address),
                               model::WaitKind::kAskedForStop,
                               {},
                               model::Certainty::kCertain,
                               {{model::EvidenceKind::kFrame, "stop_machine_cpuslocked", {}, {}}}});
  }
  for (const std::uint32_t number : took_part) {
    snapshot_.waits.push_back({model::task_node(cpu(number)->task),
                               model::resource_node(address),
                               model::WaitKind::kSpinsInStopMachine,
                               {},
                               model::Certainty::kCertain,
                               {}});
  }
  snapshot_.stop_machine.push_back(request);
  return snapshot_.stop_machine.back();
}

SnapshotBuilder starved_stop_machine() {
  SnapshotBuilder b;
  constexpr std::uint64_t kRequest = 0xffffc90000abcd00;
  for (const std::uint32_t cpu : {0u, 1u, 3u}) b.cpu(cpu).stopper_runs(20 + cpu);
  b.cpu(2).runs(120, "spinner").frames({"spin_forever [while1]", "kthread", "ret_from_fork"}).held_for(14.2);
  b.cpu(2).unwatched_for(25).interrupts(true).loop("spin_forever [while1]", model::LoopYield::kNever);
  b.cpu(2).stopper_starves(22, kRequest);
  b.task(120).is_kernel_thread = true;
  b.task(120).thread_function = "pmount_kthread";
  b.task(120).thread_function_module = "while1";
  b.task(127, "rmmod").state = model::TaskState::kUninterruptible;
  b.task(1, "systemd");
  b.task(50, "sshd").state = model::TaskState::kRunning;
  b.task(50).on_runqueue = true;
  b.task(50).cpu = 2;
  b.stop_machine(kRequest, 127, {0, 1, 3}, {2});
  return b;
}

}  // namespace whyhung::test
