// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/machine.h"

#include <algorithm>
#include <array>
#include <span>

#include "collect/complaints.h"
#include "collect/crash.h"
#include "collect/crash_code.h"
#include "collect/crash_registers.h"
#include "collect/without_types.h"
#include "kernel/printk.h"
#include "kernel/system.h"
#include "kernel/watchdog.h"
#include "target/vmcoreinfo_types.h"

namespace whyhung::collect {
namespace {

constexpr std::size_t kPanicSearch = 512;  // records from the end among which the last words are looked for

// The kernel's last words, for the header that crash's users know as PANIC.
std::string find_panic_message(std::span<const model::LogRecord> records) {
  // v4.14 (f6a9f9f5b4e1): "SysRq : " became "sysrq: ".
  constexpr std::array<std::string_view, 3> kFinal = {"Kernel panic - not syncing", "sysrq: Trigger a crash",
                                                      "SysRq : Trigger a crash"};
  constexpr std::array<std::string_view, 5> kCauses = {"BUG: ", "Oops", "kernel BUG at", "Unable to handle kernel",
                                                       "Internal error: "};
  const auto newest = [&](auto prefixes) -> std::string {
    for (auto record = records.rbegin(); record != records.rend(); ++record) {
      for (const std::string_view prefix : prefixes) {
        if (record->text.starts_with(prefix)) return record->text.substr(0, record->text.find('\n'));
      }
    }
    return {};
  };
  std::string message = newest(kFinal);
  return message.empty() ? newest(kCauses) : message;
}

// For kernels whose symbols name no panic_cpu: the CPU in whose stack panic() is.
std::optional<std::uint32_t> panicking_by_stack(const model::Snapshot& snapshot) {
  std::optional<std::uint32_t> found;
  for (const model::Cpu& cpu : snapshot.cpus) {
    if (cpu.dump_role != model::DumpRole::kPanicked) continue;
    if (found) return std::nullopt;
    found = cpu.number;
  }
  return found;
}

}  // namespace

std::string taint_letters(std::uint64_t taints) {
  // kernel/panic.c taint_flags[]: the letters that a module's own flags use.
  constexpr std::string_view kLetters = "PFSRMBUDAWCIOELKXTNJ";
  std::string letters;
  for (std::size_t i = 0; i < kLetters.size(); ++i) {
    if ((taints >> i & 1) != 0) letters += kLetters[i];
  }
  return letters;
}

void describe_dump(const target::Target& target, std::string_view shown_name, model::Machine& machine) {
  const dump::DumpFacts& facts = target.dump->facts();
  machine.dump_file = shown_name;
  machine.dump_format = facts.format;
  if (!facts.compression.empty()) machine.dump_format += fmt::format(", {}", facts.compression);
  if (facts.flattened) machine.dump_format += ", flattened";
  if (facts.parts > 1) machine.dump_format += fmt::format(", {} parts", facts.parts);
  machine.partial_dump = facts.partial;
  machine.incomplete_dump = facts.incomplete;
  machine.capsule = facts.capsule;
  machine.architecture = target.architecture->name;
  if (const auto id = target.vmcoreinfo.build_id()) machine.build_id = *id;
  machine.symbols_from = target.symbols_from;
  machine.types_from = target.types->description();
  machine.node_name = facts.node_name;
  machine.release = target.vmcoreinfo.os_release() ? std::string(*target.vmcoreinfo.os_release()) : facts.release;
  machine.version = facts.version;
  machine.machine = facts.machine.empty() || facts.machine == "Unknown" ? machine.architecture : facts.machine;
  if (const auto time = target.vmcoreinfo.crash_time()) {
    machine.date = static_cast<std::int64_t>(*time);
  } else if (facts.timestamp) {
    machine.date = static_cast<std::int64_t>(*facts.timestamp);
  }
}

void collect_machine(Workbench& bench) {
  model::Machine& machine = bench.snapshot.machine;
  if (const auto name = kernel::read_uts_name(bench.access)) {
    machine.node_name = name->node_name;
    machine.release = name->release;
    machine.version = name->version;
    machine.machine = name->machine;
  }
  if (bench.tasks.state.exists()) machine.task_state_member = bench.tasks.state.path();
  machine.cpu_count = bench.percpu().possible().size();
  if (const auto online = bench.percpu().mask("__cpu_online_mask")) machine.online_cpu_count = online->size();
  const kernel::Clocks clocks = kernel::read_clocks(bench.access);
  // The crash's own time stamp is exact; the clock's last update may be older when the timekeeping CPU was stuck.
  if (clocks.wall_seconds && !bench.target.vmcoreinfo.crash_time()) machine.date = clocks.wall_seconds;
  machine.uptime = clocks.uptime_seconds;
  if (!machine.uptime && machine.clock) machine.uptime = *machine.clock / 1'000'000'000;
  machine.load_average = kernel::read_load_average(bench.access);
  const std::uint64_t page_size = bench.target.vmcoreinfo.page_size().value_or(4096);
  machine.memory_bytes = kernel::read_memory_bytes(bench.access, page_size);
  machine.megahertz = kernel::read_megahertz(bench.access);
  machine.preemption = kernel::preemption_model(bench.access, machine.version);
  machine.watchdog_threshold = kernel::watchdog_threshold(bench.access);
  machine.hung_task_timeout = kernel::hung_task_timeout(bench.access);
  machine.panic_cpu = kernel::read_panic_cpu(bench.access, bench.percpu().possible().size());
  if (!machine.panic_cpu) machine.panic_cpu = panicking_by_stack(bench.snapshot);
  if (machine.panic_cpu) {
    const model::Cpu* cpu = bench.snapshot.find_cpu(*machine.panic_cpu);
    if (cpu != nullptr && cpu->task != 0) machine.panic_task = cpu->task;
    const std::vector<model::LogRecord> records = read_log(bench, kPanicSearch);
    machine.panic_message = find_panic_message(records);
    machine.complaint = find_complaint(records);
    machine.crash = find_crash(bench.snapshot, *machine.panic_cpu);
    if (!machine.crash) machine.crash = find_crash_by_registers(bench, *machine.panic_cpu);
    if (machine.crash) describe_crash_code(bench, *machine.crash);
  }
}

void describe_without_types(const target::Target& target, model::Snapshot& snapshot) {
  constexpr std::size_t kMostRecords = 1u << 20;
  constexpr std::size_t kMostCpus = 8192;
  // Where the log lies VMCOREINFO alone says on every kernel.
  target::VmcoreinfoTypes stated(target.vmcoreinfo);
  const kernel::Access access{*target.memory, stated, *target.symbols};
  model::Machine& machine = snapshot.machine;
  if (const auto name = kernel::read_uts_name(access)) {
    machine.node_name = name->node_name;
    machine.release = name->release;
    machine.version = name->version;
    machine.machine = name->machine;
  }
  machine.load_average = kernel::read_load_average(access);
  machine.megahertz = kernel::read_megahertz(access);
  machine.panic_cpu = kernel::read_panic_cpu(access, kMostCpus);
  snapshot.log = read_log(access, kMostRecords, snapshot.gaps);
  const std::span<const model::LogRecord> records = snapshot.log;
  const auto newest = records.last(std::min(records.size(), kPanicSearch));
  machine.panic_message = find_panic_message(newest);
  machine.complaint = find_complaint(newest);
}

void collect_modules(Workbench& bench) {
  for (const kernel::LoadedModule& module : bench.modules) {
    model::Module out;
    out.name = module.name;
    out.address = module.address.value;
    if (!module.ranges.empty()) out.base = module.ranges.front().begin.value;
    for (const VirtualRange& range : module.ranges) out.size += range.size();
    out.state = kernel::module_state_name(module.state);
    out.taints = taint_letters(module.taints);
    out.version = module.version;
    bench.snapshot.modules.push_back(std::move(out));
  }
}

std::vector<model::LogRecord> read_log(Workbench& bench, std::size_t most_records) {
  return read_log(bench.access, most_records, bench.snapshot.gaps);
}

std::vector<model::LogRecord> read_log(const kernel::Access& access, std::size_t most_records, std::vector<Gap>& gaps) {
  const kernel::KernelLog log = kernel::read_kernel_log(access, most_records);
  if (!log.broken.empty()) gaps.push_back({"kernel log", log.broken});
  std::vector<model::LogRecord> records;
  records.reserve(log.entries.size());
  for (const kernel::LogEntry& entry : log.entries) {
    model::LogRecord record{entry.sequence, entry.time, entry.level, {}, entry.text};
    if (entry.caller != 0) {
      const bool is_cpu = entry.caller >> 31 != 0;
      record.caller = fmt::format("{}{}", is_cpu ? 'C' : 'T', entry.caller & 0x7fffffff);
    }
    records.push_back(std::move(record));
  }
  return records;
}

}  // namespace whyhung::collect
