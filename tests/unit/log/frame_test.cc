// SPDX-License-Identifier: GPL-2.0-or-later
#include "log/frame.h"

#include <gtest/gtest.h>

namespace whyhung::log {
namespace {

TEST(PrintedFrame, IsReadInEveryWriting) {
  struct Case {
    std::string_view text, function, module;
    bool unsure;
  };
  for (const Case& one :
       {Case{"schedule+0x1d/0x150", "schedule", "", false},
        {"? nv_drm_atomic+0x2a3/0x2b0 [nvidia_drm]", "nv_drm_atomic", "nvidia_drm", true},
        {"[<ffffffff81234567>] schedule+0x29/0x70", "schedule", "", false},
        {"[<ffffffff81234567>] ? wait_woken+0x29/0x70", "wait_woken", "", true},
        {"[<0>] do_exit+0x1/0x2", "do_exit", "", false},
        {"__mutex_lock.constprop.0+0x33b/0x7c0", "__mutex_lock", "", false},
        {"f.isra.5+0x1/0x2 [m 0123abcd] (P)", "f", "m", false},
        {"[c000000123456780] [c000000000123456] schedule+0x1/0x2 (unreliable)", "schedule", "", true},
        {"([<000000000012345a>] schedule+0x1/0x2)", "schedule", "", true},
        {"#3 [ffffc90000123e18] schedule_timeout at ffffffff81a0 [m]", "schedule_timeout", "m", false},
        {"#1  schedule (kernel/sched/core.c:6830:2)", "schedule", "", false},
        {"schedule (kernel/sched/core.c:6835 (discriminator 1))", "schedule", "", false},
        {"[<808841ca>] (schedule) from [<803e199e>] (io_schedule+0xeb/0x160)", "io_schedule", "", false},
        {"schedule from io_schedule+0xeb/0x160", "io_schedule", "", false}}) {
    const auto parsed = parse_frame(one.text);
    ASSERT_TRUE(parsed) << one.text;
    EXPECT_EQ(parsed->frame.function, one.function) << one.text;
    EXPECT_EQ(parsed->frame.module, one.module) << one.text;
    EXPECT_EQ(parsed->frame.unsure, one.unsure) << one.text;
  }
}

TEST(PrintedFrame, AMessageThatNamesAFunctionIsNone) {
  EXPECT_FALSE(parse_frame("CPU#3, waiting 5 ns for CPU#01 do_nothing+0x0/0x10(0x0)."));
  EXPECT_FALSE(parse_frame("RIP: 0010:xas_find_marked+0x19/0x290"));
  EXPECT_FALSE(parse_frame("Workqueue: events kprobe_optimizer"));
}

}  // namespace
}  // namespace whyhung::log
