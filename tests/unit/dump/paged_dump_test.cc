// SPDX-License-Identifier: GPL-2.0-or-later
#include "dump/paged_dump.h"

#include <map>
#include <random>

#include "dump/page_cache.h"
#include "dump_test_support.h"
#include "support/kdump_builder.h"

namespace whyhung::dump {
namespace {

// Counts loads. Frame n is filled with n; some fault, after having spoiled the buffer.
class CountingPages final : public PageSource {
 public:
  explicit CountingPages(std::map<std::uint64_t, unsigned>& loads, std::vector<std::uint64_t>& prefetched)
      : loads_(loads), prefetched_(prefetched) {}
  tl::expected<PageExtent, FaultKind> load(std::uint64_t frame, std::span<std::byte> page) override {
    ++loads_[frame];
    std::fill(page.begin(), page.end(), std::byte{0xee});
    if (frame % 10 == 3) return tl::unexpected(FaultKind::kFilteredOut);
    if (frame % 10 == 4) return tl::unexpected(FaultKind::kCorrupt);
    std::fill(page.begin(), page.end(), static_cast<std::byte>(frame));
    return PageExtent{0, static_cast<std::uint32_t>(page.size())};
  }
  std::optional<std::uint64_t> next_frame(std::uint64_t from) override { return from; }
  void prefetch(std::span<const std::uint64_t> frames) override { prefetched_.assign(frames.begin(), frames.end()); }

 private:
  std::map<std::uint64_t, unsigned>& loads_;
  std::vector<std::uint64_t>& prefetched_;
};

class PagedDumpTest : public testing::Test {
 protected:
  PagedDumpTest() : dump_(make(4096)) {}
  std::unique_ptr<PagedDump> make(std::uint32_t page_size) {
    DumpContents contents;
    contents.facts.page_size = page_size;
    contents.facts.page_frames = 100000;
    return std::make_unique<PagedDump>(std::move(contents), std::make_unique<CountingPages>(loads_, prefetched_));
  }
  std::map<std::uint64_t, unsigned> loads_;
  std::vector<std::uint64_t> prefetched_;
  std::unique_ptr<PagedDump> dump_;
};

TEST_F(PagedDumpTest, ACachedPageIsNotLoadedAgain) {
  for (int round = 0; round < 3; ++round) {
    for (std::uint64_t frame = 20; frame < 23; ++frame) EXPECT_TRUE(read_bytes(*dump_, frame * 4096 + 8, 8));
  }
  for (const auto& [frame, count] : loads_) EXPECT_EQ(count, 1u) << frame;
  EXPECT_EQ(dump_->statistics().pages_read, 3u);
}

TEST_F(PagedDumpTest, AReadAcrossPagesIsOneRead) {
  const auto bytes = read_bytes(*dump_, 5 * 4096 + 4000, 4096 + 200);
  ASSERT_TRUE(bytes);
  EXPECT_EQ((*bytes)[0], std::byte{5});
  EXPECT_EQ((*bytes)[95], std::byte{5});
  EXPECT_EQ((*bytes)[96], std::byte{6});
  EXPECT_EQ((*bytes)[4192], std::byte{7});
}

TEST_F(PagedDumpTest, AFaultNamesTheFirstByteThatIsMissing) {
  const auto bytes = read_bytes(*dump_, 2 * 4096 + 100, 8000);
  ASSERT_FALSE(bytes);
  EXPECT_EQ(bytes.error(), (ReadFault{FaultKind::kFilteredOut, 3 * 4096}));
}

TEST_F(PagedDumpTest, AnEmptyReadNeverFaults) {
  EXPECT_TRUE(dump_->read(PhysicalAddress(3 * 4096), {}));
  EXPECT_TRUE(read_bytes(*dump_, 4096, 8));
  EXPECT_TRUE(dump_->read(PhysicalAddress(4096), {}));
}

TEST_F(PagedDumpTest, WildAddressesAreBeyondTheDump) {
  for (const std::uint64_t address : {100000ull * 4096, ~0ull, ~0ull - 4095, 1ull << 63}) {
    EXPECT_EQ(fault_at(*dump_, address), FaultKind::kBeyondDump) << address;
  }
  EXPECT_EQ(read_bytes(*dump_, ~0ull - 3, 8).error().kind, FaultKind::kBeyondDump) << "wraps around";
  EXPECT_TRUE(dump_->touched_pages().empty());
}

TEST_F(PagedDumpTest, TouchedPagesAreTheCapsulesContent) {
  for (const std::uint64_t frame : {900, 21, 3, 14, 22, 21, 3}) (void)read_bytes(*dump_, frame * 4096, 1);
  const auto touched = dump_->touched_pages();
  ASSERT_EQ(touched.size(), 5u);
  EXPECT_EQ(touched[0].frame, 3u);
  EXPECT_EQ(touched[0].fault, FaultKind::kFilteredOut);
  EXPECT_EQ(touched[1].frame, 14u);
  EXPECT_EQ(touched[1].fault, FaultKind::kCorrupt);
  EXPECT_EQ(touched[2].frame, 21u);
  EXPECT_EQ(touched[2].fault, std::nullopt);
  EXPECT_EQ(touched[4].frame, 900u);
  EXPECT_EQ(dump_->statistics().distinct_pages, 3u);
}

TEST_F(PagedDumpTest, PeekingLeavesNoTrace) {
  std::byte byte{};
  for (std::uint64_t frame = 0; frame < 2000; ++frame) (void)dump_->peek(PhysicalAddress(frame * 4096), {&byte, 1});
  EXPECT_TRUE(dump_->touched_pages().empty());
  loads_.clear();
  EXPECT_TRUE(dump_->peek(PhysicalAddress(1999 * 4096 + 5), {&byte, 1}));
  EXPECT_EQ(byte, static_cast<std::byte>(1999));
  EXPECT_TRUE(loads_.empty()) << "the last peeked page is kept for the next peek";
}

TEST_F(PagedDumpTest, AFailedLoadSpoilsNoPageThatWasReadBefore) {
  constexpr std::uint32_t kPage = 1024 * 1024;  // so large that there are only four slots
  const auto dump = make(kPage);
  for (const std::uint64_t frame : {0, 1, 2, 5}) ASSERT_TRUE(read_bytes(*dump, frame * kPage, 1));
  // The peeks make the page that was read last the one to give way.
  std::byte byte{};
  for (const std::uint64_t frame : {0, 1, 2}) ASSERT_TRUE(dump->peek(PhysicalAddress(frame * kPage), {&byte, 1}));
  ASSERT_FALSE(read_bytes(*dump, 3 * kPage, 1));
  const auto again = read_bytes(*dump, 5 * kPage, 1);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->front(), std::byte{5});

  ASSERT_TRUE(dump->peek(PhysicalAddress(77 * kPage), {&byte, 1}));
  ASSERT_FALSE(dump->peek(PhysicalAddress(4 * kPage), {&byte, 1}));
  ASSERT_TRUE(dump->peek(PhysicalAddress(77 * kPage), {&byte, 1}));
  EXPECT_EQ(byte, std::byte{77});
}

TEST_F(PagedDumpTest, PrefetchAsksForWhatIsNotCachedYetOnceAndInOrder) {
  EXPECT_TRUE(read_bytes(*dump_, 50 * 4096, 1));
  std::vector<PhysicalAddress> pages;
  for (const std::uint64_t frame : {77, 50, 12, 77, 99999999}) pages.push_back(PhysicalAddress(frame * 4096 + 10));
  dump_->prefetch(pages);
  EXPECT_EQ(prefetched_, (std::vector<std::uint64_t>{12, 77}));
}

TEST_F(PagedDumpTest, AHundredPagesInTurnStayCached) {
  for (int round = 0; round < 5; ++round) {
    for (std::uint64_t frame = 0; frame < 100; ++frame)
      (void)read_bytes(*dump_, frame * 2560 * 4096 % (90000ull * 4096), 8);
  }
  unsigned loads = 0;
  for (const auto& [frame, count] : loads_) loads += frame % 10 == 3 || frame % 10 == 4 ? 0 : count;
  EXPECT_LE(loads, 110u);
}

TEST(PageCache, TheLeastRecentlyUsedPageOfASetGivesWay) {
  PageCache cache(4096, 8 * 4096);  // one set of eight
  for (std::uint64_t frame = 0; frame < 8; ++frame) cache.keep(cache.claim(frame), frame);
  EXPECT_NE(cache.find(0), nullptr);
  cache.keep(cache.claim(100), 100);
  EXPECT_NE(cache.find(0), nullptr);
  EXPECT_EQ(cache.find(1), nullptr);
  EXPECT_NE(cache.find(100), nullptr);
}

TEST(PageCache, AFailedLoadLeavesARoomThatIsUsedFirst) {
  PageCache cache(4096, 8 * 4096);
  for (std::uint64_t frame = 0; frame < 8; ++frame) cache.keep(cache.claim(frame), frame);
  for (std::uint64_t frame = 200; frame < 300; ++frame) cache.claim(frame);  // all fail
  unsigned left = 0;
  for (std::uint64_t frame = 0; frame < 8; ++frame) left += cache.find(frame) != nullptr ? 1 : 0;
  EXPECT_EQ(left, 7u);
}

TEST(PageCache, PagesLargerThanTheBudgetStillGetAFewSlots) {
  PageCache cache(1024 * 1024, 1000);
  for (std::uint64_t frame = 0; frame < 4; ++frame) cache.keep(cache.claim(frame), frame);
  for (std::uint64_t frame = 0; frame < 4; ++frame) EXPECT_NE(cache.find(frame), nullptr);
}

// The same random reads of a real format give the same bytes with and without prefetching, in any order.
TEST(PagedDump, RandomReadsAgreeWithTheImage) {
  const auto image = test::sample_image(71, 4096, 3000);
  const auto dump = must_open(build_kdump(image, {}).bytes);
  ASSERT_TRUE(dump);
  std::mt19937 random(5);
  for (int i = 0; i < 20000; ++i) {
    const std::uint64_t address = random() % (3000 * 4096);
    const std::size_t size = 1 + random() % (random() % 20 == 0 ? 9000 : 64);
    if (i % 100 == 0) dump->prefetch(std::vector{PhysicalAddress(address), PhysicalAddress(address + 8192)});
    const auto bytes = read_bytes(*dump, address, size);
    for (std::size_t at = 0; at < size; ++at) {
      const auto page = image.pages.find((address + at) / 4096);
      if (page == image.pages.end()) {
        ASSERT_FALSE(bytes);
        ASSERT_EQ(bytes.error().address, at == 0 ? address : (address + at) / 4096 * 4096);
        break;
      }
      if (!bytes) continue;
      ASSERT_EQ((*bytes)[at], page->second[(address + at) % 4096]);
    }
  }
}

}  // namespace
}  // namespace whyhung::dump
