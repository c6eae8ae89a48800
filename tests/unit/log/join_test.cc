// SPDX-License-Identifier: GPL-2.0-or-later
#include "log/join.h"

#include <gtest/gtest.h>

#include "log/sources.h"

namespace whyhung::log {
namespace {

struct Said {
  double time;
  std::string_view text;
};

Boot boot_of(std::size_t source, bool uptime, double shift, std::initializer_list<Said> all) {
  Boot boot;
  boot.sources = {source};
  for (const Said& said : all) {
    Record record;
    record.line = source * 100 + boot.records.size() + 1;
    (uptime ? record.uptime : record.wall) = said.time + shift;
    record.text = said.text;
    boot.records.push_back(record);
  }
  return boot;
}

constexpr Said kDisk = {50, "sd 0:0:0:0: [sda] command failed"};
constexpr Said kA = {100, "usb 1-1: new device number one"};
constexpr Said kB = {200, "usb 1-1: new device number two"};
constexpr Said kC = {300, "usb 1-1: new device number three"};
constexpr Said kHung = {350, "INFO: task a:1 blocked for more than 122 seconds."};

TEST(JoinBoots, WhatTwoLogsSayIsThereOnceAndInOrder) {
  const auto joined =
      join_boots({boot_of(0, true, 0, {kA, kB, kC, kHung}), boot_of(1, false, 5e8, {kDisk, kA, kB, kC})});
  ASSERT_EQ(joined.size(), 1u);
  ASSERT_EQ(joined[0].records.size(), 5u);
  EXPECT_EQ(joined[0].records[0].text, kDisk.text);
  EXPECT_NEAR(*joined[0].records[0].uptime, 50, 0.001);  // the other clock's time, on this one
  EXPECT_EQ(joined[0].records[4].text, kHung.text);
  EXPECT_EQ(joined[0].records[1].wall, 5e8 + 100);
}

TEST(JoinBoots, BootsOfOneSourceAreNeverJoined) {
  EXPECT_EQ(join_boots({boot_of(0, true, 0, {kA, kB, kC}), boot_of(0, true, 0, {kA, kB, kC})}).size(), 2u);
}

TEST(JoinBoots, AnotherBootOfTheSameMachineIsNotTheSame) {
  // Both on the kernel's clock: the same words at other moments.
  EXPECT_EQ(join_boots({boot_of(0, true, 0, {kA, kB, kC}), boot_of(1, true, 0.3, {kA, kB, kC})}).size(), 2u);
  // Both on the wall's.
  EXPECT_EQ(join_boots({boot_of(0, false, 5e8, {kA, kB, kC}), boot_of(1, false, 5e8 + 900, {kA, kB, kC})}).size(), 2u);
  // Too little in common.
  EXPECT_EQ(join_boots({boot_of(0, true, 0, {kA, kB}), boot_of(1, false, 5e8, {kA, kB})}).size(), 2u);
}

TEST(JoinBoots, ARepeatedReportIsNotTakenForTheFirst) {
  const Said again = {470, kHung.text};
  const auto joined =
      join_boots({boot_of(0, true, 0, {kA, kB, kC, kHung}), boot_of(1, false, 5e8, {kA, kB, kC, kHung, again})});
  ASSERT_EQ(joined.size(), 1u);
  ASSERT_EQ(joined[0].records.size(), 5u);
  EXPECT_NEAR(*joined[0].records[4].uptime, 470, 0.001);
}

TEST(JoinBoots, AClockThatJumpedDoesNotDoubleWhatIsSaidOnce) {
  const Said late = {350 + 3600, kHung.text};
  const auto joined =
      join_boots({boot_of(0, true, 0, {kA, kB, kC, kHung}), boot_of(1, false, 5e8, {kA, kB, kC, late})});
  ASSERT_EQ(joined.size(), 1u);
  EXPECT_EQ(joined[0].records.size(), 4u);
}

TEST(IsLater, GoesByTheWallsClockAndIsOpenWithoutOne) {
  const Boot old = boot_of(0, false, 5e8, {kA});
  const Boot fresh = boot_of(1, false, 6e8, {kA});
  EXPECT_EQ(is_later(old, fresh), true);
  EXPECT_EQ(is_later(fresh, old), false);
  EXPECT_EQ(is_later(old, boot_of(2, true, 0, {kA})), std::nullopt);
}

TEST(LogNames, AreThoseOfSupportToolsAndDistributions) {
  for (const std::string_view name :
       {"sos_commands/kernel/dmesg_-T", "sos_commands/logs/journalctl_--no-pager", "var/log/messages-20260301.gz",
        "var/log/kern.log.2.xz", "var/crash/1/vmcore-dmesg.txt", "x/boot.txt"}) {
    EXPECT_TRUE(is_log_name(name)) << name;
  }
  for (const std::string_view name : {"etc/fstab", "messages.conf", "var/log/mail"})
    EXPECT_FALSE(is_log_name(name)) << name;
  EXPECT_EQ(family_of("log/messages-20260301.gz"), family_of("log/messages"));
  EXPECT_EQ(family_of("log/kern.log.2"), "log/kern.log");
  EXPECT_EQ(family_of("p/dmesg-efi-179610435301001"), family_of("p/dmesg-efi-179610435302001"));
  EXPECT_NE(family_of("a/messages"), family_of("b/messages"));
}

}  // namespace
}  // namespace whyhung::log
