// SPDX-License-Identifier: GPL-2.0-or-later
#include "commands/raw_stack.h"

#include <algorithm>

#include "base/text.h"
#include "commands/desk.h"
#include "commands/task_choice.h"

namespace whyhung::commands {
namespace {

constexpr std::uint64_t kWord = 8;
constexpr std::uint64_t kMostBytes = 1u << 17;  // no kernel stack is larger
constexpr std::uint64_t kStackEndMagic = 0x57AC6E9D;

std::optional<debuginfo::SymbolAt> code_at(const Call& call, std::uint64_t address) {
  auto found = call.machine().access.symbols.find_covering(VirtualAddress(address));
  if (!found || !found->symbol.may_be_code()) return std::nullopt;
  return found;
}

}  // namespace

std::string stack_words(const Call& call, std::uint64_t begin, std::uint64_t end, StackWords how) {
  if (end <= begin || end - begin > kMostBytes) return {};
  std::string text;
  for (std::uint64_t at = begin; at < end; at += 2 * kWord) {
    text += fmt::format("    {:016x}: ", at);
    for (std::uint64_t one = at; one < std::min(at + 2 * kWord, end); one += kWord) {
      const auto word = call.machine().access.memory.read_u64(VirtualAddress(one));
      if (!word) {
        text += fmt::format("{:<17}", "(unreadable)");
        continue;
      }
      const std::string symbol = how == StackWords::kSymbols ? call.desk.meaning().symbol(*word) : std::string();
      text += symbol.empty() ? fmt::format("{:016x} ", *word) : fmt::format("{:<16} ", symbol);
    }
    text += "\n";
  }
  return text;
}

void show_raw_stack(Call& call, const model::Task& task, const model::Cpu* cpu) {
  const std::uint64_t end = task.stack_base + task.stack_size;
  std::uint64_t begin = task.stack_base;
  if (task.stack_base == 0 || task.stack_size > kMostBytes) {
    call.output.row(task_line(task) + "    (where its stack lies is not known)\n", Value::object());
    return;
  }
  // -t begins where the stack stands, -T at its lowest address.
  if (!call.has("T") && !call.has("r")) {
    const model::StackTrace& stack = cpu != nullptr ? cpu->stack : task.stack;
    const auto inside = std::ranges::find_if(
        stack.frames, [&](const model::StackFrame& frame) { return frame.sp >= task.stack_base && frame.sp < end; });
    if (inside != stack.frames.end())
      begin = (inside->sp & ~(kWord - 1)) - (inside->sp >= task.stack_base + kWord ? kWord : 0);
  }
  std::string text = task_line(task);
  Value value = Value::object();
  value.set("pid", task.pid);
  Value found = Value::array();
  if (call.has("r")) {
    text += stack_words(call, begin, end, StackWords::kSymbols);
  } else {
    for (std::uint64_t at = begin; at < end; at += kWord) {
      const auto word = call.machine().access.memory.read_u64(VirtualAddress(at));
      const auto code = word ? code_at(call, *word) : std::nullopt;
      if (!code) continue;
      const std::string module =
          code->symbol.module.empty() ? "" : fmt::format(" [{}]", printable(code->symbol.module));
      text += fmt::format("  [{:016x}] {}+{} at {:016x}{}\n", at, printable(code->symbol.name), code->offset, *word,
                          module);
      Value one = Value::object();
      one.set("at", Value::address(at));
      one.set("address", Value::address(*word));
      one.set("function", code->symbol.name);
      one.set("offset", code->offset);
      found.push(std::move(one));
    }
  }
  value.set("found", std::move(found));
  call.output.row(text, value);
}

Result<void> show_overrun_stacks(Call& call, const std::vector<const model::Task*>& tasks) {
  TRY_CHECK(need_machine(call.context, "bt -v"));
  std::size_t unreadable = 0;
  for (const model::Task* task : tasks) {
    if (task->stack_base == 0) continue;
    const auto mark = call.machine().access.memory.read_u64(VirtualAddress(task->stack_base));
    if (!mark) {
      ++unreadable;
      continue;
    }
    if (*mark == kStackEndMagic) continue;
    Value value = Value::object();
    value.set("pid", task->pid);
    value.set("mark", Value::address(*mark));
    call.output.row(fmt::format("{}  possible stack overflow: the word at its end is {:x}, not {:x}\n",
                                task_line(*task), *mark, kStackEndMagic),
                    value);
  }
  if (unreadable != 0)
    call.output.heading(fmt::format("(the end of the stacks of {} tasks cannot be read)\n", unreadable));
  if (!call.output.wrote_any()) call.output.heading("No stack overflows detected\n");
  return {};
}

}  // namespace whyhung::commands
