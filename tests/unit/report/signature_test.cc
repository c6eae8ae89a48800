// SPDX-License-Identifier: GPL-2.0-or-later
// What a signature depends on, and what it does not.
#include "report/signature.h"

#include "report_test_support.h"
#include "support/wait_builder.h"

namespace whyhung::report {
namespace {

Signature signature(const SnapshotBuilder& builder) {
  const model::Snapshot& snapshot = builder.build();
  const diagnose::Diagnosis diagnosis = diagnose::diagnose(snapshot);
  if (diagnosis.findings.empty()) return {};
  return signature_of(model::Index(snapshot), diagnosis.findings.front());
}

// CPU 1 loops in a function.
SnapshotBuilder hog(std::string_view function, std::uint32_t pid = 50, double seconds = 40) {
  SnapshotBuilder b;
  b.cpu(0).idles();
  b.cpu(1).runs(pid, "hog").frames({function, "kthread"}).held_for(seconds).unwatched_for(seconds);
  b.cpu(1).loop(function, model::LoopYield::kNever);
  return b;
}

TEST(Signature, NamesTheClassAndTheFunction) {
  const Signature one = signature(hog("spin_hog [hog]"));
  EXPECT_TRUE(one.id.starts_with("cpu-hog:")) << one.id;
  EXPECT_EQ(one.id.size(), std::string_view("cpu-hog:").size() + 12);
  EXPECT_EQ(one.title, "cpu-hog in spin_hog() [hog]");
}

TEST(Signature, IsNotOfPidsTimesOffsetsOrCpus) {
  const Signature one = signature(hog("spin_hog [hog]"));
  EXPECT_EQ(signature(hog("spin_hog [hog]", 1234, 77)).id, one.id);
  SnapshotBuilder moved = hog("spin_hog [hog]");
  for (model::CodeLocation& location : moved.snapshot().locations) location.offset += 8;
  for (std::uint32_t cpu = 2; cpu < 8; ++cpu) moved.cpu(cpu).idles();
  EXPECT_EQ(signature(moved).id, one.id);
}

TEST(Signature, IsNotOfWhatACompilerMadeOfAFunction) {
  const Signature one = signature(hog("spin_hog [hog]"));
  for (const char* name : {"spin_hog.isra.0 [hog]", "spin_hog.constprop.0.cold [hog]", "spin_hog.part.17 [hog]"}) {
    EXPECT_EQ(signature(hog(name)).id, one.id) << name;
  }
}

TEST(Signature, IsAnotherForAnotherFunctionOrModule) {
  const Signature one = signature(hog("spin_hog [hog]"));
  EXPECT_NE(signature(hog("spin_hog [other]")).id, one.id);
  EXPECT_NE(signature(hog("spin_pig [hog]")).id, one.id);
  EXPECT_NE(signature(hog("spin_hog")).id, one.id);
}

// Two tasks that hold each other's mutex.
SnapshotBuilder circle(std::string_view first, std::string_view second) {
  SnapshotBuilder b;
  b.cpu(0).idles();
  constexpr std::uint64_t kFirst = 0xffff888000001000;
  constexpr std::uint64_t kSecond = 0xffff888000002000;
  test::add_resource(b, kFirst, model::ResourceKind::kMutex, 11).name = first;
  test::add_resource(b, kSecond, model::ResourceKind::kMutex, 12).name = second;
  test::add_waiter(b, 11, kSecond, 40);
  test::add_waiter(b, 12, kFirst, 40);
  return b;
}

TEST(Signature, OfACircleIsOfItsLocksInAnyOrder) {
  const Signature one = signature(circle("a_lock [m]", "b_lock [m]"));
  EXPECT_TRUE(one.id.starts_with("mutex-deadlock:")) << one.id;
  EXPECT_EQ(signature(circle("b_lock [m]", "a_lock [m]")).id, one.id);
  EXPECT_EQ(signature(circle("a_lock+0x8 [m]", "b_lock [m]")).id, one.id);
  EXPECT_NE(signature(circle("a_lock [m]", "c_lock [m]")).id, one.id);
}

}  // namespace
}  // namespace whyhung::report
