// SPDX-License-Identifier: GPL-2.0-or-later
#include "forge/el7_machine.h"

#include <fstream>

#include <elf.h>

#include "support/fake_memory.h"
#include "support/kallsyms_builder.h"
#include "support/kdump_builder.h"
#include "support/power_memory.h"

namespace whyhung::test {
namespace {

constexpr std::uint64_t kTasks = 0xc000000010000000, kTaskBytes = 0x4000;
constexpr std::uint64_t kStacks = 0xc000000018000000, kStackBytes = 16384;
constexpr std::uint64_t kAreas = 0xc000000020000000, kAreaBytes = 0x40000;
constexpr std::uint64_t kPacas = 0xc000000021000000, kNotes = 0x3000;  // of each area
constexpr std::uint64_t kFree = 0x30000000;                            // physical
constexpr std::uint64_t kModules = 0xd000000003a00000;                 // struct modules, symbols and names
constexpr std::uint64_t kUserNip = 0x3fff8a6e1234, kUserSp = 0x3fffd21c5e60;
constexpr std::uint64_t kFlagKthread = 0x00200000;
constexpr std::uint64_t kPtRegs = 352, kSwitchFrame = 464, kOverhead = 112;

}  // namespace

El7Machine::El7Machine(const std::string& folder) {
  auto kernel = load_forged(folder + "/vmlinux", {}, machine_);
  if (!kernel) throw std::invalid_argument(kernel.error().what);
  kernel_symbols_ = *std::move(kernel);
  const auto module = load_forged(folder + "/while1", "while1", machine_);
  if (!module) throw std::invalid_argument(module.error().what);
  tasks_[0] = address("init_task");
  set_up_system();
  for (std::uint32_t cpu = 0; cpu < kCpus; ++cpu) set_up_cpu(cpu);
  add_kthread(2, "kthreadd", "kthreadd", 3);
  add_process(1, "systemd", 2);
  add_process(2411, "sshd", 4);
  add_modules(*module);
  add_kallsyms();
}

void El7Machine::set_up_system() {
  const auto number = [&](std::string_view symbol, std::uint64_t value, std::size_t size) {
    machine_.memory.write_sized(address(symbol), value, size);
  };
  number("nr_cpu_ids", kCpus, 4);
  for (const char* mask : {"cpu_possible_bits", "cpu_online_bits", "cpu_present_bits"}) number(mask, 0xff, 8);
  number("paca", kPacas, 8);
  number("crash_notes", kNotes, 8);
  const std::uint64_t names = address("init_uts_ns");
  machine_.set_text("uts_namespace", names, "name.sysname", "Linux");
  machine_.set_text("uts_namespace", names, "name.nodename", "forged-lpar");
  machine_.set_text("uts_namespace", names, "name.release", "3.10.0-1160.forged.ppc64le");
  machine_.set_text("uts_namespace", names, "name.version", "#1 SMP Tue Aug 18 14:50:17 EDT 2020");
  machine_.set_text("uts_namespace", names, "name.machine", "ppc64le");
  set("timekeeper", address("timekeeper"), "xtime_sec", 1650000000);
  set("pglist_data", address("contig_page_data"), "node_present_pages", 65536);
  set("task_struct", tasks_[0], "stack", address("init_thread_union"));
  machine_.set_text("task_struct", tasks_[0], "comm", "swapper/0");
  for (const char* mutex : {"module_mutex", "stop_cpus_mutex"}) {
    set("mutex", address(mutex), "count", 1);
    machine_.link_list(machine_.address_of("mutex", address(mutex), "wait_list"), {});
  }
}

void El7Machine::set_up_cpu(std::uint32_t cpu) {
  const std::uint64_t area = kAreas + kAreaBytes * cpu;
  for (std::uint64_t at = 0; at < kAreaBytes; at += PagedMemory::kPage) machine_.memory.touch(area + at);
  machine_.memory.write_u64(address("__per_cpu_offset") + 8 * cpu, area - address("__per_cpu_start"));
  // crash_notes is a per-CPU address: each CPU's note lies in its own area.
  machine_.memory.write_u64(address("crash_notes"), address("__per_cpu_start") + kNotes);
  add_task(idle(cpu), fmt::format("swapper/{}", cpu), cpu, false);
  set_task(idle(cpu), "pid", 0);
  set_task(idle(cpu), "tgid", 0);
  set_task(idle(cpu), "state", 0);
  PowerStack stack(machine_, stack_of(idle(cpu)) + kStackBytes - kOverhead, 0);
  stack.call("start_secondary_prolog", "start_secondary").call("start_secondary", "cpu_idle_loop");
  stack.call("cpu_idle_loop", "schedule");
  sleep(idle(cpu), stack);
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
  machine_.memory.write_u64(percpu(cpu, "watchdog_touch_ts"), kNow >> 30);
  const std::uint64_t size = machine_.types.size_of("paca_struct").value();
  const std::uint64_t paca = kPacas + cpu * size;
  set("paca_struct", paca, "paca_index", cpu);
  set("paca_struct", paca, "lock_token", 0x8000);
  set("paca_struct", paca, "data_offset", area - address("__per_cpu_start"));
  set("paca_struct", paca, "soft_enabled", 1);
}

std::uint64_t El7Machine::percpu(std::uint32_t cpu, std::string_view variable) {
  return kAreas + kAreaBytes * cpu + address(variable) - address("__per_cpu_start");
}

std::uint64_t El7Machine::add_task(std::uint32_t pid, std::string_view comm, std::uint32_t cpu, bool is_listed) {
  const std::uint64_t at = kTasks + kTaskBytes * tasks_.size();
  const std::uint64_t stack = kStacks + kStackBytes * tasks_.size();
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

PowerStack El7Machine::thread_stack(std::uint32_t pid) {
  PowerStack stack(machine_, stack_of(pid) + kStackBytes - kPtRegs - kOverhead, 0);
  stack.call("ret_from_kernel_thread", "kthread");
  return stack;
}

PowerStack El7Machine::process_stack(std::uint32_t pid) {
  PowerStack stack(machine_, stack_of(pid) + kStackBytes - kSwitchFrame, 0);
  stack.system_call(kUserNip, kUserSp);
  return stack;
}

PowerStack El7Machine::stopping_stack(std::uint32_t cpu) {
  PowerStack stack = thread_stack(stopper(cpu));
  stack.call("kthread", "smpboot_thread_fn").call("smpboot_thread_fn", "cpu_stopper_thread");
  stack.call("cpu_stopper_thread", "multi_cpu_stop");
  return stack;
}

void El7Machine::sleep(std::uint32_t pid, PowerStack& stack) {
  stack.call("schedule", "__schedule").call("__schedule", "__switch_to");
  set_task(pid, "thread.ksp", stack.switch_out("__switch_to"));
}

std::uint64_t El7Machine::add_kthread(std::uint32_t pid, std::string_view comm, std::string_view function,
                                      std::uint32_t cpu) {
  const std::uint64_t at = add_task(pid, comm, cpu, true);
  set_task(pid, "flags", kFlagKthread);
  PowerStack stack = thread_stack(pid);
  // struct kthread lies in the frame of kthread().
  const std::uint64_t self = stack.sp() + 32;
  set_task(pid, "vfork_done", machine_.address_of("kthread", self, "exited"));
  const bool sleeps_itself = function == "smpboot_thread_fn" || function == "kthreadd";
  // Every thread sleeps once before it begins, until its maker wakes it.
  if (sleeps_itself) stack.call("kthread", function);
  stack.call(sleeps_itself ? function : "kthread", "schedule");
  sleep(pid, stack);
  return at;
}

std::uint64_t El7Machine::add_process(std::uint32_t pid, std::string_view comm, std::uint32_t cpu) {
  const std::uint64_t at = add_task(pid, comm, cpu, true);
  set_task(pid, "mm", at + 0x3000);
  PowerStack stack = process_stack(pid);
  stack.call("system_call", "sys_poll").call("sys_poll", "schedule_timeout").call("schedule_timeout", "schedule");
  sleep(pid, stack);
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
  const std::uint64_t paca = kPacas + cpu * machine_.types.size_of("paca_struct").value();
  set("paca_struct", paca, "__current", task(pid));
}

void El7Machine::wait_for_cpu(std::uint32_t pid, std::uint64_t since) {
  set_task(pid, "state", 0);
  set_task(pid, "on_rq", 1);
  set_task(pid, "sched_info.last_queued", since);
}

void El7Machine::save_registers(std::uint32_t cpu, std::uint32_t pid, std::uint64_t nip, std::uint64_t sp,
                                std::uint64_t link) {
  const Bytes note = build_note("CORE", 1, power_prstatus(nip, sp, link, pid), ByteOrder::kLittle);
  machine_.memory.write(kAreas + kAreaBytes * cpu + kNotes, note);
  notes_.insert(notes_.end(), note.begin(), note.end());
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

void El7Machine::add_modules(const std::vector<ForgedSymbol>& symbols) {
  const std::uint64_t table = kModules + 0x2000, names = kModules + 0x3000;
  for (std::uint64_t at = 0; at < 0x4000; at += PagedMemory::kPage) machine_.memory.touch(kModules + at);
  std::string texts(1, '\0');
  std::uint64_t count = 1;  // the first is empty
  std::uint64_t end = 0;
  for (const ForgedSymbol& one : symbols) {
    if (!one.is_function) continue;
    const std::uint64_t at = table + count++ * sizeof(Elf64_Sym);
    machine_.memory.write_u32(at, static_cast<std::uint32_t>(texts.size()));
    machine_.memory.write_integer<std::uint8_t>(at + 4, 't');  // the kernel puts nm's letter there
    machine_.memory.write_integer<std::uint16_t>(at + 6, 1);
    machine_.memory.write_u64(at + 8, one.address);
    machine_.memory.write_u64(at + 16, one.size);
    texts += one.name + '\0';
    end = std::max(end, one.address + one.size);
  }
  machine_.memory.write(names, std::as_bytes(std::span(texts)));
  const std::uint64_t text = address("pmount_kthread");
  std::vector<std::uint64_t> links;
  for (const std::string_view name : {"while1", "simple"}) {
    const bool hangs = name == "while1";
    const std::uint64_t module = kModules + 0x1000 * links.size();
    machine_.set_text("module", module, "name", name);
    set("module", module, "module_core", hangs ? text : text + 0x100000);
    set("module", module, "core_size", 0x10000);
    set("module", module, "core_text_size", hangs ? end - text : 0x100);
    if (hangs) {
      set("module", module, "symtab", table);
      set("module", module, "num_symtab", count);
      set("module", module, "strtab", names);
    }
    links.push_back(machine_.address_of("module", module, "list"));
  }
  machine_.link_list(address("modules"), links);
}

// As scripts/kallsyms.c of that age lays them out; VMCOREINFO does not say where.
void El7Machine::add_kallsyms() {
  KallsymsBuilder builder(KallsymsLayout::kPower);
  for (const ForgedSymbol& one : kernel_symbols_) {
    if (one.name.starts_with("forged_") || one.name.empty() || one.address == 0) continue;
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
  std::string text = "OSRELEASE=3.10.0-1160.forged.ppc64le\nPAGESIZE=65536\n";
  for (const char* name : {"init_uts_ns", "swapper_pg_dir", "_stext", "node_data", "contig_page_data", "log_buf",
                           "log_buf_len", "log_first_idx"}) {
    text += fmt::format("SYMBOL({})={:x}\n", name, address(name));
  }
  const auto log = [&](std::string_view member) { return machine_.types.member("log", member)->offset; };
  text += fmt::format("SIZE(list_head)=16\nOFFSET(list_head.next)=0\nSIZE(log)={}\nOFFSET(log.ts_nsec)={}\n",
                      machine_.types.size_of("log").value(), log("ts_nsec"));
  text +=
      fmt::format("OFFSET(log.len)={}\nOFFSET(log.text_len)={}\nLENGTH(node_data)=4\n", log("len"), log("text_len"));
  return text + "NUMBER(PG_lru)=5\nCRASHTIME=1650000003\n";
}

void El7Machine::write_dump(const std::string& path) {
  machine_.link_list(machine_.address_of("task_struct", tasks_[0], "tasks"), listed_);
  const Bytes info = build_note("VMCOREINFO", 0, bytes_of(vmcoreinfo()), ByteOrder::kLittle);
  KdumpForm form;
  form.codec = PageCodec::kZlib;
  form.machine = "ppc64le";
  form.release = "3.10.0-1160.forged.ppc64le";
  form.node_name = "forged-lpar";
  form.dump_level = 1;
  form.notes = notes_;
  form.notes->insert(form.notes->end(), info.begin(), info.end());
  const Bytes file = build_kdump(power_image(machine_, address("swapper_pg_dir"), kFree), form).bytes;
  std::ofstream out(path, std::ios::binary);
  out.write(reinterpret_cast<const char*>(file.data()), static_cast<std::streamsize>(file.size()));
  if (!out) throw std::runtime_error("cannot write " + path);
}

}  // namespace whyhung::test
