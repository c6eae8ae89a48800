// SPDX-License-Identifier: GPL-2.0-or-later
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "dump/capsule_note.h"
#include "dump/capsule_writer.h"
#include "dump/elf_notes.h"
#include "dump/vmcoreinfo.h"
#include "dump_test_support.h"
#include "support/elf_core_builder.h"
#include "support/kdump_builder.h"

namespace whyhung::dump {
namespace {

using test::Bytes;
using test::KdumpForm;
using test::sample_image;

class CapsuleTest : public testing::Test {
 protected:
  CapsuleTest() {
    std::string name = testing::TempDir() + "whyhung-capsule-XXXXXX";
    folder_ = ::mkdtemp(name.data());
    path_ = folder_ + "/capsule.vmcore";
  }
  ~CapsuleTest() override { std::filesystem::remove_all(folder_); }

  static std::vector<std::uint64_t> all_frames(const Dump& dump) {
    std::vector<std::uint64_t> frames;
    for (std::uint64_t frame = 0; frame < dump.facts().page_frames; ++frame) frames.push_back(frame);
    return frames;
  }
  std::unique_ptr<Dump> write_and_open(const Dump& dump, std::span<const std::uint64_t> frames,
                                       const CapsuleOptions& options = {}) {
    const auto summary = write_capsule(dump, frames, path_, options);
    EXPECT_TRUE(summary) << summary.error().what;
    const std::vector<std::string> paths{path_};
    return must_open(open_dump(paths));
  }
  Bytes file_bytes() const {
    std::ifstream file(path_, std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    return test::bytes_of(text);
  }

  std::string folder_;
  std::string path_;
};

TEST_F(CapsuleTest, AllFramesOfADumpOfAnyFormReadTheSame) {
  const auto image = sample_image(81);
  KdumpForm big_endian;
  big_endian.order = ByteOrder::kBig;
  const Bytes forms[] = {build_kdump(image, {}).bytes, build_kdump(image, big_endian).bytes,
                         flatten(build_kdump(image, {}), {}), build_core(segments_of(image), {})};
  CapsuleOptions options;
  options.existing = Existing::kReplace;
  for (const Bytes& form : forms) {
    const auto source = must_open(form);
    ASSERT_TRUE(source);
    const auto capsule = write_and_open(*source, all_frames(*source), options);
    ASSERT_TRUE(capsule);
    EXPECT_TRUE(capsule->facts().capsule);
    EXPECT_TRUE(capsule->facts().partial);
    EXPECT_FALSE(capsule->facts().incomplete);
    EXPECT_EQ(all_remarks(*capsule), "");
    EXPECT_EQ(capsule->facts().page_size, source->facts().page_size);
    EXPECT_EQ(capsule->facts().header_byte_order, source->facts().header_byte_order);
    EXPECT_EQ(capsule->facts().timestamp, source->facts().timestamp);
    EXPECT_EQ(capsule->vmcoreinfo(), source->vmcoreinfo());
    ASSERT_EQ(capsule->notes().size(), source->notes().size() + 1);
    for (std::size_t i = 0; i < source->notes().size(); ++i) {
      EXPECT_EQ(capsule->notes()[i].name, source->notes()[i].name);
      EXPECT_EQ(capsule->notes()[i].type, source->notes()[i].type);
      EXPECT_TRUE(std::ranges::equal(capsule->notes()[i].data, source->notes()[i].data));
    }
    expect_image(*capsule, image);
  }
}

TEST_F(CapsuleTest, OnlyWhatWasTouchedIsInIt) {
  const auto image = sample_image(82);
  const auto source = must_open(build_kdump(image, {}).bytes);
  for (const std::uint64_t address : {5000, 40000, 123456, 800000}) (void)read_bytes(*source, address, 100);
  const auto touched = source->touched_pages();
  const auto capsule = write_and_open(*source, frames_of(touched));
  ASSERT_TRUE(capsule);
  for (const auto& page : touched) EXPECT_EQ(fault_at(*capsule, page.frame * 4096), page.fault) << page.frame;
  std::uint64_t pages = 0;
  for (auto page = capsule->next_page({}); page; page = capsule->next_page(*page + 1)) ++pages;
  EXPECT_EQ(pages, static_cast<std::uint64_t>(
                       std::count_if(touched.begin(), touched.end(), [](const auto& page) { return !page.fault; })));
  EXPECT_EQ(fault_at(*capsule, 299 * 4096), FaultKind::kBeyondDump) << "there in the dump, but nobody asked for it";
}

TEST_F(CapsuleTest, EveryFaultIsReproduced) {
  auto image = sample_image(83);
  image.pages[10] = image.pages.begin()->second;
  KdumpForm form;
  form.pages_written = image.pages.size() - 20;
  auto file = build_kdump(image, form);
  store(file.bytes.data() + file.descriptors_offset + 12, std::uint32_t{0x80}, ByteOrder::kLittle);
  const auto source = must_open(file.bytes);
  ASSERT_TRUE(source);
  ASSERT_EQ(fault_at(*source, image.pages.begin()->first * 4096), FaultKind::kCorrupt);
  ASSERT_EQ(fault_at(*source, 299 * 4096), FaultKind::kTruncated);
  const auto capsule = write_and_open(*source, all_frames(*source));
  ASSERT_TRUE(capsule);
  for (std::uint64_t frame = 0; frame < 310; ++frame) {
    EXPECT_EQ(fault_at(*capsule, frame * 4096), fault_at(*source, frame * 4096)) << frame;
  }
  EXPECT_EQ(all_remarks(*capsule), "") << "what was missing before is not the capsule's fault";
}

TEST_F(CapsuleTest, ACapsuleOfACapsuleIsTheSameFile) {
  const auto source = must_open(build_kdump(sample_image(84), {}).bytes);
  CapsuleOptions options;
  options.existing = Existing::kReplace;
  options.note = "made by a test";
  auto capsule = write_and_open(*source, all_frames(*source), options);
  const Bytes first = file_bytes();
  const Note* const mark = find_note(capsule->notes(), kCapsuleNoteName);
  ASSERT_NE(mark, nullptr);
  EXPECT_EQ(note_text(*mark), "made by a test");
  capsule = write_and_open(*capsule, all_frames(*capsule), options);
  EXPECT_EQ(file_bytes(), first);
}

TEST_F(CapsuleTest, TheOrderOfTheFramesDoesNotMatter) {
  const auto source = must_open(build_kdump(sample_image(85), {}).bytes);
  auto frames = all_frames(*source);
  CapsuleOptions options;
  options.existing = Existing::kReplace;
  (void)write_and_open(*source, frames, options);
  const Bytes first = file_bytes();
  std::reverse(frames.begin(), frames.end());
  frames.push_back(frames.front());
  (void)write_and_open(*source, frames, options);
  EXPECT_EQ(file_bytes(), first);
}

TEST_F(CapsuleTest, EqualPagesAreStoredOnce) {
  test::MemoryImage image;
  image.frames = 1000;
  Bytes page(4096);
  for (std::size_t i = 0; i < page.size(); ++i) page[i] = static_cast<std::byte>(i * i >> 3);
  for (std::uint64_t frame = 0; frame < 1000; ++frame) image.pages[frame] = page;
  const auto source = must_open(build_core(segments_of(image), {}));
  const auto capsule = write_and_open(*source, all_frames(*source));
  ASSERT_TRUE(capsule);
  expect_image(*capsule, image);
  EXPECT_LT(file_bytes().size(), 60000u);
}

TEST_F(CapsuleTest, AnExistingFileIsReplacedOnlyWhenToldTo) {
  const auto source = must_open(build_kdump(sample_image(86), {}).bytes);
  std::ofstream(path_) << "precious";
  const auto refused = write_capsule(*source, all_frames(*source), path_, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kUsage);
  EXPECT_EQ(file_bytes(), test::bytes_of("precious"));
  CapsuleOptions options;
  options.existing = Existing::kReplace;
  EXPECT_TRUE(write_and_open(*source, all_frames(*source), options));
}

TEST_F(CapsuleTest, NothingIsLeftBehindWhenItCannotBeWritten) {
  const auto source = must_open(build_kdump(sample_image(87), {}).bytes);
  const auto missing = write_capsule(*source, all_frames(*source), folder_ + "/missing/capsule", {});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::kIo);
  const auto refused = write_capsule(*source, all_frames(*source), folder_, {});
  ASSERT_FALSE(refused);
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
}

TEST_F(CapsuleTest, OnlyItsOwnerMayReadIt) {
  const auto source = must_open(build_kdump(sample_image(88), {}).bytes);
  (void)write_and_open(*source, all_frames(*source));
  struct stat status {};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST_F(CapsuleTest, AHeaderThatSaysNothingIsFilledFromTheOptions) {
  KdumpForm qemu;
  qemu.system = qemu.node_name = qemu.release = qemu.version_text = "";
  qemu.machine = "Unknown";
  qemu.timestamp = 0;
  qemu.notes = test::sample_notes(qemu.order, "");
  const auto source = must_open(build_kdump(sample_image(89), qemu).bytes);
  CapsuleOptions options;
  options.machine = "aarch64";
  options.version = "#1 SMP";
  options.vmcoreinfo = test::kSampleVmcoreinfo;
  const auto capsule = write_and_open(*source, all_frames(*source), options);
  ASSERT_TRUE(capsule);
  EXPECT_EQ(capsule->facts().machine, "aarch64");
  EXPECT_EQ(capsule->facts().release, "6.1.0-test") << "from VMCOREINFO";
  EXPECT_EQ(capsule->facts().version, "#1 SMP");
  EXPECT_EQ(capsule->vmcoreinfo(), test::kSampleVmcoreinfo);
  EXPECT_NE(find_note(capsule->notes(), "VMCOREINFO"), nullptr);
}

TEST_F(CapsuleTest, APageThatIsKnownInPartKeepsThatPart) {
  const test::CoreSegment segments[] = {{0x1000, 0, Bytes(0x1c00, std::byte{3}), 0x1c00, 1},
                                        {0x10000, 0, Bytes(0x1000, std::byte{4}), 0x1000, 1}};
  const auto source = must_open(build_core(segments, {}));
  const std::uint64_t frames[] = {1, 2, 16};
  const auto summary = write_capsule(*source, frames, path_, {});
  ASSERT_TRUE(summary);
  EXPECT_EQ(summary->partly_known, 1u);
  const std::vector<std::string> paths{path_};
  const auto capsule = must_open(open_dump(paths));
  const auto bytes = read_bytes(*capsule, 0x2000, 0xc00);
  ASSERT_TRUE(bytes);
  EXPECT_EQ(*bytes, Bytes(0xc00, std::byte{3}));
}

TEST_F(CapsuleTest, FramesBeyondTheDumpCostNothing) {
  const auto source = must_open(build_kdump(sample_image(90), {}).bytes);
  const std::uint64_t frames[] = {299, 1ull << 50};
  const auto summary = write_capsule(*source, frames, path_, {});
  ASSERT_TRUE(summary) << summary.error().what;
  EXPECT_EQ(summary->pages, 1u);
  EXPECT_LT(summary->bytes, 100000u);
}

TEST_F(CapsuleTest, ACapsuleOfNothingOpens) {
  const auto source = must_open(build_kdump(sample_image(91), {}).bytes);
  const auto capsule = write_and_open(*source, {});
  ASSERT_TRUE(capsule);
  EXPECT_EQ(capsule->next_page({}), std::nullopt);
  EXPECT_EQ(capsule->vmcoreinfo(), test::kSampleVmcoreinfo);
}

}  // namespace
}  // namespace whyhung::dump
