// SPDX-License-Identifier: GPL-2.0-or-later
// Every dump format, in every form that its writers give it, has to tell the same of the same memory. A format that is
// registered in formats.cc without a builder here fails the first test.
#include <algorithm>
#include <set>

#include "conformance/dump_forms.h"
#include "dump/formats.h"
#include "dump/vmcoreinfo.h"
#include "unit/dump/dump_test_support.h"

namespace whyhung::dump {
namespace {

using test::Bytes;
using test::DumpForm;
using test::MemoryImage;

TEST(DumpConformance, EveryRegisteredFormatHasABuilder) {
  std::set<std::string_view> built;
  for (const DumpForm& form : test::all_dump_forms()) built.insert(form.format);
  for (const Format& format : formats()) EXPECT_TRUE(built.contains(format.name)) << format.name;
  EXPECT_EQ(containers().size(), 1u) << "a new container needs forms of its own here";
}

class DumpConformance : public testing::TestWithParam<DumpForm> {
 protected:
  std::unique_ptr<Dump> open(const MemoryImage& image) const {
    return must_open(open_all(GetParam().build(image, {})));
  }
};

TEST_P(DumpConformance, GivesTheSameMemoryAndTheSameFaults) {
  for (const std::uint32_t seed : {1U, 2U, 3U}) {
    const auto image = test::sample_image(seed, 4096, 200 + seed * 150);
    const auto dump = open(image);
    ASSERT_TRUE(dump);
    expect_image(*dump, image);
    expect_pages(*dump, image);
  }
}

TEST_P(DumpConformance, IsWholeAndHasNothingToRemark) {
  const auto dump = open(test::sample_image(4));
  ASSERT_TRUE(dump);
  EXPECT_FALSE(dump->facts().capsule);
  EXPECT_FALSE(dump->facts().incomplete);
  EXPECT_EQ(all_remarks(*dump), "");
  EXPECT_EQ(dump->facts().page_frames, 300u);
  EXPECT_EQ(dump->facts().page_size, 4096u);
  EXPECT_NE(dump->facts().format, "");
  EXPECT_NE(dump->facts().compression, "");
}

TEST_P(DumpConformance, FindsVmcoreinfoWhereThereIsOne) {
  const auto dump = open(test::sample_image(5));
  ASSERT_TRUE(dump);
  const bool is_too_old = dump->facts().header_version == 1 || dump->facts().header_version == 2;
  EXPECT_EQ(dump->vmcoreinfo(), is_too_old ? "" : test::kSampleVmcoreinfo);
  if (!dump->notes().empty()) {
    ASSERT_EQ(dump->notes().size(), 3u);
    EXPECT_EQ(dump->notes()[0].name, "CORE");
    EXPECT_EQ(load<std::uint32_t>(dump->notes()[1].data.data() + 32, dump->facts().header_byte_order), 101u);
  }
}

TEST_P(DumpConformance, ReadsNoMoreThanItNeedsToOpen) {
  // Incompressible, so that the file is large in whatever form.
  MemoryImage image;
  image.frames = 2000;
  std::uint32_t state = 1;
  for (std::uint64_t frame = 0; frame < image.frames; ++frame) {
    Bytes page(4096);
    for (std::byte& byte : page) byte = static_cast<std::byte>((state = state * 1664525 + 1013904223) >> 24);
    image.pages[frame] = page;
  }
  const auto dump = open(image);
  ASSERT_TRUE(dump);
  const DumpStatistics opened = dump->statistics();
  EXPECT_GT(opened.file_size, 2000u * 4096);
  EXPECT_LT(opened.file_bytes_read, opened.file_size / 10) << "to open";
  (void)read_bytes(*dump, 1000 * 4096 + 8, 8);
  EXPECT_LT(dump->statistics().file_bytes_read - opened.file_bytes_read, 20000u) << "to read a word";
}

TEST_P(DumpConformance, SurvivesBeingCutAnywhere) {
  const auto image = test::sample_image(6, 4096, 60);
  auto files = GetParam().build(image, {});
  const Bytes whole = files.back();
  for (std::size_t keep = 0; keep < whole.size(); keep += keep < 9000 ? 397 : 2999) {
    files.back().assign(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(keep));
    const auto opened = open_all(files);
    if (!opened) {
      EXPECT_NE(opened.error().what, "");
      continue;
    }
    for (const auto& [frame, page] : image.pages) {
      const auto bytes = read_bytes(**opened, frame * 4096, 4096);
      ASSERT_TRUE(!bytes || *bytes == page) << "frame " << frame << " of a file cut at " << keep;
    }
  }
}

// Whether a byte at this offset is one of a header's fields, in one of the forms; of the others a few will do.
bool is_worth_damaging(std::size_t at) {
  constexpr std::size_t kInnerHeader = 4096, kFlattenedInner = 4096 + 16;
  const bool main_fields = at < 130 || (at >= 404 && at < 464);
  const bool sub_fields = at >= kInnerHeader && at < kInnerHeader + 120;
  const bool flattened_fields = at >= kFlattenedInner + 404 && at < kFlattenedInner + 464;
  return main_fields || sub_fields || flattened_fields || at % 61 == 0;
}

TEST_P(DumpConformance, SurvivesDamagedHeaders) {
  const auto image = test::sample_image(7, 4096, 40);
  const auto whole = GetParam().build(image, {});
  for (std::size_t at = 0; at < std::min<std::size_t>(whole[0].size(), 9000); ++at) {
    if (!is_worth_damaging(at)) continue;
    for (const unsigned char value : {0x00, 0xff}) {
      auto files = whole;
      files[0][at] = std::byte{value};
      const auto opened = open_all(std::move(files));
      if (!opened) continue;
      for (std::uint64_t frame = 0; frame < 40; frame += 7) (void)read_bytes(**opened, frame * 4096, 4096);
      (void)(*opened)->next_page({});
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Forms, DumpConformance, testing::ValuesIn(test::all_dump_forms()),
                         [](const auto& form) { return form.param.name; });

}  // namespace
}  // namespace whyhung::dump
