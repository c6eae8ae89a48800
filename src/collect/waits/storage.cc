// SPDX-License-Identifier: GPL-2.0-or-later
// Waits for a block device: for a page that it reads or writes, and for a file system that was frozen to leave it
// alone.
#include <algorithm>
#include <array>

#include "collect/waits/servers.h"
#include "collect/waits/waits.h"
#include "kernel/storage.h"

namespace whyhung::collect {
namespace {

using model::Certainty;
using model::EvidenceKind;
using model::ResourceKind;

class StorageReader {
 public:
  StorageReader(WaitContext& context, const Sleeper& sleeper)
      : context_(context), bench_(context.bench), sleeper_(sleeper), view_(context.view<kernel::StorageView>()) {}

  void read_page() {
    const auto page = view_.waited_page(bench_.access.memory, VirtualAddress(sleeper_.task.address), sleeper_.stack);
    if (!page) return;
    const model::Evidence record{EvidenceKind::kField, "wait_page_queue.folio on its stack", page->folio.value, {}};
    if (page->is_idle) {
      // Another task has it locked, and nothing says which.
      bench_.resource_at(page->folio.value, ResourceKind::kBitWait).name = "of a page that is up to date: its lock";
      context_.add_wait(sleeper_, page->folio, model::WaitKind::kSleepsForPageLock, record);
      return;
    }
    const auto files = view_.file_system_of_folio(bench_.access.memory, page->folio);
    if (!files) return;
    const VirtualAddress below = files->disk.is_null() ? server_of(*files) : files->disk;
    if (below.is_null()) return;
    if (!files->disk.is_null()) {
      model::Resource& device = bench_.resource_at(below.value, ResourceKind::kDevice);
      if (device.evidence.empty()) describe_disk(device, below);
      auto& facts = model::facts_in<model::DeviceFacts>(device);
      if (facts.file_system.empty()) facts.file_system = files->type;
    }
    context_.add_wait(sleeper_, below, model::WaitKind::kSleepsForPage, record);
    // Whoever locked the page may also be busy with something else.
    bench_.snapshot.waits.back().certainty = Certainty::kLikely;
  }

  void read_buffer() {
    const VirtualMemory& memory = bench_.access.memory;
    const auto waited =
        context_.view<kernel::BitWaitView>().waited_for(memory, VirtualAddress(sleeper_.task.address), sleeper_.stack);
    if (!waited) return;
    const VirtualAddress disk = view_.disk_of_buffer(memory, waited->word);
    if (disk.is_null() || !view_.disk(memory, disk)) return;
    model::Resource& device = bench_.resource_at(disk.value, ResourceKind::kDevice);
    if (device.evidence.empty()) describe_disk(device, disk);
    context_.add_wait(
        sleeper_, disk, model::WaitKind::kSleepsForBuffer,
        {EvidenceKind::kField, "buffer_head.b_state, for a bit of which it waits", waited->word.value, {}});
    bench_.snapshot.waits.back().certainty = Certainty::kLikely;
  }

  void read_freeze() {
    const auto queue = context_.waited_queue(sleeper_);
    const auto lock = queue ? view_.percpu_lock_with_queue(queue->head) : std::nullopt;
    if (!lock) return;
    const auto files = view_.file_system_with_lock(bench_.access, *lock);
    if (!files || files->frozen == 0) return;
    model::Resource& frozen = bench_.resource_at(files->super_block.value, ResourceKind::kDevice);
    if (frozen.evidence.empty()) describe_frozen(frozen, *files);
    context_.add_wait(
        sleeper_, files->super_block, model::WaitKind::kSleepsUntilThawed,
        {EvidenceKind::kList, "entry on its stack, linked into the queue of s_writers.rw_sem", queue->entry.value, {}});
  }

 private:
  std::string module_name(VirtualAddress module) const {
    const auto found = std::ranges::find(bench_.modules, module, &kernel::LoadedModule::address);
    return found == bench_.modules.end() ? std::string() : found->name;
  }

  // The server of a file system without a disk; null: it has none that is known.
  VirtualAddress server_of(const kernel::FileSystem& files) {
    const VirtualMemory& memory = bench_.access.memory;
    if (files.info.is_null()) return files.info;
    if (files.type == "nfs" || files.type == "nfs4") {
      const auto server = context_.view_of<kernel::RpcView>(module_name(files.code)).server_of_nfs(memory, files.info);
      if (!server) return VirtualAddress(0);
      add_rpc_server(context_, *server);
      return server->transport;
    }
    if (files.type != "fuse") return VirtualAddress(0);
    const auto& view = context_.view_of<kernel::FuseView>(module_name(files.code));
    const VirtualAddress connection = view.connection_of_mount(memory, files.info);
    return !connection.is_null() && add_fuse_server(context_, view, connection) ? connection : VirtualAddress(0);
  }

  void describe_disk(model::Resource& resource, VirtualAddress address) {
    const auto disk = view_.disk(bench_.access.memory, address);
    if (!disk) return;
    if (resource.name.empty()) resource.name = disk->name;
    auto& facts = model::facts_in<model::DeviceFacts>(resource);
    facts.number = {static_cast<std::uint32_t>(disk->major), static_cast<std::uint32_t>(disk->minor)};
    resource.evidence.push_back({EvidenceKind::kField, "gendisk.disk_name", address.value, disk->name});
    facts.driver = context_.object_name(disk->operations);
    // drivers/md/dm.c names its disks; whether this is one their structures say.
    if (!disk->name.starts_with("dm-")) return;
    debuginfo::TypeSource& types = context_.module_types.of(module_name(disk->driver));
    const auto mapped = kernel::read_mapped_device(bench_.access.memory, types, address);
    if (!mapped) return;
    facts.mapped_as = mapped->name;
    facts.suspended = mapped->suspended;
    resource.evidence.push_back(
        {EvidenceKind::kField, "mapped_device.flags: suspended", address.value, mapped->suspended ? "1" : "0"});
  }

  void describe_frozen(model::Resource& resource, const kernel::FileSystem& files) {
    resource.name = fmt::format("{} ({})", files.id, files.type);
    constexpr auto kMost = static_cast<std::uint64_t>(model::FreezeLevel::kCompletely);
    model::facts_in<model::DeviceFacts>(resource).frozen =
        static_cast<model::FreezeLevel>(std::min<std::uint64_t>(files.frozen, kMost));
    resource.evidence.push_back(
        {EvidenceKind::kField, "super_block.s_writers.frozen", files.super_block.value, std::to_string(files.frozen)});
    if (!files.disk.is_null()) describe_disk(resource, files.disk);
  }

  WaitContext& context_;
  Workbench& bench_;
  const Sleeper& sleeper_;
  const kernel::StorageView& view_;
};

void read_page_wait(WaitContext& context, const Sleeper& sleeper) {
  StorageReader(context, sleeper).read_page();
}
void read_buffer_wait(WaitContext& context, const Sleeper& sleeper) {
  StorageReader(context, sleeper).read_buffer();
}
void read_freeze_wait(WaitContext& context, const Sleeper& sleeper) {
  StorageReader(context, sleeper).read_freeze();
}

}  // namespace

const WaitReader kPageReader = {"page", names::Meaning::kWaitsForPage, read_page_wait};
const WaitReader kBufferReader = {"buffer", names::Meaning::kWaitsForBuffer, read_buffer_wait};
const WaitReader kFreezeReader = {"freeze", names::Meaning::kWaitsForThaw, read_freeze_wait};

}  // namespace whyhung::collect
