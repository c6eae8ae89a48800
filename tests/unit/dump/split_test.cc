// SPDX-License-Identifier: GPL-2.0-or-later
#include "dump_test_support.h"
#include "support/kdump_builder.h"

namespace whyhung::dump {
namespace {

using test::build_split;
using test::Bytes;
using test::KdumpForm;
using test::sample_image;

TEST(Split, PartsInAnyOrderReadAsOneDump) {
  const auto image = sample_image(21, 4096, 9000);
  auto parts = build_split(image, {}, 3);
  std::swap(parts[0], parts[2]);
  const auto dump = must_open(open_all(parts));
  ASSERT_TRUE(dump);
  EXPECT_EQ(dump->facts().parts, 3u);
  EXPECT_EQ(all_remarks(*dump), "");
  EXPECT_FALSE(dump->facts().incomplete);
  expect_image(*dump, image);
  expect_pages(*dump, image);
}

TEST(Split, OldHeadersGiveTheirFramesInThe32BitFields) {
  const auto image = sample_image(22);
  KdumpForm form;
  form.version = 4;
  const auto dump = must_open(open_all(build_split(image, form, 2)));
  ASSERT_TRUE(dump);
  expect_image(*dump, image);
}

TEST(Split, FlattenedPartsWork) {
  const auto image = sample_image(23);
  KdumpForm form;
  std::vector<Bytes> parts;
  for (const std::uint64_t begin : {0U, 100U}) {
    form.part = {begin, begin == 0 ? 100 : 300};
    parts.push_back(flatten(build_kdump(image, form), {}));
  }
  const auto dump = must_open(open_all(parts));
  ASSERT_TRUE(dump);
  EXPECT_TRUE(dump->facts().flattened);
  expect_image(*dump, image);
}

TEST(Split, APartAloneOpensAndSaysWhichFramesAreElsewhere) {
  const auto image = sample_image(24);
  const auto dump = must_open(build_split(image, {}, 3)[1]);
  ASSERT_TRUE(dump);
  EXPECT_TRUE(dump->facts().incomplete);
  EXPECT_NE(all_remarks(*dump).find("0x0 to 0x64 of 0x12c"), std::string::npos) << all_remarks(*dump);
  EXPECT_NE(all_remarks(*dump).find("0xc8 to 0x12c"), std::string::npos) << all_remarks(*dump);
  for (std::uint64_t frame = 0; frame < image.frames; ++frame) {
    const bool here = frame >= 100 && frame < 200;
    const auto fault = fault_at(*dump, frame * 4096);
    if (image.pages.contains(frame)) {
      EXPECT_EQ(fault, here ? std::nullopt : std::optional(FaultKind::kTruncated)) << frame;
    } else {
      // The bitmaps of the whole dump are in each part, so the others' reasons are known as well.
      EXPECT_EQ(fault, image.left_out.contains(frame) ? FaultKind::kFilteredOut : FaultKind::kBeyondDump) << frame;
    }
  }
}

TEST(Split, AMissingPartIsNamed) {
  const auto image = sample_image(25);
  auto parts = build_split(image, {}, 3);
  parts.erase(parts.begin() + 1);
  const auto dump = must_open(open_all(parts));
  ASSERT_TRUE(dump);
  EXPECT_TRUE(dump->facts().incomplete);
  EXPECT_NE(all_remarks(*dump).find("0x64 to 0xc8"), std::string::npos) << all_remarks(*dump);
}

TEST(Split, PartsWithoutFramesAreHarmless) {
  // What makedumpfile makes of a machine that is too small to be split into so many.
  const auto image = sample_image(28);
  std::vector<Bytes> parts;
  KdumpForm form;
  for (const auto& range : {std::pair{300U, 300U}, {0U, 300U}, {300U, 300U}}) {
    form.part = range;
    parts.push_back(build_kdump(image, form).bytes);
  }
  const auto dump = must_open(open_all(parts));
  ASSERT_TRUE(dump);
  EXPECT_EQ(all_remarks(*dump), "");
  expect_image(*dump, image);
  expect_pages(*dump, image);

  const auto empty = must_open(parts[0]);
  ASSERT_TRUE(empty);
  EXPECT_NE(all_remarks(*empty).find("0x0 to 0x12c"), std::string::npos) << all_remarks(*empty);
  EXPECT_EQ(empty->next_page({}), std::nullopt);
}

TEST(Split, WhatDoesNotBelongTogetherIsRefused) {
  const auto image = sample_image(26);
  const auto parts = build_split(image, {}, 2);
  EXPECT_NE(error_of(open_all({parts[0], parts[0]})).find("hold the same page frames"), std::string::npos);
  KdumpForm other;
  other.timestamp = 5;
  const std::string mismatch = error_of(open_all({parts[0], build_split(image, other, 2)[1]}));
  EXPECT_NE(mismatch.find("part1 and part2"), std::string::npos) << mismatch;
  EXPECT_NE(mismatch.find("time stamp"), std::string::npos) << mismatch;
  const std::string whole = error_of(open_all({parts[0], build_kdump(image, {}).bytes}));
  EXPECT_NE(whole.find("whole dump"), std::string::npos) << whole;
}

TEST(Split, APartThatClaimsFramesBeyondTheLastHasThoseUpToIt) {
  const auto image = sample_image(29);
  auto parts = build_split(image, {}, 2);
  store(parts[1].data() + 4096 + 88, ~std::uint64_t{0}, ByteOrder::kLittle);
  const auto dump = must_open(open_all(parts));
  ASSERT_TRUE(dump);
  EXPECT_EQ(all_remarks(*dump), "");
  expect_image(*dump, image);
}

TEST(Split, FramesThatMakeNoSenseAreRefused) {
  auto part = build_split(sample_image(27), {}, 2)[1];
  store(part.data() + 4096 + 80, std::uint64_t{1000}, ByteOrder::kLittle);
  EXPECT_NE(error_of(part).find("0x3e8"), std::string::npos) << error_of(part);
}

}  // namespace
}  // namespace whyhung::dump
