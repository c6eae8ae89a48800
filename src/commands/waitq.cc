// SPDX-License-Identifier: GPL-2.0-or-later
// waitq: who sleeps on a wait queue.
#include "base/text.h"
#include "commands/command.h"
#include "commands/desk.h"
#include "commands/expression.h"
#include "commands/object.h"
#include "commands/task_choice.h"

namespace whyhung::commands {
namespace {

// The address of the queue: as it is, or of the member of a structure at an address.
Result<std::uint64_t> queue_address(const Call& call) {
  const auto& words = call.words();
  if (words.size() == 1) return parse_address(call, words[0]);
  if (words.size() != 2)
    return fail(ErrorKind::kUsage, "waitq wants a wait queue: waitq ADDRESS, waitq T.MEMBER ADDRESS");
  const std::string_view path = words[0];
  const std::size_t dot = path.find('.');
  const auto member = dot == std::string_view::npos
                          ? std::nullopt
                          : call.machine().access.types.member(path.substr(0, dot), path.substr(dot + 1));
  if (!member) return fail(ErrorKind::kNotFound, "\"{}\" is no member of a type that is known", printable(path));
  TRY_ASSIGN(const std::uint64_t base, parse_address(call, words[1]));
  return base + member->offset;
}

Result<void> run(Call& call) {
  TRY_ASSIGN(const std::uint64_t address, queue_address(call));
  // v4.13 (ac6424b981bc): the structures got other names.
  const bool is_new = call.machine().access.types.size_of("wait_queue_entry").has_value();
  const std::string_view head_type = is_new ? "wait_queue_head" : "__wait_queue_head";
  const std::string_view entry_type = is_new ? "wait_queue_entry" : "__wait_queue";
  const auto head = Object(call, head_type, address).place({"head", "task_list"});
  if (!head) return fail(ErrorKind::kNotFound, "this kernel's types have no wait_queue_head");
  const Elements entries = list_elements(call, *head, entry_type, is_new ? "entry" : "task_list");
  if (entries.addresses.empty() && !entries.broken.empty())
    return fail(ErrorKind::kUnreadable, "{:x} is no wait queue: {}", address, entries.broken);
  if (entries.addresses.empty()) call.output.heading(fmt::format("wait queue {:x} is empty\n", address));
  for (const std::uint64_t one : entries.addresses) {
    if (call.context.is_stopped()) break;
    const Object entry(call, entry_type, one);
    const std::uint64_t who = entry.number({"private"}).value_or(0);
    const auto function = entry.pointer({"func"});
    const std::string symbol = function ? call.desk.meaning().symbol(*function) : "";
    // What is no task waits for somebody else: epoll, or a driver's own function is called.
    const model::Task* task = call.snapshot().find_task(who);
    Value value = Value::object();
    value.set("entry", Value::address(one));
    value.set("pid", task != nullptr ? Value(task->pid) : Value());
    value.set("function", symbol);
    call.output.row(task != nullptr ? task_line(*task)
                                    : fmt::format("{:x}: no task; it calls {}\n", one,
                                                  symbol.empty() ? "an unknown function" : printable(symbol)),
                    value);
  }
  call.output.heading(broken_text(entries.broken));
  return {};
}

}  // namespace

extern const Command kWaitq = {.name = "waitq",
                               .usage = "waitq ADDRESS|SYMBOL|T.MEMBER ADDRESS",
                               .help = "who sleeps on a wait queue",
                               .options = {},
                               .needs = Needs::kMachine,
                               .run = run};

}  // namespace whyhung::commands
