// SPDX-License-Identifier: GPL-2.0-or-later
// timer: the timers that wait in each CPU's wheels; -r: the high-resolution timers.
#include <algorithm>

#include "base/text.h"
#include "commands/command.h"
#include "commands/desk.h"
#include "commands/expression.h"
#include "commands/object.h"
#include "commands/typed.h"
#include "kernel/list.h"
#include "kernel/system.h"
#include "kernel/tree.h"

namespace whyhung::commands {
namespace {

constexpr std::size_t kMostTimers = 1u << 16;
constexpr std::uint64_t kMostVectors = 4096;

constexpr auto kOptions =
    std::to_array<Option>({{"r", "", "high-resolution timers"}, {"C", "CPUS", "only these CPUs"}});

// The wheels of a CPU by their names: which there are depends on the age of the kernel.
std::span<const std::string_view> base_names(std::uint64_t count) {
  static constexpr std::array<std::string_view, 2> kTwo = {"BASE_STD", "BASE_DEF"};
  // v6.9 (7ee988770326): timers that other CPUs may run have one of their own.
  static constexpr std::array<std::string_view, 3> kThree = {"BASE_LOCAL", "BASE_GLOBAL", "BASE_DEF"};
  if (count == kThree.size()) return kThree;
  return std::span(kTwo).first(count == 2 ? 2 : 1);
}

void show_base(Call& call, std::uint32_t cpu, std::string_view name, std::uint64_t address, std::uint64_t jiffies,
               std::size_t& left) {
  struct Timer {
    std::uint64_t address = 0, expires = 0, function = 0;
  };
  std::vector<Timer> timers;
  std::string broken;
  const auto vectors = Object(call, "timer_base", address).field({"vectors"});
  const auto entry = call.machine().access.types.member("timer_list", "entry");
  const VirtualMemory& memory = call.machine().access.memory;
  for (std::uint64_t i = 0; vectors && entry && i < std::min(vectors->element_count(), kMostVectors); ++i) {
    const auto first = memory.read_pointer(vectors->in(VirtualAddress(address)) + i * 8);
    if (!first) {
      broken = fmt::format("the wheel at {:#x} cannot be read", address);
      break;
    }
    if (first->is_null()) continue;
    const auto walk = kernel::walk_chain(memory, *first, left);
    left -= std::min(left, walk.nodes.size());
    if (broken.empty()) broken = walk.broken;
    for (const VirtualAddress node : walk.nodes) {
      const Object timer(call, "timer_list", node.value - entry->offset);
      const auto expires = timer.number({"expires"});
      if (expires) timers.push_back({timer.address(), *expires, timer.number({"function"}).value_or(0)});
    }
  }
  std::ranges::stable_sort(timers, {}, &Timer::expires);
  call.output.heading(fmt::format("TIMER_BASES[{}][{}]: {:x}\n", cpu, name, address));
  call.output.heading(timers.empty() ? "  (none)\n" : "  EXPIRES        TTE        TIMER_LIST     FUNCTION\n");
  for (const Timer& timer : timers) {
    const auto remaining = static_cast<std::int64_t>(timer.expires - jiffies);
    const std::string function = call.desk.meaning().symbol(timer.function);
    Value value = Value::object();
    value.set("cpu", cpu);
    value.set("base", name);
    value.set("timer", Value::address(timer.address));
    value.set("expires", timer.expires);
    value.set("remaining", remaining);
    value.set("function", function);
    call.output.row(fmt::format("  {:>10}  {:>9}  {:016x}  {:016x}  <{}>\n", timer.expires, remaining, timer.address,
                                timer.function, printable(function)),
                    value);
  }
  if (!broken.empty()) call.output.heading(fmt::format("  (the wheel is damaged: {})\n", broken));
}

Result<void> show_wheels(Call& call, const std::vector<std::uint32_t>& cpus) {
  const auto& percpu = call.machine().percpu();
  const auto size = call.machine().access.types.size_of("timer_base");
  const auto jiffies = variable_number(call, "jiffies_64", 8);
  if (!size || *size == 0 || !jiffies)
    return fail(ErrorKind::kNotFound, "the timer wheels of this kernel are not known: before v4.8 they were others");
  std::uint64_t count = 1;
  if (const auto variable = per_cpu_variable(call, "timer_bases", std::to_string(cpus.empty() ? 0 : cpus.front()))) {
    if (const auto whole = size_of_typed(call, *variable)) count = *whole / *size;
  }
  call.output.heading(fmt::format("JIFFIES   \n{}\n", *jiffies));
  std::size_t left = kMostTimers;
  for (const std::uint32_t cpu : cpus) {
    if (call.context.is_stopped()) break;
    const auto bases = percpu.find("timer_bases", cpu);
    if (!bases) return fail(ErrorKind::kNotFound, "this kernel names no timer_bases");
    call.output.heading("\n");
    const auto names = base_names(count);
    for (std::size_t i = 0; i < names.size(); ++i) {
      show_base(call, cpu, names[i], bases->value + i * *size, *jiffies, left);
    }
  }
  return {};
}

Result<void> show_high_resolution(Call& call, const std::vector<std::uint32_t>& cpus) {
  auto& machine = call.machine();
  kernel::Binder binder(machine.access.types);
  const auto tree = kernel::RedBlackTreeView::bind(binder);
  const auto bases = binder.optional("hrtimer_cpu_base", {"clock_base"});
  const auto node = binder.optional("hrtimer", {"node.node"});
  if (!bases.exists() || !node.exists() || !tree.usable())
    return fail(ErrorKind::kNotFound, "this kernel's types have no hrtimer_cpu_base");
  const auto now = kernel::read_clocks(machine.access).monotonic_nanoseconds;
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
        call.output.heading("  (empty)\n");
        continue;
      }
      const auto offset = clock.signed_number({"offset"});
      const bool has_current = now && offset;
      const std::int64_t current = static_cast<std::int64_t>(now.value_or(0)) + offset.value_or(0);
      if (has_current) call.output.heading(fmt::format("    CURRENT  \n  {}\n", current));
      call.output.heading("    SOFTEXPIRES         EXPIRES             TTE           HRTIMER      FUNCTION\n");
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
        call.output.row(
            fmt::format("  {:>14}  {:>14}  {:>14}  {:016x}  {:x}  <{}>\n", soft ? std::to_string(*soft) : "?",
                        hard ? std::to_string(*hard) : "?", hard && has_current ? std::to_string(*hard - current) : "?",
                        timer.address(), function.value_or(0), name),
            value);
      }
      if (!walk.broken.empty()) call.output.heading(fmt::format("     (the tree is damaged: {})\n", walk.broken));
    }
  }
  return {};
}

Result<void> run(Call& call) {
  std::vector<std::uint32_t> cpus = call.machine().percpu().possible();
  if (const auto text = call.arguments.value("C")) {
    TRY_ASSIGN(cpus, parse_cpus(call, *text));
  }
  return call.has("r") ? show_high_resolution(call, cpus) : show_wheels(call, cpus);
}

}  // namespace

extern const Command kTimer = {.name = "timer",
                               .usage = "timer [-r] [-C CPUS]",
                               .help = "the timers of each CPU",
                               .options = kOptions,
                               .needs = Needs::kMachine,
                               .run = run};

}  // namespace whyhung::commands
