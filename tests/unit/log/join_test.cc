// SPDX-License-Identifier: GPL-2.0-or-later
#include "log/join.h"

#include <gtest/gtest.h>

#include "log/boots.h"
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

std::vector<Record> of_hosts(std::initializer_list<std::string_view> hosts) {
  std::vector<Record> records;
  for (const std::string_view host : hosts) {
    records.emplace_back();
    records.back().line = records.size();
    records.back().host = host;
  }
  return records;
}

TEST(SplitHosts, MachinesThatWriteIntoOneFileAreTakenApart) {
  const auto hosts = split_hosts(of_hosts({"a", "b.lan", "a.lan", "", "b", "a"}), 7);
  ASSERT_EQ(hosts.size(), 2u);
  EXPECT_EQ(hosts[0].records.size(), 4u);  // one without a name is of the one before
  EXPECT_EQ(hosts[1].records.size(), 2u);
  EXPECT_EQ(hosts[1].records[1].line, 5u);
  EXPECT_EQ(hosts[1].sources, std::vector<std::size_t>{7});
  EXPECT_EQ(is_later(hosts[0], hosts[1]), std::nullopt);
}

TEST(SplitHosts, AMachineThatGetsItsNameWhileItStartsIsOne) {
  EXPECT_EQ(split_hosts(of_hosts({"localhost", "a", "a", "localhost", "a", "a"}), 0).size(), 1u);
  EXPECT_EQ(split_hosts(of_hosts({"old", "old", "new", "new"}), 0).size(), 1u);
}

TEST(FillInUptimes, OtherProgramsLinesGetTheKernelsClock) {
  std::vector<Record> records(4);
  for (std::size_t i = 0; i < records.size(); ++i) records[i].wall = 1000.0 + static_cast<double>(i);
  records[1].uptime = 51;
  records[2].uptime = 60;  // the collector's clock was set back
  fill_in_uptimes(records);
  EXPECT_EQ(records[0].uptime, 50);
  EXPECT_EQ(records[3].uptime, 61);
  std::vector<Record> without(1);
  without[0].wall = 5;
  fill_in_uptimes(without);
  EXPECT_FALSE(without[0].uptime);
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
