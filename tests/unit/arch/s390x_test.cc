// SPDX-License-Identifier: GPL-2.0-or-later
// s390x: the page walk with its levels, and registers.
#include "arch/s390x.h"
#include "arch/x86_64.h"

#include <gtest/gtest.h>

#include <elf.h>

#include "support/physical_words.h"

namespace whyhung::arch {
namespace {

constexpr std::uint64_t kTableSymbol = 0x3ffe1234000;
constexpr std::uint64_t kRoot = 0x2234000;
constexpr std::uint64_t kSegment = 0, kThird = 4, kSecond = 8;  // the level that an entry names
constexpr std::uint64_t kInvalid = 0x20, kMapsMemory = 0x400;

class S390xPagingTest : public testing::Test {
 protected:
  std::optional<std::uint64_t> offset = 0x3ffe0000000, offset_physical = 0x1000000;
  test::PhysicalWords memory;

  void put(std::uint64_t address, std::uint64_t entry) { memory.put(address, entry, ByteOrder::kBig); }
  Result<std::unique_ptr<AddressSpace>> make() {
    MachineFacts facts;
    facts.number = [](std::string_view) { return std::nullopt; };
    facts.symbol = [](std::string_view name) -> std::optional<VirtualAddress> {
      if (name == "swapper_pg_dir") return VirtualAddress(kTableSymbol);
      return std::nullopt;
    };
    facts.kernel_offset = offset;
    facts.kernel_offset_physical = offset_physical;
    return kS390x.make_address_space(memory, facts);
  }
  ReadResult<AddressSpace::Mapping> translate(std::uint64_t address) {
    const auto space = make();
    EXPECT_TRUE(space);
    return (*space)->translate(VirtualAddress(address));
  }
  std::optional<std::uint64_t> physical(std::uint64_t address) {
    const auto mapping = translate(address);
    return mapping ? std::optional(mapping->physical.value) : std::nullopt;
  }
  void map_third(std::uint64_t root, std::uint64_t address) {
    put(root + (address >> 31 & 2047) * 8, 0x3000000 | kThird | 3);
    put(0x3000000 + (address >> 20 & 2047) * 8, 0x4000800 | kSegment);
    put(0x4000800 + (address >> 12 & 255) * 8, 0x8765000 | 0x200);
  }
};

TEST_F(S390xPagingTest, TheRootsFirstEntryTellsTheLevels) {
  const std::uint64_t address = 0x3ffe0123456;
  put(kRoot, kThird | kInvalid);
  map_third(kRoot, address);
  EXPECT_EQ(physical(address), 0x8765456u);
  EXPECT_EQ(translate(address)->bytes_to_end, 0x1000u - 0x456);
  EXPECT_EQ((*make())->description(), "3-level page tables at physical 0x2234000");
  memory.clear();
  put(kRoot, kSecond | kInvalid);
  const std::uint64_t higher = 0x1f'0ffe'0012'3456;
  put(kRoot + (higher >> 42 & 2047) * 8, 0x5000000 | kSecond | 3);
  map_third(0x5000000, higher);
  EXPECT_EQ(physical(higher), 0x8765456u);
  EXPECT_EQ((*make())->description(), "4-level page tables at physical 0x2234000");
}

TEST_F(S390xPagingTest, SegmentsAndRegionsMayMapMemory) {
  const std::uint64_t address = 0x80123456;
  put(kRoot, kThird | kInvalid);
  put(kRoot + 8, 0x3000000 | kThird | 3);
  put(0x3000000 + 8, 0x12300000 | kSegment | kMapsMemory);
  EXPECT_EQ(physical(address), 0x12323456u);
  EXPECT_EQ(translate(address)->bytes_to_end, 0x100000u - 0x23456);
  put(kRoot + 8, 0x100000000 | kThird | kMapsMemory);
  EXPECT_EQ(physical(address), 0x100123456u);
}

TEST_F(S390xPagingTest, AnImageThatWasNotMovedIsAtItsAddress) {
  offset.reset();
  put(kTableSymbol, kThird | kInvalid);
  map_third(kTableSymbol, 0x3ffe0123456);
  EXPECT_EQ(physical(0x3ffe0123456), 0x8765456u);
}

TEST_F(S390xPagingTest, WhatNoTableNamesIsNotMapped) {
  const std::uint64_t address = 0x3ffe0123456;
  put(kRoot, kThird | kInvalid);
  EXPECT_EQ(translate(address).error().kind, FaultKind::kNotMapped) << "an entry of another level";
  map_third(kRoot, address);
  EXPECT_EQ(translate(address + (1ull << 42)).error().kind, FaultKind::kNotMapped) << "more than the tables reach";
  put(0x4000800 + (address >> 12 & 255) * 8, 0x8765000 | 0x400);
  EXPECT_EQ(translate(address).error().kind, FaultKind::kNotMapped) << "an invalid page";
  put(0x3000000 + (address >> 20 & 2047) * 8, 0x4000800 | kSegment | kInvalid);
  EXPECT_EQ(translate(address).error().kind, FaultKind::kNotMapped) << "an invalid segment";
}

TEST_F(S390xPagingTest, ATableThatPointsAtItselfEndsTheWalk) {
  put(kRoot, kThird | kInvalid);
  for (std::uint64_t index = 1; index < 2048; ++index) put(kRoot + index * 8, kRoot | kThird);
  EXPECT_EQ(translate(0x3ffe0123456).error().kind, FaultKind::kNotMapped);
}

TEST_F(S390xPagingTest, ATableOutOfRangeIsAFaultOfTheAddressAskedFor) {
  const std::uint64_t address = 0x3ffe0123456;
  put(kRoot, kThird | kInvalid);
  put(kRoot + (address >> 31 & 2047) * 8, 0xffff'ffff'0000'0000 | kThird);
  memory.take_away(0xffff'ffff'0000'0000, 1 << 14, FaultKind::kBeyondDump);
  EXPECT_EQ(translate(address).error(), (ReadFault{FaultKind::kBeyondDump, address}));
  memory.take_away(kRoot, 8);
  EXPECT_FALSE(make()) << "without the root nothing can be read";
}

TEST(S390xRegisters, NotesAndPtRegsDifferByOneWord) {
  std::vector<std::byte> note(336);
  store<std::uint32_t>(note.data() + 32, 4711, ByteOrder::kBig);
  for (std::size_t i = 0; i < 18; ++i) store<std::uint64_t>(note.data() + 112 + 8 * i, 200 + i, ByteOrder::kBig);
  const auto status = kS390x.decode_prstatus(note, ByteOrder::kBig);
  ASSERT_TRUE(status);
  EXPECT_EQ(status->pid, 4711u);
  EXPECT_EQ(status->registers.get(s390x::kPswMask), 200u);
  EXPECT_EQ(status->registers.get(s390x::kPc), 201u);
  EXPECT_EQ(status->registers.get(s390x::kSp), 217u);
  store<std::uint32_t>(note.data() + 32, 2, ByteOrder::kLittle);
  EXPECT_EQ(kS390x.decode_prstatus(note, ByteOrder::kBig)->pid, 2u) << "QEMU on another machine";
  const RegisterSet saved = kS390x.decode_pt_regs(std::span(note).subspan(112 - 8, 19 * 8));
  EXPECT_EQ(saved.get(s390x::kPc), 201u);
  EXPECT_EQ(saved.get(s390x::kSp), 217u);
  EXPECT_TRUE(kS390x.decode_pt_regs(std::span(note).first(7)).empty());
}

TEST(S390xRegisters, UserModeAndInterruptsAreInTheMask) {
  RegisterSet registers;
  EXPECT_EQ(kS390x.interrupts_enabled(registers), std::nullopt);
  registers.set(s390x::kPswMask, 0x0404c00180000000);
  EXPECT_FALSE(kS390x.is_user_mode(registers));
  EXPECT_EQ(kS390x.interrupts_enabled(registers), false);
  registers.set(s390x::kPswMask, 0x0704c00180000000);
  EXPECT_EQ(kS390x.interrupts_enabled(registers), true);
  registers.set(s390x::kPswMask, 0x0705000180000000);
  EXPECT_TRUE(kS390x.is_user_mode(registers));
}

TEST(S390xRegistry, IsFoundByItsNameAndNotByTheSizeOfItsNotes) {
  EXPECT_EQ(find_architecture(EM_S390, {}, {}), &kS390x);
  EXPECT_EQ(find_architecture({}, "s390x", {}), &kS390x);
  EXPECT_EQ(find_architecture({}, "S390X", {}), &kS390x) << "QEMU";
  EXPECT_EQ(find_architecture({}, {}, 336), &kX86_64);
  EXPECT_EQ(kS390x.find_register("%r15"), s390x::kSp);
  EXPECT_EQ(kS390x.find_register("r16"), std::nullopt);
}

}  // namespace
}  // namespace whyhung::arch
