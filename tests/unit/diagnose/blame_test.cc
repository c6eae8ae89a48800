// SPDX-License-Identifier: GPL-2.0-or-later
// Who can act, who cannot, and of whom it is not known: needs of one, of all, and of any; and what facts that are taken
// away change.
#include "diagnose/blame.h"

#include "diagnose_test_support.h"

namespace whyhung::diagnose {
namespace {

constexpr std::uint64_t kLock = 0xffffffffc0002000;
constexpr std::uint64_t kOther = 0xffffffffc0002040;
constexpr std::uint64_t kWork = 0xffffffffc0003000;

// The snapshot with what is asked of it.
struct World {
  explicit World(SnapshotBuilder machine)
      : builder(std::move(machine)),
        index(builder.build()),
        cpus(judge_cpus(index)),
        waits(index),
        blame(index, waits, cpus) {}

  Ability task(std::uint32_t pid) { return blame.of(model::task_node(builder.address_of(pid))); }

  SnapshotBuilder builder;
  model::Index index;
  std::vector<CpuCondition> cpus;
  WaitIndex waits;
  Blame blame;
};

// Pids 10 and 11 hold a mutex each and want the other's.
SnapshotBuilder abba() {
  SnapshotBuilder b = idle_machine();
  add_resource(b, kLock, ResourceKind::kMutex, 10);
  add_resource(b, kOther, ResourceKind::kMutex, 11);
  add_waiter(b, 10, kOther, 1);
  add_waiter(b, 11, kLock, 1);
  return b;
}

TEST(Blame, ACircleOfOwnersIsStuckHoweverYoung) {
  World world(abba());
  EXPECT_EQ(world.task(10), Ability::kStuck);
  EXPECT_EQ(world.task(11), Ability::kStuck);
}

TEST(Blame, ACircleWithAHintForAnOwnerIsNotKnown) {
  SnapshotBuilder b = abba();
  b.snapshot().resources.at(0).holders.at(0).certainty = Certainty::kLikely;
  World world(std::move(b));
  EXPECT_EQ(world.task(10), Ability::kUnknown);
}

TEST(Blame, WhoWaitsForASleeperOfUnknownReasonIsNotKnown) {
  SnapshotBuilder b = idle_machine();
  add_sleeper(b, 10, 40);
  add_resource(b, kLock, ResourceKind::kMutex, 10);
  add_waiter(b, 11, kLock, 35);
  World world(std::move(b));
  EXPECT_EQ(world.task(11), Ability::kUnknown);
}

TEST(Blame, WhoWaitsForOneThatRanJustNowIsAble) {
  SnapshotBuilder b = idle_machine();
  add_sleeper(b, 10, 0.1);
  add_resource(b, kLock, ResourceKind::kMutex, 10);
  add_waiter(b, 11, kLock, 5);
  World world(b);
  EXPECT_EQ(world.task(11), Ability::kAble);
  b.snapshot().waits.at(0).since = SnapshotBuilder::kNow - 35 * kSecond;
  World late(std::move(b));
  EXPECT_EQ(late.task(11), Ability::kUnknown) << "one that moves for so long and serves nobody may never do";
}

TEST(Blame, WorkNeedsAnyOfItsWorkersAndNotAll) {
  SnapshotBuilder b = abba();
  model::Resource& work = add_resource(b, kWork, ResourceKind::kWorkItem, 10);
  add_sleeper(b, 12, 0.1);
  add_waiter(b, 13, kWork, 5);
  World one(b);
  EXPECT_EQ(one.task(13), Ability::kStuck) << "its only worker is in the circle";
  b.snapshot()
      .resource_at(kWork, ResourceKind::kWorkItem)
      .holders.push_back({model::task_node(b.address_of(12)), work.holders.at(0).role, Certainty::kCertain, {}});
  World two(std::move(b));
  EXPECT_EQ(two.task(13), Ability::kAble) << "the other worker moves";
}

TEST(Blame, WhoQueuesForACpuInAProvenLoopIsStuckUnlessTheKernelPreempts) {
  for (const auto& [preemption, ability] :
       {std::pair{"voluntary", Ability::kStuck}, std::pair{"full", Ability::kAble}}) {
    SnapshotBuilder b;
    b.preemption(preemption);
    add_hog(b, 0).loop("spin_forever [while1]", LoopYield::kNever);
    model::Task& queued = b.task(30, "victim");
    queued.state = model::TaskState::kRunning;
    queued.on_runqueue = true;
    queued.cpu = 0;
    queued.last_queued = SnapshotBuilder::kNow - 12 * kSecond;
    queued.last_arrival = SnapshotBuilder::kNow - 13 * kSecond;
    World world(std::move(b));
    EXPECT_EQ(world.task(30), ability) << preemption;
  }
}

TEST(Blame, WhoeverARootWouldFreeHangsOffIt) {
  SnapshotBuilder b = abba();
  add_waiter(b, 12, kLock, 4);
  add_sleeper(b, 14, 40);
  World world(std::move(b));
  const std::vector<model::NodeId> roots = {model::task_node(world.builder.address_of(10))};
  const auto freed = world.blame.freed_by(roots);
  EXPECT_EQ(freed,
            (std::set{model::task_node(world.builder.address_of(11)), model::task_node(world.builder.address_of(12))}));
}

TEST(Blame, ATaskThatIsNotInTheSnapshotIsNotKnown) {
  World world(abba());
  EXPECT_EQ(world.blame.of(model::task_node(0xdead)), Ability::kUnknown);
}

// Taking one fact away never turns stuck into able, nor able into stuck.
TEST(Blame, AFactLessNeverTurnsStuckIntoAble) {
  const SnapshotBuilder whole = abba();
  for (std::size_t gone = 0; gone < whole.build().waits.size(); ++gone) {
    SnapshotBuilder b = whole;
    auto& waits = b.snapshot().waits;
    waits.erase(waits.begin() + static_cast<std::ptrdiff_t>(gone));
    for (model::Task& task : b.snapshot().tasks) task.last_arrival.reset();
    World world(std::move(b));
    EXPECT_NE(world.task(10), Ability::kAble);
    EXPECT_NE(world.task(11), Ability::kAble);
  }
}

}  // namespace
}  // namespace whyhung::diagnose
