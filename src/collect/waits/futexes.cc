// SPDX-License-Identifier: GPL-2.0-or-later
// Waits for futexes. The kernel does not know who will wake them; where the process's memory is in the dump, the C
// library's own record of the owner of a mutex does.
#include <array>

#include "collect/stacks.h"
#include "collect/waits/sleepers.h"
#include "target/user_memory.h"

namespace whyhung::collect {
namespace {

using model::Certainty;
using model::EvidenceKind;
using model::ResourceKind;

class FutexReader {
 public:
  FutexReader(WaitContext& context, const Sleeper& sleeper)
      : context_(context), bench_(context.bench), sleeper_(sleeper) {}

  void read() {
    const VirtualAddress task(sleeper_.task.address);
    const auto& view = context_.view<kernel::FutexView>();
    const auto waited = view.waited_for(bench_.access.memory, task, sleeper_.stack);
    // Who sets itself a time limit goes on by itself.
    if (!waited || view.has_time_limit(bench_.access, task, sleeper_.stack)) return;
    // A futex has no address that is its own among all processes: the first sleeper's record stands for it.
    const auto [known, is_new] = context_.futexes.try_emplace(waited->key, waited->record.value);
    const VirtualAddress futex(known->second);
    if (is_new) describe(bench_.resource_at(futex.value, ResourceKind::kFutex), *waited);
    context_.add_wait(sleeper_, futex, model::WaitKind::kSleepsAtWord,
                      {EvidenceKind::kField, "futex_q.key on its stack", waited->record.value,
                       fmt::format("{:#x}/{:#x}/{:#x}", waited->key.object, waited->key.word, waited->key.offset)});
  }

 private:
  void describe(model::Resource& resource, const kernel::WaitedFutex& waited) {
    resource.name = waited.key.is_in_file()
                        ? fmt::format("in page {} of inode {}", waited.key.word, waited.key.object)
                        : fmt::format("{:#x} of process {}", waited.key.address(), sleeper_.task.tgid);
    const auto root = page_tables();
    if (!root) return;
    const target::UserMemory memory(*bench_.target.dump, *bench_.target.address_space, *root,
                                    bench_.target.architecture->byte_order);
    for (const VirtualAddress address : user_addresses(waited.key)) {
      const auto mutex = kernel::read_user_mutex(memory, address);
      if (mutex.owner == 0) continue;
      const model::Task* owner = task_with_id(mutex.owner, waited.key.is_in_file());
      if (owner == nullptr) continue;
      resource.facts = model::FutexFacts{mutex.word};
      resource.evidence.push_back(
          {EvidenceKind::kField, "word of user memory", address.value, fmt::format("{:#x}", mutex.word)});
      resource.holders.push_back({model::task_node(owner->address),
                                  model::HolderRole::kOwner,
                                  Certainty::kLikely,
                                  {{EvidenceKind::kField, "owner in the C library's mutex around the word",
                                    address.value + kernel::kUserMutexOwner, std::to_string(mutex.owner)}}});
      return;
    }
  }

  std::optional<PhysicalAddress> page_tables() const {
    kernel::Binder binder(bench_.access.types);
    const kernel::Field root = binder.optional("mm_struct", {"pgd"});
    const auto memory = bench_.tasks.mm.read_pointer(bench_.access.memory, VirtualAddress(sleeper_.task.address));
    if (!memory || memory->is_null()) return std::nullopt;
    const auto tables = root.read_pointer(bench_.access.memory, *memory);
    if (!tables) return std::nullopt;
    const auto physical = bench_.target.memory->translate(*tables);
    if (!physical) return std::nullopt;
    return *physical;
  }

  // Where the sleeper has the word in its own memory. Of a word in a file the kernel keeps no address: it is one of the
  // values with which the task entered the kernel.
  std::vector<VirtualAddress> user_addresses(const kernel::FutexKey& key) {
    if (!key.is_in_file()) return {VirtualAddress(key.address())};
    constexpr std::uint64_t kInPage = 0xfff;  // the low bits of an offset, whatever the size of pages
    std::vector<VirtualAddress> found;
    const model::StackTrace trace =
        stack_of_sleeping_task(bench_, VirtualAddress(sleeper_.task.address), StackDetail::kFramesAndRegisters);
    if (trace.registers.empty() || trace.registers.back().frame != trace.frames.size()) return found;
    for (const model::RegisterValue& one : trace.registers.back().values) {
      const bool fits = (one.value & kInPage) == (key.page_offset() & kInPage);
      if (fits && !bench_.target.architecture->is_kernel_address(VirtualAddress(one.value))) {
        found.emplace_back(one.value);
      }
    }
    return found;
  }

  // The one task that user space knows by this id: a thread of the process, or for shared memory of any process.
  const model::Task* task_with_id(std::uint32_t number, bool of_any_process) const {
    const auto& view = context_.view<kernel::ThreadIdView>();
    const auto own = view.of(bench_.access.memory, VirtualAddress(sleeper_.task.address));
    if (!own) return nullptr;
    const kernel::ThreadIdView::Id wanted{number, own->name_space};
    for (const auto& [id, task] : context_.threads_with_id(number)) {
      if (id == wanted && (of_any_process || task->tgid == sleeper_.task.tgid)) return task;
    }
    return nullptr;
  }

  WaitContext& context_;
  Workbench& bench_;
  const Sleeper& sleeper_;
};

void read_futex(WaitContext& context, const Sleeper& sleeper) {
  FutexReader(context, sleeper).read();
}

}  // namespace

const WaitReader kFutexReader = {"futex", names::Meaning::kWaitsForFutex, read_futex};

}  // namespace whyhung::collect
