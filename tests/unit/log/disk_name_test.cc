// SPDX-License-Identifier: GPL-2.0-or-later
#include "log/disk_name.h"

#include <gtest/gtest.h>

namespace whyhung::log {
namespace {

bool same(std::string_view device, std::string_view thread) {
  const auto a = disk_name(device);
  const auto b = disk_of_thread(thread);
  EXPECT_TRUE(a) << device;
  EXPECT_TRUE(b) << thread;
  return a && b && may_be_same(*a, *b);
}

TEST(DiskName, TellsDisksApart) {
  EXPECT_TRUE(same("sda", "jbd2/sda2-8"));
  EXPECT_FALSE(same("sdc", "jbd2/sda2-8"));
  EXPECT_FALSE(same("sdaa", "jbd2/sda2-8"));
  EXPECT_TRUE(same("nvme0", "xfsaild/nvme0n1p2"));
  EXPECT_FALSE(same("nvme1", "xfsaild/nvme0n1"));
  EXPECT_FALSE(same("nvme0", "jbd2/sda1-8"));
  EXPECT_TRUE(same("mmc0", "jbd2/mmcblk0p2-"));
  EXPECT_TRUE(same("vdb", "xfs-sync/vdb1"));
  EXPECT_FALSE(same("fd0", "jbd2/sda2-8"));
}

TEST(DiskName, TheDiskOfALinkMayBeAnyOfItsKind) {
  EXPECT_TRUE(same("ata3.00", "jbd2/sda2-8"));
  EXPECT_FALSE(same("ata3.00", "jbd2/vda2-8"));
}

TEST(DiskName, WhatIsMadeOfOthersOrIsNoneSaysNothing) {
  for (const std::string_view device :
       {"dm-0", "md127", "sdhci", "thin: 253:4", "connection1:0", "scsi", "nvme", "sd", ""})
    EXPECT_FALSE(disk_name(device)) << device;
  for (const std::string_view thread : {"jbd2/dm-0-8", "kworker/u8:1", "xfsaild/md127", "xfs-conv", "jbd2/"})
    EXPECT_FALSE(disk_of_thread(thread)) << thread;
}

}  // namespace
}  // namespace whyhung::log
