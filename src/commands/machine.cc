// SPDX-License-Identifier: GPL-2.0-or-later
// mach: the hardware as the kernel saw it; sig: signals that tasks have pending and blocked.
#include <algorithm>
#include <map>

#include "base/text.h"
#include "commands/command.h"
#include "commands/expression.h"
#include "commands/object.h"
#include "commands/objects.h"
#include "commands/task_choice.h"
#include "report/system_header.h"

namespace whyhung::commands {
namespace {

constexpr std::uint64_t kMostRanges = 1024;

constexpr auto kMachOptions = std::to_array<Option>({{"m", "", "the memory map of the firmware"},
                                                     {"c", "", "what the kernel knows of each processor"},
                                                     {"x", "", "with -c: numbers in hexadecimal"},
                                                     {"d", "", "with -c: numbers in decimal"},
                                                     {"o", "", "not read: the console of the firmware of ppc64"}});

// The memory map that the firmware gave.
Result<void> show_firmware_map(Call& call) {
  const auto table = variable_number(call, "e820_table", 8);
  const Object map(call, "e820_table", table.value_or(0));
  const auto count = map.number({"nr_entries"});
  const auto entries = map.field({"entries"});
  if (!table || !count || !entries) return fail(ErrorKind::kNotFound, "this machine has no map of its firmware (e820)");
  std::map<std::uint64_t, std::string> names;
  if (const auto kinds = call.desk.types().find("enum e820_type")) {
    for (const auto& [name, number] : call.desk.types().declarations(*kinds).resolved(kinds->id).enumerators)
      names.emplace(static_cast<std::uint64_t>(number),
                    name.starts_with("E820_TYPE_") ? "E820_" + name.substr(10) : name);
  }
  call.output.heading("      PHYSICAL ADDRESS RANGE         TYPE\n");
  for (std::uint64_t i = 0; i < std::min(*count, kMostRanges); ++i) {
    const Object entry(call, "e820_entry",
                       entries->in(VirtualAddress(map.address())).value + i * entries->element_size());
    const auto start = entry.number({"addr"});
    const auto size = entry.number({"size"});
    const auto kind = entry.number({"type"});
    if (!start || !size || !kind) return fail(ErrorKind::kUnreadable, "the map of the firmware cannot be read");
    const auto known = names.find(*kind);
    const std::string name = known != names.end() ? printable(known->second) : fmt::format("(type {})", *kind);
    Value value = Value::object();
    value.set("start", Value::address(*start));
    value.set("end", Value::address(*start + *size));
    value.set("type", name);
    call.output.row(fmt::format("{:016x} - {:016x}  {}\n", *start, *start + *size, name), value);
  }
  return {};
}

// What the kernel found out about each processor.
Result<void> show_processors(Call& call) {
  if (!call.machine().access.types.size_of("cpuinfo_x86"))
    return fail(ErrorKind::kUnsupported, "mach -c is for processors of x86");
  TRY_ASSIGN(const ObjectChoice choice, parse_choice(call, "struct", "cpuinfo_x86"));
  for (const std::uint32_t cpu : call.machine().percpu().possible()) {
    const auto at = call.machine().percpu().find("cpu_info", cpu);
    if (!at) return fail(ErrorKind::kNotFound, "this kernel names no cpu_info");
    TRY_ASSIGN(const ObjectText shown, show_object(call, choice, at->value, radix_of(call)));
    call.output.row(fmt::format("{}CPU {}:\n{}", call.output.wrote_any() ? "\n" : "", cpu, shown.text), shown.value);
  }
  return {};
}

Result<void> run_mach(Call& call) {
  if (call.has("m")) return show_firmware_map(call);
  if (call.has("c")) return show_processors(call);
  if (call.has("o")) {
    return fail(ErrorKind::kUnsupported, "the console of the firmware of ppc64 (mach -o) is not read");
  }
  const model::Machine& machine = call.snapshot().machine;
  const std::uint64_t page = call.machine().target.vmcoreinfo.page_size().value_or(4096);
  Value value = Value::object();
  std::string text;
  const auto line = [&](std::string_view title, std::string_view name, const std::string& shown) {
    text += fmt::format("{:>22}: {}\n", title, shown);
    value.set(name, shown);
  };
  line("MACHINE TYPE", "type", printable(machine.machine));
  line("MEMORY SIZE", "memory", machine.memory_bytes ? report::memory_text(*machine.memory_bytes) : "(unknown)");
  line("CPUS", "cpus", shown(machine.cpu_count));
  line("PROCESSOR SPEED", "speed", machine.megahertz ? fmt::format("{} Mhz", *machine.megahertz) : "(unknown)");
  line("PAGE SIZE", "page_size", std::to_string(page));
  line("PAGE TABLES", "page_tables",
       call.machine().target.address_space ? call.machine().target.address_space->description() : "(unknown)");
  line("KERNEL STACK SIZE", "stack_size",
       call.machine().tasks.stack_size == 0 ? "(unknown)" : std::to_string(call.machine().tasks.stack_size));
  if (const auto text_start = call.machine().access.symbols.address_of("_text"))
    line("KERNEL TEXT", "text", fmt::format("{:x}", text_start->value));
  call.output.record(text, value);
  return {};
}

std::string signal_names(std::uint64_t set) {
  constexpr std::array<std::string_view, 32> kNames = {
      "",     "HUP",  "INT",  "QUIT", "ILL",    "TRAP",   "ABRT",  "BUS",  "FPE",  "KILL", "USR1",
      "SEGV", "USR2", "PIPE", "ALRM", "TERM",   "STKFLT", "CHLD",  "CONT", "STOP", "TSTP", "TTIN",
      "TTOU", "URG",  "XCPU", "XFSZ", "VTALRM", "PROF",   "WINCH", "IO",   "PWR",  "SYS"};
  std::string names;
  for (unsigned signal = 1; signal <= 64; ++signal) {
    if ((set >> (signal - 1) & 1) == 0) continue;
    names += fmt::format("{}SIG{}", names.empty() ? "" : " ",
                         signal < kNames.size() ? std::string(kNames[signal]) : std::to_string(signal));
  }
  return names;
}

Result<void> run_sig(Call& call) {
  TRY_ASSIGN(const auto tasks, tasks_of(call));
  bool is_first = true;
  for (const model::Task* task : tasks) {
    if (call.context.is_stopped()) break;
    const Object object(call, "task_struct", task->address);
    const auto blocked = object.number({"blocked.sig"});
    const auto own = object.number({"pending.signal.sig"});
    const auto signal = object.pointer({"signal"});
    const auto shared = Object(call, "signal_struct", signal.value_or(0)).number({"shared_pending.signal.sig"});
    const auto text_of = [](const std::optional<std::uint64_t>& set) {
      return set ? fmt::format("{:016x}", *set) : std::string("(unreadable)");
    };
    Value value = Value::object();
    value.set("pid", task->pid);
    value.set("blocked", blocked ? Value::address(*blocked) : Value());
    value.set("pending", own ? Value::address(*own) : Value());
    value.set("shared_pending", shared ? Value::address(*shared) : Value());
    std::string text = (is_first ? "" : "\n") + task_line(*task);
    is_first = false;
    text += fmt::format("   BLOCKED: {}  {}\n", text_of(blocked), blocked ? signal_names(*blocked) : "");
    text += fmt::format("PRIVATE_PENDING\n    SIGNAL: {}  {}\n", text_of(own), own ? signal_names(*own) : "");
    text += fmt::format("SHARED_PENDING\n    SIGNAL: {}  {}\n", text_of(shared), shared ? signal_names(*shared) : "");
    call.output.row(text, value);
  }
  return {};
}

}  // namespace

extern const Command kMach = {.name = "mach",
                              .usage = "mach [-m|-c [-x|-d]]",
                              .help = "the hardware as the kernel saw it",
                              .options = kMachOptions,
                              .needs = Needs::kMachine,
                              .run = run_mach};
extern const Command kSig = {.name = "sig",
                             .usage = "sig [PID|TASK|NAME]…",
                             .help = "signals that tasks have pending and blocked",
                             .options = {},
                             .needs = Needs::kMachine,
                             .per_task = PerTask::kYes,
                             .run = run_sig};

}  // namespace whyhung::commands
