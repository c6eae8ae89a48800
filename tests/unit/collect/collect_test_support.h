// SPDX-License-Identifier: GPL-2.0-or-later
// A fake machine that is collected from once it is complete, and short questions about the snapshot that comes of it.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

#include "collect/collect.h"
#include "support/facts_text.h"
#include "support/fake_completions.h"
#include "support/fake_kernel.h"
#include "support/fake_locks.h"
#include "support/fake_workqueues.h"

namespace whyhung::collect {

using test::FakeFrame;
using test::FakeKernel;
using test::interrupted;

class CollectTest : public testing::Test {
 protected:
  explicit CollectTest(std::uint32_t cpus = 4) : kernel(cpus) {}

  FakeKernel kernel;

  // The machine as it is when this is first called.
  const model::Snapshot& snapshot() {
    if (bench_) return bench_->snapshot;
    auto made = Workbench::create(kernel.target);
    if (!made) throw std::runtime_error(made.error().what);
    bench_ = *std::move(made);
    StageClock clock;
    collect_snapshot(*bench_, "vmcore", clock);
    return bench_->snapshot;
  }
  Workbench& bench() {
    snapshot();
    return *bench_;
  }

  model::NodeId task(std::uint32_t pid) { return model::task_node(kernel.task(pid)); }
  const model::Task& the_task(std::uint32_t pid) {
    const model::Task* found = snapshot().find_task(kernel.task(pid));
    if (found == nullptr) throw std::runtime_error("the snapshot has no task " + std::to_string(pid));
    return *found;
  }
  const model::Cpu& cpu(std::uint32_t number) { return snapshot().cpus.at(number); }

  // Everything that a task or CPU waits for, by address.
  std::vector<std::uint64_t> waits_of(model::NodeId waiter) {
    std::vector<std::uint64_t> found;
    for (const model::Wait& wait : snapshot().waits) {
      if (wait.waiter == waiter) found.push_back(wait.on.id);
    }
    return found;
  }
  std::vector<std::uint64_t> waits_of(std::uint32_t pid) { return waits_of(task(pid)); }
  const model::Wait& wait_of(model::NodeId waiter) {
    const auto found = std::ranges::find(snapshot().waits, waiter, &model::Wait::waiter);
    if (found == snapshot().waits.end()) throw std::runtime_error("it waits for nothing");
    return *found;
  }
  const model::Wait& wait_of(std::uint32_t pid) { return wait_of(task(pid)); }
  const model::Resource& resource(std::uint64_t address) {
    const model::Resource* found = snapshot().find_resource(address);
    if (found == nullptr) throw std::runtime_error("the snapshot has no such resource");
    return *found;
  }
  // What a task waits for.
  const model::Resource& waited_for_by(std::uint32_t pid) { return resource(wait_of(pid).on.id); }

  std::string gap(std::string_view what) {
    const auto found = std::ranges::find(snapshot().gaps, what, &Gap::what);
    return found == snapshot().gaps.end() ? std::string() : found->why;
  }

 private:
  std::unique_ptr<Workbench> bench_;
};

using Nodes = std::vector<model::NodeId>;
using Addresses = std::vector<std::uint64_t>;

inline Nodes holders_of(const model::Resource& resource) {
  Nodes found;
  for (const model::Holder& holder : resource.holders) found.push_back(holder.who);
  return found;
}
// The one holder's part; nothing when there is not exactly one.
inline std::optional<model::HolderRole> role_of(const model::Resource& resource) {
  if (resource.holders.size() != 1) return std::nullopt;
  return resource.holders.front().role;
}
inline std::string fact(const model::Resource& resource, std::string_view name) {
  return test::fact_text(resource.facts, name);
}
// "sleeps exclusive in update [mutexes]".
inline std::string how_of(const model::Wait& wait) {
  std::string text(model::name_of(wait.how.kind));
  if (wait.how.mode) text += " " + std::string(model::name_of(*wait.how.mode));
  if (!wait.how.function.empty()) text += " in " + wait.how.function;
  return wait.how.module.empty() ? text : text + " [" + wait.how.module + "]";
}
// The value that a piece of evidence about a field, list or frame gives; "absent" when there is none.
inline std::string evidence(const std::vector<model::Evidence>& all, std::string_view what) {
  const auto found = std::ranges::find(all, what, &model::Evidence::what);
  return found == all.end() ? "absent" : found->value;
}

}  // namespace whyhung::collect

namespace whyhung::model {

inline void PrintTo(const NodeId& node, std::ostream* out) {
  *out << name_of(node.kind) << fmt::format(" {:#x}", node.id);
}

}  // namespace whyhung::model
