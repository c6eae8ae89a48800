// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/waits/sleepers.h"

#include <algorithm>
#include <array>
#include <unordered_map>

#include "kernel/known_code.h"

namespace whyhung::collect {
namespace {

constexpr std::array<const WaitReader*, 3> kReaders = {&kMutexReader, &kRwSemaphoreReader, &kSemaphoreReader};
constexpr std::uint32_t kMostFrames =
    12;  // frames from the innermost on among which the waiting function is looked for

bool matches(std::string_view pattern, std::string_view name) {
  if (pattern.ends_with('*')) return name.starts_with(pattern.substr(0, pattern.size() - 1));
  return pattern == name;
}

const WaitReader* reader_for(const model::CodeLocation& location) {
  if (!location.module.empty()) return nullptr;
  const std::string_view name = kernel::base_name(location.function);
  for (const WaitReader* reader : kReaders) {
    const auto knows = [&](std::string_view pattern) { return matches(pattern, name); };
    if (std::ranges::any_of(reader->functions, knows)) return reader;
  }
  return nullptr;
}

bool sleeps(const model::Task& task) {
  switch (task.state) {
    case model::TaskState::kInterruptible:
    case model::TaskState::kUninterruptible:
    case model::TaskState::kIdle: return true;
    default: return false;
  }
}

}  // namespace

const kernel::SleepingLockView& WaitContext::lock_view(kernel::LockKind kind) {
  auto& view = locks_[static_cast<std::size_t>(kind)];
  if (!view) {
    kernel::Binder binder(bench.access.types);
    view = kernel::SleepingLockView::bind(kind, binder);
  }
  return *view;
}

const std::string& WaitContext::function(const Sleeper& sleeper, std::uint32_t frame) const {
  static const std::string kNone;
  if (frame >= sleeper.task.stack.frames.size()) return kNone;
  return bench.snapshot.location(sleeper.task.stack.frames[frame]).function;
}

std::string WaitContext::object_name(VirtualAddress object) {
  const auto symbol = bench.access.symbols.find_covering(object);
  if (!symbol) return {};
  return bench.function_name(object);
}

void collect_sleepers(Workbench& bench) {
  WaitContext context(bench);
  // Twenty thousand tasks stand at some fifty places: each place is looked up once.
  std::unordered_map<std::uint32_t, const WaitReader*> known;
  for (const model::Task& task : bench.snapshot.tasks) {
    if (!sleeps(task) || task.stack.frames.empty() || task.stack_size == 0) continue;
    const auto count = static_cast<std::uint32_t>(std::min<std::size_t>(task.stack.frames.size(), kMostFrames));
    for (std::uint32_t frame = 0; frame < count; ++frame) {
      const std::uint32_t location = task.stack.frames[frame].location;
      const auto [entry, is_new] = known.try_emplace(location, nullptr);
      if (is_new) entry->second = reader_for(bench.snapshot.locations[location]);
      if (entry->second == nullptr) continue;
      const VirtualRange stack{VirtualAddress(task.stack.frames.front().sp),
                               VirtualAddress(task.stack_base + task.stack_size)};
      if (!stack.empty()) entry->second->read(context, {task, frame, stack});
      break;
    }
  }
}

}  // namespace whyhung::collect
