// SPDX-License-Identifier: GPL-2.0-or-later
// why, owner, waiters and locks: what a snapshot knows of waits, told from one task, CPU or lock.
#include <gtest/gtest.h>

#include <sstream>

#include "commands/command.h"
#include "support/wait_builder.h"

namespace whyhung::commands {
namespace {

using model::HolderRole;
using model::ResourceKind;

constexpr std::uint64_t kFirstLock = 0xffff888000001000;
constexpr std::uint64_t kSecondLock = 0xffff888000002000;

std::string output(const model::Snapshot& snapshot, std::string_view line, Format format = Format::kText) {
  std::ostringstream out;
  Context context{snapshot, nullptr, nullptr, out, format};
  const auto done = run_command(context, line);
  return done ? out.str() : "error: " + done.error().what;
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

// Task 12 waits for the first lock, which 11 holds; 11 waits for the second, which 10 holds.
class WhyTest : public testing::Test {
 protected:
  WhyTest() {
    builder_.cpu(0).runs(30, "burner").frames({"spin"});
    test::add_resource(builder_, kFirstLock, ResourceKind::kMutex, 11);
    test::add_resource(builder_, kSecondLock, ResourceKind::kMutex, 10);
    test::add_waiter(builder_, 12, kFirstLock, 20);
    test::add_waiter(builder_, 11, kSecondLock, 30);
    test::add_waiter(builder_, 13, kFirstLock, 40);
    builder_.task(10, "root").state = model::TaskState::kInterruptible;
    builder_.task(14, "idler").state = model::TaskState::kInterruptible;
  }
  std::string output(std::string_view line, Format format = Format::kText) {
    return commands::output(builder_.build(), line, format);
  }

  test::SnapshotBuilder builder_;
};

TEST_F(WhyTest, TheChainGoesFromTheWaiterToItsRoot) {
  const std::string text = output("why 12");
  const auto first = text.find("1. task12 (pid 12) waits for the mutex 0xffff888000001000, for 20.0 s");
  const auto second = text.find("2. the mutex 0xffff888000001000: task11 (pid 11)");
  const auto third = text.find("3. task11 (pid 11) waits for the mutex 0xffff888000002000, for 30.0 s");
  const auto fourth = text.find("4. the mutex 0xffff888000002000: root (pid 10)");
  const auto fifth = text.find("5. root (pid 10) is ");
  EXPECT_LT(first, second) << text;
  EXPECT_LT(second, third) << text;
  EXPECT_LT(third, fourth) << text;
  EXPECT_LT(fourth, fifth) << text;
  EXPECT_NE(fifth, std::string::npos) << text;
}

TEST_F(WhyTest, WhoHoldsALockIsNotAcquittedByTheWayItSleeps) {
  EXPECT_TRUE(has(output("why 14"), "idler (pid 14) sleeps normally")) << output("why 14");
  EXPECT_FALSE(has(output("why 10"), "sleeps normally")) << output("why 10");
  EXPECT_TRUE(has(output("why 10"), "for what it waits is not known")) << output("why 10");
}

TEST_F(WhyTest, ALockAndACpuAreStartsToo) {
  EXPECT_TRUE(has(output("why ffff888000002000"), "1. the mutex 0xffff888000002000: root (pid 10)"));
  EXPECT_TRUE(has(output("why cpu0"), "1. CPU 0 runs burner (pid 30), in spin+"));
  EXPECT_EQ(output("why cpu7"), "error: there is no CPU \"7\"");
  EXPECT_EQ(output("why ffff888000003000"),
            "error: no task is \"ffff888000003000\": no such pid, address, name or state");
}

TEST_F(WhyTest, StepsThatRepeatComeToAnEndAndAccuseNobody) {
  test::SnapshotBuilder circle;
  test::add_resource(circle, kFirstLock, ResourceKind::kMutex, 2);
  test::add_resource(circle, kSecondLock, ResourceKind::kMutex, 1);
  test::add_waiter(circle, 1, kFirstLock, 20);
  test::add_waiter(circle, 2, kSecondLock, 20);
  const std::string text = commands::output(circle.build(), "why 1");
  EXPECT_TRUE(has(text, "5. from here on the steps repeat: task1 (pid 1) was passed before")) << text;
}

TEST_F(WhyTest, AWaitThatIsNotCertainIsSaidToBeSo) {
  builder_.snapshot().waits.front().certainty = model::Certainty::kPossible;
  EXPECT_TRUE(has(output("why 12"), "for 20.0 s (possible)")) << output("why 12");
}

TEST_F(WhyTest, OwnerAndWaitersAreTheTwoSidesOfALock) {
  EXPECT_EQ(output("owner ffff888000001000"), "the mutex 0xffff888000001000\n  owner: task11 (pid 11)\n");
  EXPECT_EQ(output("waiters ffff888000001000"),
            "the mutex 0xffff888000001000\n"
            "  [0 00:00:40.000]  task13 (pid 13)\n"
            "  [0 00:00:20.000]  task12 (pid 12)\n");
  EXPECT_EQ(output("owner 12"), "error: \"12\" is nothing that somebody waits for");
  test::add_resource(builder_, 0xffff888000004000, ResourceKind::kMutex);
  EXPECT_TRUE(has(output("owner ffff888000004000"), "nobody is known to hold it"));
  EXPECT_TRUE(has(output("waiters ffff888000004000"), "  nobody\n"));
}

TEST_F(WhyTest, LocksTellsWhatATaskHoldsAndWants) {
  const std::string text = output("locks 11");
  EXPECT_TRUE(has(text, "  holds   the mutex 0xffff888000001000 (owner)\n")) << text;
  EXPECT_TRUE(has(text, "  wants   the mutex 0xffff888000002000\n")) << text;
  EXPECT_TRUE(has(output("locks 14"), "holds and wants nothing that somebody waits for"));
  const std::string all = output("locks");
  EXPECT_TRUE(has(all, "task12") && has(all, "task13") && has(all, "root")) << all;
  EXPECT_FALSE(has(all, "idler")) << all;
}

TEST_F(WhyTest, JsonTellsTheSteps) {
  const std::string json = output("why 12", Format::kJson);
  EXPECT_TRUE(has(json, "\"kind\":\"task\"") && has(json, "0xffff888000001000")) << json;
}

}  // namespace
}  // namespace whyhung::commands
