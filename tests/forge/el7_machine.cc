// SPDX-License-Identifier: GPL-2.0-or-later
#include "forge/el7_machine.h"

#include <fstream>

#include <elf.h>

#include "support/fake_memory.h"
#include "support/kallsyms_builder.h"
#include "support/kdump_builder.h"

namespace whyhung::test {
namespace {

constexpr std::uint64_t kTaskBytes = 0x4000;
constexpr std::uint64_t kStackBytes = El7Port::kStackBytes, kAreaBytes = El7Port::kAreaBytes;
constexpr std::uint64_t kModuleBytes = 0x4000;  // of a module's own structure, symbols and names
constexpr std::uint64_t kFlagKthread = 0x00200000;
constexpr std::string_view kRelease = "3.10.0-1160.forged.";

}  // namespace

El7Machine::El7Machine(std::unique_ptr<El7Port> port, const std::string& folder) : port_(std::move(port)) {
  auto kernel = load_forged(folder + "/vmlinux", {}, machine_);
  if (!kernel) throw std::invalid_argument(kernel.error().what);
  kernel_symbols_ = *std::move(kernel);
  tasks_[0] = address("init_task");
  set_up_system();
  for (std::uint32_t cpu = 0; cpu < kCpus; ++cpu) set_up_cpu(cpu);
  add_kthread(2, "kthreadd", "kthreadd", 3);
  add_process(1, "systemd", 2);
  add_process(2411, "sshd", 4);
  for (const char* module : {"while1", "abba"}) add_module(module, folder + "/" + module);
  add_kallsyms();
}

void El7Machine::set_up_system() {
  const auto number = [&](std::string_view symbol, std::uint64_t value, std::size_t size) {
    machine_.memory.write_sized(address(symbol), value, size);
  };
  number("nr_cpu_ids", kCpus, 4);
  for (const char* mask : {"cpu_possible_bits", "cpu_online_bits", "cpu_present_bits"}) number(mask, 0xff, 8);
  port_->set_up(machine_);
  const std::uint64_t names = address("init_uts_ns");
  machine_.set_text("uts_namespace", names, "name.sysname", "Linux");
  machine_.set_text("uts_namespace", names, "name.nodename", "forged");
  machine_.set_text("uts_namespace", names, "name.release", fmt::format("{}{}", kRelease, port_->layout().machine));
  machine_.set_text("uts_namespace", names, "name.version", "#1 SMP Tue Aug 18 14:50:17 EDT 2020");
  machine_.set_text("uts_namespace", names, "name.machine", port_->layout().machine);
  set("timekeeper", address("timekeeper"), "xtime_sec", 1650000000);
  set("pglist_data", address("contig_page_data"), "node_present_pages", 65536);
  set("task_struct", tasks_[0], "stack", address("init_thread_union"));
  machine_.set_text("task_struct", tasks_[0], "comm", "swapper/0");
  for (const char* mutex : {"module_mutex", "stop_cpus_mutex"}) free_mutex(address(mutex));
}

void El7Machine::set_up_cpu(std::uint32_t cpu) {
  for (std::uint64_t at = 0; at < kAreaBytes; at += PagedMemory::kPage) machine_.memory.touch(area(cpu) + at);
  machine_.memory.write_u64(address("__per_cpu_offset") + 8 * cpu, area(cpu) - address("__per_cpu_start"));
  // crash_notes is a per-CPU address: each CPU's note lies in its own area.
  machine_.memory.write_u64(address("crash_notes"), address("__per_cpu_start") + El7Port::kNotes);
  add_task(idle(cpu), fmt::format("swapper/{}", cpu), cpu, false);
  set_task(idle(cpu), "pid", 0);
  set_task(idle(cpu), "tgid", 0);
  set_task(idle(cpu), "state", 0);
  switched_out(idle(cpu), idle_stack(cpu)->sleep());
  const std::uint32_t pid = stopper(cpu);
  add_kthread(pid, fmt::format("migration/{}", cpu), "smpboot_thread_fn", cpu);
  const std::uint64_t queue = percpu(cpu, "runqueues");
  set("rq", queue, "curr", task(idle(cpu)));
  set("rq", queue, "idle", task(idle(cpu)));
  set("rq", queue, "stop", task(pid));
  set("rq", queue, "clock", kNow - cpu * 1000);
  set("rq", queue, "cpu", cpu);
  set("rq", queue, "online", 1);
  const std::uint64_t stopper_at = percpu(cpu, "cpu_stopper");
  set("cpu_stopper", stopper_at, "thread", task(pid));
  set("cpu_stopper", stopper_at, "enabled", 1);
  machine_.link_list(machine_.address_of("cpu_stopper", stopper_at, "works"), {});
  touch_watchdog(cpu, kNow);
  port_->set_up_cpu(machine_, cpu, area(cpu));
}

std::uint64_t El7Machine::percpu(std::uint32_t cpu, std::string_view variable) {
  return area(cpu) + address(variable) - address("__per_cpu_start");
}

std::uint64_t El7Machine::add_task(std::uint32_t pid, std::string_view comm, std::uint32_t cpu, bool is_listed) {
  const std::uint64_t at = port_->layout().tasks + kTaskBytes * tasks_.size();
  const std::uint64_t stack = port_->layout().stacks + kStackBytes * tasks_.size();
  tasks_[pid] = at;
  for (std::uint64_t byte = 0; byte < kTaskBytes; byte += PagedMemory::kPage) machine_.memory.touch(at + byte);
  for (std::uint64_t byte = 0; byte < kStackBytes; byte += PagedMemory::kPage) machine_.memory.touch(stack + byte);
  machine_.set_text("task_struct", at, "comm", comm);
  set_task(pid, "stack", stack);
  set_task(pid, "pid", pid);
  set_task(pid, "tgid", pid);
  set_task(pid, "state", 1);
  set_task(pid, "prio", 120);
  set_task(pid, "real_parent", tasks_[0]);
  set_task(pid, "start_time.tv_sec", 5);
  set_task(pid, "sched_info.last_arrival", kNow - kSecond);
  machine_.link_list(machine_.address_of("task_struct", at, "thread_group"), {});
  set("thread_info", stack, "task", at);
  set("thread_info", stack, "cpu", cpu);
  if (is_listed) listed_.push_back(machine_.address_of("task_struct", at, "tasks"));
  return at;
}

std::uint64_t El7Machine::stack_of(std::uint32_t pid) {
  return machine_.memory.read_u64(VirtualAddress(machine_.address_of("task_struct", task(pid), "stack"))).value();
}

El7Machine::Stack El7Machine::stopping_stack(std::uint32_t cpu) {
  Stack stack = thread_stack(stopper(cpu), cpu);
  stack->path({"smpboot_thread_fn", "cpu_stopper_thread", "multi_cpu_stop"});
  return stack;
}

void El7Machine::free_mutex(std::uint64_t mutex) {
  set("mutex", mutex, "count", 1);
  machine_.link_list(machine_.address_of("mutex", mutex, "wait_list"), {});
}

std::uint64_t El7Machine::add_kthread(std::uint32_t pid, std::string_view comm, std::string_view function,
                                      std::uint32_t cpu) {
  const std::uint64_t at = add_task(pid, comm, cpu, true);
  set_task(pid, "flags", kFlagKthread);
  const Stack stack = thread_stack(pid, cpu);
  // struct kthread lies in the frame of kthread().
  const std::uint64_t self = stack->local(machine_.types.size_of("kthread").value());
  set_task(pid, "vfork_done", machine_.address_of("kthread", self, "exited"));
  // Every thread sleeps once before it begins, until its maker wakes it.
  const bool sleeps_itself = function == "smpboot_thread_fn" || function == "kthreadd";
  if (sleeps_itself) stack->call(function);
  switched_out(pid, stack->sleep());
  return at;
}

std::uint64_t El7Machine::add_process(std::uint32_t pid, std::string_view comm, std::uint32_t cpu) {
  const std::uint64_t at = add_task(pid, comm, cpu, true);
  set_task(pid, "mm", at + 0x3000);
  const Stack stack = process_stack(pid, cpu);
  switched_out(pid, stack->system_call("sys_poll").call("schedule_timeout").sleep());
  return at;
}

void El7Machine::run(std::uint32_t pid, std::uint32_t cpu, std::uint64_t since) {
  set_task(pid, "state", 0);
  set_task(pid, "on_cpu", 1);
  set_task(pid, "on_rq", pid >= idle(0) ? 0 : 1);
  set_task(pid, "sched_info.last_arrival", since);
  set("thread_info", stack_of(pid), "cpu", cpu);
  set("rq", percpu(cpu, "runqueues"), "curr", task(pid));
  set("rq", percpu(cpu, "runqueues"), "nr_running", pid >= idle(0) ? 0 : 1);
  port_->set_current(machine_, cpu, task(pid), stack_of(pid));
}

void El7Machine::wait_for_cpu(std::uint32_t pid, std::uint64_t since) {
  set_task(pid, "state", 0);
  set_task(pid, "on_rq", 1);
  set_task(pid, "sched_info.last_queued", since);
}

void El7Machine::save_registers(std::uint32_t cpu, std::uint32_t pid, const Spot& spot) {
  const Bytes note = build_note("CORE", 1, port_->prstatus(spot, pid), ByteOrder::kLittle);
  machine_.memory.write(area(cpu) + El7Port::kNotes, note);
  notes_.insert(notes_.end(), note.begin(), note.end());
}

void El7Machine::crash(std::uint32_t cpu, std::uint32_t pid, KernelStack& stack) {
  save_registers(cpu, pid, stack.dump_spot());
  machine_.memory.write_u32(address("crashing_cpu"), cpu);
}

void El7Machine::log(std::uint64_t nanoseconds, std::string_view text) {
  const std::uint64_t record = address("__log_buf") + log_bytes_;
  const std::uint64_t head = machine_.types.size_of("log").value();
  const std::uint64_t bytes = (head + text.size() + 3) / 4 * 4;
  set("log", record, "ts_nsec", nanoseconds);
  set("log", record, "len", bytes);
  set("log", record, "text_len", text.size());
  machine_.memory.write(record + head, std::as_bytes(std::span(text.data(), text.size())));
  log_bytes_ += bytes;
  machine_.memory.write_u32(address("log_next_idx"), static_cast<std::uint32_t>(log_bytes_));
  machine_.memory.write_u64(address("log_next_seq"), ++log_records_);
}

void El7Machine::add_module(std::string_view name, const std::string& path) {
  const auto symbols = load_forged(path, name, machine_);
  if (!symbols) throw std::invalid_argument(symbols.error().what);
  const std::uint64_t module = port_->layout().module_data + kModuleBytes * modules_.size();
  const std::uint64_t table = module + 0x2000, names = module + 0x3000;
  for (std::uint64_t at = 0; at < kModuleBytes; at += PagedMemory::kPage) machine_.memory.touch(module + at);
  std::string texts(1, '\0');
  std::uint64_t count = 1;  // the first is empty
  std::uint64_t begin = ~std::uint64_t{0}, end = 0;
  for (const ForgedSymbol& one : *symbols) {
    // Symbols of the kernel that it was linked with stand in the file too.
    if (one.size == 0 || std::ranges::find(kernel_symbols_, one.name, &ForgedSymbol::name) != kernel_symbols_.end())
      continue;
    const std::uint64_t at = table + count++ * sizeof(Elf64_Sym);
    machine_.memory.write_u32(at, static_cast<std::uint32_t>(texts.size()));
    // The kernel puts nm's letter there.
    machine_.memory.write_integer<std::uint8_t>(at + 4, one.is_function ? 't' : 'd');
    machine_.memory.write_integer<std::uint16_t>(at + 6, 1);
    machine_.memory.write_u64(at + 8, one.address);
    machine_.memory.write_u64(at + 16, one.size);
    texts += one.name + '\0';
    if (!one.is_function) continue;
    begin = std::min(begin, one.address);
    end = std::max(end, one.address + one.size);
  }
  machine_.memory.write(names, std::as_bytes(std::span(texts)));
  machine_.set_text("module", module, "name", name);
  set("module", module, "module_core", begin);
  set("module", module, "core_size", 0x10000);
  set("module", module, "core_text_size", end - begin);
  set("module", module, "symtab", table);
  set("module", module, "num_symtab", count);
  set("module", module, "strtab", names);
  modules_.push_back(machine_.address_of("module", module, "list"));
}

// As scripts/kallsyms.c of that age lays them out; VMCOREINFO does not say where.
void El7Machine::add_kallsyms() {
  KallsymsBuilder builder(port_->layout().kallsyms);
  for (const ForgedSymbol& one : kernel_symbols_) {
    if (one.name.starts_with("forged_")) continue;
    builder.add(one.is_function || one.name == "_stext" ? 'T' : 'D', one.name, one.address);
  }
  // One marker for 256 names would be none at all.
  for (unsigned i = 0; i < 600; ++i) builder.add('D', fmt::format("filler_{}", i), address("_end") + 8 * i);
  FakeMemory tables;
  const std::uint64_t begin = address("forged_kallsyms");
  builder.put(tables, begin);
  for (std::uint64_t at = 0; at < 65536; ++at) {
    std::byte byte{0};
    if (tables.read(VirtualAddress(begin + at), std::span(&byte, 1)))
      machine_.memory.write(begin + at, std::span(&byte, 1));
  }
}

std::string El7Machine::vmcoreinfo() {
  const El7Layout& layout = port_->layout();
  std::string text = fmt::format("OSRELEASE={}{}\nPAGESIZE={}\n", kRelease, layout.machine, layout.page_size);
  for (const std::string_view name :
       {"init_uts_ns", "_stext", "node_data", "contig_page_data", "log_buf", "log_buf_len", "log_first_idx"}) {
    text += fmt::format("SYMBOL({})={:x}\n", name, address(name));
  }
  const auto log = [&](std::string_view member) { return machine_.types.member("log", member)->offset; };
  text += fmt::format("SIZE(list_head)=16\nOFFSET(list_head.next)=0\nSIZE(log)={}\nOFFSET(log.ts_nsec)={}\n",
                      machine_.types.size_of("log").value(), log("ts_nsec"));
  text +=
      fmt::format("OFFSET(log.len)={}\nOFFSET(log.text_len)={}\nLENGTH(node_data)=4\n", log("len"), log("text_len"));
  text += port_->vmcoreinfo(machine_);
  return text + "NUMBER(PG_lru)=5\nCRASHTIME=1650000003\n";
}

void El7Machine::write_dump(const std::string& path) {
  machine_.link_list(machine_.address_of("task_struct", tasks_[0], "tasks"), listed_);
  machine_.link_list(address("modules"), modules_);
  const Bytes info = build_note("VMCOREINFO", 0, bytes_of(vmcoreinfo()), ByteOrder::kLittle);
  KdumpForm form;
  form.codec = PageCodec::kZlib;
  form.machine = port_->layout().machine;
  form.release = fmt::format("{}{}", kRelease, port_->layout().machine);
  form.node_name = "forged";
  form.dump_level = 1;
  form.notes = notes_;
  form.notes->insert(form.notes->end(), info.begin(), info.end());
  const Bytes file = build_kdump(port_->image(machine_), form).bytes;
  std::ofstream out(path, std::ios::binary);
  out.write(reinterpret_cast<const char*>(file.data()), static_cast<std::streamsize>(file.size()));
  if (!out) throw std::runtime_error("cannot write " + path);
}

}  // namespace whyhung::test
