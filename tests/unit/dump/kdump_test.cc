// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>
#include <cstring>

#include "dump/kdump_header.h"
#include "dump_test_support.h"
#include "support/kdump_builder.h"

namespace whyhung::dump {
namespace {

using test::build_kdump;
using test::Bytes;
using test::KdumpForm;
using test::PageCodec;
using test::sample_image;

// Version, byte order, codec, page size.
class EveryKdump : public testing::TestWithParam<std::tuple<int, ByteOrder, PageCodec, std::uint32_t>> {
 protected:
  KdumpForm form() const {
    KdumpForm form;
    form.version = std::get<0>(GetParam());
    form.order = std::get<1>(GetParam());
    form.codec = std::get<2>(GetParam());
    return form;
  }
  std::uint32_t page_size() const { return std::get<3>(GetParam()); }
};

TEST_P(EveryKdump, ReadsBackTheMemoryThatItWasMadeFrom) {
  const auto image = sample_image(11, page_size(), 250);
  const auto dump = must_open(build_kdump(image, form()).bytes);
  ASSERT_TRUE(dump);
  EXPECT_EQ(all_remarks(*dump), "");
  EXPECT_FALSE(dump->facts().incomplete);
  EXPECT_EQ(dump->facts().header_version, form().version);
  EXPECT_EQ(dump->facts().page_size, page_size());
  EXPECT_EQ(dump->facts().page_frames, 250u);
  EXPECT_EQ(dump->facts().header_byte_order, form().order);
  expect_image(*dump, image);
  expect_pages(*dump, image);
}

INSTANTIATE_TEST_SUITE_P(Kdump, EveryKdump,
                         testing::Combine(testing::Values(1, 2, 3, 4, 5, 6),
                                          testing::Values(ByteOrder::kLittle, ByteOrder::kBig),
                                          testing::Values(PageCodec::kLzo, PageCodec::kMixed),
                                          testing::Values(4096U, 65536U)));
INSTANTIATE_TEST_SUITE_P(KdumpCodecs, EveryKdump,
                         testing::Combine(testing::Values(6), testing::Values(ByteOrder::kLittle),
                                          testing::Values(PageCodec::kNone, PageCodec::kZlib, PageCodec::kSnappy,
                                                          PageCodec::kZstd),
                                          testing::Values(512U, 4096U, 16384U)));

TEST(Kdump, TheHeaderTellsWhoseDumpItIs) {
  const auto dump = must_open(build_kdump(sample_image(1), {}).bytes);
  ASSERT_TRUE(dump);
  const DumpFacts& facts = dump->facts();
  EXPECT_EQ(facts.format, "kdump-compressed");
  EXPECT_EQ(facts.node_name, "testhost");
  EXPECT_EQ(facts.release, "6.1.0-test");
  EXPECT_EQ(facts.version, "#1 SMP Test");
  EXPECT_EQ(facts.machine, "x86_64");
  EXPECT_EQ(facts.compression, "lzo");
  EXPECT_EQ(facts.dump_level, 31);
  EXPECT_TRUE(facts.partial);
  EXPECT_FALSE(facts.capsule);
  EXPECT_EQ(facts.parts, 1u);
  EXPECT_EQ(facts.timestamp, 1700000000u) << "the crash's own time before the header's";
  EXPECT_EQ(facts.elf_machine, std::nullopt);
}

TEST(Kdump, ANameOfFullWidthWithoutANulIsTakenWhole) {
  KdumpForm form;
  form.node_name = std::string(65, 'n');
  const auto dump = must_open(build_kdump(sample_image(1), form).bytes);
  ASSERT_TRUE(dump);
  EXPECT_EQ(dump->facts().node_name, std::string(65, 'n'));
}

TEST(Kdump, WithoutACrashTimeTheHeadersTimeCounts) {
  KdumpForm form;
  form.notes = test::sample_notes(form.order, "OSRELEASE=x\n");
  EXPECT_EQ(must_open(build_kdump(sample_image(1), form).bytes)->facts().timestamp, 1700000001u);
  form.timestamp = 0;
  EXPECT_EQ(must_open(build_kdump(sample_image(1), form).bytes)->facts().timestamp, std::nullopt);
}

TEST(Kdump, PagesDecideTheCompressionNotTheStatus) {
  KdumpForm form;
  form.codec = PageCodec::kZlib;
  auto file = build_kdump(sample_image(1), form);
  store(file.bytes.data() + 424, std::uint32_t{0}, ByteOrder::kLittle);
  const auto dump = must_open(file.bytes);
  ASSERT_TRUE(dump);
  EXPECT_EQ(dump->facts().compression, "zlib");
  expect_image(*dump, sample_image(1));

  form.codec = PageCodec::kNone;
  form.status_bits = 0x20;  // Debian 12's makedumpfile -z: announced, not done
  const auto raw = must_open(build_kdump(sample_image(1), form).bytes);
  EXPECT_EQ(raw->facts().compression, "none");
}

TEST(Kdump, NotesAreGivenInTheirOrder) {
  const auto dump = must_open(build_kdump(sample_image(1), {}).bytes);
  ASSERT_TRUE(dump);
  ASSERT_EQ(dump->notes().size(), 3u);
  EXPECT_EQ(dump->notes()[1].name, "CORE");
  EXPECT_EQ(dump->notes()[1].type, 1u);
  ASSERT_EQ(dump->notes()[1].data.size(), 336u);
  EXPECT_EQ(load<std::uint32_t>(dump->notes()[1].data.data() + 32, ByteOrder::kLittle), 101u);
  EXPECT_EQ(dump->vmcoreinfo(), test::kSampleVmcoreinfo);
}

TEST(Kdump, VmcoreinfoIsFoundThroughTheHeaderWhenNoNoteHasIt) {
  for (const int version : {3, 6}) {
    KdumpForm form;
    form.version = version;
    form.notes = Bytes();
    form.header_vmcoreinfo = "OSRELEASE=from-header\n";
    const auto dump = must_open(build_kdump(sample_image(1), form).bytes);
    ASSERT_TRUE(dump);
    EXPECT_EQ(dump->vmcoreinfo(), "OSRELEASE=from-header\n");
  }
}

TEST(Kdump, NotesInAnotherByteOrderThanTheHeadersAreRead) {
  KdumpForm form;
  form.order = ByteOrder::kLittle;
  form.notes = test::sample_notes(ByteOrder::kBig);
  const auto dump = must_open(build_kdump(sample_image(1), form).bytes);
  ASSERT_TRUE(dump);
  EXPECT_EQ(dump->notes().size(), 3u);
}

TEST(Kdump, AFullDumpOfOldHasOneBitmap) {
  const auto image = sample_image(5);
  KdumpForm form;
  form.version = 1;
  form.one_bitmap = true;
  form.dump_level = 0;
  auto small = image;
  small.frames = 4096 * 8;  // fills the bitmap's block, so that half of it would not do
  const auto dump = must_open(build_kdump(small, form).bytes);
  ASSERT_TRUE(dump);
  EXPECT_FALSE(dump->facts().partial);
  expect_image(*dump, image, FaultKind::kBeyondDump);
}

TEST(Kdump, TheOlderDiskdumpSignatureIsRead) {
  const auto image = sample_image(5);
  KdumpForm form;
  form.signature = "DISKDUMP";
  form.version = 1;
  const auto dump = must_open(build_kdump(image, form).bytes);
  ASSERT_TRUE(dump);
  EXPECT_EQ(dump->facts().format, "diskdump");
  EXPECT_EQ(dump->facts().dump_level, std::nullopt);
  expect_image(*dump, image);
}

TEST(Kdump, ANewerHeaderVersionIsReadWithARemark) {
  const auto image = sample_image(5);
  KdumpForm form;
  form.version = 7;
  const auto dump = must_open(build_kdump(image, form).bytes);
  ASSERT_TRUE(dump);
  EXPECT_NE(all_remarks(*dump).find("version 7"), std::string::npos);
  expect_image(*dump, image);
}

TEST(Kdump, TheSharedPageOfZerosIsReadFromTheFileOnce) {
  test::MemoryImage image;
  image.frames = 2000;
  for (std::uint64_t frame = 0; frame < image.frames; ++frame) {
    image.pages[frame] = Bytes(4096, frame % 100 == 7 ? std::byte{1} : std::byte{0});
  }
  KdumpForm form;
  form.codec = PageCodec::kNone;
  const auto dump = must_open(build_kdump(image, form).bytes);
  expect_image(*dump, image);
  // Twenty pages of ones, one of zeros, descriptors and headers.
  EXPECT_LT(dump->statistics().file_bytes_read, 300000u);
}

TEST(Kdump, MemoryThatWasErasedOnPurposeIsRemarked) {
  KdumpForm form;
  form.erase_info = "erase cred.security size 8\n";
  const auto dump = must_open(build_kdump(sample_image(1), form).bytes);
  ASSERT_TRUE(dump);
  EXPECT_NE(all_remarks(*dump).find("eraseinfo"), std::string::npos);
  expect_image(*dump, sample_image(1));
}

TEST(Kdump, DumpLevelOneLeavesNothingOut) {
  KdumpForm form;
  form.dump_level = 1;
  EXPECT_FALSE(must_open(build_kdump(sample_image(1), form).bytes)->facts().partial);
}

// A damaged file, from an image whose first pages are all there.
struct Damage {
  test::MemoryImage image;
  test::KdumpFile file;

  Damage() {
    image.frames = 400;
    for (std::uint64_t frame = 0; frame < 400; ++frame) {
      image.pages[frame] = Bytes(4096, std::byte{static_cast<unsigned char>(frame + 1)});
      for (std::size_t i = 0; i < 600; ++i) image.pages[frame][i * 5] = static_cast<std::byte>(i * frame * 7 >> 3);
    }
    file = build_kdump(image, {});
  }
  std::byte* descriptor(std::size_t index) { return file.bytes.data() + file.descriptors_offset + index * 24; }
  std::uint64_t offset_of(std::size_t index) { return load<std::uint64_t>(descriptor(index), ByteOrder::kLittle); }
};

TEST(Kdump, ACutFileReadsAsFarAsItGoesAndSaysWhatIsMissing) {
  Damage damage;
  damage.file.bytes.resize(damage.offset_of(200) + 10);
  const auto dump = must_open(damage.file.bytes);
  ASSERT_TRUE(dump);
  EXPECT_TRUE(dump->facts().incomplete);
  EXPECT_NE(all_remarks(*dump).find("200 of 400 pages"), std::string::npos) << all_remarks(*dump);
  EXPECT_NE(all_remarks(*dump).find("bytes shorter"), std::string::npos) << all_remarks(*dump);
  for (std::uint64_t frame = 0; frame < 400; ++frame) {
    const auto bytes = read_bytes(*dump, frame * 4096, 4096);
    if (frame < 200) {
      ASSERT_TRUE(bytes) << frame;
      ASSERT_EQ(*bytes, damage.image.pages[frame]);
    } else {
      ASSERT_FALSE(bytes) << frame;
      ASSERT_EQ(bytes.error().kind, FaultKind::kTruncated);
    }
  }
  std::uint64_t pages = 0;
  for (auto page = dump->next_page({}); page; page = dump->next_page(*page + 4096)) ++pages;
  EXPECT_EQ(pages, 200u);
}

TEST(Kdump, AFileCutInItsDescriptorsHasNoReadablePageButOpens) {
  Damage damage;
  damage.file.bytes.resize(damage.file.descriptors_offset + 24 * 100);
  const auto dump = must_open(damage.file.bytes);
  ASSERT_TRUE(dump);
  EXPECT_TRUE(dump->facts().incomplete);
  EXPECT_EQ(fault_at(*dump, 0), FaultKind::kTruncated);
  EXPECT_EQ(fault_at(*dump, 399 * 4096), FaultKind::kTruncated);
  EXPECT_EQ(dump->next_page({}), std::nullopt);
  EXPECT_EQ(dump->vmcoreinfo(), test::kSampleVmcoreinfo);
}

TEST(Kdump, AFileCutInItsHeaderOrBitmapIsRefused) {
  Damage damage;
  Bytes header = damage.file.bytes;
  header.resize(300);
  EXPECT_NE(error_of(header).find("needed"), std::string::npos) << error_of(header);
  Bytes bitmap = damage.file.bytes;
  bitmap.resize(damage.file.bitmap_offset + 10);
  EXPECT_NE(error_of(bitmap).find("bitmap"), std::string::npos) << error_of(bitmap);
}

TEST(Kdump, AWriterThatRanOutOfSpaceLeavesItsMark) {
  const auto image = Damage().image;
  KdumpForm form;
  form.pages_written = 300;
  const auto dump = must_open(build_kdump(image, form).bytes);
  ASSERT_TRUE(dump);
  EXPECT_TRUE(dump->facts().incomplete);
  EXPECT_NE(all_remarks(*dump).find("ran out of space"), std::string::npos);
  EXPECT_NE(all_remarks(*dump).find("300 of 400 pages"), std::string::npos) << all_remarks(*dump);
  EXPECT_EQ(fault_at(*dump, 299 * 4096), std::nullopt);
  EXPECT_EQ(fault_at(*dump, 300 * 4096), FaultKind::kTruncated);
}

TEST(Kdump, ADamagedDescriptorSpoilsItsPageOnly) {
  const auto fault_after = [](auto&& spoil) {
    Damage damage;
    spoil(damage);
    const auto dump = must_open(damage.file.bytes);
    EXPECT_EQ(fault_at(*dump, 9 * 4096), std::nullopt);
    EXPECT_EQ(fault_at(*dump, 11 * 4096), std::nullopt);
    return fault_at(*dump, 10 * 4096);
  };
  const auto put = [](auto value, std::size_t at) {
    return [=](Damage& damage) { store(damage.descriptor(10) + at, value, ByteOrder::kLittle); };
  };
  EXPECT_EQ(fault_after(put(std::uint64_t{1} << 60, 0)), FaultKind::kCorrupt) << "offset far beyond any page";
  EXPECT_EQ(fault_after(put(~std::uint64_t{0}, 0)), FaultKind::kCorrupt) << "offset that wraps";
  EXPECT_EQ(fault_after(put(std::uint64_t{0}, 0)), FaultKind::kTruncated) << "never written";
  EXPECT_EQ(fault_after(put(std::uint32_t{0}, 8)), FaultKind::kCorrupt) << "no bytes";
  EXPECT_EQ(fault_after(put(std::uint32_t{4097}, 8)), FaultKind::kCorrupt) << "larger than a page";
  EXPECT_EQ(fault_after(put(std::uint32_t{0x80}, 12)), FaultKind::kCorrupt) << "unknown method";
  EXPECT_EQ(fault_after(put(std::uint32_t{0}, 12)), FaultKind::kCorrupt) << "raw, but short";
  EXPECT_EQ(fault_after(put(std::uint32_t{1}, 12)), FaultKind::kCorrupt) << "another method";
  const auto spoil_packed_bytes = [](Damage& damage) {
    std::byte* const packed = damage.file.bytes.data() + damage.offset_of(10);
    std::fill(packed, packed + 40, std::byte{0});
  };
  EXPECT_EQ(fault_after(spoil_packed_bytes), FaultKind::kCorrupt) << "bytes that are no LZO";
}

// A file that another program cuts while it is read: size() still gives what it was.
class ShrinkingSource final : public ByteSource {
 public:
  explicit ShrinkingSource(Bytes bytes) : size_(bytes.size()), inner_(make_memory_source(std::move(bytes))) {}
  Result<std::size_t> read_some(std::uint64_t offset, std::span<std::byte> out) const override {
    if (offset >= end) return 0;
    return inner_->read_some(offset, out.first(std::min<std::uint64_t>(out.size(), end - offset)));
  }
  std::uint64_t size() const override { return size_; }
  const std::string& name() const override { return inner_->name(); }
  std::uint64_t end = ~std::uint64_t{0};

 private:
  std::uint64_t size_;
  std::shared_ptr<ByteSource> inner_;
};

TEST(Kdump, AFileThatShrinksWhileItIsReadGivesNoHalfPages) {
  for (const PageCodec codec : {PageCodec::kNone, PageCodec::kLzo}) {
    Damage damage;
    KdumpForm form;
    form.codec = codec;
    damage.file = build_kdump(damage.image, form);
    const auto source = std::make_shared<ShrinkingSource>(damage.file.bytes);
    const auto dump = must_open(open_dump(std::vector<std::shared_ptr<ByteSource>>{source}));
    ASSERT_TRUE(dump);
    source->end = damage.offset_of(100) + 5;
    EXPECT_EQ(fault_at(*dump, 99 * 4096), std::nullopt);
    EXPECT_EQ(fault_at(*dump, 100 * 4096), FaultKind::kTruncated);
    EXPECT_EQ(fault_at(*dump, 101 * 4096), FaultKind::kTruncated);
  }
}

TEST(Kdump, HeadersThatMakeNoSenseAreRefusedWithTheirNumbers) {
  const auto error_after = [](std::size_t at, auto value) {
    auto bytes = build_kdump(sample_image(1), {}).bytes;
    store(bytes.data() + at, value, ByteOrder::kLittle);
    return error_of(bytes);
  };
  EXPECT_NE(error_after(428, std::uint32_t{3000}).find("make no sense"), std::string::npos) << "block size";
  EXPECT_NE(error_after(428, std::uint32_t{0}).find("make no sense"), std::string::npos);
  EXPECT_NE(error_after(432, std::uint32_t{0}).find("make no sense"), std::string::npos) << "sub header";
  EXPECT_NE(error_after(432, ~std::uint32_t{0}).find("make no sense"), std::string::npos);
  EXPECT_NE(error_after(436, std::uint32_t{0}).find("make no sense"), std::string::npos) << "bitmap";
  EXPECT_NE(error_after(4096 + 96, std::uint64_t{1} << 50).find("0x4000000000000"), std::string::npos) << "max_mapnr";
  EXPECT_NE(error_after(4096 + 96, std::uint64_t{0}).find("page frames"), std::string::npos);
}

TEST(Kdump, A32BitDumpIsNamedAsSuch) {
  KdumpForm form;
  form.is_32_bit = true;
  form.version = 5;
  form.machine = "i686";
  auto image = sample_image(1);
  image.frames = 300;
  const std::string error = error_of(build_kdump(image, form).bytes);
  EXPECT_NE(error.find("32-bit"), std::string::npos) << error;
  EXPECT_NE(error.find("i686"), std::string::npos) << error;
  // 1 GB of memory: max_mapnr lies where a 64-bit header has its block size, and looks like one.
  image.frames = 0x40000;
  EXPECT_NE(error_of(build_kdump(image, form).bytes).find("32-bit"), std::string::npos);
}

TEST(Kdump, DamagedNotesCostOnlyTheNotes) {
  auto file = build_kdump(sample_image(1), {});
  store(file.bytes.data() + 4096 + 104 + 4, std::uint32_t{0x7fffffff}, ByteOrder::kLittle);
  const auto dump = must_open(file.bytes);
  ASSERT_TRUE(dump);
  EXPECT_EQ(dump->notes().size(), 0u);
  EXPECT_NE(all_remarks(*dump).find("notes"), std::string::npos);
  expect_image(*dump, sample_image(1));
}

TEST(Kdump, NoteRangesBeyondTheFileAreNotBelieved) {
  auto bytes = build_kdump(sample_image(1), {}).bytes;
  store(bytes.data() + 4096 + 56, ~std::uint64_t{0}, ByteOrder::kLittle);
  EXPECT_EQ(must_open(bytes)->vmcoreinfo(), test::kSampleVmcoreinfo);
  store(bytes.data() + 4096 + 48, ~std::uint64_t{0}, ByteOrder::kLittle);
  EXPECT_EQ(must_open(bytes)->vmcoreinfo(), "");
}

}  // namespace
}  // namespace whyhung::dump
