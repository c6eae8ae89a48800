// SPDX-License-Identifier: GPL-2.0-or-later
// kernel_bindings FILE: binds every view of the kernel layer to the distilled types of a kernel, without any dump, and
// says as JSON what each found and what that kernel lacks. The views are listed once, below; support_table.py sees to
// it that none is forgotten.
#include <functional>
#include <iostream>
#include <set>

#include <nlohmann/json.hpp>

#include "arch/architecture.h"
#include "debuginfo/distilled.h"
#include "kernel/call_queue.h"
#include "kernel/completion.h"
#include "kernel/cpu_bandwidth.h"
#include "kernel/cpu_stopper.h"
#include "kernel/file_lock.h"
#include "kernel/fuse.h"
#include "kernel/futex.h"
#include "kernel/interrupts.h"
#include "kernel/kthread.h"
#include "kernel/memory_map.h"
#include "kernel/module.h"
#include "kernel/open_files.h"
#include "kernel/printk.h"
#include "kernel/rcu.h"
#include "kernel/rpc.h"
#include "kernel/rt_mutex.h"
#include "kernel/runqueue.h"
#include "kernel/rwbase.h"
#include "kernel/sleeping_lock.h"
#include "kernel/soft_mask.h"
#include "kernel/spinlock.h"
#include "kernel/storage.h"
#include "kernel/switch_frame.h"
#include "kernel/system.h"
#include "kernel/task.h"
#include "kernel/wait_queue.h"
#include "kernel/workqueue.h"
#include "kernel/xarray.h"
#include "support/fake_memory.h"

namespace whyhung::test {
namespace {

using namespace kernel;
using nlohmann::ordered_json;

// Notes which types and enumerators are asked for in vain.
class NotingTypes final : public debuginfo::TypeSource {
 public:
  explicit NotingTypes(std::shared_ptr<debuginfo::TypeSource> types) : types_(std::move(types)) {}
  std::string description() const override { return types_->description(); }
  std::optional<std::uint64_t> size_of(std::string_view type) override { return note(type, types_->size_of(type)); }
  std::optional<debuginfo::Member> member(std::string_view type, std::string_view path) override {
    note(type, types_->size_of(type));
    asked.insert(fmt::format("{}.{}", type, path));
    auto found = types_->member(type, path);
    if (found) ++found_;
    return found;
  }
  std::optional<std::int64_t> enumerator(std::string_view name) override { return types_->enumerator(name); }

  std::vector<std::string> unknown;
  std::set<std::string> asked;  // "type.path"
  std::size_t found() const { return found_; }

 private:
  std::optional<std::uint64_t> note(std::string_view type, std::optional<std::uint64_t> size) {
    if (!size && std::ranges::find(unknown, type) == unknown.end()) unknown.emplace_back(type);
    return size;
  }
  std::shared_ptr<debuginfo::TypeSource> types_;
  std::size_t found_ = 0;
};

struct Machine {
  const arch::Architecture& architecture;
  const Access& access;
};

struct View {
  const char* name;
  std::function<void(const Machine&, Binder&)> bind;
};

const std::vector<View>& views() {
  static const std::vector<View> all = {
      {"tasks", [](const Machine& m, Binder& b) { TaskView::bind(m.access, b); }},
      {"tree of pids", [](const Machine&, Binder& b) { XArrayView::bind(b); }},
      {"address spaces", [](const Machine&, Binder& b) { MemoryMapView::bind(b); }},
      {"saved registers of sleepers",
       [](const Machine& m, Binder& b) { SwitchFrameView::bind(m.architecture, b, m.access.types); }},
      {"kernel threads", [](const Machine&, Binder& b) { KthreadView::bind(b); }},
      {"run queues", [](const Machine&, Binder& b) { RunqueueView::bind(b); }},
      {"CPU time of control groups", [](const Machine&, Binder& b) { CpuBandwidthView::bind(b); }},
      {"stoppers", [](const Machine& m, Binder& b) { StopperView::bind(m.access, b); }},
      {"interrupts and preemption", [](const Machine& m, Binder& b) { InterruptView::bind(m.access, b); }},
      {"software interrupt mask", [](const Machine& m, Binder& b) { SoftMaskView::bind(m.architecture, m.access, b); }},
      {"calls between CPUs", [](const Machine&, Binder& b) { CallQueueView::bind(b); }},
      {"mutexes", [](const Machine&, Binder& b) { SleepingLockView::bind(LockKind::kMutex, b); }},
      {"rw_semaphores", [](const Machine&, Binder& b) { SleepingLockView::bind(LockKind::kRwSemaphore, b); }},
      {"semaphores", [](const Machine&, Binder& b) { SleepingLockView::bind(LockKind::kSemaphore, b); }},
      {"rt_mutexes", [](const Machine&, Binder& b) { RtMutexView::bind(b); }},
      {"old spinlocks", [](const Machine&, Binder& b) { SpinlockView::bind(b); }},
      {"completions", [](const Machine&, Binder& b) { CompletionView::bind(b); }},
      {"wait queues", [](const Machine&, Binder& b) { WaitQueueView::bind(b); }},
      {"waits for bits", [](const Machine&, Binder& b) { BitWaitView::bind(b); }},
      {"file locks", [](const Machine&, Binder& b) { FileLockView::bind(b); }},
      {"open files", [](const Machine&, Binder& b) { OpenFilesView::bind(b); }},
      {"futexes", [](const Machine&, Binder& b) { FutexView::bind(b); }},
      {"numbers of threads", [](const Machine&, Binder& b) { ThreadIdView::bind(b); }},
      {"block devices", [](const Machine&, Binder& b) { StorageView::bind(b); }},
      {"FUSE requests", [](const Machine& m, Binder&) { FuseView::bind(m.access.types); }},
      {"real-time reader-writer locks", [](const Machine&, Binder& binder) { RwBaseView::bind(binder); }},
      {"RPC calls", [](const Machine& m, Binder&) { RpcView::bind(m.access.types); }},
      {"workqueues", [](const Machine&, Binder& b) { WorkqueueView::bind(b); }},
      {"grace periods", [](const Machine& m, Binder& b) { (void)read_grace_period(m.access, b); }},
      {"modules", [](const Machine& m, Binder&) { (void)read_modules(m.access); }},
      {"log", [](const Machine& m, Binder&) { (void)read_kernel_log(m.access, 1); }},
      {"name of the system", [](const Machine& m, Binder&) { (void)read_uts_name(m.access); }},
      {"clocks", [](const Machine& m, Binder&) { (void)read_clocks(m.access); }},
      {"memory", [](const Machine& m, Binder&) { (void)read_memory_bytes(m.access, 4096); }},
  };
  return all;
}

std::string release_of(std::string_view banner) {
  constexpr std::string_view kBegin = "Linux version ";
  if (!banner.starts_with(kBegin)) return {};
  banner.remove_prefix(kBegin.size());
  return std::string(banner.substr(0, banner.find(' ')));
}

Result<ordered_json> describe(const std::string& path) {
  TRY_ASSIGN(const auto source, open_file_source(path));
  TRY_ASSIGN(const auto file, debuginfo::read_distilled(*source));
  const arch::Architecture* architecture = arch::find_architecture(file->machine, {}, {});
  if (architecture == nullptr) return fail(ErrorKind::kUnsupported, "{}: a machine that is not read", path);
  const FakeMemory memory(file->byte_order);
  const auto symbols = debuginfo::distilled_symbols(file, 0);
  ordered_json out = {{"release", release_of(file->banner)},
                      {"machine", architecture->name},
                      {"build_id", file->build_id},
                      {"from", file->origin},
                      {"bytes", source->size()}};
  for (const View& view : views()) {
    NotingTypes types(debuginfo::distilled_types(file, path));
    const Access access{memory, types, *symbols};
    Binder binder(types);
    view.bind({*architecture, access}, binder);
    out["views"].push_back({{"name", view.name},
                            {"bound", types.found()},
                            {"missing", binder.missing()},
                            {"absent", binder.absent()},
                            {"asked", types.asked},
                            {"unknown_types", types.unknown}});
  }
  return out;
}

}  // namespace
}  // namespace whyhung::test

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const auto described = whyhung::test::describe(argv[1]);
  if (!described) {
    std::cerr << described.error().what << "\n";
    return 2;
  }
  std::cout << described->dump(1) << "\n";
  return 0;
}
