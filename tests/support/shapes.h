// SPDX-License-Identifier: GPL-2.0-or-later
// Machines of any size in shapes that make work grow: each takes about so many tasks.
#pragma once

#include <string>
#include <string_view>

#include "model/snapshot.h"

namespace whyhung::test {

enum class Shape : std::uint8_t {
  kOwnCompletions,  // each task waits for a completion of its own
  kPairs,           // one task holds what the next one wants, and sleeps
  kChain,           // each task holds what the one before it wants
  kRing,            // the same, and the last one wants what the first one holds
  kOneLock,         // all want the same lock
};
inline constexpr auto kShapes = std::to_array<std::pair<std::string_view, Shape>>({
    {"own completions", Shape::kOwnCompletions},
    {"pairs", Shape::kPairs},
    {"chain", Shape::kChain},
    {"ring", Shape::kRing},
    {"one lock", Shape::kOneLock},
});

// A machine of one idle CPU at second 100 of its clock whose tasks have all slept for 60 s.
class ShapeMaker {
 public:
  explicit ShapeMaker(std::size_t count) {
    snapshot_.machine.clock = 100 * kSecond;
    snapshot_.machine.architecture = "x86_64";
    snapshot_.cpus.emplace_back();
    snapshot_.cpus[0].runqueue.clock = 100 * kSecond;
    snapshot_.locations.emplace_back();
    snapshot_.locations[0].function = "waits_for_ever";
    snapshot_.locations[0].module = "shapes";
    for (std::size_t i = 0; i < count; ++i) {
      model::Task& task = snapshot_.tasks.emplace_back();
      task.address = address_of(i);
      task.pid = task.tgid = static_cast<std::uint32_t>(100 + i);
      task.comm = "task" + std::to_string(i);
      task.state = model::TaskState::kUninterruptible;
      task.last_arrival = 40 * kSecond;
      task.stack.frames.push_back({0, model::FrameOrigin::kRegisters, task.address});
    }
  }

  // `task` wants resource `number`, which `holder` holds; there may be no holder.
  void wants(std::size_t task, std::size_t number, model::ResourceKind kind,
             std::optional<std::size_t> holder = std::nullopt) {
    const std::uint64_t address = 0xffff800000000000 + number * 64;
    if (number >= snapshot_.resources.size()) {
      model::Resource& resource = snapshot_.resources.emplace_back();
      resource.address = address;
      resource.kind = kind;
      if (holder) {
        resource.holders.push_back(
            {model::task_node(address_of(*holder)), model::HolderRole::kOwner, model::Certainty::kCertain, {}});
      }
    }
    snapshot_.waits.push_back({model::task_node(address_of(task)),
                               model::resource_node(address),
                               model::WaitKind::kSleeps,
                               40 * kSecond,
                               model::Certainty::kCertain,
                               {}});
  }

  model::Snapshot take() { return std::move(snapshot_); }

 private:
  static constexpr std::uint64_t kSecond = 1'000'000'000;
  static std::uint64_t address_of(std::size_t task) { return 0xffff888000000000 + task * 0x4000; }
  model::Snapshot snapshot_;
};

inline model::Snapshot machine_of(Shape shape, std::size_t tasks) {
  using model::ResourceKind;
  ShapeMaker maker(tasks);
  switch (shape) {
    case Shape::kOwnCompletions:
      for (std::size_t i = 0; i < tasks; ++i) maker.wants(i, i, ResourceKind::kCompletion);
      break;
    case Shape::kPairs:
      for (std::size_t i = 0; i + 1 < tasks; i += 2) maker.wants(i, i / 2, ResourceKind::kMutex, i + 1);
      break;
    case Shape::kChain:
      for (std::size_t i = 0; i + 1 < tasks; ++i) maker.wants(i, i, ResourceKind::kMutex, i + 1);
      break;
    case Shape::kRing:
      for (std::size_t i = 0; i < tasks; ++i) maker.wants(i, i, ResourceKind::kMutex, (i + 1) % tasks);
      break;
    case Shape::kOneLock:
      for (std::size_t i = 1; i < tasks; ++i) maker.wants(i, 0, ResourceKind::kMutex, 0);
      break;
  }
  return maker.take();
}

}  // namespace whyhung::test
