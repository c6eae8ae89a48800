// SPDX-License-Identifier: GPL-2.0-or-later
#include "log/prefix.h"

#include <gtest/gtest.h>

#include "log/transport.h"

namespace whyhung::log {
namespace {

std::string text_of(std::string_view line) {
  const auto undone = undo_transport(line);
  return std::string(strip_prefix(undone ? *undone : line).record.text);
}

TEST(Prefix, EveryCollectorsHeaderComesOff) {
  const std::string_view kText = "INFO: task a:1 blocked for more than 122 seconds.";
  for (const std::string_view head : {"[ 2154.250004] ",
                                      "[ 2154.250004][ T1234] ",
                                      "<3>[ 2154.250004] ",
                                      "Mar 14 10:38:31 fennel kernel: ",
                                      "Nov  3 02:02:41 db07 kernel: [700157.300005] ",
                                      "2026-08-02T01:13:38.700007+00:00 store3 kernel: ",
                                      "[Wed Jul 22 08:11:48 2026] ",
                                      "[2026-05-23 02:57:28] [ 9424.600007] ",
                                      "[2026-06-11 12:48:01.529] [  230.529001] ",
                                      "May 25 07:29:36 x 3,16612,40676700000,-,caller=T27;",
                                      "3,16612,40676700000,-;",
                                      "> [   12.345678] ",
                                      "2026-12-04T10:49:30.127Z In(05) vcpu-5 - Guest: [   12.345678] ",
                                      "2026-03-25T00:50:20.1Z stderr F [   12.345678] ",
                                      "00h 15m 58.7s(  17ms): [   12.345678] ",
                                      "vm login: [   95.118003] ",
                                      "16407:[   12.345678] ",
                                      "11\xE6\x9C\x88 30 00:05:45 node kernel: ",
                                      "1700000000.123456 host kernel: ",
                                      "kern  :err   : [   12.345678] ",
                                      "[    1.500000] host kernel: ",
                                      "Wed 2026-03-25 00:50:20 CET host kernel: ",
                                      "[Tue Mar  3 01:02:03 UTC 2026] ",
                                      "Mar 3, 2026 @ 01:02:03.123 host kernel: ",
                                      "March 3rd 2026, 01:02:03.123 host kernel: ",
                                      "Mar 3, 2026, 1:02:03 PM host kernel: ",
                                      "03/03/2026 01:02:03 host kernel: ",
                                      "31.03.2026 01:02:03 host kernel: ",
                                      "3/31/26, 1:02:03 PM host kernel: ",
                                      "12.345678] "}) {
    EXPECT_EQ(text_of(std::string(head) + std::string(kText)), kText) << head;
  }
}

TEST(Prefix, TransportsAreUndoneBeforeAnythingIsLookedFor) {
  EXPECT_EQ(text_of("[   12.345678]  &lt;TASK&gt;"), "<TASK>");
  EXPECT_EQ(text_of(R"({"MESSAGE":" schedule+0x1\/0x2 [m]","PRIORITY":"6","_TRANSPORT":"kernel"})"),
            "schedule+0x1/0x2 [m]");
  EXPECT_EQ(text_of(R"({"log":"[   12.345678] a \"b\"\n","stream":"stdout"})"), "a \"b\"");
  EXPECT_EQ(text_of(R"("2026-03-25T00:50:20Z","host","a ""b"" c")"), "a \"b\" c");
  EXPECT_EQ(text_of("\x1b[0;32m[  OK  ]\x1b[0m Started."), "[  OK  ] Started.");
}

TEST(Prefix, WhatDmesgPrintsBehindItsTimeIsTheKernels) {
  const Record record =
      strip_prefix("2026-03-03T02:30:00,000006+01:00 nvme nvme2: I/O 3 QID 7 timeout, aborting").record;
  EXPECT_EQ(record.text, "nvme nvme2: I/O 3 QID 7 timeout, aborting");
  EXPECT_FALSE(record.from_user_space);
  // … and what a program has written into the kernel's log is not.
  EXPECT_TRUE(strip_prefix("[   12.345678] dockerd[44]: INFO: task a:1 blocked").record.from_user_space);
  EXPECT_FALSE(strip_prefix("[   12.345678] sd 0:0:0:0: [sda] tag#4 FAILED").record.from_user_space);
}

TEST(Prefix, TimesOfLogStoresAreTimes) {
  const auto wall = [](std::string_view line) { return strip_prefix(line).record.wall.value_or(0); };
  const double day = wall("2026-03-31 00:00:00 host kernel: x");
  EXPECT_EQ(wall("3/31/26, 1:02:03 PM host kernel: x"), day + 13 * 3600 + 123);
  EXPECT_EQ(wall("31.03.2026 13:02:03 host kernel: x"), day + 13 * 3600 + 123);
  EXPECT_EQ(wall("Mar 31, 2026 @ 12:02:03.000 host kernel: x"), day + 12 * 3600 + 123);
  EXPECT_EQ(wall("Mar 31, 2026, 12:02:03 AM host kernel: x"), day + 123);
  // A field of a table may hold blanks and commas.
  EXPECT_EQ(undo_transport(R"("Mar 31, 2026 @ 12:02:03.000",host,kernel,"a b c d e f g h i j k l m n o p q r s t")"),
            "Mar 31, 2026 @ 12:02:03.000 localhost kernel: a b c d e f g h i j k l m n o p q r s t");
}

TEST(Prefix, TheKernelsOwnWordsAreNoPrefix) {
  EXPECT_EQ(text_of("[  107.500003] nvme nvme0: I/O 12 QID 0 timeout, completion polled"),
            "nvme nvme0: I/O 12 QID 0 timeout, completion polled");
  EXPECT_EQ(text_of("[Wed Jul 22 08:11:48 2026] sd 2:0:0:0: [sda] x"), "sd 2:0:0:0: [sda] x");
  EXPECT_EQ(text_of(" mt7925_stop+0x1/0x2 [mt7925_common]"), "mt7925_stop+0x1/0x2 [mt7925_common]");
}

TEST(Prefix, AnotherProgramsLineIsToldFromTheKernels) {
  EXPECT_TRUE(strip_prefix("Nov  3 02:00:04 db07 qemu-ga[871]: info: guest-fsfreeze called").record.from_user_space);
  EXPECT_FALSE(strip_prefix("Nov  3 02:00:04 db07 kernel: guest-fsfreeze").record.from_user_space);
}

TEST(Prefix, StampsCallersAndLevelsAreKept) {
  const Record record = strip_prefix("<4>[ 2154.250004][    C3] text").record;
  EXPECT_NEAR(record.uptime.value_or(0), 2154.250004, 1e-6);
  EXPECT_EQ(record.caller, "C3");
  EXPECT_EQ(record.level, 4);
}

}  // namespace
}  // namespace whyhung::log
