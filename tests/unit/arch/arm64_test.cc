// SPDX-License-Identifier: GPL-2.0-or-later
// arm64: the page walk in its sizes, registers, and the addresses that code makes.
#include "arch/arm64.h"

#include <gtest/gtest.h>

#include <elf.h>

#include <map>

#include "arch/disassembler.h"
#include "support/physical_words.h"

namespace whyhung::arch {
namespace {

constexpr std::uint64_t kVoffset = 0xffff'7fff'c000'0000;
constexpr std::uint64_t kRoot = 0x5000;  // physical
constexpr std::uint64_t kTable = 3, kPage = 3, kBlock = 1;

class Arm64PagingTest : public testing::Test {
 protected:
  std::map<std::string, std::uint64_t, std::less<>> numbers = {
      {"kimage_voffset", kVoffset}, {"VA_BITS", 48}, {"TCR_EL1_T1SZ", 16}, {"PHYS_OFFSET", 0x40000000}};
  std::optional<std::uint64_t> page_size = 4096;
  test::PhysicalWords memory;

  Result<std::unique_ptr<AddressSpace>> make() {
    MachineFacts facts;
    facts.number = [this](std::string_view name) -> std::optional<std::uint64_t> {
      const auto found = numbers.find(name);
      if (found == numbers.end()) return std::nullopt;
      return found->second;
    };
    facts.symbol = [](std::string_view name) -> std::optional<VirtualAddress> {
      if (name == "swapper_pg_dir") return VirtualAddress(kVoffset + kRoot);
      if (name == "_stext") return VirtualAddress(kVoffset + 0x40010000);
      return std::nullopt;
    };
    facts.page_size = page_size;
    return kArm64.make_address_space(memory, facts);
  }
  void put(std::uint64_t table, std::uint64_t index, std::uint64_t entry) { memory.put(table + index * 8, entry); }
  std::optional<std::uint64_t> physical(std::uint64_t address) {
    const auto space = make();
    EXPECT_TRUE(space);
    const auto mapping = (*space)->translate(VirtualAddress(address));
    return mapping ? std::optional(mapping->physical.value) : std::nullopt;
  }
};

TEST_F(Arm64PagingTest, FourLevelsOfSmallPages) {
  const std::uint64_t address = 0xffff'8000'0a12'3456;
  put(kRoot, address >> 39 & 511, 0x10000 | kTable);
  put(0x10000, address >> 30 & 511, 0x20000 | kTable);
  put(0x20000, address >> 21 & 511, 0x30000 | kTable);
  put(0x30000, address >> 12 & 511, 0x0068'0000'7654'3000 | kPage | 0x700);
  EXPECT_EQ(physical(address), 0x76543456u);
  const auto space = make();
  EXPECT_EQ((*space)->translate(VirtualAddress(address))->bytes_to_end, 0x1000u - 0x456);
  EXPECT_EQ((*space)->description(), "4-level page tables of 4 KB pages at physical 0x5000");
  EXPECT_EQ(physical(address & ~0xff00'0000'0000'0000ull), physical(address)) << "tags are not part of the address";
}

TEST_F(Arm64PagingTest, BlocksEndTheWalkEarly) {
  const std::uint64_t address = 0xffff'8000'0a12'3456;
  put(kRoot, address >> 39 & 511, 0x10000 | kTable);
  put(0x10000, address >> 30 & 511, 0x20000 | kTable);
  put(0x20000, address >> 21 & 511, 0x8000'0000 | kBlock | 0x700);
  EXPECT_EQ(physical(address), 0x80000000u + (address & 0x1fffff));
}

TEST_F(Arm64PagingTest, FiveLevelsAndLongPhysicalAddresses) {
  numbers["VA_BITS"] = 52;
  numbers["TCR_EL1_T1SZ"] = 12;
  numbers["MAX_PHYSMEM_BITS"] = 52;
  const std::uint64_t address = 0xfffa'8000'0a12'3456;
  put(kRoot, address >> 48 & 15, 0x8000 | kTable);
  put(0x8000, address >> 39 & 511, 0x10000 | kTable);
  put(0x10000, address >> 30 & 511, 0x20000 | kTable);
  put(0x20000, address >> 21 & 511, 0x30000 | kTable);
  put(0x30000, address >> 12 & 511, 0x7654'3000 | kPage | 0x300);
  EXPECT_EQ(physical(address), 0x000c'0000'7654'3456u) << "bits 51 and 50 stand in 9 and 8";
}

TEST_F(Arm64PagingTest, AKernelForFiftyTwoBitsOnACpuWithFortyEight) {
  numbers["VA_BITS"] = 52;
  const std::uint64_t address = 0xffff'8000'0a12'3456;
  put(kRoot, address >> 39 & 511, 0x10000 | kTable);
  put(0x10000, address >> 30 & 511, 0x8000'0000 | kBlock);
  EXPECT_EQ(physical(address), 0x80000000u + (address & 0x3fffffff)) << "the table is the top of the shorter tree";
}

TEST_F(Arm64PagingTest, ShareabilityIsNoAddressWithoutLpa2) {
  numbers["VA_BITS"] = 52;
  numbers["MAX_PHYSMEM_BITS"] = 52;
  const std::uint64_t address = 0xffff'8000'0a12'3456;
  put(kRoot, address >> 39 & 511, 0x10000 | kTable);
  put(0x10000, address >> 30 & 511, 0x8000'0000 | kBlock | 0x700);
  EXPECT_EQ(physical(address), 0x80000000u + (address & 0x3fffffff));
}

TEST_F(Arm64PagingTest, AProcessHasTablesOfItsOwn) {
  const std::uint64_t address = 0x0000'ffff'8012'3456;
  const PhysicalAddress root(0x60000);
  put(root.value, address >> 39 & 511, 0x10000 | kTable);
  put(0x10000, address >> 30 & 511, 0x20000 | kTable);
  put(0x20000, address >> 21 & 511, 0x30000 | kTable);
  put(0x30000, address >> 12 & 511, 0x00e8'0000'7654'3000 | kPage | 0xf40);
  const auto space = make();
  const auto physical_of = [&](std::uint64_t asked) {
    const auto mapping = (*space)->translate_user(root, VirtualAddress(asked));
    return mapping ? std::optional(mapping->physical.value) : std::nullopt;
  };
  EXPECT_EQ(physical_of(address), 0x76543456u);
  EXPECT_EQ(physical_of(address | 0x2a00'0000'0000'0000), 0x76543456u) << "a tag is not part of the address";
  EXPECT_EQ(physical_of(address | 0x0001'0000'0000'0000), std::nullopt) << "above what the CPU translates";
  EXPECT_EQ(physical_of(address | 0xffff'0000'0000'0000), std::nullopt) << "the kernel's half";
  EXPECT_EQ(physical(address), std::nullopt);
}

// Pages of 16 KB: 11 bits of index a level, entries of the levels above hold 32 MB, 64 GB and 128 TB.
class Arm64MediumPagesTest : public Arm64PagingTest {
 protected:
  void SetUp() override { page_size = 16384; }
  void use_fifty_two_bits() {
    numbers["VA_BITS"] = 52;
    numbers["TCR_EL1_T1SZ"] = 12;
    numbers["MAX_PHYSMEM_BITS"] = 52;
  }
};

TEST_F(Arm64MediumPagesTest, FortyEightBitsLeaveTwoEntriesInTheTopTable) {
  const std::uint64_t address = 0xffff'8000'0a12'3456;
  put(kRoot, 1, 0x10000 | kTable);
  put(0x10000, address >> 36 & 2047, 0x20000 | kTable);
  put(0x20000, address >> 25 & 2047, 0x30000 | kTable);
  put(0x30000, address >> 14 & 2047, 0x0068'0000'7654'0000 | kPage | 0x700);
  EXPECT_EQ(physical(address), 0x76543456u);
  const auto space = make();
  EXPECT_EQ((*space)->translate(VirtualAddress(address))->bytes_to_end, 0x4000u - 0x3456);
  EXPECT_EQ((*space)->description(), "4-level page tables of 16 KB pages at physical 0x5000");
}

TEST_F(Arm64MediumPagesTest, FiftyTwoBitsAreFourLevelsAndLongPhysicalAddresses) {
  use_fifty_two_bits();
  const std::uint64_t address = 0xfffa'8000'0a12'3456;
  put(kRoot, address >> 47 & 31, 0x10000 | kTable);
  put(0x10000, address >> 36 & 2047, 0x20000 | kTable);
  put(0x20000, address >> 25 & 2047, 0x30000 | kTable | 0x100);
  put(0x4'0000'0003'0000, address >> 14 & 2047, 0x7654'0000 | kPage | 0x300);
  EXPECT_EQ(physical(address), 0x000c'0000'7654'3456u) << "in tables' entries as in pages'";
}

TEST_F(Arm64MediumPagesTest, BlocksAreOfThirtyTwoMegabytesAndOfSixtyFourGigabytes) {
  use_fifty_two_bits();
  const std::uint64_t address = 0xfffa'8001'0a12'3456;
  put(kRoot, address >> 47 & 31, 0x10000 | kTable);
  put(0x10000, address >> 36 & 2047, 0x20000 | kTable);
  put(0x20000, address >> 25 & 2047, 0x8000'0000 | kBlock | 0x200);
  EXPECT_EQ(physical(address), 0x0008'0000'8000'0000u + (address & 0x1ff'ffff));
  put(0x10000, address >> 36 & 2047, 0x70'0000'0000 | kBlock);
  EXPECT_EQ(physical(address), 0x70'0000'0000u + (address & 0xf'ffff'ffff));
}

TEST_F(Arm64MediumPagesTest, WithoutLpa2AKernelForFiftyTwoBitsHasFortySevenAndThreeLevels) {
  numbers["VA_BITS"] = 52;
  numbers["TCR_EL1_T1SZ"] = 17;
  numbers["MAX_PHYSMEM_BITS"] = 52;
  const std::uint64_t address = 0xffff'c000'8012'3456;
  put(kRoot, address >> 36 & 2047, 0x20000 | kTable);
  put(0x20000, address >> 25 & 2047, 0x30000 | kTable);
  put(0x30000, address >> 14 & 2047, 0x7654'0000 | kPage | 0x700);
  EXPECT_EQ(physical(address), 0x76543456u);
  EXPECT_EQ((*make())->canonical(VirtualAddress(0x12bf'4000'8012'3456)), VirtualAddress(0xffff'c000'8012'3456))
      << "bit 55 alone says which half";
}

TEST_F(Arm64MediumPagesTest, WithoutItsTableTheLinearMapEndsWhereFortySevenBitsEndIt) {
  memory.take_away(kRoot, 16384);
  numbers["VA_BITS"] = 52;
  numbers["TCR_EL1_T1SZ"] = 17;
  numbers["PHYS_OFFSET"] = 0xfff0'8000'4000'0000;
  EXPECT_EQ(physical(0xffff'8000'0000'1000), 0x40001000u);
  EXPECT_EQ(physical(0xffff'c000'8000'0000), std::nullopt) << "vmalloc's part is behind it";
}

TEST_F(Arm64PagingTest, LargePages) {
  page_size = 65536;
  numbers["VA_BITS"] = 52;
  numbers["MAX_PHYSMEM_BITS"] = 52;
  const std::uint64_t address = 0xffff'8000'0a12'3456;
  // Three levels for 48 bits and for 52 alike: the table has 1024 entries, and the kernel uses the last of them.
  put(kRoot, address >> 42 & 1023, 0x10000 | kTable);
  put(0x10000, address >> 29 & 8191, 0x20000 | kTable);
  put(0x20000, address >> 16 & 8191, 0x7654'0000 | kPage | 0xa000);
  EXPECT_EQ(physical(address), 0x000a'0000'7654'3456u) << "bits 51 to 48 stand in 15 to 12";
}

TEST_F(Arm64PagingTest, WithoutItsTableTheLinearMapIsComputedWithTheConfiguredBits) {
  memory.take_away(kRoot, 4096);
  EXPECT_EQ(physical(0xffff'0000'0000'1000), 0x40001000u);
  numbers["PHYS_OFFSET"] = 0xfff1'0000'4000'0000;
  numbers["VA_BITS"] = 52;
  EXPECT_EQ(physical(0xffff'0000'0000'1000), 0x40001000u) << "a place that is drawn by lot may be negative";
  EXPECT_EQ(physical(kVoffset + 0x40010000), 0x40010000u) << "and the image by its own";
}

TEST_F(Arm64PagingTest, WhatNoTableNamesIsNotMapped) {
  EXPECT_EQ(physical(0xffff'8000'0a12'3456), std::nullopt);
  EXPECT_EQ(physical(0x0000'aaaa'0a12'3456), std::nullopt) << "user space has tables of its own";
}

TEST_F(Arm64PagingTest, AMachineThatCannotBeIsRefused) {
  page_size = 8192;
  EXPECT_FALSE(make());
  page_size = 4096;
  numbers["VA_BITS"] = 80;
  EXPECT_FALSE(make());
  numbers["VA_BITS"] = 39;
  EXPECT_FALSE(make()) << "more in use than there are";
  numbers.erase("kimage_voffset");
  EXPECT_FALSE(make());
}

TEST(Arm64Registers, PrstatusAndPtRegsAreInOneOrder) {
  std::vector<std::byte> note(392);
  store<std::uint32_t>(note.data() + 32, 4711, ByteOrder::kLittle);
  for (std::size_t i = 0; i < 34; ++i) store<std::uint64_t>(note.data() + 112 + 8 * i, 200 + i, ByteOrder::kLittle);
  const auto status = kArm64.decode_prstatus(note, ByteOrder::kLittle);
  ASSERT_TRUE(status);
  EXPECT_EQ(status->pid, 4711u);
  EXPECT_EQ(status->registers.get(arm64::kX0), 200u);
  EXPECT_EQ(status->registers.get(arm64::kFramePointer), 229u);
  EXPECT_EQ(status->registers.get(arm64::kLink), 230u);
  EXPECT_EQ(status->registers.get(arm64::kSp), 231u);
  EXPECT_EQ(status->registers.get(arm64::kPc), 232u);
  EXPECT_EQ(status->registers.get(arm64::kPstate), 233u);
  EXPECT_FALSE(kArm64.decode_prstatus(std::span(note).first(391), ByteOrder::kLittle));
  const RegisterSet cut = kArm64.decode_pt_regs(std::span(note).subspan(112, 33 * 8 + 7));
  EXPECT_EQ(cut.get(arm64::kPc), 232u);
  EXPECT_EQ(cut.get(arm64::kPstate), std::nullopt);
}

TEST(Arm64Registers, UserModeAndInterruptsAreReadFromPstate) {
  RegisterSet registers;
  EXPECT_FALSE(kArm64.is_user_mode(registers));
  EXPECT_EQ(kArm64.interrupts_enabled(registers), std::nullopt);
  registers.set(arm64::kPstate, 0x60400005);
  EXPECT_FALSE(kArm64.is_user_mode(registers));
  EXPECT_EQ(kArm64.interrupts_enabled(registers), true);
  registers.set(arm64::kPstate, 0x604003c5);
  EXPECT_EQ(kArm64.interrupts_enabled(registers), false);
  registers.set(arm64::kPstate, 0x80000000);
  EXPECT_TRUE(kArm64.is_user_mode(registers));
  registers.set(arm64::kPstate, 0x80000010);
  EXPECT_TRUE(kArm64.is_user_mode(registers)) << "a program of 32 bits";
}

TEST(Arm64Registers, NamesOfHalvesMeanTheWhole) {
  EXPECT_EQ(kArm64.find_register("x3"), 3u);
  EXPECT_EQ(kArm64.find_register("w30"), arm64::kLink);
  EXPECT_EQ(kArm64.find_register("fp"), arm64::kFramePointer);
  EXPECT_EQ(kArm64.find_register("sp"), arm64::kSp);
  EXPECT_EQ(kArm64.find_register("xzr"), std::nullopt);
  EXPECT_EQ(kArm64.find_register("x31"), std::nullopt);
  EXPECT_EQ(kArm64.find_register("v0"), std::nullopt);
}

TEST(Arm64Registry, IsFoundByAnyOfItsSigns) {
  EXPECT_EQ(find_architecture(EM_AARCH64, {}, {}), &kArm64);
  EXPECT_EQ(find_architecture({}, "aarch64", {}), &kArm64);
  EXPECT_EQ(find_architecture({}, "Unknown", 392), &kArm64);
}

std::vector<std::byte> code(std::initializer_list<std::uint32_t> words) {
  std::vector<std::byte> bytes(words.size() * 4);
  std::size_t at = 0;
  for (const std::uint32_t word : words) store(bytes.data() + 4 * at++, word, ByteOrder::kLittle);
  return bytes;
}

TEST(Arm64Code, AddressesAreMadeOfAPageAndAPlaceInIt) {
  // adrp x0, +0x1000; add x0, x0, #0x123; adrp x1, -0x1000; ldr x2, [x1, #16]
  const auto found =
      kArm64.addresses_in_code(code({0xb0000000, 0x91048c00, 0xf0ffffe1, 0xf9400822}), VirtualAddress(0x80001234));
  EXPECT_EQ(found, (std::vector{VirtualAddress(0x80002123), VirtualAddress(0x80000010)}));
}

constexpr std::uint64_t kAt = 0xffff800008010000;

Instruction decode(std::uint32_t word) {
  const auto disassembler = Disassembler::create(kArm64);
  EXPECT_TRUE(disassembler);
  const auto instruction = (*disassembler)->decode(code({word}), VirtualAddress(kAt));
  EXPECT_TRUE(instruction) << std::hex << word;
  return instruction.value_or(Instruction());
}

TEST(Arm64Code, BranchesKnowTheirTargets) {
  EXPECT_EQ(decode(0x14000000).flow, Flow::kJump);
  EXPECT_EQ(decode(0x14000000).target, VirtualAddress(kAt)) << "b .";
  EXPECT_EQ(decode(0x17ffffff).target, VirtualAddress(kAt - 4));
  EXPECT_EQ(decode(0x97ffffff).flow, Flow::kCall);
  EXPECT_EQ(decode(0x97ffffff).target, VirtualAddress(kAt - 4));
  EXPECT_EQ(decode(0x54ffffe1).flow, Flow::kConditionalJump) << "b.ne";
  EXPECT_EQ(decode(0x54ffffe1).target, VirtualAddress(kAt - 4));
  EXPECT_EQ(decode(0x35ffffe0).flow, Flow::kConditionalJump) << "cbnz";
  EXPECT_EQ(decode(0x35ffffe0).target, VirtualAddress(kAt - 4));
  EXPECT_EQ(decode(0x3607ffe3).target, VirtualAddress(kAt - 4)) << "tbz w3, #0";
}

TEST(Arm64Code, BranchesOnARegisterNameIt) {
  EXPECT_EQ(decode(0x35ffffe4).registers_read, std::vector<std::size_t>{4});
  EXPECT_EQ(decode(0x3607ffe3).registers_read, std::vector<std::size_t>{3});
  EXPECT_TRUE(decode(0x54ffffe1).registers_read.empty());
}

TEST(Arm64Code, IndirectBranchesHaveNoTarget) {
  EXPECT_EQ(decode(0xd61f0200).flow, Flow::kJump) << "br x16";
  EXPECT_EQ(decode(0xd71f0a11).flow, Flow::kJump) << "braa x16, x17";
  EXPECT_EQ(decode(0xd63f0000).flow, Flow::kCall) << "blr x0";
  EXPECT_EQ(decode(0xd73f0801).flow, Flow::kCall) << "blraa x0, x1";
  EXPECT_EQ(decode(0xd65f03c0).flow, Flow::kReturn) << "ret";
  EXPECT_EQ(decode(0xd65f0bff).flow, Flow::kReturn) << "retaa";
  EXPECT_EQ(decode(0xd69f03e0).flow, Flow::kReturn) << "eret";
  EXPECT_EQ(decode(0xd4210000).flow, Flow::kStop) << "brk #0x800";
  EXPECT_EQ(decode(0x00000000).flow, Flow::kStop) << "udf";
  EXPECT_EQ(decode(0xd503203f).flow, Flow::kNext) << "yield";
  for (const std::uint32_t word : {0xd61f0200u, 0xd63f0000u, 0xd65f03c0u}) EXPECT_FALSE(decode(word).target);
}

TEST(Arm64Code, LoadsTellTheirAddressAndSize) {
  const Instruction load = decode(0xb9401020);  // ldr w0, [x1, #16]
  ASSERT_EQ(load.memory.size(), 1u);
  EXPECT_EQ(load.memory[0].size, 4u);
  EXPECT_TRUE(load.memory[0].is_read);
  EXPECT_FALSE(load.memory[0].is_written);
  RegisterSet registers;
  registers.set(1, 0x1000);
  EXPECT_EQ(effective_address(load, load.memory[0], registers), VirtualAddress(0x1010));
  EXPECT_EQ(load.registers_written, std::vector<std::size_t>{0});
  EXPECT_EQ(decode(0x39400020).memory.at(0).size, 1u) << "ldrb w0, [x1]";
  EXPECT_TRUE(decode(0xf9000020).memory.at(0).is_written) << "str x0, [x1]";
  EXPECT_TRUE(decode(0x7100041f).sets_flags) << "cmp w0, #1";
}

TEST(Arm64Code, AddressesAreWrittenWithoutTheSignOfAConstant) {
  EXPECT_EQ(decode(0x35ffffe4).operands, "w4, 0xffff80000800fffc");
  EXPECT_EQ(decode(0xb0000000).operands, "x0, 0xffff800008011000") << "adrp";
  EXPECT_EQ(decode(0x91048c00).operands, "x0, x0, #0x123");
}

TEST(Arm64Code, AnInstructionThatTheDecoderDoesNotKnowTakesItsPlace) {
  const Instruction unknown = decode(0xfffffff7);
  EXPECT_EQ(unknown.size, 4u);
  EXPECT_EQ(unknown.flow, Flow::kNext);
}

}  // namespace
}  // namespace whyhung::arch
