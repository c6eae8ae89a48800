// SPDX-License-Identifier: GPL-2.0-or-later
// A snapshot that is saved and loaded is the same in every member; and no member can be added to a type without being
// saved.
#include <gtest/gtest.h>

#include <sstream>

#include "model/json.h"
#include "support/full_snapshot.h"
#include "support/snapshot_builder.h"

namespace whyhung::model {
namespace {

using test::full_snapshot;
std::string saved(const Snapshot& snapshot) {
  std::ostringstream out;
  write_snapshot(out, snapshot);
  return out.str();
}

TEST(SnapshotJson, EveryMemberSurvivesSavingAndLoading) {
  const Snapshot snapshot = full_snapshot();
  const auto loaded = read_snapshot(saved(snapshot));
  ASSERT_TRUE(loaded) << loaded.error().what;
  EXPECT_EQ(*loaded, snapshot);
}

TEST(SnapshotJson, AnEmptySnapshotSurvivesToo) {
  const auto loaded = read_snapshot(saved({}));
  ASSERT_TRUE(loaded) << loaded.error().what;
  EXPECT_EQ(*loaded, Snapshot{});
}

TEST(SnapshotJson, AMachineWrittenByHandSurvives) {
  const auto builder = test::starved_stop_machine();
  const auto loaded = read_snapshot(saved(builder.build()));
  ASSERT_TRUE(loaded) << loaded.error().what;
  EXPECT_EQ(*loaded, builder.build());
}

TEST(SnapshotJson, SavingTwiceGivesTheSameBytes) {
  const Snapshot snapshot = full_snapshot();
  EXPECT_EQ(saved(snapshot), saved(*read_snapshot(saved(snapshot))));
}

TEST(SnapshotJson, AbsentIsNotZero) {
  Snapshot snapshot;
  snapshot.cpus.resize(1);
  snapshot.cpus[0].preempt_count = 0;
  snapshot.machine.panic_cpu = 0;
  const auto loaded = read_snapshot(saved(snapshot));
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->cpus[0].preempt_count, 0u);
  EXPECT_EQ(loaded->machine.panic_cpu, 0u);
  EXPECT_EQ(loaded->cpus[0].need_resched, std::nullopt);
  EXPECT_EQ(loaded->machine.panic_task, std::nullopt);
}

TEST(SnapshotJson, TheLargestNumbersAreExact) {
  Snapshot snapshot;
  Task task;
  task.address = ~std::uint64_t{0};
  task.pid = ~std::uint32_t{0};
  task.priority = INT32_MIN;
  task.last_arrival = ~std::uint64_t{0};
  snapshot.tasks = {task};
  snapshot.machine.date = INT64_MIN;
  const auto loaded = read_snapshot(saved(snapshot));
  ASSERT_TRUE(loaded) << loaded.error().what;
  EXPECT_EQ(*loaded, snapshot);
}

TEST(SnapshotJson, TextsThatAreNotUtf8AreEscapedAndOthersAreKept) {
  Snapshot snapshot;
  snapshot.machine.node_name = "gr\xc3\xb6\xc3\x9f\xff\x1b[31m\n\"\\";
  const auto loaded = read_snapshot(saved(snapshot));
  ASSERT_TRUE(loaded) << loaded.error().what;
  EXPECT_EQ(loaded->machine.node_name, "gr\xc3\xb6\xc3\x9f\\xff\x1b[31m\n\"\\");
}

// Counting the members of a type: how many values of any type its braces take.
struct AnyValue {
  template <typename T>
  constexpr operator T&() const&& noexcept;
  template <typename T>
  constexpr operator T&&() const&& noexcept;
};
template <typename T, std::size_t... I>
constexpr bool takes(std::index_sequence<I...>) {
  return requires {
    T{((void)I, std::declval<AnyValue>())...};
  };
}
template <typename T, std::size_t N = 64>
constexpr std::size_t member_count() {
  if constexpr (N == 0) {
    return 0;
  } else if constexpr (takes<T>(std::make_index_sequence<N>())) {
    return N;
  } else {
    return member_count<T, N - 1>();
  }
}

struct FieldCounter {
  template <typename T>
  void field(const char* name, T&) {
    names.emplace_back(name);
  }
  void mark(const char* name, bool&) { names.emplace_back(name); }
  template <typename T>
  void added(const char* name, T&) {
    names.emplace_back(name);
  }
  template <typename T>
  void one_of(const char* name, T&) {
    names.emplace_back(name);
  }
  template <typename T>
  void set(const char* name, T&) {
    names.emplace_back(name);
  }
  template <typename T>
  void hex(const char* name, T&) {
    names.emplace_back(name);
  }
  std::vector<std::string> names;
};

template <typename T>
class EveryType : public testing::Test {};
using AllTypes =
    testing::Types<Gap, Evidence, SourceLine, CodeLocation, StackFrame, RegisterValue, FrameRegisters, StackTrace,
                   Throttle, Task, ContextSegment, StopperWork, Stopper, WatchdogState, RunqueueState, LoopExit, Loop,
                   Cpu, NodeId, Holder, FormerTask, LockFacts, CompletionFacts, WorkFacts, GracePeriodFacts,
                   DeviceNumber, DeviceFacts, ServerFacts, FutexFacts, FileLockFacts, Resource, Wait,
                   StopMachineRequest, Machine, LogRecord, Module, Snapshot>;
TYPED_TEST_SUITE(EveryType, AllTypes);

TYPED_TEST(EveryType, EachMemberIsListedOnceInJsonFields) {
  TypeParam value{};
  FieldCounter counter;
  visit_fields(counter, value);
  EXPECT_EQ(counter.names.size(), member_count<TypeParam>())
      << "a member was added to the type but not to model/json_fields.h, or the other way round";
  std::sort(counter.names.begin(), counter.names.end());
  EXPECT_EQ(std::unique(counter.names.begin(), counter.names.end()), counter.names.end());
}

}  // namespace
}  // namespace whyhung::model
