// SPDX-License-Identifier: GPL-2.0-or-later
// Virtual reads: across pages that lie apart, with the fault of whatever is missing, at the address that was asked for.
#include "target/kernel_memory.h"

#include <gtest/gtest.h>

#include <map>

#include "support/paged_memory.h"

namespace whyhung::target {
namespace {

class Physical final : public PhysicalMemory {
 public:
  test::PagedMemory pages;
  ReadResult<void> read(PhysicalAddress address, std::span<std::byte> out) const override {
    return pages.read(VirtualAddress(address.value), out);
  }
};

class Mapped final : public arch::AddressSpace {
 public:
  std::map<std::uint64_t, std::uint64_t> pages;  // virtual page → physical address
  std::map<std::uint64_t, FaultKind> faults;
  mutable int walks = 0;

  ReadResult<Mapping> translate(VirtualAddress address) const override {
    ++walks;
    if (const auto fault = faults.find(address.value / 4096); fault != faults.end()) {
      return tl::unexpected(ReadFault{fault->second, 0x7777});
    }
    const auto page = pages.find(address.value / 4096);
    if (page == pages.end()) return tl::unexpected(ReadFault{FaultKind::kNotMapped, address.value});
    return Mapping{PhysicalAddress(page->second + address.value % 4096), 4096 - address.value % 4096};
  }
  std::string description() const override { return ""; }
};

constexpr std::uint64_t kVirtual = 0xffffc90000000000;

class KernelMemoryTest : public testing::Test {
 protected:
  KernelMemoryTest() : memory_(physical_, space_, ByteOrder::kLittle) {
    // Two neighbours that lie in the wrong order in physical memory.
    space_.pages[kVirtual / 4096] = 0x9000;
    space_.pages[kVirtual / 4096 + 1] = 0x5000;
    for (std::uint64_t i = 0; i < 4096; ++i) {
      physical_.pages.write_integer<std::uint8_t>(0x9000 + i, 1);
      physical_.pages.write_integer<std::uint8_t>(0x5000 + i, 2);
    }
  }
  Physical physical_;
  Mapped space_;
  KernelMemory memory_;
};

TEST_F(KernelMemoryTest, AReadCrossesPagesThatLieApart) {
  std::vector<std::byte> out(8);
  ASSERT_TRUE(memory_.read(VirtualAddress(kVirtual + 0xffc), out));
  EXPECT_EQ(out, (std::vector<std::byte>{std::byte{1}, std::byte{1}, std::byte{1}, std::byte{1}, std::byte{2},
                                         std::byte{2}, std::byte{2}, std::byte{2}}));
  EXPECT_EQ(memory_.read_u64(VirtualAddress(kVirtual + 0xffe)), 0x0202020202020101u);
}

TEST_F(KernelMemoryTest, AReadOfNothingIsAlwaysGood) {
  EXPECT_TRUE(memory_.read(VirtualAddress(0xdead0000), {}));
}

TEST_F(KernelMemoryTest, TheFaultIsAtTheFirstAddressThatIsNotMapped) {
  std::vector<std::byte> out(16);
  const auto done = memory_.read(VirtualAddress(kVirtual + 0x1ff8), out);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error(), (ReadFault{FaultKind::kNotMapped, kVirtual + 0x2000}));
}

TEST_F(KernelMemoryTest, APageThatTheDumpLacksKeepsItsReason) {
  for (const FaultKind kind :
       {FaultKind::kFilteredOut, FaultKind::kTruncated, FaultKind::kCorrupt, FaultKind::kBeyondDump}) {
    physical_.pages.take_away(0x5000, kind);
    const auto value = memory_.read_u64(VirtualAddress(kVirtual + 0xffc));
    ASSERT_FALSE(value);
    EXPECT_EQ(value.error(), (ReadFault{kind, kVirtual + 0x1000}));
  }
}

TEST_F(KernelMemoryTest, AMissingPageTableKeepsItsReasonAndGivesTheVirtualAddress) {
  space_.faults[kVirtual / 4096] = FaultKind::kFilteredOut;
  const auto value = memory_.read_u32(VirtualAddress(kVirtual + 0x123));
  ASSERT_FALSE(value);
  EXPECT_EQ(value.error(), (ReadFault{FaultKind::kFilteredOut, kVirtual + 0x123}));
}

TEST_F(KernelMemoryTest, TranslationsAreRememberedAndDoNotTakeEachOthersPlace) {
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(memory_.read_u8(VirtualAddress(kVirtual + 0x10)));
  EXPECT_EQ(space_.walks, 1);
  // A page whose number shares the slot of the first one.
  const std::uint64_t rival = kVirtual + 1024 * 4096;
  space_.pages[rival / 4096] = 0x5000;
  EXPECT_EQ(memory_.read_u8(VirtualAddress(rival)), 2);
  EXPECT_EQ(memory_.read_u8(VirtualAddress(kVirtual)), 1);
}

TEST_F(KernelMemoryTest, AFaultIsNotRemembered) {
  EXPECT_FALSE(memory_.read_u8(VirtualAddress(kVirtual + 0x5000)));
  space_.pages[kVirtual / 4096 + 5] = 0x9000;
  EXPECT_TRUE(memory_.read_u8(VirtualAddress(kVirtual + 0x5000)));
}

TEST_F(KernelMemoryTest, TheEndOfTheAddressSpaceIsNotCrossed) {
  space_.pages[~std::uint64_t{0} / 4096] = 0x9000;
  EXPECT_FALSE(memory_.read_u64(VirtualAddress(~std::uint64_t{0} - 3)));
  EXPECT_EQ(memory_.read_u32(VirtualAddress(~std::uint64_t{0} - 3)), 0x01010101u);
}

}  // namespace
}  // namespace whyhung::target
