// SPDX-License-Identifier: GPL-2.0-or-later
// Addresses, results, walk limits, enum names and the stage clock: the small values that all layers pass around.
#include <gtest/gtest.h>

#include "base/address.h"
#include "base/enum_names.h"
#include "base/result.h"
#include "base/stage_clock.h"
#include "base/walk_limit.h"

namespace whyhung {
namespace {

TEST(Address, ArithmeticWrapsAsOnTheMachine) {
  EXPECT_EQ((VirtualAddress(~std::uint64_t{0}) + 2).value, 1u);
  EXPECT_EQ((VirtualAddress(1) - 2).value, ~std::uint64_t{0});
  EXPECT_EQ(VirtualAddress(0x1fff).align_down(0x1000), VirtualAddress(0x1000));
}

TEST(AddressRange, IsHalfOpenAndEmptyWhenItWraps) {
  const VirtualRange range{VirtualAddress(10), VirtualAddress(20)};
  EXPECT_TRUE(range.contains(VirtualAddress(10)));
  EXPECT_FALSE(range.contains(VirtualAddress(20)));
  const VirtualRange wrapped{VirtualAddress(~std::uint64_t{0} - 1), VirtualAddress(5)};
  EXPECT_TRUE(wrapped.empty());
  EXPECT_FALSE(wrapped.contains(VirtualAddress(2)));
  EXPECT_FALSE(wrapped.contains(VirtualAddress(~std::uint64_t{0})));
}

Result<int> half_of(int value) {
  if (value % 2 != 0) return fail(ErrorKind::kUsage, "{} is odd", value);
  return value / 2;
}
Result<int> quarter_of(int value) {
  TRY_ASSIGN(const int half, half_of(value));
  TRY_CHECK(half_of(half));
  return half_of(half);
}

TEST(Result, TheFirstErrorTravelsUpUnchanged) {
  EXPECT_EQ(quarter_of(12), 3);
  EXPECT_EQ(quarter_of(5).error().what, "5 is odd");
  EXPECT_EQ(quarter_of(6).error().what, "3 is odd");
}

TEST(Result, HintAndContextAreAdded) {
  const Result<int> failed = with_hint(fail(ErrorKind::kIo, "no"), "try again");
  EXPECT_EQ(failed.error().hint, "try again");
  const Error error = in_context("file", failed.error());
  EXPECT_EQ(error.what, "file: no");
  EXPECT_EQ(error.hint, "try again");
}

WalkLimit::Verdict walk(WalkLimit& limit, std::uint64_t tail, std::uint64_t cycle, std::uint64_t most) {
  for (std::uint64_t i = 0; i < most; ++i) {
    const std::uint64_t node = i < tail ? i : tail + (i - tail) % cycle;
    const auto verdict = limit.step(VirtualAddress(node * 64));
    if (verdict != WalkLimit::Verdict::kContinue) return verdict;
  }
  return WalkLimit::Verdict::kContinue;
}

TEST(WalkLimit, NoticesACycleOfAnyLengthBehindATailOfAnyLength) {
  for (const std::uint64_t tail : {0u, 1u, 2u, 7u, 100u}) {
    for (const std::uint64_t cycle : {1u, 2u, 3u, 8u, 97u}) {
      WalkLimit limit(1'000'000);
      EXPECT_EQ(walk(limit, tail, cycle, 10'000), WalkLimit::Verdict::kCycle) << tail << " " << cycle;
      EXPECT_LE(limit.steps(), 2 * (tail + 1) + 3 * cycle + 2) << tail << " " << cycle;
    }
  }
}

TEST(WalkLimit, ALongWalkWithoutACycleIsNoCycle) {
  WalkLimit limit(1'000'000);
  EXPECT_EQ(walk(limit, 100'000, 1, 100'000), WalkLimit::Verdict::kContinue);
}

TEST(WalkLimit, EndsAfterItsNumberOfSteps) {
  WalkLimit limit(10);
  EXPECT_EQ(walk(limit, 10, 1, 10), WalkLimit::Verdict::kContinue);
  EXPECT_EQ(limit.step(VirtualAddress(0x9999)), WalkLimit::Verdict::kTooLong);
  WalkLimit none(0);
  EXPECT_EQ(none.step(VirtualAddress(1)), WalkLimit::Verdict::kTooLong);
}

TEST(WalkLimit, TheNodeZeroIsNoCycleByItself) {
  WalkLimit limit(10);
  EXPECT_EQ(limit.step(VirtualAddress(0)), WalkLimit::Verdict::kContinue);
  EXPECT_EQ(limit.step(VirtualAddress(64)), WalkLimit::Verdict::kContinue);
}

enum class Colour { kRed, kGreen, kBlue };
constexpr auto kColours = std::to_array<EnumName<Colour>>({{Colour::kRed, "red"}, {Colour::kGreen, "green"}});

TEST(EnumNames, WorkInBothDirectionsAndKnowWhatTheyDoNotKnow) {
  EXPECT_EQ(enum_name(kColours, Colour::kGreen), "green");
  EXPECT_EQ(enum_name(kColours, Colour::kBlue), "unknown");
  EXPECT_EQ(enum_value<Colour>(kColours, "red"), Colour::kRed);
  EXPECT_EQ(enum_value<Colour>(kColours, "blue"), std::nullopt);
}

TEST(StageClock, RecordsEachStageOnceItHasEndedAndAnnouncesItBefore) {
  std::vector<std::string> announced;
  StageClock clock([&](std::string_view name) { announced.emplace_back(name); });
  clock.enter("first");
  EXPECT_EQ(announced, std::vector<std::string>{"first"});
  volatile unsigned work = 0;
  for (unsigned i = 0; i < 100'000; ++i) work = work + i;
  clock.enter("second");
  clock.enter("");
  ASSERT_EQ(clock.stages().size(), 2u);
  EXPECT_EQ(clock.stages()[0].name, "first");
  EXPECT_GT(clock.stages()[0].cpu_nanoseconds, 0u);
  EXPECT_GE(clock.stages()[0].wall_nanoseconds, 1u);
  EXPECT_GT(clock.stages()[0].peak_resident_kilobytes, 0u);
  EXPECT_EQ(announced.size(), 2u);
  clock.enter("");
  EXPECT_EQ(clock.stages().size(), 2u);
}

}  // namespace
}  // namespace whyhung
