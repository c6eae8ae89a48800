// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/memory_reader.h"

#include <gtest/gtest.h>

#include <set>

#include "support/fake_memory.h"
#include "support/paged_memory.h"

namespace whyhung {
namespace {

using test::FakeMemory;

TEST(VirtualMemory, WidensUnsignedIntegersOfEverySize) {
  FakeMemory memory;
  memory.put_integer<std::uint64_t>(0x1000, 0x8877665544332211);
  EXPECT_EQ(memory.read_unsigned(VirtualAddress(0x1000), 1), 0x11u);
  EXPECT_EQ(memory.read_unsigned(VirtualAddress(0x1000), 2), 0x2211u);
  EXPECT_EQ(memory.read_unsigned(VirtualAddress(0x1000), 4), 0x44332211u);
  EXPECT_EQ(memory.read_unsigned(VirtualAddress(0x1000), 8), 0x8877665544332211u);
}

TEST(VirtualMemory, ReadsInTheByteOrderOfTheMachine) {
  FakeMemory memory(ByteOrder::kBig);
  memory.put(0x1000, {std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}});
  EXPECT_EQ(memory.read_unsigned(VirtualAddress(0x1000), 2), 0x0102u);
  EXPECT_EQ(memory.read_u32(VirtualAddress(0x1000)), 0x01020304u);
}

TEST(VirtualMemory, AnIntegerOfAnOddSizeIsAFaultAndNotAGuess) {
  FakeMemory memory;
  memory.put_integer<std::uint64_t>(0x1000, 1);
  for (const std::size_t size : {0u, 3u, 5u, 16u}) {
    const auto value = memory.read_unsigned(VirtualAddress(0x1000), size);
    ASSERT_FALSE(value) << size;
    EXPECT_EQ(value.error(), (ReadFault{FaultKind::kCorrupt, 0x1000}));
  }
}

TEST(VirtualMemory, AFaultNamesTheFirstAddressThatLacks) {
  FakeMemory memory;
  memory.put_integer<std::uint32_t>(0x1000, 1);
  const auto value = memory.read_u64(VirtualAddress(0x1000));
  ASSERT_FALSE(value);
  EXPECT_EQ(value.error(), (ReadFault{FaultKind::kNotMapped, 0x1004}));
}

TEST(VirtualMemory, CStringsEndAtTheirNulOrAtTheLimit) {
  test::PagedMemory memory;
  memory.write_text(0x1000, "hello");
  EXPECT_EQ(memory.read_c_string(VirtualAddress(0x1000), 100), "hello");
  EXPECT_EQ(memory.read_c_string(VirtualAddress(0x1000), 3), "hel");
  EXPECT_EQ(memory.read_c_string(VirtualAddress(0x1000), 0), "");
  memory.write_text(0x1100, std::string(200, 'x'));
  EXPECT_EQ(memory.read_c_string(VirtualAddress(0x1100), 1000)->size(), 200u);
}

TEST(VirtualMemory, ACStringNeverTouchesThePageBehindItsNul) {
  test::PagedMemory memory;
  memory.write_text(0x1ff0, "0123456789abcde");  // its NUL is the last byte of the page
  EXPECT_EQ(memory.read_c_string(VirtualAddress(0x1ff0), 4096), "0123456789abcde");
  memory.write(0x1fff, std::as_bytes(std::span("!", 1)));
  const auto cut = memory.read_c_string(VirtualAddress(0x1ff0), 4096);
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().address, 0x2000u);
}

TEST(VirtualMemory, EveryKindOfFaultHasItsOwnWords) {
  std::set<std::string_view> words;
  const FaultKind kinds[] = {FaultKind::kNotMapped,  FaultKind::kFilteredOut, FaultKind::kBeyondDump,
                             FaultKind::kTruncated,  FaultKind::kCorrupt,     FaultKind::kIo,
                             FaultKind::kNoSuchField};
  for (const FaultKind kind : kinds) words.insert(describe(kind));
  EXPECT_EQ(words.size(), std::size(kinds));
  EXPECT_FALSE(words.contains("unreadable"));
  EXPECT_EQ(to_error({FaultKind::kNotMapped, 0xabc}, "the list").what,
            "the list at 0xabc: not mapped in the kernel's page tables");
}

}  // namespace
}  // namespace whyhung
