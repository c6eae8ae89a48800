// SPDX-License-Identifier: GPL-2.0-or-later
#include "properties/mutations.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "model/gap_kinds.h"
#include "support/snapshot_builder.h"

namespace whyhung::test {
namespace {

using model::Snapshot;

// Bits of an address that the renaming turns over: neighbours stay neighbours, and nothing else lies there.
constexpr std::uint64_t kOtherPlace = 0x0000'2a00'0000'0000;

void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

std::uint64_t unused_pid(const Snapshot& snapshot) {
  std::uint32_t most = 0;
  for (const model::Task& task : snapshot.tasks) most = std::max(most, task.pid);
  return most + 1;
}

// A task of user space that nobody has to do with.
model::Task& add_bystander(Snapshot& snapshot, model::TaskState state, double seconds) {
  model::Task task;
  task.pid = static_cast<std::uint32_t>(unused_pid(snapshot));
  task.tgid = task.pid;
  task.parent_pid = 1;
  task.address = 0xffff'8dea'0000'0000 + std::uint64_t{task.pid} * 0x4000;
  task.comm = "bystander";
  task.state = state;
  task.is_kernel_thread = false;
  task.on_cpu = false;
  task.on_runqueue = false;
  task.cpu = snapshot.cpus.empty() ? 0 : snapshot.cpus.front().number;
  task.policy = 0;
  task.priority = 120;
  task.start_time = kSecond;
  if (snapshot.machine.clock) {
    const auto age = static_cast<std::uint64_t>(seconds * static_cast<double>(kSecond));
    task.last_arrival = *snapshot.machine.clock - std::min(*snapshot.machine.clock, age);
  }
  return snapshot.tasks.emplace_back(std::move(task));
}

void add_young_wait(Snapshot& snapshot) {
  constexpr std::uint64_t kLock = 0xffff'8dea'f000'0000;
  const std::uint64_t holder = add_bystander(snapshot, model::TaskState::kUninterruptible, 0.002).address;
  const model::Task& waiter = add_bystander(snapshot, model::TaskState::kUninterruptible, 0.001);
  snapshot.resource_at(kLock, model::ResourceKind::kMutex).holders.push_back({model::task_node(holder), {}, {}, {}});
  model::Wait wait;
  wait.waiter = model::task_node(waiter.address);
  wait.on = model::resource_node(kLock);
  wait.since = waiter.last_arrival;
  snapshot.waits.push_back(std::move(wait));
}

void lose_registers(model::Cpu& cpu) {
  cpu.register_source = model::RegisterSource::kNone;
  cpu.registers.clear();
  cpu.in_user_mode = false;
  cpu.stack = {};
  cpu.contexts.clear();
  cpu.dump_role = model::DumpRole::kNone;
  cpu.activity.reset();
  cpu.busy_wait = model::BusyWait::kNone;
  cpu.interrupts_enabled.reset();
  cpu.activity_preempt_depth.reset();
  cpu.activity_softirq_depth.reset();
  cpu.loop.reset();
}

void lose_stack(model::Task& task) {
  task.stack = {};
  task.stack.end = model::StackEndReason::kUnreadable;
}

void lose_task(Snapshot& snapshot, std::uint64_t address) {
  std::erase_if(snapshot.tasks, [&](const model::Task& task) { return task.address == address; });
  snapshot.gaps.push_back({std::string(model::kGapTasks), "a page is missing"});
}

void add_losses_of_waits(const Snapshot& snapshot, std::vector<Mutation>& all) {
  for (std::size_t i = 0; i < snapshot.waits.size(); ++i) {
    const std::string name = " of wait " + std::to_string(i);
    all.push_back(
        {"without the whole" + name, [i](Snapshot& s) { s.waits.erase(s.waits.begin() + static_cast<int>(i)); }, true});
    all.push_back({"without the beginning" + name, [i](Snapshot& s) { s.waits[i].since.reset(); }});
  }
}

void add_losses_of_resources(const Snapshot& snapshot, std::vector<Mutation>& all) {
  for (std::size_t i = 0; i < snapshot.resources.size(); ++i) {
    const std::string name = " of resource " + std::to_string(i);
    const std::uint64_t address = snapshot.resources[i].address;
    all.push_back({"without the facts" + name, [i](Snapshot& s) { s.resources[i].facts = {}; }});
    all.push_back({"without the whole" + name,
                   [i, address](Snapshot& s) {
                     s.resources.erase(s.resources.begin() + static_cast<int>(i));
                     std::erase_if(s.waits,
                                   [&](const model::Wait& wait) { return wait.on == model::resource_node(address); });
                   },
                   true});
    if (snapshot.resources[i].holders.size() == 1)
      all.push_back({"without the holder" + name, [i](Snapshot& s) { s.resources[i].holders.clear(); }});
  }
}

void add_losses_of_cpus(const Snapshot& snapshot, std::vector<Mutation>& all) {
  for (std::size_t i = 0; i < snapshot.cpus.size(); ++i) {
    const std::string name = " of CPU " + std::to_string(snapshot.cpus[i].number);
    all.push_back({"without the registers" + name, [i](Snapshot& s) { lose_registers(s.cpus[i]); }});
    all.push_back({"without the watchdog" + name, [i](Snapshot& s) { s.cpus[i].watchdog = {}; }});
    all.push_back({"without the clock" + name, [i](Snapshot& s) { s.cpus[i].runqueue.clock.reset(); }});
    all.push_back({"without the loop" + name, [i](Snapshot& s) { s.cpus[i].loop.reset(); }});
    all.push_back({"without the stopper" + name, [i](Snapshot& s) { s.cpus[i].stopper.reset(); }});
    all.push_back({"without the preempt count" + name, [i](Snapshot& s) {
                     s.cpus[i].preempt_count.reset();
                     s.cpus[i].activity_preempt_depth.reset();
                     s.cpus[i].activity_softirq_depth.reset();
                   }});
  }
}

// Of those alone that wait, hold or run: what the others lose decides nothing.
void add_losses_of_tasks(const Snapshot& snapshot, std::vector<Mutation>& all) {
  std::set<std::uint64_t> involved;
  for (const model::Wait& wait : snapshot.waits) involved.insert(wait.waiter.id);
  for (const model::Resource& resource : snapshot.resources)
    for (const model::Holder& holder : resource.holders) involved.insert(holder.who.id);
  for (const model::Cpu& cpu : snapshot.cpus) involved.insert(cpu.task);
  for (std::size_t i = 0; i < snapshot.tasks.size(); ++i) {
    const model::Task& task = snapshot.tasks[i];
    if (!involved.contains(task.address)) continue;
    const std::string name = " of task " + std::to_string(task.pid);
    all.push_back({"without the stack" + name, [i](Snapshot& s) { lose_stack(s.tasks[i]); }});
    all.push_back({"without the arrival" + name, [i](Snapshot& s) { s.tasks[i].last_arrival.reset(); }});
    all.push_back({"without the whole" + name, [address = task.address](Snapshot& s) { lose_task(s, address); }, true});
  }
}

}  // namespace

void shuffle(Snapshot& snapshot, Random& random) {
  std::shuffle(snapshot.waits.begin(), snapshot.waits.end(), random);
  std::shuffle(snapshot.resources.begin(), snapshot.resources.end(), random);
  std::shuffle(snapshot.modules.begin(), snapshot.modules.end(), random);
  std::shuffle(snapshot.gaps.begin(), snapshot.gaps.end(), random);
  std::shuffle(snapshot.tasks.begin(), snapshot.tasks.end(), random);
}

std::string with_other_names(const std::string& text, const Snapshot& snapshot,
                             std::map<std::uint64_t, std::uint64_t>& back) {
  std::set<std::uint64_t> known;
  for (const model::Task& task : snapshot.tasks) known.insert(task.address);
  for (const model::Resource& resource : snapshot.resources) known.insert(resource.address);
  for (const model::Task& task : snapshot.tasks) back[task.address ^ kOtherPlace] = task.address;
  std::string other;
  other.reserve(text.size());
  constexpr std::string_view kAddress = "\"0x";
  std::size_t from = 0;
  for (std::size_t at = text.find(kAddress); at != std::string::npos; at = text.find(kAddress, from)) {
    const char* digits = text.data() + at + kAddress.size();
    std::uint64_t value = 0;
    const char* end = std::from_chars(digits, text.data() + text.size(), value, 16).ptr;
    other.append(text, from, at + kAddress.size() - from);
    from = static_cast<std::size_t>(end - text.data());
    if (*end == '"' && known.contains(value)) value ^= kOtherPlace;
    char hex[17] = {};
    other.append(hex, std::to_chars(hex, hex + 16, value, 16).ptr);
  }
  other.append(text, from);
  for (const model::Module& module : snapshot.modules) {
    replace_all(other, "[" + module.name + "]", "[another_" + module.name + "]");
    // Behind a key that ends so, or first in the list of modules: the name may be a word of the format's as well.
    replace_all(other, "module\":\"" + module.name + "\"", "module\":\"another_" + module.name + "\"");
    replace_all(other, "{\"name\":\"" + module.name + "\"", "{\"name\":\"another_" + module.name + "\"");
  }
  return other;
}

std::vector<Mutation> innocents() {
  using model::TaskState;
  std::vector<Mutation> all;
  all.push_back({"with a daemon that waits for its client",
                 [](Snapshot& s) { add_bystander(s, TaskState::kInterruptible, 3600); }});
  all.push_back({"with a kernel thread that waits for work",
                 [](Snapshot& s) { add_bystander(s, TaskState::kIdle, 3600).is_kernel_thread = true; }});
  all.push_back({"with a zombie", [](Snapshot& s) { add_bystander(s, TaskState::kZombie, 60).exit_state = 0x20; }});
  all.push_back({"with a read from a disk", [](Snapshot& s) { add_bystander(s, TaskState::kUninterruptible, 0.003); }});
  all.push_back({"with a stopped job of a shell", [](Snapshot& s) { add_bystander(s, TaskState::kStopped, 600); }});
  all.push_back({"with a mutex that is held for a moment", add_young_wait});
  return all;
}

std::vector<Mutation> losses(const Snapshot& snapshot) {
  std::vector<Mutation> all;
  add_losses_of_waits(snapshot, all);
  add_losses_of_resources(snapshot, all);
  add_losses_of_cpus(snapshot, all);
  add_losses_of_tasks(snapshot, all);
  all.push_back({"without the machine's clock", [](Snapshot& s) { s.machine.clock.reset(); }});
  all.push_back({"without the kind of preemption", [](Snapshot& s) { s.machine.preemption.clear(); }});
  all.push_back({"without the limit for hung tasks", [](Snapshot& s) { s.machine.hung_task_timeout.reset(); }});
  all.push_back({"without requests to stop", [](Snapshot& s) { s.stop_machine.clear(); }});
  all.push_back({"without what went wrong before", [](Snapshot& s) { s.incidents.clear(); }});
  all.push_back({"without the log's complaint", [](Snapshot& s) { s.machine.complaint.reset(); }});
  return all;
}

}  // namespace whyhung::test
