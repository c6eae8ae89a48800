// SPDX-License-Identifier: GPL-2.0-or-later
#include "dump/flattened.h"

#include <random>

#include "dump_test_support.h"
#include "support/elf_core_builder.h"
#include "support/kdump_builder.h"

namespace whyhung::dump {
namespace {

using test::Bytes;
using test::FlattenForm;

Bytes read_whole(const ByteSource& source) {
  Bytes bytes(source.size());
  const auto count = source.read_some(0, bytes);
  EXPECT_TRUE(count);
  bytes.resize(count ? *count : 0);
  return bytes;
}

TEST(Flattened, TheStreamReadsAsTheFileThatItDescribes) {
  const auto file = test::build_kdump(test::sample_image(1), {});
  for (const auto writer : {FlattenForm::Writer::kMakedumpfile, FlattenForm::Writer::kQemu}) {
    for (const std::size_t piece : {512, 4096, 65536}) {
      FlattenForm form;
      form.writer = writer;
      form.piece = piece;
      const auto opened = open_flattened(make_memory_source(flatten(file, form)));
      ASSERT_TRUE(opened) << opened.error().what;
      EXPECT_EQ(read_whole(*opened->bytes), file.bytes);
      EXPECT_FALSE(opened->incomplete);
    }
  }
}

TEST(Flattened, ReadsAtAnyOffsetAndOfAnyLengthAgree) {
  const auto file = test::build_kdump(test::sample_image(2), {});
  FlattenForm form;
  form.piece = 1000;
  const auto opened = open_flattened(make_memory_source(flatten(file, form)));
  ASSERT_TRUE(opened);
  std::mt19937 random(3);
  for (int i = 0; i < 2000; ++i) {
    const std::size_t offset = random() % (file.bytes.size() + 100);
    const std::size_t length = random() % 5000;
    Bytes bytes(length);
    const auto count = opened->bytes->read_some(offset, bytes);
    ASSERT_TRUE(count);
    const std::size_t there = offset >= file.bytes.size() ? 0 : std::min(length, file.bytes.size() - offset);
    ASSERT_EQ(*count, there);
    ASSERT_TRUE(std::equal(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(there),
                           file.bytes.begin() + static_cast<std::ptrdiff_t>(std::min(offset, file.bytes.size()))));
  }
}

TEST(Flattened, AHeaderThatWasWrittenTwiceCountsAsItWasTheLastTime) {
  const auto image = test::sample_image(3);
  FlattenForm form;
  form.rewrites_header = true;
  const auto dump = must_open(flatten(test::build_kdump(image, {}), form));
  ASSERT_TRUE(dump);
  EXPECT_EQ(dump->facts().release, "6.1.0-test");
  EXPECT_TRUE(dump->facts().flattened);
  expect_image(*dump, image);
}

TEST(Flattened, AnElfCoreMayBeFlattenedToo) {
  const auto image = test::sample_image(4);
  const Bytes core = test::build_core(test::segments_of(image), {});
  FlattenForm form;
  form.piece = 4096;
  form.rewrites_header = false;
  const auto dump = must_open(flatten(core, {}, form));
  ASSERT_TRUE(dump);
  EXPECT_EQ(dump->facts().format, "ELF vmcore");
  EXPECT_TRUE(dump->facts().flattened);
  expect_image(*dump, image);
}

TEST(Flattened, BytesThatNobodyWroteAreZeroInAWholeStream) {
  Bytes file(10000, std::byte{1});
  FlattenForm form;
  form.rewrites_header = false;
  Bytes stream = test::flatten(file, {}, form);
  // Move the piece to 5000: what lies before it was never written.
  store(stream.data() + 4096, std::int64_t{5000}, ByteOrder::kBig);
  const auto opened = open_flattened(make_memory_source(stream));
  ASSERT_TRUE(opened);
  const Bytes bytes = read_whole(*opened->bytes);
  ASSERT_EQ(bytes.size(), 15000u);
  EXPECT_TRUE(std::all_of(bytes.begin(), bytes.begin() + 5000, [](std::byte b) { return b == std::byte{0}; }));
  EXPECT_TRUE(std::all_of(bytes.begin() + 5000, bytes.end(), [](std::byte b) { return b == std::byte{1}; }));
}

TEST(Flattened, AStreamThatBreaksOffIsReadAsFarAsItGoes) {
  const auto image = test::sample_image(5, 4096, 600);
  test::KdumpForm kdump;
  kdump.codec = test::PageCodec::kNone;
  const auto file = test::build_kdump(image, kdump);
  FlattenForm form;
  form.piece = 2048;
  form.rewrites_header = false;
  Bytes stream = flatten(file, form);
  stream.resize(stream.size() / 2);
  const auto dump = must_open(stream);
  ASSERT_TRUE(dump);
  EXPECT_TRUE(dump->facts().incomplete);
  EXPECT_NE(all_remarks(*dump).find("cut off"), std::string::npos) << all_remarks(*dump);
  unsigned read = 0, cut = 0;
  for (const auto& [frame, page] : image.pages) {
    const auto bytes = read_bytes(*dump, frame * 4096, 4096);
    if (bytes) {
      EXPECT_EQ(*bytes, page);
      ++read;
    } else {
      EXPECT_EQ(bytes.error().kind, FaultKind::kTruncated);
      ++cut;
    }
  }
  EXPECT_GT(read, 50u);
  EXPECT_GT(cut, 50u);
}

TEST(Flattened, FramesWhoseBitsWereCutOffAreNotTakenForAbsent) {
  // QEMU writes its two bitmaps in turns, a block at a time.
  auto image = test::sample_image(8);
  image.frames = 200000;
  FlattenForm form;
  form.writer = FlattenForm::Writer::kQemu;
  form.piece = 4096;
  form.rewrites_header = false;
  const auto file = test::build_kdump(image, {});
  Bytes stream = flatten(file, form);
  stream.resize(50000);
  const auto dump = must_open(stream);
  ASSERT_TRUE(dump);
  EXPECT_NE(all_remarks(*dump).find("bitmap of its pages is cut off"), std::string::npos) << all_remarks(*dump);
  EXPECT_EQ(fault_at(*dump, 199000ull * 4096), FaultKind::kTruncated);
}

TEST(Flattened, AMissingEndMarkIsRemarkedEvenIfNothingElseIsMissing) {
  FlattenForm form;
  form.end_mark = false;
  const auto image = test::sample_image(6);
  const auto dump = must_open(flatten(test::build_kdump(image, {}), form));
  ASSERT_TRUE(dump);
  EXPECT_TRUE(dump->facts().incomplete);
  EXPECT_NE(all_remarks(*dump).find("without its end mark"), std::string::npos);
  expect_image(*dump, image);
}

TEST(Flattened, ADamagedPieceEndsTheStreamThere) {
  FlattenForm form;
  form.rewrites_header = false;
  const auto file = test::build_kdump(test::sample_image(7), {});
  Bytes stream = flatten(file, form);
  // The end mark becomes a piece of negative length.
  store(stream.data() + stream.size() - 16, std::int64_t{0}, ByteOrder::kBig);
  const auto dump = must_open(stream);
  ASSERT_TRUE(dump);
  EXPECT_NE(all_remarks(*dump).find("damaged"), std::string::npos);
}

TEST(Flattened, WhatIsNotUsableIsRefusedWithAReason) {
  Bytes head = test::flatten(Bytes(100), {}, {});
  Bytes version2 = head;
  version2[31] = std::byte{2};
  EXPECT_NE(error_of(version2).find("version 2"), std::string::npos);
  Bytes empty = head;
  empty.resize(4096);
  EXPECT_NE(error_of(empty).find("without any content"), std::string::npos);
  Bytes far_away = head;
  store(far_away.data() + 4096, std::int64_t{1} << 50, ByteOrder::kBig);
  EXPECT_NE(error_of(far_away).find("leave"), std::string::npos);
}

}  // namespace
}  // namespace whyhung::dump
