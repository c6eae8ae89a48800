// SPDX-License-Identifier: GPL-2.0-or-later
// Those who flush work items and workqueues: the worker that executes what they wait for, and not another one.
#include "collect_test_support.h"

namespace whyhung::collect {
namespace {

using model::Certainty;
using model::ResourceKind;
using Flusher = test::FakeWorkqueues::Flusher;
using Queue = test::FakeWorkqueues::Queue;

class WorkTest : public CollectTest {
 protected:
  test::FakeCompletions completions{kernel};
  test::FakeWorkqueues workqueues{kernel, completions};

  // Two queues of one pool; 50 executes work of the first, 51 of the second, 52 nothing.
  Queue ours = workqueues.queue("ours"), theirs = workqueues.queue("theirs");
  void SetUp() override {
    for (const std::uint32_t pid : {50, 51, 52}) workqueues.add_worker(pid);
    workqueues.execute(50, ours, "our_work [driver]");
    workqueues.execute(51, theirs, "their_work [driver]");
  }
};

TEST_F(WorkTest, FlushWorkWaitsForTheWorkerThatExecutesIt) {
  const std::uint64_t done = workqueues.flush_running(100, 50);
  const model::Resource& found = resource(done);
  EXPECT_EQ(waits_of(100), Addresses{done});
  EXPECT_EQ(found.kind, ResourceKind::kWorkItem);
  EXPECT_EQ(found.name, "our_work [driver]");
  EXPECT_EQ(fact(found, "workqueue"), "ours");
  EXPECT_EQ(holders_of(found), Nodes{task(50)});
  EXPECT_EQ(role_of(found), model::HolderRole::kExecutes);
  EXPECT_EQ(found.holders.at(0).certainty, Certainty::kCertain);
  EXPECT_EQ(evidence(found.holders.at(0).evidence, "worker.current_func"), "our_work [driver]");
  EXPECT_EQ(how_of(wait_of(100)), "sleeps in wants_it_done");
}

TEST_F(WorkTest, TwoWhoFlushTheSameWorkWaitForTheSameWorker) {
  const std::uint64_t one = workqueues.flush_running(100, 50), two = workqueues.flush_running(101, 50);
  EXPECT_EQ(holders_of(resource(one)), Nodes{task(50)});
  EXPECT_EQ(holders_of(resource(two)), Nodes{task(50)});
  EXPECT_EQ(resource(two).name, "our_work [driver]");
}

TEST_F(WorkTest, WorkThatHasNotBegunWaitsForAWorkerOfItsPool) {
  workqueues.queue("elsewhere", 1);
  workqueues.add_worker(60, 1);
  workqueues.execute(60, workqueues.queue("far", 1), "far_work");
  workqueues.add_pending(0, "late_work");
  const model::Resource& found = resource(workqueues.flush_pending(100, 0));
  EXPECT_EQ(found.kind, ResourceKind::kWorkItem);
  EXPECT_EQ(found.name, "late_work");
  EXPECT_EQ(holders_of(found), (Nodes{task(50), task(51)})) << "not the idle one, not the other pool's";
  for (const model::Holder& holder : found.holders) {
    EXPECT_EQ(holder.role, model::HolderRole::kOccupiesPool);
    EXPECT_EQ(holder.certainty, Certainty::kPossible);
  }
}

TEST_F(WorkTest, ABarrierBehindAnotherBarrierIsForTheWorkBeforeBoth) {
  workqueues.add_pending(0, "late_work");
  const std::uint64_t one = workqueues.flush_pending(100, 0), two = workqueues.flush_pending(101, 0);
  EXPECT_EQ(resource(one).name, "late_work");
  EXPECT_EQ(resource(two).name, "late_work");
}

TEST_F(WorkTest, WorkThatIsHeldBackWaitsForWhatItsQueueExecutes) {
  workqueues.add_inactive(ours, "held_back");
  const model::Resource& found = resource(workqueues.flush_inactive(100, ours));
  EXPECT_EQ(found.name, "held_back");
  EXPECT_EQ(holders_of(found), Nodes{task(50)}) << "the other queue is not in the way";
  EXPECT_EQ(role_of(found), model::HolderRole::kOccupiesQueue);
}

TEST_F(WorkTest, HeldBackWorkWasCalledDelayedBefore) {
  kernel.machine.types.remove("pool_workqueue", "inactive_works").add("pool_workqueue 256: delayed_works@96:16");
  workqueues.add_inactive(ours, "held_back");
  EXPECT_EQ(holders_of(resource(workqueues.flush_inactive(100, ours))), Nodes{task(50)});
}

TEST_F(WorkTest, ABarrierThatSomebodyElseMadeIsNotOnes) {
  const std::uint64_t done = workqueues.flush_running(100, 50);
  kernel.machine.set("wq_barrier", test::FakeWorkqueues::barrier_of(100), "task", kernel.task(50));
  EXPECT_EQ(waits_of(100), Addresses{done}) << "it sleeps all the same";
  EXPECT_EQ(resource(done).kind, ResourceKind::kCompletion);
  EXPECT_EQ(holders_of(resource(done)), Nodes{});
}

TEST_F(WorkTest, ABarrierInACircleOrBesideMemoryHasNoHolder) {
  const std::uint64_t circle = workqueues.flush_running(100, 50), lost = workqueues.flush_running(101, 51);
  const auto entry_of = [](std::uint32_t pid) { return test::FakeWorkqueues::barrier_of(pid) + 8; };
  const std::uint64_t aside = 0xffff888399990000;
  kernel.machine.memory.write_u64(entry_of(100), aside);
  kernel.machine.memory.write_u64(aside, aside + 0x40);
  kernel.machine.memory.write_u64(aside + 0x40, aside);
  kernel.machine.memory.write_u64(entry_of(101), 0xffff8883aaaa0000);
  EXPECT_EQ(holders_of(resource(circle)), Nodes{});
  EXPECT_EQ(holders_of(resource(lost)), Nodes{});
  EXPECT_EQ(waits_of(100), Addresses{circle});
}

TEST_F(WorkTest, FlushWorkqueueWaitsForTheWorkersOfThatQueue) {
  const std::uint64_t done = workqueues.flush_queue(100, ours);
  const model::Resource& found = resource(done);
  EXPECT_EQ(found.kind, ResourceKind::kWorkItem);
  EXPECT_EQ(found.name, "our_work [driver]");
  EXPECT_EQ(fact(found, "workqueue"), "ours");
  EXPECT_EQ(holders_of(found), Nodes{task(50)}) << "not another queue's";
  EXPECT_EQ(role_of(found), model::HolderRole::kExecutesQueue);
  EXPECT_EQ(evidence(found.holders.at(0).evidence, "worker.current_func"), "our_work [driver]");
  EXPECT_EQ(how_of(wait_of(100)), "sleeps in wants_them_done");
}

TEST_F(WorkTest, ThoseWhoFlushAfterTheFirstWaitForTheSame) {
  const std::uint64_t first = workqueues.flush_queue(100, ours);
  const std::uint64_t second = workqueues.flush_queue(101, ours, Flusher::kQueued);
  const std::uint64_t third = workqueues.flush_queue(102, ours, Flusher::kQueued);
  const std::uint64_t fourth = workqueues.flush_queue(103, ours, Flusher::kOverflow);
  const std::uint64_t other = workqueues.flush_queue(104, theirs, Flusher::kOverflow);
  for (const std::uint64_t done : {first, second, third, fourth}) {
    EXPECT_EQ(holders_of(resource(done)), Nodes{task(50)}) << fmt::format("{:#x}", done);
  }
  EXPECT_EQ(holders_of(resource(other)), Nodes{task(51)});
}

TEST_F(WorkTest, WorkThatWasQueuedAfterTheFlushIsNotWaitedFor) {
  const std::uint64_t done = workqueues.flush_queue(100, ours);
  const std::uint64_t next = workqueues.flush_queue(101, ours, Flusher::kQueued);
  const std::uint64_t last = workqueues.flush_queue(102, ours, Flusher::kOverflow);
  // The colours of 15, 0 (they go round), and none yet; the worker executes work of 0.
  kernel.machine.set("workqueue_struct", ours.workqueue, "flush_color", 15);
  kernel.machine.set("wq_flusher", test::FakeWorkqueues::flusher_of(100), "flush_color", 15);
  kernel.machine.set("wq_flusher", test::FakeWorkqueues::flusher_of(102), "flush_color", 0xffffffff);
  EXPECT_EQ(holders_of(resource(done)), Nodes{}) << "it is newer";
  EXPECT_EQ(holders_of(resource(next)), Nodes{task(50)});
  EXPECT_EQ(holders_of(resource(last)), Nodes{task(50)});
}

TEST_F(WorkTest, KernelsThatDoNotNoteAWorkersColourNameAllOfTheQueue) {
  const std::uint64_t done = workqueues.flush_queue(100, ours);
  kernel.machine.set("workqueue_struct", ours.workqueue, "flush_color", 15);
  kernel.machine.set("wq_flusher", test::FakeWorkqueues::flusher_of(100), "flush_color", 15);
  kernel.machine.types.remove("worker", "current_color");
  EXPECT_EQ(holders_of(resource(done)), Nodes{task(50)});
}

TEST_F(WorkTest, AFlusherThatNoQueueKnowsHasNoHolder) {
  const std::uint64_t done = workqueues.flush_queue(100, ours);
  kernel.machine.set("workqueue_struct", ours.workqueue, "first_flusher", 0);
  EXPECT_EQ(waits_of(100), Addresses{done});
  EXPECT_EQ(holders_of(resource(done)), Nodes{});
  EXPECT_EQ(resource(done).kind, ResourceKind::kCompletion);
}

TEST_F(WorkTest, AListOfFlushersThatRunsInACircleHasNoHolder) {
  const std::uint64_t done = workqueues.flush_queue(100, ours, Flusher::kQueued);
  workqueues.flush_queue(101, ours, Flusher::kQueued);
  workqueues.flush_queue(102, ours, Flusher::kQueued);
  kernel.machine.memory.write_u64(test::FakeWorkqueues::flusher_of(102), test::FakeWorkqueues::flusher_of(101));
  EXPECT_EQ(holders_of(resource(done)), Nodes{});
}

TEST_F(WorkTest, AnIdleWorkerIsInNobodysWay) {
  kernel.machine.set("worker", test::FakeWorkqueues::worker_at(50), "current_work", 0);
  EXPECT_EQ(holders_of(resource(workqueues.flush_queue(100, ours))), Nodes{});
}

TEST_F(WorkTest, AThreadThatIsNoWorkerIsNotTakenForOne) {
  const std::uint64_t flushed = workqueues.flush_queue(100, ours), other = workqueues.flush_queue(101, theirs);
  kernel.set_task(50, "flags", 0x00200000);
  kernel.machine.set("worker", test::FakeWorkqueues::worker_at(51), "task", kernel.task(52));
  EXPECT_EQ(holders_of(resource(flushed)), Nodes{}) << "PF_WQ_WORKER is not set";
  EXPECT_EQ(holders_of(resource(other)), Nodes{}) << "the struct worker names another task";
}

TEST_F(WorkTest, EachMissingTypeTakesAwayOnlyItsOwnFact) {
  const std::uint64_t work = workqueues.flush_running(100, 50), queue = workqueues.flush_queue(101, ours);
  kernel.machine.types.remove("wq_flusher");
  kernel.machine.types.remove("workqueue_struct", "name");
  EXPECT_EQ(holders_of(resource(work)), Nodes{task(50)});
  EXPECT_EQ(fact(resource(work), "workqueue"), "");
  EXPECT_EQ(holders_of(resource(queue)), Nodes{});
  EXPECT_EQ(waits_of(101), Addresses{queue});
}

TEST_F(WorkTest, WithoutStructWorkerNoWorkerIsNamed) {
  const std::uint64_t work = workqueues.flush_running(100, 50), queue = workqueues.flush_queue(101, ours);
  kernel.machine.types.remove("worker");
  EXPECT_EQ(holders_of(resource(work)), Nodes{});
  EXPECT_EQ(holders_of(resource(queue)), Nodes{});
  EXPECT_EQ(waits_of(100), Addresses{work});
}

}  // namespace
}  // namespace whyhung::collect
