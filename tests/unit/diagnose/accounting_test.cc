// SPDX-License-Identifier: GPL-2.0-or-later
// Every task and every CPU ends in exactly one bucket, whatever the machine looks like.
#include "diagnose/accounting.h"

#include <numeric>
#include <random>

#include "diagnose_test_support.h"

namespace whyhung::diagnose {
namespace {

template <typename Map>
std::size_t total(const Map& buckets) {
  return std::accumulate(buckets.begin(), buckets.end(), std::size_t{0},
                         [](std::size_t sum, const auto& bucket) { return sum + bucket.second; });
}

void expect_everything_counted(const model::Snapshot& snapshot, const Diagnosis& diagnosis) {
  const Accounting& accounting = diagnosis.accounting;
  EXPECT_EQ(accounting.tasks.size(), words_of(TaskBucket{}).size()) << "empty buckets are named too";
  EXPECT_EQ(accounting.cpus.size(), words_of(CpuBucket{}).size());
  EXPECT_EQ(total(accounting.tasks), snapshot.tasks.size());
  EXPECT_EQ(total(accounting.cpus), snapshot.cpus.size());
  EXPECT_EQ(accounting.cpu_buckets.size(), snapshot.cpus.size());
  EXPECT_EQ(accounting.unexplained.size(), accounting.tasks.at(TaskBucket::kUnexplained));
  EXPECT_EQ(diagnosis.liveness.size(), snapshot.cpus.size());
}

// A machine of random parts. Some of it contradicts itself, as damaged dumps do.
SnapshotBuilder random_machine(std::mt19937& random) {
  SnapshotBuilder b;
  const auto chance = [&](unsigned in) { return random() % in == 0; };
  const unsigned cpus = 1 + random() % 6;
  for (std::uint32_t number = 0; number < cpus; ++number) {
    auto cpu = b.cpu(number);
    switch (random() % 6) {
      case 0: cpu.idles(); break;
      case 1: cpu.stopper_runs(20 + number); break;
      case 2: cpu.runs(50 + number, "user").user_mode(); break;
      case 3:
        add_hog(b, number, 120 + number).loop("spin_forever [while1]", static_cast<LoopYield>(random() % 3));
        break;
      case 4: cpu.runs(70 + number, "waiter").frames({"smp_call_function_many_cond"}).busy_wait("ipi"); break;
      default: break;  // no task at all
    }
    if (chance(3)) cpu.unwatched_for(random() % 60);
    if (chance(3)) cpu.clock_behind(random() % 60);
    if (chance(3)) cpu.interrupts(false);
    if (chance(3)) cpu.call_pending(true);
    if (chance(4)) cpu.stopper_starves(30 + number, 0x5000);
    if (chance(6)) cpu.no_registers()->loop.reset();
  }
  const unsigned tasks = random() % 30;
  for (std::uint32_t i = 0; i < tasks; ++i) {
    model::Task& task = b.task(1000 + i, "t");
    task.state = static_cast<model::TaskState>(random() % 10);
    task.on_runqueue = chance(2);
    task.cpu = random() % 8;
    if (chance(4)) task.last_arrival.reset();
    if (chance(8)) task.is_idle_task = true;
  }
  if (tasks > 2) {
    for (unsigned i = 0; i < random() % 5; ++i) {
      const auto any = [&] {
        return model::NodeId{static_cast<model::NodeKind>(random() % 3), b.address_of(1000 + random() % tasks)};
      };
      b.snapshot().waits.push_back({any(), any(), {}, {}, Certainty::kCertain, {}});
    }
  }
  if (chance(2)) b.stop_machine(0x5000, tasks > 1 ? 1000 : 0, {0}, {cpus - 1});
  if (chance(5)) b.preemption("full");
  if (chance(9)) b.machine().clock.reset();
  return b;
}

TEST(Accounting, TotalsEqualTheCountsOnAnyMachine) {
  std::mt19937 random(42);
  for (int round = 0; round < 3000; ++round) {
    const SnapshotBuilder b = random_machine(random);
    expect_everything_counted(b.build(), diagnose_it(b));
    if (HasFailure()) FAIL() << "round " << round;
  }
}

TEST(Accounting, ADiagnosisIsPure) {
  std::mt19937 random(43);
  for (int round = 0; round < 200; ++round) {
    const SnapshotBuilder b = random_machine(random);
    const Diagnosis first = diagnose_it(b), second = diagnose_it(b);
    EXPECT_EQ(verdict_of(first), verdict_of(second));
    EXPECT_EQ(first.accounting.cpu_buckets, second.accounting.cpu_buckets);
  }
}

TEST(Accounting, AnEmptyMachineHasEmptyBuckets) {
  expect_everything_counted({}, diagnose({}));
}

TEST(Accounting, EachKindOfTaskHasItsBucket) {
  SnapshotBuilder b;
  add_busy(b, 0, 10);
  using State = model::TaskState;
  const State states[] = {State::kRunning,         State::kInterruptible, State::kIdle,   State::kParked,
                          State::kStopped,         State::kTraced,        State::kZombie, State::kDead,
                          State::kUninterruptible, State::kUnknown};
  std::uint32_t pid = 100;
  for (const State state : states) b.task(pid++).state = state;
  b.task(200).state = State::kUninterruptible;
  b.snapshot().waits.push_back({model::task_node(b.address_of(200)), model::resource_node(5), {}, {}, {}, {}});
  const auto tasks = diagnose_it(b).accounting.tasks;
  EXPECT_EQ(tasks.at(TaskBucket::kRunning), 1u);
  EXPECT_EQ(tasks.at(TaskBucket::kWaitsForCpu), 1u);
  EXPECT_EQ(tasks.at(TaskBucket::kExplainedWait), 1u);
  EXPECT_EQ(tasks.at(TaskBucket::kNormalSleep), 4u) << "three and the idle task that does not run";
  EXPECT_EQ(tasks.at(TaskBucket::kStopped), 2u);
  EXPECT_EQ(tasks.at(TaskBucket::kExited), 2u);
  EXPECT_EQ(tasks.at(TaskBucket::kUnexplained), 2u);
}

TEST(Accounting, UnexplainedTasksComeLongestFirst) {
  SnapshotBuilder b;
  for (const auto& [pid, seconds] : {std::pair{1u, 5u}, {2u, 50u}, {3u, 20u}}) {
    b.task(pid).state = model::TaskState::kUninterruptible;
    b.task(pid).last_arrival = SnapshotBuilder::kNow - seconds * kSecond;
  }
  b.task(4).state = model::TaskState::kUninterruptible;
  b.task(4).last_arrival.reset();
  const auto unexplained = diagnose_it(b).accounting.unexplained;
  ASSERT_EQ(unexplained.size(), 4u);
  EXPECT_EQ(unexplained[0].task, b.address_of(2));
  EXPECT_EQ(unexplained[0].since, 50 * kSecond);
  EXPECT_EQ(unexplained[2].task, b.address_of(1));
  EXPECT_EQ(unexplained[3].since, std::nullopt);
}

TEST(Accounting, ACulpritsCpuIsNotAlsoAVictims) {
  const Diagnosis diagnosis = diagnose_it(test::starved_stop_machine());
  EXPECT_EQ(diagnosis.accounting.cpu_buckets,
            (std::vector{CpuBucket::kVictim, CpuBucket::kVictim, CpuBucket::kVictim, CpuBucket::kCulprit}))
      << "in the order of the snapshot: 0, 1, 3, 2";
}

TEST(Accounting, BucketsHaveNamesOfTheirOwn) {
  std::set<std::string_view> names;
  for (const auto& row : words_of(TaskBucket{})) names.insert(name_of(row.value));
  EXPECT_EQ(names.size(), words_of(TaskBucket{}).size());
  names.clear();
  for (const auto& row : words_of(CpuBucket{})) names.insert(name_of(row.value));
  EXPECT_EQ(names.size(), words_of(CpuBucket{}).size());
}

}  // namespace
}  // namespace whyhung::diagnose
