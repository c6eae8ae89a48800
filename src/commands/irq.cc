// SPDX-License-Identifier: GPL-2.0-or-later
// irq: interrupts, who handles them and (-s) how many each CPU took; timer: the high-resolution timers of each CPU.
#include <algorithm>

#include "base/text.h"
#include "commands/command.h"
#include "commands/expression.h"
#include "commands/object.h"
#include "commands/task_choice.h"
#include "kernel/tree.h"

namespace whyhung::commands {
namespace {

constexpr std::size_t kMostInterrupts = 1u << 16;
constexpr std::size_t kMostTimers = 1u << 16;
constexpr unsigned kMostActions = 64;

constexpr auto kIrqOptions = std::to_array<Option>({{"s", "", "how many of each every CPU took"},
                                                    {"b", "", "the handlers of softirqs"},
                                                    {"u", "", "only interrupts that somebody handles"},
                                                    {"c", "CPUS", "with -s: only these CPUs"}});
constexpr auto kTimerOptions = std::to_array<Option>(
    {{"r", "", "high-resolution timers; others are not shown"}, {"C", "CPUS", "only these CPUs"}});

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

Result<void> run_irq(Call& call) {
  if (call.has("b")) return show_softirqs(call);
  TRY_ASSIGN(const auto all, interrupts(call));
  if (call.has("s")) return show_counts(call, all);
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

Result<void> run_timer(Call& call) {
  if (!call.has("r")) return fail(ErrorKind::kUnsupported, "the timer wheels are not read: timer -r shows hrtimers");
  auto& machine = call.machine();
  std::vector<std::uint32_t> cpus = machine.percpu().possible();
  if (const auto text = call.arguments.value("C")) {
    TRY_ASSIGN(cpus, parse_cpus(call, *text));
  }
  kernel::Binder binder(machine.access.types);
  const auto tree = kernel::RedBlackTreeView::bind(binder);
  const auto bases = binder.optional("hrtimer_cpu_base", {"clock_base"});
  const auto node = binder.optional("hrtimer", {"node.node"});
  if (!bases.exists() || !node.exists() || !tree.usable())
    return fail(ErrorKind::kNotFound, "this kernel's types have no hrtimer_cpu_base");
  std::size_t left = kMostTimers;  // that all CPUs together may have
  for (const std::uint32_t cpu : cpus) {
    if (call.context.is_stopped()) break;
    const auto base = machine.percpu().find("hrtimer_bases", cpu);
    if (!base) return fail(ErrorKind::kNotFound, "this kernel names no hrtimer_bases");
    call.output.heading(
        fmt::format("{}CPU: {}  HRTIMER_CPU_BASE: {:x}\n", cpu == cpus.front() ? "" : "\n", cpu, base->value));
    for (std::uint64_t i = 0; i < std::min<std::uint64_t>(bases.element_count(), 8); ++i) {
      const std::uint64_t at = bases.in(*base).value + i * bases.element_size();
      const Object clock(call, "hrtimer_clock_base", at);
      const auto root =
          clock.pointer({"active.rb_root.rb_root.rb_node", "active.rb_root.rb_node", "active.head.rb_node"});
      const auto get_time = clock.pointer({"get_time"});
      call.output.heading(fmt::format("  CLOCK: {}  HRTIMER_CLOCK_BASE: {:x}  [{}]\n", i, at,
                                      get_time ? call.desk.meaning().symbol(*get_time) : "?"));
      if (!root) {
        call.output.heading("     (empty)\n");
        continue;
      }
      call.output.heading("     SOFTEXPIRES         EXPIRES         HRTIMER         FUNCTION\n");
      const auto walk = tree.nodes(machine.access.memory, VirtualAddress(*root), left);
      left -= std::min(left, walk.nodes.size());
      for (const VirtualAddress one : walk.nodes) {
        const Object timer(call, "hrtimer", node.container(one).value);
        const auto soft = timer.signed_number({"_softexpires"});
        const auto hard = timer.signed_number({"node.expires"});
        const auto function = timer.pointer({"function"});
        const std::string name = function ? call.desk.meaning().symbol(*function) : "?";
        Value value = Value::object();
        value.set("cpu", cpu);
        value.set("clock", i);
        value.set("timer", Value::address(timer.address()));
        value.set("expires", hard ? Value(*hard) : Value());
        value.set("function", name);
        call.output.row(fmt::format("  {:>14}  {:>14}  {:016x}  {:x}  <{}>\n", soft ? std::to_string(*soft) : "?",
                                    hard ? std::to_string(*hard) : "?", timer.address(), function.value_or(0), name),
                        value);
      }
      if (!walk.broken.empty()) call.output.heading(fmt::format("     (the tree is damaged: {})\n", walk.broken));
    }
  }
  return {};
}

}  // namespace

extern const Command kIrq = {.name = "irq",
                             .usage = "irq [-u|-b|-s [-c CPUS]] [NUMBER]…",
                             .help = "interrupts and who handles them",
                             .options = kIrqOptions,
                             .needs = Needs::kMachine,
                             .run = run_irq};
extern const Command kTimer = {.name = "timer",
                               .usage = "timer -r [-C CPUS]",
                               .help = "the high-resolution timers of each CPU",
                               .options = kTimerOptions,
                               .needs = Needs::kMachine,
                               .run = run_timer};

}  // namespace whyhung::commands
