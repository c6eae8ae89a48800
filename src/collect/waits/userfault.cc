// SPDX-License-Identifier: GPL-2.0-or-later
// Faults on memory whose pages another process brings, or another thread of the same one (userfaultfd).
#include <algorithm>

#include "collect/waits/sleepers.h"
#include "collect/waits/waits.h"
#include "kernel/userfault.h"

namespace whyhung::collect {
namespace {

using model::Certainty;
using model::EvidenceKind;

bool faults_itself(const Workbench& bench, const model::Task& task) {
  return std::ranges::any_of(task.stack.frames, [&](const model::StackFrame& frame) {
    return bench.snapshot.location(frame).meanings.has(names::Meaning::kWaitsForUserfault);
  });
}

// Of a process that has the userfaultfd open, a thread that can bring pages: none that waits for one. Null: there is
// none.
const model::Task* who_could_serve(const Workbench& bench, std::uint64_t process) {
  const model::Task* first = bench.snapshot.find_task(process);
  if (first == nullptr) return nullptr;
  const auto found = std::ranges::find_if(bench.snapshot.tasks, [&](const model::Task& task) {
    const bool has_exited = task.state == model::TaskState::kZombie || task.state == model::TaskState::kDead;
    return task.tgid == first->tgid && !has_exited && !faults_itself(bench, task);
  });
  return found == bench.snapshot.tasks.end() ? nullptr : &*found;
}

void describe(WaitContext& context, model::Resource& resource) {
  resource.name = "of memory (userfaultfd)";
  resource.facts = model::ServerFacts{model::ServerKind::kUserfault, {}};
  resource.evidence.push_back({EvidenceKind::kField, "userfaultfd_ctx", resource.address, {}});
  std::vector<const model::Task*> halted;
  std::vector<const model::Task*> others;
  for (const std::uint64_t process :
       context.open_files().processes_with_private_data(VirtualAddress(resource.address))) {
    const model::Task* task = who_could_serve(context.bench, process);
    if (task == nullptr) continue;
    (task->is_halted() ? halted : others).push_back(task);
  }
  const bool is_alone = halted.size() + others.size() == 1;
  halted.insert(halted.end(), others.begin(), others.end());
  for (const model::Task* task : halted) {
    // A file that was inherited need not be used.
    resource.holders.push_back({model::task_node(task->address),
                                model::HolderRole::kServes,
                                is_alone ? Certainty::kCertain : Certainty::kPossible,
                                {{EvidenceKind::kField,
                                  "userfaultfd_ctx, the private data of a file that it has open",
                                  resource.address,
                                  {}}}});
  }
}

void read_userfault(WaitContext& context, const Sleeper& sleeper) {
  const auto queue = context.waited_queue(sleeper);
  if (!queue) return;
  const auto fault = context.view<kernel::UserfaultView>().fault_in(context.bench.access.memory, *queue);
  if (!fault) return;
  model::Resource& resource = context.bench.resource_at(fault->context.value, model::ResourceKind::kServer);
  if (resource.evidence.empty()) describe(context, resource);
  model::WaitHow how = model::WaitKind::kSleepsForAnswer;
  how.request = "PAGEFAULT";
  how.taken_up = fault->was_read;
  context.add_wait(sleeper, fault->context, std::move(how),
                   {EvidenceKind::kField, "userfaultfd_wait_queue.ctx", fault->record.value,
                    fmt::format("{:#x}", fault->context.value)});
}

}  // namespace

const WaitReader kUserfaultReader = {"userfault", names::Meaning::kWaitsForUserfault, read_userfault};

}  // namespace whyhung::collect
