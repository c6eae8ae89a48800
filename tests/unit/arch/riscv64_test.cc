// SPDX-License-Identifier: GPL-2.0-or-later
// riscv64: the page walk in its three sizes, registers, and instructions.
#include "arch/riscv64.h"

#include <gtest/gtest.h>

#include <elf.h>

#include <map>

#include "arch/disassembler.h"
#include "support/physical_words.h"

namespace whyhung::arch {
namespace {

constexpr std::uint64_t kLink = 0xffffffff80000000;
constexpr std::uint64_t kOffset = 0xfffffffeffe00000;  // image: virtual - physical
constexpr std::uint64_t kTableSymbol = 0xffffffff82307000;
constexpr std::uint64_t kRoot = kTableSymbol - kOffset;
constexpr std::uint64_t kTable = 1, kPage = 0xcf;  // V; V R W X A D

std::uint64_t entry(std::uint64_t physical, std::uint64_t bits) {
  return physical >> 12 << 10 | bits;
}

class Riscv64PagingTest : public testing::Test {
 protected:
  std::map<std::string, std::uint64_t, std::less<>> numbers = {{"VA_BITS", 48},
                                                               {"va_kernel_pa_offset", kOffset},
                                                               {"KERNEL_LINK_ADDR", kLink},
                                                               {"phys_ram_base", 0x80000000},
                                                               {"PAGE_OFFSET", 0xffffaf8000000000},
                                                               {"MODULES_VADDR", 0xffffffff023a0000}};
  std::optional<std::uint64_t> page_size = 4096;
  std::optional<std::pair<VirtualAddress, PhysicalAddress>> image;
  test::PhysicalWords memory;

  Result<std::unique_ptr<AddressSpace>> make() {
    MachineFacts facts;
    facts.number = [this](std::string_view name) -> std::optional<std::uint64_t> {
      const auto found = numbers.find(name);
      if (found == numbers.end()) return std::nullopt;
      return found->second;
    };
    facts.symbol = [](std::string_view name) -> std::optional<VirtualAddress> {
      if (name == "swapper_pg_dir") return VirtualAddress(kTableSymbol);
      if (name == "_stext") return VirtualAddress(kLink + 0x2000);
      return std::nullopt;
    };
    facts.page_size = page_size;
    facts.image_mapping = image;
    return kRiscv64.make_address_space(memory, facts);
  }
  // Tables at 0x90000000, 0x90001000, … below `root`, down to the level of the leaf (1: the last).
  void map(std::uint64_t address, std::uint64_t leaf, unsigned levels, unsigned last = 1, std::uint64_t root = kRoot) {
    std::uint64_t table = root;
    for (unsigned level = levels; level >= last; --level) {
      const std::uint64_t slot = table + (address >> (12 + 9 * (level - 1)) & 511) * 8;
      table = 0x90000000 + 0x1000 * level + (root - kRoot);
      memory.put(slot, level == last ? leaf : entry(table, kTable));
    }
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
};

TEST_F(Riscv64PagingTest, HasThreeFourOrFiveLevels) {
  const std::map<unsigned, std::uint64_t> addresses = {
      {3, 0xffff'ffc6'0012'3456}, {4, 0xffff'8f80'0012'3456}, {5, 0xff20'0000'0012'3456}};
  for (const auto& [levels, address] : addresses) {
    numbers["VA_BITS"] = 12 + 9 * levels;
    memory.clear();
    map(address, entry(0x8765'4000, kPage), levels);
    EXPECT_EQ(physical(address), 0x87654456u) << levels;
    EXPECT_EQ(translate(address)->bytes_to_end, 0x1000u - 0x456);
    EXPECT_EQ((*make())->description(), fmt::format("Sv{} page tables at physical 0x82507000", 12 + 9 * levels));
  }
}

TEST_F(Riscv64PagingTest, TheModeInSatpCountsMoreThanTheBits) {
  numbers["satp"] = 0x8000'0000'0008'2507;
  map(0xffff'ffc6'0012'3456, entry(0x8765'4000, kPage), 3);
  EXPECT_EQ(physical(0xffff'ffc6'0012'3456), 0x87654456u);
  numbers["satp"] = 0;
  EXPECT_FALSE(make()) << "an address space without tables";
}

TEST_F(Riscv64PagingTest, LargePagesEndTheWalkEarly) {
  const std::uint64_t address = 0xffff'af80'4012'3456;
  map(address, entry(0xc000'0000, kPage), 4, 3);
  EXPECT_EQ(physical(address), 0xc0123456u);
  EXPECT_EQ(translate(address)->bytes_to_end, 0x4000'0000u - 0x123456);
  memory.clear();
  map(address, entry(0x80200000, 0x4b), 4, 2);  // V R X: code
  EXPECT_EQ(physical(address), 0x80200000u + 0x123456);
}

TEST_F(Riscv64PagingTest, SixteenPagesMayBeOne) {
  constexpr std::uint64_t kNapot = 1ull << 63;
  const std::uint64_t address = 0xffff'8f80'0012'3456;
  map(address, kNapot | entry(0x8765'8000, kPage), 4);
  EXPECT_EQ(physical(address), 0x87653456u) << "the lowest bits of the number are those of the address";
  EXPECT_EQ(translate(address)->bytes_to_end, 0x10000u - 0x3456);
  map(address, kNapot | 1ull << 60 | entry(0x8765'8000, kPage), 4);
  EXPECT_EQ(physical(address), 0x87658456u) << "a vendor's memory type";
}

TEST_F(Riscv64PagingTest, MemoryTypesAreNoPartOfAnAddress) {
  map(0xffff'8f80'0012'3456, 1ull << 61 | 1ull << 62 | entry(0x00ab'8765'4000, kPage | 0x300), 4);
  EXPECT_EQ(physical(0xffff'8f80'0012'3456), 0xab87654456u);
}

TEST_F(Riscv64PagingTest, WhatNoTableNamesIsNotMapped) {
  EXPECT_EQ(translate(0xffff'8f80'0012'3456).error().kind, FaultKind::kNotMapped);
  map(0x0000'7f80'0012'3456, entry(0x8765'4000, kPage), 4);
  EXPECT_EQ(translate(0x0000'7f80'0012'3456).error().kind, FaultKind::kNotMapped) << "user space has its own tables";
  map(0x8f80'0012'3456, entry(0x8765'4000, kPage), 4);
  EXPECT_EQ(translate(0x8000'8f80'0012'3456).error().kind, FaultKind::kNotMapped) << "an address between the halves";
  map(0xffff'8f80'0012'3456, entry(0x8765'4000, kPage & ~1u), 4);
  EXPECT_EQ(translate(0xffff'8f80'0012'3456).error().kind, FaultKind::kNotMapped) << "not valid";
}

TEST_F(Riscv64PagingTest, ATableThatPointsAtItselfEndsTheWalk) {
  const std::uint64_t address = 0xffff'8f80'0012'3456;
  memory.put(kRoot + (address >> 39 & 511) * 8, entry(kRoot, kTable));
  for (unsigned level = 1; level <= 3; ++level) {
    memory.put(kRoot + (address >> (12 + 9 * (level - 1)) & 511) * 8, entry(kRoot, kTable));
  }
  EXPECT_EQ(translate(address).error().kind, FaultKind::kNotMapped) << "the last table names no other one";
}

TEST_F(Riscv64PagingTest, ATableOutOfRangeIsAFaultOfTheAddressAskedFor) {
  const std::uint64_t address = 0xffff'8f80'0012'3456;
  constexpr std::uint64_t kNowhere = 0x00ff'ffff'ffff'f000;
  memory.put(kRoot + (address >> 39 & 511) * 8, entry(kNowhere, kTable));
  memory.take_away(kNowhere, 4096, FaultKind::kBeyondDump);
  EXPECT_EQ(translate(address).error(), (ReadFault{FaultKind::kBeyondDump, address}));
}

TEST_F(Riscv64PagingTest, WithoutItsTableImageAndLinearMapAreComputed) {
  memory.take_away(kRoot, 4096);
  EXPECT_EQ(physical(kLink + 0x1234), 0x80201234u);
  EXPECT_EQ(physical(0xffff'af80'0000'1234), 0x80001234u);
  EXPECT_EQ(translate(0xffff'8f80'0012'3456).error().kind, FaultKind::kFilteredOut) << "vmalloc needs tables";
}

TEST_F(Riscv64PagingTest, ThePlaceOfTheImageIsTheOneThatTheTablesAgreeWith) {
  numbers.erase("va_kernel_pa_offset");
  const auto vmalloc = 0xffff'8f80'0012'3456;
  // In the oldest VMCOREINFO the image begins where memory does, …
  const std::uint64_t moved = kTableSymbol - (kLink - 0x80000000);
  map(kTableSymbol, entry(moved & ~0x1fffffull, kPage), 4, 2, moved);
  map(vmalloc, entry(0x8765'4000, kPage), 4, 1, moved);
  EXPECT_EQ(physical(vmalloc), 0x87654456u);
  // … unless the dump's own segments say otherwise and the tables that they lead to agree.
  image = {VirtualAddress(kLink), PhysicalAddress(0x80200000)};
  EXPECT_EQ(physical(vmalloc), 0x87654456u) << "there is nothing at that place";
  map(kTableSymbol, entry(kRoot & ~0x1fffffull, kPage), 4, 2);
  map(vmalloc, entry(0x8111'1000, kPage), 4);
  EXPECT_EQ(physical(vmalloc), 0x81111456u);
}

TEST_F(Riscv64PagingTest, ProcessesHaveTablesOfTheirOwn) {
  map(0x0000'7f80'0012'3456, entry(0x8765'4000, kPage), 4, 1, kRoot + 0x1000'0000);
  const auto space = make();
  const auto root = PhysicalAddress(kRoot + 0x1000'0000);
  const auto mapping = (*space)->translate_user(root, VirtualAddress(0x0000'7f80'0012'3456));
  ASSERT_TRUE(mapping);
  EXPECT_EQ(mapping->physical.value, 0x87654456u);
  EXPECT_FALSE((*space)->translate_user(root, VirtualAddress(0xffff'8f80'0012'3456)));
}

TEST_F(Riscv64PagingTest, AMachineThatCannotBeIsRefused) {
  page_size = 16384;
  EXPECT_FALSE(make());
  page_size = 4096;
  numbers["VA_BITS"] = 32;
  EXPECT_FALSE(make());
  numbers.erase("VA_BITS");
  EXPECT_FALSE(make());
  numbers["VA_BITS"] = 48;
  numbers.erase("va_kernel_pa_offset");
  numbers.erase("phys_ram_base");
  EXPECT_FALSE(make()) << "the image cannot be found";
}

TEST(Riscv64Registers, PrstatusIsTheHeadOfPtRegs) {
  std::vector<std::byte> note(376);
  store<std::uint32_t>(note.data() + 32, 4711, ByteOrder::kLittle);
  for (std::size_t i = 0; i < 32; ++i) store<std::uint64_t>(note.data() + 112 + 8 * i, 200 + i, ByteOrder::kLittle);
  const auto status = kRiscv64.decode_prstatus(note, ByteOrder::kLittle);
  ASSERT_TRUE(status);
  EXPECT_EQ(status->pid, 4711u);
  EXPECT_EQ(status->registers.get(riscv64::kPc), 200u);
  EXPECT_EQ(status->registers.get(riscv64::kLink), 201u);
  EXPECT_EQ(status->registers.get(riscv64::kSp), 202u);
  EXPECT_EQ(status->registers.get(riscv64::kFramePointer), 208u);
  EXPECT_EQ(status->registers.get(riscv64::kX31), 231u);
  EXPECT_EQ(status->registers.get(riscv64::kStatus), std::nullopt) << "notes have no status";
  EXPECT_FALSE(kRiscv64.decode_prstatus(std::span(note).first(375), ByteOrder::kLittle));
  std::vector<std::byte> saved(36 * 8);
  store<std::uint64_t>(saved.data() + 32 * 8, 0x200000120, ByteOrder::kLittle);
  EXPECT_EQ(kRiscv64.decode_pt_regs(saved).get(riscv64::kStatus), 0x200000120u);
}

TEST(Riscv64Registers, UserModeAndInterruptsAreReadFromTheStatusThatAnExceptionLeft) {
  RegisterSet registers;
  EXPECT_EQ(kRiscv64.interrupts_enabled(registers), std::nullopt);
  registers.set(riscv64::kPc, 0xffffffff80dd3620);
  EXPECT_FALSE(kRiscv64.is_user_mode(registers)) << "without a status the program counter tells";
  registers.set(riscv64::kPc, 0x3f8a1b2c4e);
  EXPECT_TRUE(kRiscv64.is_user_mode(registers));
  registers.set(riscv64::kStatus, 0x200000120);
  EXPECT_FALSE(kRiscv64.is_user_mode(registers));
  EXPECT_EQ(kRiscv64.interrupts_enabled(registers), true);
  registers.set(riscv64::kStatus, 0x200000100);
  EXPECT_EQ(kRiscv64.interrupts_enabled(registers), false);
  registers.set(riscv64::kStatus, 0x200004020);
  EXPECT_TRUE(kRiscv64.is_user_mode(registers));
}

TEST(Riscv64Registers, HaveTwoNames) {
  EXPECT_EQ(kRiscv64.find_register("ra"), riscv64::kLink);
  EXPECT_EQ(kRiscv64.find_register("x8"), riscv64::kFramePointer);
  EXPECT_EQ(kRiscv64.find_register("fp"), riscv64::kFramePointer);
  EXPECT_EQ(kRiscv64.find_register("s11"), 27u);
  EXPECT_EQ(kRiscv64.find_register("t6"), riscv64::kX31);
  EXPECT_EQ(kRiscv64.find_register("zero"), std::nullopt);
  EXPECT_EQ(kRiscv64.find_register("epc"), std::nullopt) << "no operand";
  EXPECT_EQ(kRiscv64.find_register("x32"), std::nullopt);
  EXPECT_EQ(kRiscv64.find_register("fa0"), std::nullopt);
}

TEST(Riscv64Registry, IsFoundByAnyOfItsSigns) {
  EXPECT_EQ(find_architecture(EM_RISCV, {}, {}), &kRiscv64);
  EXPECT_EQ(find_architecture({}, "riscv64", {}), &kRiscv64);
  EXPECT_EQ(find_architecture({}, "Unknown", 376), &kRiscv64);
}

constexpr std::uint64_t kAt = 0xffffffff80002000;

std::optional<Instruction> try_decode(std::uint64_t code, std::size_t size) {
  std::array<std::byte, 8> bytes;
  store(bytes.data(), code, ByteOrder::kLittle);
  const auto disassembler = Disassembler::create(kRiscv64);
  EXPECT_TRUE(disassembler);
  return (*disassembler)->decode(std::span(bytes).first(size), VirtualAddress(kAt));
}
Instruction decode(std::uint32_t code) {
  const auto instruction = try_decode(code, 4);
  EXPECT_TRUE(instruction) << std::hex << code;
  return instruction.value_or(Instruction());
}
std::string text(std::uint32_t code) {
  const Instruction one = decode(code);
  return fmt::format("{} {} {}", one.size, one.mnemonic, one.operands);
}

TEST(Riscv64Code, CompressedInstructionsAreWrittenLikeWholeOnes) {
  const std::map<std::uint32_t, std::string> texts = {
      {0x1141, "2 addi sp,sp,-16"}, {0x7139, "2 addi sp,sp,-64"}, {0x1000, "2 addi s0,sp,32"},
      {0xec06, "2 sd ra,24(sp)"},   {0x6442, "2 ld s0,16(sp)"},   {0x6788, "2 ld a0,8(a5)"},
      {0x43c8, "2 lw a0,4(a5)"},    {0xc398, "2 sw a4,0(a5)"},    {0x8526, "2 mv a0,s1"},
      {0x952e, "2 add a0,a0,a1"},   {0x5575, "2 li a0,-3"},       {0x67fd, "2 lui a5,0x1f"},
      {0x9002, "2 ebreak "},        {0x0000, "2 unimp "},         {0x8082, "2 ret "}};
  for (const auto& [code, expected] : texts) EXPECT_EQ(text(code), expected) << std::hex << code;
}

TEST(Riscv64Code, WholeInstructionsAreWrittenAsAssemblersDo) {
  const std::map<std::uint32_t, std::string> texts = {
      {0xcb010113, "4 addi sp,sp,-848"}, {0x34113423, "4 sd ra,840(sp)"},
      {0xfff6c703, "4 lbu a4,-1(a3)"},   {0x08b6252f, "4 amoswap.w a0,a1,(a2)"},
      {0x1005a52f, "4 lr.w a0,(a1)"},    {0xc01027f3, "4 csrrs a5,0xc01,zero"},
      {0x0100000f, "4 pause "},          {0x02c58533, "4 mul a0,a1,a2"},
      {0x40c58533, "4 sub a0,a1,a2"},    {0x43f5d513, "4 srai a0,a1,63"},
      {0x41f5d51b, "4 sraiw a0,a1,31"},  {0x00012097, "4 auipc ra,0x12"},
      {0x010300e7, "4 jalr 16(t1)"},     {0xfffff0d7, "4 .insn 0xfffff0d7"}};
  for (const auto& [code, expected] : texts) EXPECT_EQ(text(code), expected) << std::hex << code;
}

TEST(Riscv64Code, JumpsKnowTheirTargets) {
  struct Case {
    std::uint32_t code;
    Flow flow;
    std::uint64_t back;  // so many bytes
    std::string operands;
  };
  for (const Case& one : {Case{0xbfc5, Flow::kJump, 0x10, "0xffffffff80001ff0"},
                          Case{0xd7fd, Flow::kConditionalJump, 0x12, "a5,0xffffffff80001fee"},
                          Case{0xf575, Flow::kConditionalJump, 0x14, "a0,0xffffffff80001fec"},
                          Case{0xfcb50ce3, Flow::kConditionalJump, 0x28, "a0,a1,0xffffffff80001fd8"},
                          Case{0xfca7eae3, Flow::kConditionalJump, 0x2c, "a5,a0,0xffffffff80001fd4"},
                          Case{0xfd1ff0ef, Flow::kCall, 0x30, "0xffffffff80001fd0"},
                          Case{0xfcdff06f, Flow::kJump, 0x34, "0xffffffff80001fcc"},
                          Case{0xa001, Flow::kJump, 0, "0xffffffff80002000"}}) {
    const Instruction found = decode(one.code);
    EXPECT_EQ(found.flow, one.flow) << std::hex << one.code;
    EXPECT_EQ(found.target, VirtualAddress(kAt - one.back)) << std::hex << one.code;
    EXPECT_EQ(found.operands, one.operands);
  }
  EXPECT_EQ(decode(0xd7fd).registers_read, std::vector<std::size_t>{15});
}

TEST(Riscv64Code, IndirectJumpsAndTrapsHaveNoTarget) {
  EXPECT_EQ(decode(0x8782).flow, Flow::kJump) << "jr a5";
  EXPECT_EQ(decode(0x9782).flow, Flow::kCall) << "jalr a5";
  EXPECT_EQ(decode(0x010300e7).flow, Flow::kCall);
  EXPECT_EQ(decode(0x010300e7).register_distance, 16);
  EXPECT_EQ(decode(0x00008067).flow, Flow::kReturn);
  EXPECT_EQ(decode(0x10200073).flow, Flow::kReturn) << "sret";
  EXPECT_EQ(decode(0x9002).flow, Flow::kStop);
  EXPECT_EQ(decode(0x0000).flow, Flow::kStop);
  EXPECT_EQ(decode(0x10500073).flow, Flow::kNext) << "wfi";
  EXPECT_EQ(decode(0x00012097).constant, kAt + 0x12000) << "auipc";
  for (const std::uint32_t code : {0x8782u, 0x9782u, 0x8082u}) EXPECT_FALSE(decode(code).target);
}

TEST(Riscv64Code, AccessesTellTheirAddressAndSize) {
  const Instruction load = decode(0x43c8);  // lw a0,4(a5)
  ASSERT_EQ(load.memory.size(), 1u);
  EXPECT_EQ(load.memory[0].size, 4u);
  EXPECT_TRUE(load.memory[0].is_read);
  EXPECT_FALSE(load.memory[0].is_written);
  EXPECT_EQ(load.registers_written, std::vector<std::size_t>{10});
  RegisterSet registers;
  registers.set(15, 0x1000);
  EXPECT_EQ(effective_address(load, load.memory[0], registers), VirtualAddress(0x1004));
  EXPECT_TRUE(decode(0xc398).memory.at(0).is_written);
  EXPECT_TRUE(decode(0x08b6252f).memory.at(0).is_written);
  EXPECT_TRUE(decode(0x08b6252f).memory.at(0).is_read);
}

TEST(Riscv64Code, HalfAnInstructionIsNone) {
  EXPECT_FALSE(try_decode(0x9782, 1));
  EXPECT_TRUE(try_decode(0x9782, 2));
  EXPECT_FALSE(try_decode(0x00012097, 2));
  EXPECT_FALSE(try_decode(0x001f, 8)) << "longer ones than four bytes";
}

}  // namespace
}  // namespace whyhung::arch
