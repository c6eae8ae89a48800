// SPDX-License-Identifier: GPL-2.0-or-later
// irq: interrupts, who handles them, (-s) how many each CPU took and (-a) which CPUs may take them.
#include <algorithm>

#include "base/text.h"
#include "commands/command.h"
#include "commands/expression.h"
#include "commands/object.h"
#include "kernel/tree.h"

namespace whyhung::commands {
namespace {

constexpr std::size_t kMostInterrupts = 1u << 16;
constexpr unsigned kMostActions = 64;

constexpr auto kIrqOptions = std::to_array<Option>({{"s", "", "how many of each every CPU took"},
                                                    {"b", "", "the handlers of softirqs"},
                                                    {"a", "", "which CPUs may take each"},
                                                    {"u", "", "only interrupts that somebody handles"},
                                                    {"c", "CPUS", "with -s: only these CPUs"}});
struct Interrupt {
  std::uint64_t number = 0;
  std::uint64_t descriptor = 0;
};

Result<std::vector<Interrupt>> interrupts(const Call& call) {
  std::vector<Interrupt> all;
  auto& access = call.machine().access;
  kernel::Binder binder(access.types);
  const auto add = [&](std::uint64_t descriptor) {
    const auto number = Object(call, "irq_desc", descriptor).number({"irq_data.irq"});
    if (number) all.push_back({*number, descriptor});
  };
  // v6.5 (721255b9826b): a maple tree in place of the radix tree.
  if (const auto tree = access.symbols.address_of("sparse_irqs")) {
    for (const auto& entry : kernel::MapleTreeView::bind(binder).entries(access.memory, *tree, kMostInterrupts).entries)
      add(entry.value);
  } else if (const auto radix = access.symbols.address_of("irq_desc_tree")) {
    const auto walk =
        call.machine().xarray.entries(access.memory, *radix, kMostInterrupts, [](std::span<const VirtualAddress>) {});
    for (const VirtualAddress entry : walk.entries) add(entry.value);
  }
  if (all.empty()) return fail(ErrorKind::kNotFound, "the descriptors of interrupts were not found");
  std::ranges::sort(all, {}, &Interrupt::number);
  return all;
}

std::vector<std::pair<std::uint64_t, std::string>> actions_of(const Call& call, const Object& descriptor) {
  std::vector<std::pair<std::uint64_t, std::string>> actions;
  auto next = descriptor.pointer({"action"});
  while (next && actions.size() < kMostActions) {
    const Object action(call, "irqaction", *next);
    actions.emplace_back(*next, action.text({"name"}).value_or("?"));
    next = action.pointer({"next"});
  }
  return actions;
}

Result<void> show_counts(Call& call, const std::vector<Interrupt>& all) {
  std::vector<std::uint32_t> cpus = call.machine().percpu().possible();
  if (const auto text = call.arguments.value("c")) {
    TRY_ASSIGN(cpus, parse_cpus(call, *text));
  }
  std::string heading = "     ";
  for (const std::uint32_t cpu : cpus) heading += fmt::format("{:>11}", fmt::format("CPU{}", cpu));
  call.output.heading(heading + "\n");
  for (const Interrupt& interrupt : all) {
    const Object descriptor(call, "irq_desc", interrupt.descriptor);
    const auto actions = actions_of(call, descriptor);
    if (actions.empty()) continue;
    const auto counters = descriptor.pointer({"kstat_irqs"});
    std::string text = fmt::format("{:>4}:", interrupt.number);
    Value counts = Value::array();
    for (const std::uint32_t cpu : cpus) {
      const auto count =
          counters
              ? call.machine().access.memory.read_u32(call.machine().percpu().instance(VirtualAddress(*counters), cpu))
              : ReadResult<std::uint32_t>(tl::unexpected(ReadFault{FaultKind::kNoSuchField, 0}));
      text += fmt::format("{:>11}", count ? std::to_string(*count) : "?");
      counts.push(count ? Value(*count) : Value());
    }
    const auto chip = descriptor.pointer({"irq_data.chip"});
    const std::string chip_name = chip ? Object(call, "irq_chip", *chip).text({"name"}).value_or("?") : "?";
    const std::string flow = descriptor.text({"name"}).value_or("");
    text += fmt::format("  {}{}{}", printable(chip_name), flow.empty() ? "" : "-", printable(flow));
    for (const auto& [address, name] : actions) text += " " + printable(name);
    Value value = Value::object();
    value.set("irq", interrupt.number);
    value.set("counts", std::move(counts));
    value.set("chip", chip_name);
    call.output.row(text + "\n", value);
  }
  return {};
}

Result<void> show_softirqs(Call& call) {
  constexpr std::array<std::string_view, 10> kNames = {
      "HI_SOFTIRQ",       "TIMER_SOFTIRQ",   "NET_TX_SOFTIRQ", "NET_RX_SOFTIRQ",  "BLOCK_SOFTIRQ",
      "IRQ_POLL_SOFTIRQ", "TASKLET_SOFTIRQ", "SCHED_SOFTIRQ",  "HRTIMER_SOFTIRQ", "RCU_SOFTIRQ"};
  const auto table = call.machine().access.symbols.address_of("softirq_vec");
  if (!table) return fail(ErrorKind::kNotFound, "this kernel names no softirq_vec");
  call.output.heading("SOFTIRQ_VEC      ACTION     \n");
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    const auto action = call.machine().access.memory.read_u64(*table + i * 8);
    if (!action) return fail(to_error(action.error(), "softirq_vec"));
    if (*action == 0) continue;
    Value value = Value::object();
    value.set("softirq", kNames[i]);
    value.set("action", call.desk.meaning().symbol(*action));
    call.output.row(
        fmt::format("    [{}]     {:016x}  <{}>  {}\n", i, *action, call.desk.meaning().symbol(*action), kNames[i]),
        value);
  }
  return {};
}

// The CPUs of a cpumask as ranges: "0-2,5".
std::string cpu_ranges(const Call& call, std::uint64_t mask) {
  std::string text;
  const auto& possible = call.machine().percpu().possible();
  std::optional<std::uint32_t> first, last;
  const auto flush = [&] {
    if (first)
      text += fmt::format("{}{}{}", text.empty() ? "" : ",", *first, *last == *first ? "" : fmt::format("-{}", *last));
    first.reset();
  };
  for (const std::uint32_t cpu : possible) {
    const auto word = call.machine().access.memory.read_u64(VirtualAddress(mask + cpu / 64 * 8));
    if (!word) return "?";
    if ((*word >> cpu % 64 & 1) == 0) continue;
    if (!first || *last + 1 != cpu) {
      flush();
      first = cpu;
    }
    last = cpu;
  }
  flush();
  return text;
}

Result<void> show_affinity(Call& call, const std::vector<Interrupt>& all) {
  call.output.heading("IRQ NAME                 AFFINITY\n");
  for (const Interrupt& interrupt : all) {
    const Object descriptor(call, "irq_desc", interrupt.descriptor);
    const auto actions = actions_of(call, descriptor);
    if (actions.empty()) continue;
    // A pointer where there may be many CPUs, else the mask itself.
    const auto field = descriptor.field({"irq_common_data.affinity", "irq_data.affinity"});
    const bool is_pointer = field && field->element_count() == 0 && field->size() == 8 &&
                            !call.machine().access.types.member("irq_desc", "irq_common_data.affinity.bits");
    const auto mask = is_pointer ? descriptor.pointer({"irq_common_data.affinity", "irq_data.affinity"})
                                 : descriptor.place({"irq_common_data.affinity", "irq_data.affinity"});
    const std::string cpus = mask ? cpu_ranges(call, *mask) : "?";
    Value value = Value::object();
    value.set("irq", interrupt.number);
    value.set("name", actions.front().second);
    value.set("cpus", cpus);
    call.output.row(fmt::format("{:>3} {:<20} {}\n", interrupt.number, printable(actions.front().second), cpus), value);
  }
  return {};
}

Result<void> run_irq(Call& call) {
  if (call.has("b")) return show_softirqs(call);
  TRY_ASSIGN(const auto all, interrupts(call));
  if (call.has("s")) return show_counts(call, all);
  if (call.has("a")) return show_affinity(call, all);
  call.output.heading(" IRQ   IRQ_DESC/_DATA      IRQACTION      NAME\n");
  bool found = call.words().empty();
  for (const Interrupt& interrupt : all) {
    if (!call.words().empty() &&
        std::ranges::find(call.words(), std::to_string(interrupt.number)) == call.words().end())
      continue;
    found = true;
    const Object descriptor(call, "irq_desc", interrupt.descriptor);
    const auto actions = actions_of(call, descriptor);
    if (actions.empty() && call.has("u")) continue;
    Value value = Value::object();
    value.set("irq", interrupt.number);
    value.set("descriptor", Value::address(interrupt.descriptor));
    std::string text = fmt::format("{:>4}   {:016x}  ", interrupt.number, interrupt.descriptor);
    if (actions.empty()) text += "    (unused)      \n";
    for (std::size_t i = 0; i < actions.size(); ++i) {
      text += fmt::format("{}{:016x}  \"{}\"\n", i == 0 ? "" : std::string(25, ' '), actions[i].first,
                          printable(actions[i].second));
    }
    Value names = Value::array();
    for (const auto& [address, name] : actions) names.push(name);
    value.set("names", std::move(names));
    call.output.row(text, value);
  }
  if (!found) return fail(ErrorKind::kNotFound, "there is no such interrupt");
  return {};
}

}  // namespace

extern const Command kIrq = {.name = "irq",
                             .usage = "irq [-u|-b|-a|-s [-c CPUS]] [NUMBER]…",
                             .help = "interrupts and who handles them",
                             .options = kIrqOptions,
                             .needs = Needs::kMachine,
                             .run = run_irq};

}  // namespace whyhung::commands
