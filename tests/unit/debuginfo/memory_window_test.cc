// SPDX-License-Identifier: GPL-2.0-or-later
#include "debuginfo/memory_window.h"

#include <gtest/gtest.h>

#include "support/fake_memory.h"

namespace whyhung::debuginfo {
namespace {

using test::FakeMemory;

std::vector<std::byte> counting_bytes(std::size_t count) {
  std::vector<std::byte> bytes(count);
  for (std::size_t i = 0; i < count; ++i) bytes[i] = static_cast<std::byte>(i * 7);
  return bytes;
}

VirtualRange range(std::uint64_t begin, std::uint64_t size) {
  return {VirtualAddress(begin), VirtualAddress(begin + size)};
}

TEST(MemoryWindow, GivesTheBytesOfAnUnalignedRangeAcrossChunks) {
  FakeMemory memory;
  const auto bytes = counting_bytes(1000);
  memory.put(0x1003, bytes);
  MemoryWindow window(memory, range(0x1003, 1000), {6, 1});
  std::vector<std::byte> out(1000);
  ASSERT_TRUE(window.copy(0, out));
  EXPECT_EQ(out, bytes);
  for (std::size_t i = 0; i < 1000; i += 13) {
    ASSERT_FALSE(window.at(i).empty());
    EXPECT_EQ(window.at(i)[0], bytes[i]) << i;
  }
  EXPECT_FALSE(window.fault());
}

TEST(MemoryWindow, NeverReadsOutsideOfItsRange) {
  FakeMemory memory;
  memory.put(0x1010, counting_bytes(20));  // nothing around it: a read of a whole chunk would fault
  MemoryWindow window(memory, range(0x1010, 20), {12, 0});
  EXPECT_EQ(window.at(0).size(), 20u);
  EXPECT_EQ(window.at(19).size(), 1u);
  EXPECT_TRUE(window.at(20).empty());
  std::vector<std::byte> out(21);
  EXPECT_FALSE(window.copy(0, out));
  EXPECT_FALSE(window.fault());
}

TEST(MemoryWindow, ReadsASmallTableOnce) {
  FakeMemory memory;
  memory.put(0x2000, counting_bytes(4096));
  MemoryWindow window(memory, range(0x2000, 4096), {12, 1});
  for (std::uint64_t i = 0; i < 4096; ++i) ASSERT_FALSE(window.at(i).empty());
  EXPECT_EQ(memory.reads(), 1u);
}

TEST(MemoryWindow, AnUnreadableChunkCostsOnlyItself) {
  FakeMemory memory;
  memory.put(0x1000, counting_bytes(0x3000));
  memory.take_away(0x2000, 0x3000);
  MemoryWindow window(memory, range(0x1000, 0x3000), {12, 0});
  EXPECT_EQ(window.at(0xfff).size(), 1u);
  EXPECT_TRUE(window.at(0x1000).empty());
  EXPECT_EQ(window.chunk_end(0x1000), 0x2000u);
  EXPECT_EQ(window.at(0x2000).size(), 0x1000u);
  ASSERT_TRUE(window.fault());
  EXPECT_EQ(window.fault()->kind, FaultKind::kFilteredOut);
  EXPECT_EQ(window.fault()->address, 0x2000u);
}

TEST(MemoryWindow, WorksAtTheTopOfTheAddressSpace) {
  FakeMemory memory;
  const std::uint64_t begin = ~std::uint64_t{0} - 99;
  memory.put(begin, counting_bytes(99));
  MemoryWindow window(memory, range(begin, 99), {12, 0});
  EXPECT_EQ(window.at(0).size(), 99u);
  EXPECT_EQ(window.chunk_end(5), 99u);
}

TEST(MemoryWindow, AnEmptyOrInvertedRangeHoldsNothing) {
  FakeMemory memory;
  MemoryWindow inverted(memory, {VirtualAddress(0x2000), VirtualAddress(0x1000)}, {12, 0});
  EXPECT_EQ(inverted.size(), 0u);
  EXPECT_TRUE(inverted.at(0).empty());
  EXPECT_EQ(memory.reads(), 0u);
}

TEST(MemoryWindow, ReadsIntegersInEitherByteOrderAcrossChunks) {
  FakeMemory memory;
  memory.put(0x103e, {std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}});
  MemoryWindow window(memory, range(0x103e, 4), {6, 0});
  EXPECT_EQ(window.integer<std::uint32_t>(0, ByteOrder::kLittle), 0x04030201u);
  EXPECT_EQ(window.integer<std::uint32_t>(0, ByteOrder::kBig), 0x01020304u);
  EXPECT_EQ(window.integer<std::uint32_t>(1, ByteOrder::kBig), std::nullopt);
}

}  // namespace
}  // namespace whyhung::debuginfo
