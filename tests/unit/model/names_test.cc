// SPDX-License-Identifier: GPL-2.0-or-later
// The words for enums: each value has one of its own, and it is read back.
#include <gtest/gtest.h>

#include <set>

#include "model/snapshot.h"

namespace whyhung::model {
namespace {

template <typename E>
void expect_words(std::optional<E> (*read)(std::string_view), E last) {
  std::set<std::string_view> words;
  for (int i = 0; i <= static_cast<int>(last); ++i) {
    const auto value = static_cast<E>(i);
    words.insert(name_of(value));
    EXPECT_EQ(read(name_of(value)), value) << name_of(value);
  }
  EXPECT_EQ(words.size(), static_cast<std::size_t>(last) + 1);
  EXPECT_EQ(read("no such word"), std::nullopt);
  EXPECT_EQ(read(""), std::nullopt);
  const auto next = static_cast<E>(static_cast<int>(last) + 1);
  EXPECT_EQ(name_of(next), "unknown") << "the test does not know of a newer value, or the table lacks the last";
}

TEST(ModelNames, EveryValueHasItsWord) {
  expect_words(evidence_kind_of, EvidenceKind::kInference);
  expect_words(certainty_of, Certainty::kPossible);
  expect_words(frame_origin_of, FrameOrigin::kEarlierInterrupt);
  expect_words(stack_end_reason_of, StackEndReason::kNotWalked);
  expect_words(register_source_of, RegisterSource::kNone);
  expect_words(context_kind_of, ContextKind::kException);
  expect_words(dump_role_of, DumpRole::kDetecting);
  expect_words(loop_yield_of, LoopYield::kMay);
  expect_words(node_kind_of, NodeKind::kResource);
  expect_words(resource_kind_of, ResourceKind::kMemory);
  expect_words(task_state_of, TaskState::kUnknown);
}

TEST(Certainty, TheWeakerOfTwoIsTheLessSure) {
  EXPECT_EQ(weaker(Certainty::kCertain, Certainty::kPossible), Certainty::kPossible);
  EXPECT_EQ(weaker(Certainty::kLikely, Certainty::kCertain), Certainty::kLikely);
}

TEST(Snapshot, FindsTasksCpusAndResources) {
  Snapshot snapshot;
  snapshot.tasks.resize(2);
  snapshot.tasks[1].address = 7;
  snapshot.cpus.resize(1);
  snapshot.cpus[0].number = 3;
  snapshot.resources.resize(1);
  snapshot.resources[0].address = 9;
  EXPECT_EQ(snapshot.find_task(7), &snapshot.tasks[1]);
  EXPECT_EQ(snapshot.find_task(8), nullptr);
  EXPECT_EQ(snapshot.find_cpu(3), &snapshot.cpus[0]);
  EXPECT_EQ(snapshot.find_cpu(0), nullptr);
  EXPECT_EQ(snapshot.find_resource(9), &snapshot.resources[0]);
  EXPECT_EQ(snapshot.find_resource(0), nullptr);
}

}  // namespace
}  // namespace whyhung::model
