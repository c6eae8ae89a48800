// SPDX-License-Identifier: GPL-2.0-or-later
// Holders that wait for others of whom nothing tells who they are, or that only may hold what is waited for: they are
// not accused, and the machine is not cleared.
#include "diagnose_test_support.h"

namespace whyhung::diagnose {
namespace {

constexpr std::uint64_t kLock = 0xffffffffc0002000;
constexpr std::uint64_t kReply = 0xffffffffc0002040;

// Pid 10 holds a mutex and sleeps in `functions`; pid 11 waits for it.
SnapshotBuilder holder_in(std::initializer_list<std::string_view> functions) {
  SnapshotBuilder b = idle_machine();
  add_sleeper(b, 10, 40);
  stands_in(b, 10, functions);
  add_resource(b, kLock, ResourceKind::kMutex, 10);
  add_waiter(b, 11, kLock, 35);
  return b;
}

TEST(Unlisted, AHolderThatWaitsForReadersIsNotTheCulprit) {
  for (const auto functions :
       {std::initializer_list<std::string_view>{"__schedule", "schedule", "percpu_down_write", "cgroup_attach"},
        {"__schedule", "schedule", "bit_wait", "__wait_on_bit", "out_of_line_wait_on_bit", "drop_entry [cachefs]"},
        {"__schedule", "schedule", "blk_mq_freeze_queue_wait", "elevator_switch"}}) {
    const Diagnosis diagnosis = diagnose_it(holder_in(functions));
    EXPECT_EQ(diagnosis.verdict, HangClass::kUndetermined);
    EXPECT_TRUE(has_doubt(diagnosis, Doubt::kOthersUnlisted));
    ASSERT_EQ(diagnosis.unlisted.size(), 1u);
    EXPECT_EQ(diagnosis.unlisted[0].function, *(functions.begin() + 2));
  }
}

TEST(Unlisted, CodeOfItsOwnFurtherInIsItsOwnAffair) {
  const Diagnosis diagnosis =
      diagnose_it(holder_in({"__schedule", "schedule", "waits_for_device [driver]", "percpu_down_write"}));
  EXPECT_EQ(diagnosis.verdict, HangClass::kLockHeldBySleeper);
  EXPECT_EQ(diagnosis.findings.at(0).culprits.at(0).pid, 10u);
}

TEST(Unlisted, AStoppedOneIsKeptByWhoStoppedIt) {
  SnapshotBuilder b = holder_in({"__schedule", "schedule", "percpu_down_write", "cgroup_attach"});
  b.task(10).state = model::TaskState::kStopped;
  EXPECT_EQ(diagnose_it(b).verdict, HangClass::kHolderFrozen);
}

TEST(Unlisted, ACompletionOfSrcuIsCompletedByReadersUnknown) {
  SnapshotBuilder b = idle_machine();
  add_resource(b, kReply, ResourceKind::kCompletion).facts = model::CompletionFacts{0, {}, false};
  add_waiter(b, 10, kReply, 40);
  stands_in(b, 10, {"__schedule", "schedule_timeout", "wait_for_completion", "__synchronize_srcu", "remove [driver]"});
  const Diagnosis diagnosis = diagnose_it(b);
  EXPECT_EQ(diagnosis.verdict, HangClass::kUndetermined);
  EXPECT_TRUE(diagnosis.findings.empty());
  b = idle_machine();
  add_resource(b, kReply, ResourceKind::kCompletion).facts = model::CompletionFacts{0, {}, false};
  add_waiter(b, 10, kReply, 40);
  stands_in(b, 10, {"__schedule", "schedule_timeout", "wait_for_completion", "remove [driver]"});
  EXPECT_EQ(diagnose_it(b).verdict, HangClass::kNeverCompleted);
}

TEST(Unlisted, AReaderThatTookTheLockLastAndRanSinceMayHaveGivenItBack) {
  SnapshotBuilder b = idle_machine();
  add_sleeper(b, 10, 0.1);
  add_resource(b, kLock, ResourceKind::kRwSemaphore, 10, model::HolderRole::kReader, Certainty::kLikely);
  add_waiter(b, 11, kLock, 60);
  EXPECT_TRUE(diagnose_it(b).findings.empty());
  EXPECT_EQ(diagnose_it(b).verdict, HangClass::kUndetermined) << "a writer has waited for a minute";
}

TEST(Unlisted, AHolderThatRunsOnAndServesNobodyClearsNobody) {
  const auto running_holder = [](double waited) {
    SnapshotBuilder b;
    b.cpu(0).idles();
    add_busy(b, 1, 10);
    add_resource(b, kLock, ResourceKind::kMutex, 10);
    add_waiter(b, 11, kLock, waited);
    return diagnose_it(b);
  };
  const Diagnosis diagnosis = running_holder(18);
  EXPECT_EQ(diagnosis.verdict, HangClass::kUndetermined);
  EXPECT_TRUE(has_doubt(diagnosis, Doubt::kWaitsUnending));
  EXPECT_EQ(running_holder(6).verdict, HangClass::kNone) << "long work under a lock looks like this";
}

}  // namespace
}  // namespace whyhung::diagnose
