// SPDX-License-Identifier: GPL-2.0-or-later
// The types in the program: which are tried for a release, and what VMCOREINFO alone describes.
#include "target/known_types.h"

#include <gtest/gtest.h>

#include "target/vmcoreinfo_types.h"

namespace whyhung::target {
namespace {

using Distance = std::vector<std::uint64_t>;

TEST(ReleaseDistanceTest, TheSameReleaseIsNowhereAway) {
  EXPECT_EQ(distance_of_releases("5.4.0-1029-aws", "5.4.0-1029-aws"), Distance());
}

TEST(ReleaseDistanceTest, OtherVersionsAreNotCompared) {
  EXPECT_EQ(distance_of_releases("5.4.0-1029-aws", "5.10.0-1029-aws"), std::nullopt);
  EXPECT_EQ(distance_of_releases("5.4.0-1029-aws", "4.4.0-1029-aws"), std::nullopt);
  EXPECT_EQ(distance_of_releases("5.4.0-1029-aws", ""), std::nullopt);
  EXPECT_EQ(distance_of_releases("", "garbage"), std::nullopt);
}

TEST(ReleaseDistanceTest, ANearerBuildOfTheSameBuilderComesFirst) {
  const std::string_view dump = "5.4.0-1045-aws";
  const auto near = distance_of_releases("5.4.0-1059-aws", dump);
  const auto far = distance_of_releases("5.4.0-1029-aws", dump);
  const auto stranger = distance_of_releases("5.4.0-1045-gke", dump);
  ASSERT_TRUE(near && far && stranger);
  EXPECT_LT(*near, *far);
  EXPECT_LT(*far, *stranger);
}

TEST(ReleaseDistanceTest, WhatIsNotOfTheKernelItselfIsNeverTheSame) {
  const auto distance = distance_of_releases("3.10.0-1160~el7.x86_64", "3.10.0-1160.el7.x86_64");
  ASSERT_TRUE(distance);
  EXPECT_FALSE(distance->empty());
  EXPECT_EQ(distance->front(), 0u) << "the same builder";
}

TEST(BuiltInTypesTest, EachEntryCanBeRead) {
  const debuginfo::TypesPack& pack = built_in_types();
  ASSERT_GE(pack.entries().size(), 17u);
  for (const auto& entry : pack.entries()) {
    const auto file = pack.read(entry);
    ASSERT_TRUE(file) << file.error().what;
    EXPECT_EQ(debuginfo::release_of(**file), entry.release);
    const auto types = debuginfo::distilled_types(*file, entry.name);
    EXPECT_TRUE(types->member("task_struct", "comm")) << entry.name;
    EXPECT_TRUE(types->member("rq", "curr")) << entry.name;
  }
}

TEST(VmcoreinfoTypesTest, DescribeTheRingOfRecordsByItsParts) {
  VmcoreinfoTypes types(
      dump::VmcoreInfo("SIZE(printk_ringbuffer)=96\nOFFSET(printk_ringbuffer.desc_ring)=8\n"
                       "OFFSET(prb_desc_ring.head_id)=24\nSIZE(printk_info)=88\n"
                       "OFFSET(printk_info.text_len)=16\n"));
  EXPECT_EQ(types.size_of("printk_ringbuffer"), 96u);
  const auto head = types.member("printk_ringbuffer", "desc_ring.head_id");
  ASSERT_TRUE(head);
  EXPECT_EQ(head->offset, 32u);
  EXPECT_EQ(head->size, 8u);
  EXPECT_FALSE(types.member("printk_ringbuffer", "desc_ring.descs")) << "its line is missing";
  const auto level = types.member("printk_info", "level");
  ASSERT_TRUE(level);
  EXPECT_EQ(level->offset, 19u);
  EXPECT_EQ(level->bit_offset, 5u);
  EXPECT_EQ(level->bit_size, 3u);
}

TEST(VmcoreinfoTypesTest, DescribeTheRecordsOfOldKernels) {
  VmcoreinfoTypes types(
      dump::VmcoreInfo("SIZE(log)=16\nOFFSET(log.ts_nsec)=0\nOFFSET(log.len)=8\n"
                       "OFFSET(log.text_len)=10\nOFFSET(log.dict_len)=12\n"));
  EXPECT_EQ(types.size_of("log"), 16u);
  EXPECT_EQ(types.size_of("printk_log"), std::nullopt);
  EXPECT_EQ(types.member("log", "text_len")->offset, 10u);
  EXPECT_EQ(types.member("log", "level")->offset, 15u);
  EXPECT_FALSE(types.member("log", "facility"));
}

}  // namespace
}  // namespace whyhung::target
