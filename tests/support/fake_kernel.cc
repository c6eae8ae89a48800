// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/fake_kernel.h"

#include "support/memory_image.h"

namespace whyhung::test {
namespace {

namespace x86 = arch::x86;

constexpr std::uint64_t kFunctionSize = 0x100;
constexpr std::uint64_t kVariables = 0xffffffff83000000;
constexpr std::uint64_t kNotes = 0x8000;  // per-CPU address of the crash notes

constexpr std::string_view kTypes =
    "task_struct 1024: thread_info.flags@0:8 thread_info.cpu@16:4 __state@24:4 stack@32:8 flags@44:4 on_cpu@52:4 "
    "on_rq@56:4 prio@60:4s policy@64:4 sched_info.last_arrival@72:8 sched_info.last_queued@80:8 tasks@96:16 "
    "exit_state@112:4 pid@120:4 tgid@124:4 real_parent@128:8 worker_private@136:8 start_time@144:8 comm@152:[16x1] "
    "thread.sp@168:8 mm@176:8 signal@184:8 thread_node@192:16\n"
    "signal_struct 64: thread_head@16:16\n"
    "kthread 64: threadfn@8:8 data@16:8\n"
    "rq 512: curr@0:8 idle@8:8 stop@16:8 clock@24:8 nr_running@32:4 nr_switches@40:8\n"
    "cpu_stopper 128: thread@0:8 enabled@12:1 works@16:16 fn@80:8\n"
    "cpu_stop_work 40: list@0:16 fn@16:8 arg@24:8 done@32:8\n"
    "cpu_stop_done 40: nr_todo@0:4 completion@8:32\n"
    "multi_stop_data 40: fn@0:8 num_threads@16:4 active_cpus@24:8 state@32:4 thread_ack@36:4\n"
    "inactive_task_frame 56: r15@0:8 r14@8:8 r13@16:8 r12@24:8 bx@32:8 bp@40:8 ret_addr@48:8\n"
    "module 1024: state@0:4 list@8:16 name@24:[56x1] taints@88:8 mem@128:[2x16] mem[0].base@128:8 mem[0].size@136:4\n"
    "uts_namespace 400: name@4:390\n"
    "mm_struct 512: total_vm@8:8 rss_stat.count@64:[4x8]\n"
    "printk_ringbuffer 88: desc_ring.count_bits@0:4 desc_ring.descs@8:8 desc_ring.infos@16:8 desc_ring.head_id@24:8 "
    "desc_ring.tail_id@32:8 text_data_ring.size_bits@48:4 text_data_ring.data@56:8\n"
    "prb_desc 24: state_var@0:8 text_blk_lpos.begin@8:8 text_blk_lpos.next@16:8\n"
    "printk_info 88: seq@0:8 ts_nsec@8:8 text_len@16:2 level@19:1/5+3 caller_id@20:4\n"
    "enum MULTI_STOP_NONE=0 MULTI_STOP_PREPARE=1 MULTI_STOP_DISABLE_IRQ=2 MULTI_STOP_RUN=3 MULTI_STOP_EXIT=4";

struct PerCpuVariable {
  std::string_view name;
  std::uint64_t place;
  std::uint64_t size;
};
constexpr PerCpuVariable kPerCpu[] = {{"runqueues", 0x1000, 512},        {"current_task", 0x2000, 8},
                                      {"cpu_stopper", 0x3000, 128},      {"__preempt_count", 0x4000, 4},
                                      {"__softirq_pending", 0x4008, 4},  {"__irq_regs", 0x4010, 8},
                                      {"ksoftirqd", 0x4018, 8},          {"watchdog_touch_ts", 0x4020, 8},
                                      {"hrtimer_interrupts", 0x4028, 8}, {"hrtimer_interrupts_saved", 0x4030, 8},
                                      {"call_single_queue", 0x4040, 8}};

constexpr std::uint64_t kRing = kVariables + 0x10000, kDescriptors = kVariables + 0x20000,
                        kInfos = kVariables + 0x30000, kLogText = kVariables + 0x50000;

// "name [module]" taken apart.
std::pair<std::string_view, std::string_view> split_name(std::string_view text) {
  const std::size_t bracket = text.find(" [");
  if (bracket == std::string_view::npos) return {text, {}};
  return {text.substr(0, bracket), text.substr(bracket + 2, text.size() - bracket - 3)};
}

}  // namespace

FakeFrame interrupted(std::string_view function, bool interrupts_enabled) {
  FakeFrame frame(function, unwind::FrameSource::kException);
  frame.registers.set(x86::kRflags, interrupts_enabled ? 0x246 : 0x46);
  frame.registers.set(x86::kCs, 0x10);
  return frame;
}

FakeKernel::FakeKernel(std::uint32_t cpus) : cpus_(cpus), works_(cpus) {
  machine.types.add(kTypes);
  const auto variable = [&](std::string_view name, std::uint64_t place, std::uint64_t value, std::size_t size) {
    machine.symbols.add(name, kVariables + place, size);
    machine.memory.write_sized(kVariables + place, value, size);
  };
  variable("nr_cpu_ids", 0, cpus, 4);
  variable("__cpu_possible_mask", 0x10, (1ull << cpus) - 1, 8);
  variable("__cpu_online_mask", 0x18, (1ull << cpus) - 1, 8);
  variable("panic_cpu", 0x20, 0xffffffff, 4);
  variable("watchdog_thresh", 0x24, 10, 4);
  variable("preempt_dynamic_mode", 0x28, 1, 4);
  variable("crash_notes", 0x30, kNotes, 8);
  machine.symbols.add("__per_cpu_offset", kVariables + 0x100, 8 * cpus);
  for (std::uint32_t cpu = 0; cpu < cpus; ++cpu) {
    machine.memory.write_u64(kVariables + 0x100 + 8 * cpu, area(cpu));
    machine.memory.touch(area(cpu) + kNotes);
  }
  for (const PerCpuVariable& one : kPerCpu) {
    machine.symbols.add(one.name, one.place, one.size);
    for (std::uint32_t cpu = 0; cpu < cpus; ++cpu) machine.memory.touch(area(cpu) + one.place);
  }
  machine.symbols.add("init_task", kVariables + 0x1000, 1024).add("modules", kVariables + 0x2000, 16);
  machine.symbols.add("__start_init_task", kVariables + 0x80000, 1).add("__end_init_task", kVariables + 0x84000, 1);
  machine.symbols.add("init_uts_ns", kVariables + 0x3000, 400);
  const char* names[] = {"Linux", "fakehost", "6.1.0-fake", "#1 SMP PREEMPT_DYNAMIC", "x86_64"};
  for (std::uint64_t i = 0; i < 5; ++i) machine.memory.write_text(kVariables + 0x3004 + 65 * i, names[i]);
  machine.set_text("task_struct", kVariables + 0x1000, "comm", "swapper/0");
  machine.link_list(kVariables + 0x1000 + 96, {});
  machine.link_list(kVariables + 0x2000, {});
  variable("prb", 0x40, kRing, 8);
  machine.set("printk_ringbuffer", kRing, "desc_ring.count_bits", 5);
  machine.set("printk_ringbuffer", kRing, "desc_ring.descs", kDescriptors);
  machine.set("printk_ringbuffer", kRing, "desc_ring.infos", kInfos);
  machine.set("printk_ringbuffer", kRing, "text_data_ring.size_bits", 14);
  machine.set("printk_ringbuffer", kRing, "text_data_ring.data", kLogText);
  for (std::uint32_t cpu = 0; cpu < cpus; ++cpu) {
    const std::uint32_t pid = 900'000 + cpu;
    add_task(pid, "swapper/" + std::to_string(cpu), cpu);
    listed_.pop_back();  // idle tasks are on no list
    set_task(pid, "pid", 0);
    set_task(pid, "tgid", 0);
    set_task(pid, "__state", 0);
    machine.set("rq", runqueue(cpu), "idle", task(pid));
    machine.set("rq", runqueue(cpu), "clock", kNow);
    machine.memory.write_u32(percpu(cpu, "__preempt_count"), 0x80000000);
    machine.memory.write_u64(percpu(cpu, "watchdog_touch_ts"), kNow >> 30);
    machine.link_list(percpu(cpu, "cpu_stopper") + 16, {});
    run(cpu, pid, {"default_idle", "do_idle", "cpu_startup_entry"});
  }
  machine.link_list(kVariables + 0x1000 + 96, listed_);
}

std::uint64_t FakeKernel::function(std::string_view text) {
  const auto [name, module] = split_name(text);
  for (const debuginfo::Symbol& one : machine.symbols.find_all(name, 8)) {
    if (one.module == module) return one.address.value;
  }
  std::uint64_t& next = module.empty() ? next_function_ : next_module_function_;
  const std::uint64_t address = next;
  next += kFunctionSize;
  machine.symbols.add(name, address, kFunctionSize, module);
  const std::vector<std::byte> padding(kFunctionSize, std::byte{0xcc});
  machine.memory.write(address, padding);
  return address;
}

void FakeKernel::name_variable(std::string_view text, std::uint64_t address, std::uint64_t size) {
  const auto [name, module] = split_name(text);
  machine.symbols.add(name, address, size, module);
}

std::uint64_t FakeKernel::code(std::string_view name, std::initializer_list<unsigned> bytes) {
  const std::uint64_t address = function(name);
  std::uint64_t at = address;
  for (const unsigned value : bytes) machine.memory.write_integer<std::uint8_t>(at++, static_cast<std::uint8_t>(value));
  return address;
}

std::uint64_t FakeKernel::percpu(std::uint32_t cpu, std::string_view variable) {
  return area(cpu) + machine.symbols.address_of(variable).value().value;
}

void FakeKernel::set_task(std::uint32_t pid, std::string_view member, std::uint64_t value) {
  machine.set("task_struct", task(pid), member, value);
}

std::uint64_t FakeKernel::add_task(std::uint32_t pid, std::string_view comm, std::uint32_t cpu) {
  const std::uint64_t address = task(pid);
  machine.memory.touch(address);
  set_task(pid, "pid", pid);
  set_task(pid, "tgid", pid);
  set_task(pid, "__state", 1);
  set_task(pid, "thread_info.cpu", cpu);
  set_task(pid, "prio", 120);
  set_task(pid, "sched_info.last_arrival", kNow - 1'000'000'000);
  set_task(pid, "stack", stack_of(pid));
  set_task(pid, "real_parent", kVariables + 0x1000);
  set_task(pid, "signal", address + 0x800);
  machine.link_list(address + 0x800 + 16, {address + 192});
  machine.set_text("task_struct", address, "comm", comm);
  listed_.push_back(address + 96);
  machine.link_list(kVariables + 0x1000 + 96, listed_);
  for (std::uint64_t at = 0; at < 0x4000; at += 4096) machine.memory.touch(stack_of(pid) + at);
  const std::uint64_t sp = stack_of(pid) + 0x3e00;
  set_task(pid, "thread.sp", sp);
  machine.set("inactive_task_frame", sp, "ret_addr", function("__schedule") + 0x10);
  task_stack(pid, {"__schedule", "schedule"});
  return address;
}

void FakeKernel::add_kthread(std::uint32_t pid, std::string_view comm, std::string_view thread_function) {
  add_task(pid, comm);
  set_task(pid, "flags", 0x00200000);
  set_task(pid, "worker_private", kthread_of(task(pid)));
  machine.set("kthread", kthread_of(task(pid)), "threadfn", function(thread_function));
}

unwind::Stack FakeKernel::make_stack(std::vector<FakeFrame>& frames, std::uint64_t sp, bool first_is_exact) {
  unwind::Stack stack;
  stack.end = unwind::StackEnd::kOutermost;
  for (FakeFrame& one : frames) {
    unwind::Frame frame;
    const bool is_first = stack.frames.empty();
    frame.source = is_first ? unwind::FrameSource::kRegisters : one.source;
    frame.pc = VirtualAddress(function(one.function) + one.offset);
    frame.sp = VirtualAddress(sp + 0x20 * stack.frames.size());
    frame.pc_is_exact = is_first ? first_is_exact : one.source == unwind::FrameSource::kException;
    if (frame.pc_is_exact) {
      one.registers.set(x86::kRip, frame.pc.value);
      one.registers.set(x86::kRsp, frame.sp.value);
      frame.registers = one.registers;
    }
    stack.frames.push_back(std::move(frame));
  }
  return stack;
}

void FakeKernel::task_stack(std::uint32_t pid, std::vector<FakeFrame> frames) {
  const std::uint64_t sp = stack_of(pid) + 0x3e00 + 56;
  unwinder->stacks[sp] = make_stack(frames, sp, false);
}

void FakeKernel::unlist(std::uint32_t pid) {
  std::erase(listed_, task(pid) + 96);
  machine.link_list(kVariables + 0x1000 + 96, listed_);
}

void FakeKernel::sleep(std::uint32_t pid, std::vector<FakeFrame> frames) {
  if (!machine.memory.has_page(task(pid))) add_task(pid, "task" + std::to_string(pid));
  set_task(pid, "__state", 2);
  task_stack(pid, std::move(frames));
}

void FakeKernel::write_crash_note(std::uint32_t cpu, const arch::RegisterSet& registers, std::uint32_t pid) {
  const auto note = build_note("CORE", 1, prstatus_of(registers, pid), ByteOrder::kLittle);
  machine.memory.write(area(cpu) + kNotes, note);
}

void FakeKernel::lose_registers(std::uint32_t cpu) {
  machine.memory.write(area(cpu) + kNotes, std::vector<std::byte>(512));
}

void FakeKernel::run(std::uint32_t cpu, std::uint32_t pid, std::vector<FakeFrame> frames, bool interrupts_enabled,
                     unwind::StackEnd end) {
  const std::uint64_t address = task(pid);
  set_task(pid, "on_cpu", 1);
  set_task(pid, "on_rq", 1);
  set_task(pid, "__state", 0);
  set_task(pid, "thread_info.cpu", cpu);
  machine.set("rq", runqueue(cpu), "curr", address);
  machine.memory.write_u64(percpu(cpu, "current_task"), address);
  FakeFrame& first = frames.front();
  first.registers.set(x86::kRflags, interrupts_enabled ? 0x246 : 0x46);
  first.registers.set(x86::kCs, 0x10);
  unwind::Stack stack = make_stack(frames, cpu_sp(cpu), true);
  stack.end = end;
  write_crash_note(cpu, first.registers, pid >= 900'000 ? 0 : pid);
  unwinder->stacks[cpu_sp(cpu)] = std::move(stack);
}

void FakeKernel::add_stopper(std::uint32_t cpu, std::uint32_t pid) {
  add_kthread(pid, "migration/" + std::to_string(cpu), "smpboot_thread_fn");
  set_task(pid, "thread_info.cpu", cpu);
  machine.set("cpu_stopper", percpu(cpu, "cpu_stopper"), "thread", task(pid));
  machine.set("cpu_stopper", percpu(cpu, "cpu_stopper"), "enabled", 1);
}

void FakeKernel::queue_work(std::uint32_t cpu, std::string_view name, std::uint64_t argument, std::uint64_t done) {
  const std::uint64_t work = next_work_;
  next_work_ += 64;
  machine.set("cpu_stop_work", work, "fn", function(name));
  machine.set("cpu_stop_work", work, "arg", argument);
  machine.set("cpu_stop_work", work, "done", done);
  works_[cpu].push_back(work);
  machine.link_list(percpu(cpu, "cpu_stopper") + 16, works_[cpu]);
}

FakeKernel::StopRequest FakeKernel::stop_machine(std::uint32_t requester, std::string_view name,
                                                 std::initializer_list<std::uint32_t> queued, std::uint32_t threads) {
  const StopRequest request{stack_of(requester) + 0x3f80, stack_of(requester) + 0x3fc0};
  machine.set("multi_stop_data", request.data, "fn", function(name));
  machine.set("multi_stop_data", request.data, "num_threads", threads);
  machine.set("multi_stop_data", request.data, "state", 1);
  machine.set("multi_stop_data", request.data, "thread_ack", queued.size());
  machine.set("cpu_stop_done", request.done, "nr_todo", threads);
  for (const std::uint32_t cpu : queued) queue_work(cpu, "multi_cpu_stop", request.data, request.done);
  return request;
}

void FakeKernel::add_module(std::string_view name, std::uint64_t base, std::uint64_t size) {
  const std::uint64_t module = 0xffffffffc1000000 + 0x1000 * modules_.size();
  machine.memory.touch(module);
  machine.set_text("module", module, "name", name);
  machine.set("module", module, "mem[0].base", base);
  machine.set("module", module, "mem[0].size", size);
  modules_.push_back(module + 8);
  machine.link_list(kVariables + 0x2000, modules_);
}

void FakeKernel::log(std::string_view text) {
  const std::uint64_t id = log_records_++;
  const std::uint64_t end = log_bytes_ + 8 + (text.size() + 7) / 8 * 8;
  machine.set("prb_desc", kDescriptors + id % 32 * 24, "state_var", std::uint64_t{2} << 62 | id);
  machine.set("prb_desc", kDescriptors + id % 32 * 24, "text_blk_lpos.begin", log_bytes_);
  machine.set("prb_desc", kDescriptors + id % 32 * 24, "text_blk_lpos.next", end);
  machine.set("printk_info", kInfos + id % 32 * 88, "seq", id);
  machine.set("printk_info", kInfos + id % 32 * 88, "ts_nsec", (id + 1) * 1'500'000'000);
  machine.set("printk_info", kInfos + id % 32 * 88, "text_len", text.size());
  machine.memory.write(kLogText + log_bytes_ + 8, std::as_bytes(std::span(text.data(), text.size())));
  machine.set("printk_ringbuffer", kRing, "desc_ring.head_id", id);
  log_bytes_ = end;
}

}  // namespace whyhung::test
