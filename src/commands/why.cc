// SPDX-License-Identifier: GPL-2.0-or-later
// why: the chain from a task, CPU or lock to its root, or why it is part of no hang. owner, waiters: the two sides of a
// lock. locks: what tasks hold and want. All from the waits that the snapshot knows.
#include <algorithm>
#include <set>

#include "base/text.h"
#include "commands/command.h"
#include "commands/expression.h"
#include "commands/ps_forms.h"
#include "commands/task_choice.h"
#include "diagnose/diagnose.h"
#include "model/index.h"

namespace whyhung::commands {
namespace {

constexpr std::size_t kLongestChain = 64;

std::string certainty_text(model::Certainty certainty) {
  return certainty == model::Certainty::kCertain ? std::string() : fmt::format(" ({})", name_of(certainty));
}

std::string task_text(const model::Task& task) {
  return fmt::format("{} (pid {})", printable(task.comm), task.pid);
}

class Tracer {
 public:
  explicit Tracer(const model::Index& index) : index_(index), snapshot_(index.snapshot()) {}

  std::string name(const model::NodeId& node) const {
    switch (node.kind) {
      case model::NodeKind::kTask: {
        const model::Task* task = index_.task(node.id);
        return task != nullptr ? task_text(*task) : fmt::format("the task at {:#x}", node.id);
      }
      case model::NodeKind::kCpu: return fmt::format("CPU {}", node.id);
      case model::NodeKind::kResource: {
        const model::Resource* resource = index_.resource(node.id);
        if (resource == nullptr) return fmt::format("what lies at {:#x}", node.id);
        return fmt::format("the {} {}{:#x}", name_of(resource->kind),
                           resource->name.empty() ? "" : printable(resource->name) + " at ", node.id);
      }
    }
    return {};
  }

  // Lines from the node to the root; the ids that were passed go into `value`.
  std::string trace(model::NodeId node, Value& value) {
    std::string text;
    std::set<std::pair<model::NodeKind, std::uint64_t>> passed;
    Value steps = Value::array();
    for (std::size_t step = 0; step < kLongestChain; ++step) {
      if (!passed.insert({node.kind, node.id}).second) {
        text += fmt::format("{:>3}. from here on the steps repeat: {} was passed before\n", step + 1, name(node));
        value.set("repeats", true);
        break;
      }
      std::string sentence;
      const auto next = follow(node, sentence);
      text += fmt::format("{:>3}. {}\n", step + 1, sentence);
      Value one = Value::object();
      one.set("kind", name_of(node.kind));
      one.set(node.kind == model::NodeKind::kCpu ? "cpu" : "address",
              node.kind == model::NodeKind::kCpu ? Value(node.id) : Value::address(node.id));
      one.set("says", sentence);
      steps.push(std::move(one));
      if (!next) break;
      node = *next;
    }
    root_ = node;
    value.set("chain", std::move(steps));
    return text;
  }
  const model::NodeId& root() const { return root_; }

 private:
  std::optional<model::NodeId> follow(const model::NodeId& node, std::string& sentence) const {
    if (node.kind == model::NodeKind::kResource) return follow_resource(node, sentence);
    if (const model::Wait* wait = index_.wait_of(node)) {
      sentence = fmt::format("{} waits for {}{}{}", name(node), name(wait->on), age(wait->since),
                             certainty_text(wait->certainty));
      return wait->on;
    }
    return node.kind == model::NodeKind::kCpu ? follow_cpu(node, sentence) : follow_task(node, sentence);
  }

  std::string age(const std::optional<std::uint64_t>& since) const {
    const auto now = snapshot_.machine.clock;
    if (!since || !now || *now < *since) return {};
    return fmt::format(", for {:.1f} s", static_cast<double>(*now - *since) / 1e9);
  }

  std::optional<model::NodeId> follow_resource(const model::NodeId& node, std::string& sentence) const {
    const model::Resource* resource = index_.resource(node.id);
    if (resource == nullptr || resource->holders.empty()) {
      sentence = fmt::format("who holds {} or must act for it is not known", name(node));
      return std::nullopt;
    }
    sentence = name(node) + ":";
    // One of several that waits itself leads on; failing that, the first.
    const model::Holder* chosen = &resource->holders.front();
    for (const model::Holder& holder : resource->holders) {
      sentence += fmt::format("{} {}, {}{}", &holder == &resource->holders.front() ? "" : ";", name(holder.who),
                              name_of(holder.role), certainty_text(holder.certainty));
      if (index_.wait_of(chosen->who) == nullptr && index_.wait_of(holder.who) != nullptr) chosen = &holder;
    }
    return chosen->who;
  }

  std::optional<model::NodeId> follow_cpu(const model::NodeId& node, std::string& sentence) const {
    const model::Cpu* cpu = index_.cpu(static_cast<std::uint32_t>(node.id));
    const model::Task* task = cpu != nullptr ? index_.task(cpu->task) : nullptr;
    sentence = task == nullptr ? fmt::format("what CPU {} runs is not known", node.id)
                               : fmt::format("CPU {} runs {}{}", node.id, task_text(*task), place_of(*cpu));
    return std::nullopt;
  }

  // Where the CPU stood before the dump got hold of it.
  std::string place_of(const model::Cpu& cpu) const {
    if (cpu.in_user_mode) return ", in user mode";
    std::size_t frame = 0;
    if (cpu.activity && *cpu.activity < cpu.contexts.size()) frame = cpu.contexts[*cpu.activity].first_frame;
    if (frame >= cpu.stack.frames.size()) return {};
    const model::CodeLocation& place = snapshot_.location(cpu.stack.frames[frame]);
    if (place.function.empty()) return fmt::format(", at {:#x}", place.address);
    return fmt::format(", in {}+{}", printable(collect::code_name(place)), place.offset);
  }

  std::optional<model::NodeId> follow_task(const model::NodeId& node, std::string& sentence) const {
    const model::Task* task = index_.task(node.id);
    if (task == nullptr) {
      sentence = name(node) + " is in no list of tasks: it has left, or never was one";
      return std::nullopt;
    }
    if (const model::Cpu* cpu = index_.cpu_of(*task)) {
      sentence = fmt::format("{} runs on CPU {}{}", task_text(*task), cpu->number, place_of(*cpu));
      if (index_.wait_of(model::cpu_node(cpu->number)) != nullptr) return model::cpu_node(cpu->number);
      return std::nullopt;
    }
    if (task->queues_for_cpu() && task->cpu) {
      sentence =
          fmt::format("{} could run, and waits for CPU {}{}", task_text(*task), *task->cpu, age(task->last_queued));
      return model::cpu_node(*task->cpu);
    }
    sentence = fmt::format("{} is {}{}; for what it waits is not known", task_text(*task), name_of(task->state),
                           sleep_place(*task));
    // Who holds what others wait for is not acquitted by the way he sleeps.
    const bool sleeps_at_will = task->state == model::TaskState::kInterruptible ||
                                task->state == model::TaskState::kIdle || task->state == model::TaskState::kParked;
    if (sleeps_at_will && index_.held_by(node).empty()) {
      sentence = fmt::format("{} sleeps normally{}: it waits for work or input, and holds nobody up that is known",
                             task_text(*task), sleep_place(*task));
    }
    return std::nullopt;
  }

  std::string sleep_place(const model::Task& task) const {
    // The first function that is no part of the scheduler says where.
    for (const model::StackFrame& frame : task.stack.frames) {
      const model::CodeLocation& place = snapshot_.location(frame);
      const std::string_view name = place.function;
      if (name.empty() || name.find("schedule") != std::string_view::npos || name.starts_with("__switch_to") ||
          name == "context_switch")
        continue;
      return fmt::format(" in {}", printable(collect::code_name(place)));
    }
    return {};
  }

  const model::Index& index_;
  const model::Snapshot& snapshot_;
  model::NodeId root_;
};

// Whether the finding speaks of the node.
bool speaks_of(const diagnose::Finding& finding, const model::NodeId& node) {
  if (node.kind == model::NodeKind::kTask) {
    if (std::ranges::find(finding.victim_tasks, node.id) != finding.victim_tasks.end() || finding.requester == node.id)
      return true;
    if (std::ranges::find(finding.culprits, node.id, &diagnose::Culprit::task) != finding.culprits.end()) return true;
  }
  if (node.kind == model::NodeKind::kCpu &&
      std::ranges::find(finding.victim_cpus, node.id) != finding.victim_cpus.end()) {
    return true;
  }
  return std::ranges::any_of(finding.chain, [&](const diagnose::Link& link) {
    return std::ranges::find(link.nodes, node) != link.nodes.end();
  });
}

std::string part_of(const diagnose::Diagnosis& diagnosis, const model::NodeId& from, const model::NodeId& root,
                    Value& value) {
  for (const diagnose::Finding& finding : diagnosis.findings) {
    if (!speaks_of(finding, from) && !speaks_of(finding, root)) continue;
    const bool is_verdict = &finding == &diagnosis.findings.front();
    value.set("part_of", name_of(finding.hang_class));
    return fmt::format("part of {}: {}, {}\n", is_verdict ? "the verdict" : "another finding",
                       name_of(finding.hang_class), name_of(finding.confidence));
  }
  value.set("part_of", Value());
  return diagnosis.findings.empty()
             ? fmt::format("no hang was found (verdict: {})\n", name_of(diagnosis.verdict))
             : fmt::format("not part of the hang that was found ({})\n", name_of(diagnosis.verdict));
}

// A task by pid, address or name; "cpu3" or "CPU 3"; a lock's address or symbol.
Result<model::NodeId> node_of(Call& call, std::string word, const std::vector<std::string>& words, std::size_t& used) {
  const model::Snapshot& snapshot = call.snapshot();
  const bool says_cpu = word.size() >= 3 && (word.starts_with("cpu") || word.starts_with("CPU"));
  if (says_cpu) {
    std::string number = word.substr(3);
    if (number.empty() && used + 1 < words.size()) number = words[++used];
    const auto cpu = parse_unsigned(number, 10);
    if (!cpu || snapshot.find_cpu(static_cast<std::uint32_t>(*cpu)) == nullptr)
      return fail(ErrorKind::kNotFound, "there is no CPU \"{}\"", printable(number));
    return model::cpu_node(static_cast<std::uint32_t>(*cpu));
  }
  if (const auto task = task_by_pid_or_address(snapshot, word)) return model::task_node((*task)->address);
  std::string_view digits = word;
  if (digits.starts_with("0x")) digits.remove_prefix(2);
  const auto address = parse_unsigned(digits, 16);
  if (address && snapshot.find_resource(*address) != nullptr) return model::resource_node(*address);
  if (call.context.machine != nullptr) {
    const auto found = parse_address(call, word);
    if (found && snapshot.find_resource(*found) != nullptr) return model::resource_node(*found);
  }
  for (const model::Resource& resource : snapshot.resources) {
    if (!resource.name.empty() && resource.name.substr(0, resource.name.find(' ')) == word)
      return model::resource_node(resource.address);
  }
  TRY_ASSIGN(const auto tasks, choose_tasks(snapshot, std::span(&word, 1)));
  if (tasks.empty())
    return fail(ErrorKind::kNotFound, "\"{}\" is no task, no CPU, and no lock that somebody waits for",
                printable(word));
  return model::task_node(tasks.front()->address);
}

Result<void> run_why(Call& call) {
  std::vector<std::string> words = call.words();
  const model::Index index(call.snapshot());
  const diagnose::Diagnosis diagnosis = diagnose::diagnose(index);
  std::vector<model::NodeId> nodes;
  for (std::size_t i = 0; i < words.size(); ++i) {
    TRY_ASSIGN(const model::NodeId node, node_of(call, words[i], words, i));
    nodes.push_back(node);
  }
  if (call.context.tasks) {
    for (const model::Task* task : *call.context.tasks) nodes.push_back(model::task_node(task->address));
  } else if (nodes.empty()) {
    // Without a word: from the first who suffers.
    if (!diagnosis.findings.empty() && !diagnosis.findings.front().victim_tasks.empty()) {
      nodes.push_back(model::task_node(diagnosis.findings.front().victim_tasks.front()));
    } else if (const model::Task* task = current_task(call)) {
      nodes.push_back(model::task_node(task->address));
    }
  }
  Tracer tracer(index);
  for (const model::NodeId& node : nodes) {
    if (call.context.is_stopped()) break;
    Value value = Value::object();
    std::string text = &node == &nodes.front() ? "" : "\n";
    text += tracer.name(node) + "\n";
    text += tracer.trace(node, value);
    text += "     " + part_of(diagnosis, node, tracer.root(), value);
    call.output.row(text, value);
  }
  return {};
}

Result<const model::Resource*> resource_of(Call& call, std::string_view what) {
  if (call.words().size() != 1) return fail(ErrorKind::kUsage, "{} wants the address or the symbol of a lock", what);
  std::size_t used = 0;
  TRY_ASSIGN(const model::NodeId node, node_of(call, call.words().front(), call.words(), used));
  const model::Resource* resource =
      node.kind == model::NodeKind::kResource ? call.snapshot().find_resource(node.id) : nullptr;
  if (resource == nullptr) {
    return fail(ErrorKind::kNotFound, "\"{}\" is nothing that somebody waits for", printable(call.words().front()));
  }
  return resource;
}

Result<void> run_owner(Call& call) {
  TRY_ASSIGN(const model::Resource* resource, resource_of(call, "owner"));
  const model::Index index(call.snapshot());
  const Tracer tracer(index);
  call.output.heading(tracer.name(model::resource_node(resource->address)) + "\n");
  if (resource->holders.empty()) call.output.heading("  nobody is known to hold it\n");
  for (const model::Holder& holder : resource->holders) {
    Value value = Value::object();
    value.set("who", tracer.name(holder.who));
    value.set("role", name_of(holder.role));
    value.set("certainty", name_of(holder.certainty));
    call.output.row(
        fmt::format("  {}: {}{}\n", name_of(holder.role), tracer.name(holder.who), certainty_text(holder.certainty)),
        value);
  }
  return {};
}

Result<void> run_waiters(Call& call) {
  TRY_ASSIGN(const model::Resource* resource, resource_of(call, "waiters"));
  const model::Index index(call.snapshot());
  const Tracer tracer(index);
  const auto all = index.waits_for(model::resource_node(resource->address));
  std::vector<const model::Wait*> waits(all.begin(), all.end());
  std::ranges::stable_sort(waits, [](const model::Wait* a, const model::Wait* b) {
    return a->since.value_or(~0ull) < b->since.value_or(~0ull);
  });
  call.output.heading(tracer.name(model::resource_node(resource->address)) + "\n");
  const auto now = call.snapshot().machine.clock;
  for (const model::Wait* wait : waits) {
    Value value = Value::object();
    value.set("who", tracer.name(wait->waiter));
    const bool has_age = wait->since && now && *now >= *wait->since;
    if (has_age) value.set("nanoseconds", *now - *wait->since);
    call.output.row(fmt::format("  {}  {}{}\n", has_age ? ago_text(*now - *wait->since) : "[? ??:??:??.???]",
                                tracer.name(wait->waiter), certainty_text(wait->certainty)),
                    value);
  }
  if (waits.empty()) call.output.heading("  nobody\n");
  return {};
}

Result<void> run_locks(Call& call) {
  std::vector<const model::Task*> tasks;
  const bool of_all = call.words().empty() && !call.context.tasks;
  if (of_all) {
    for (const model::Task& task : call.snapshot().tasks) tasks.push_back(&task);
  } else {
    TRY_ASSIGN(tasks, tasks_of(call));
  }
  const model::Index index(call.snapshot());
  const Tracer tracer(index);
  for (const model::Task* task : tasks) {
    if (call.context.is_stopped()) break;
    const model::NodeId node = model::task_node(task->address);
    std::string text;
    Value held = Value::array();
    Value wanted = Value::array();
    for (const model::Resource* resource : index.held_by(node)) {
      const auto holder = std::ranges::find(resource->holders, node, &model::Holder::who);
      if (holder == resource->holders.end()) continue;
      text += fmt::format("  holds   {} ({}){}\n", tracer.name(model::resource_node(resource->address)),
                          name_of(holder->role), certainty_text(holder->certainty));
      held.push(Value::address(resource->address));
    }
    if (const model::Wait* wait = index.wait_of(node)) {
      text += fmt::format("  wants   {}{}\n", tracer.name(wait->on), certainty_text(wait->certainty));
      wanted.push(Value::address(wait->on.id));
    }
    if (text.empty() && of_all) continue;
    if (text.empty()) text = "  holds and wants nothing that somebody waits for\n";
    Value value = Value::object();
    value.set("pid", task->pid);
    value.set("holds", std::move(held));
    value.set("wants", std::move(wanted));
    call.output.row(task_line(*task) + text, value);
  }
  if (!call.output.wrote_any())
    call.output.heading("no task is known to hold or want a lock that somebody waits for\n");
  return {};
}

}  // namespace

extern const Command kWhy = {.name = "why",
                             .usage = "why [PID|TASK|NAME|cpuN|LOCK]…",
                             .help = "the chain from a task, CPU or lock to the root, or why it is part of no hang",
                             .options = {},
                             .per_task = PerTask::kYes,
                             .run = run_why};
extern const Command kOwner = {.name = "owner",
                               .usage = "owner LOCK",
                               .help = "who holds a lock, or must act for what is waited for",
                               .options = {},
                               .run = run_owner};
extern const Command kWaiters = {.name = "waiters",
                                 .usage = "waiters LOCK",
                                 .help = "who waits for a lock, longest first",
                                 .options = {},
                                 .run = run_waiters};
extern const Command kLocks = {.name = "locks",
                               .usage = "locks [PID|TASK|NAME]…",
                               .help = "what tasks hold and want",
                               .options = {},
                               .per_task = PerTask::kYes,
                               .run = run_locks};

}  // namespace whyhung::commands
