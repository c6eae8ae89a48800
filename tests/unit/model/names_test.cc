// SPDX-License-Identifier: GPL-2.0-or-later
// The words for enums: each value has one of its own, and it is read back.
#include <gtest/gtest.h>

#include <set>

#include "model/snapshot.h"

namespace whyhung::model {
namespace {

template <typename E>
void expect_words() {
  std::set<std::string_view> words;
  for (const auto& row : words_of(E{})) {
    words.insert(row.name);
    EXPECT_EQ(name_of(row.value), row.name);
    EXPECT_EQ(value_named<E>(row.name), row.value) << row.name;
  }
  EXPECT_EQ(words.size(), words_of(E{}).size()) << "two values share a word";
  EXPECT_EQ(value_named<E>("no such word"), std::nullopt);
  EXPECT_EQ(value_named<E>(""), std::nullopt);
}

TEST(ModelNames, EveryValueHasItsWord) {
  expect_words<EvidenceKind>();
  expect_words<Certainty>();
  expect_words<FrameOrigin>();
  expect_words<StackEndReason>();
  expect_words<RegisterSource>();
  expect_words<ContextKind>();
  expect_words<DumpRole>();
  expect_words<LoopYield>();
  expect_words<NodeKind>();
  expect_words<ResourceKind>();
  expect_words<TaskState>();
  expect_words<HolderRole>();
  expect_words<WaitKind>();
  expect_words<LockMode>();
  expect_words<FileLockFamily>();
  expect_words<ServerKind>();
  expect_words<FreezeLevel>();
  expect_words<names::Meaning>();
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
