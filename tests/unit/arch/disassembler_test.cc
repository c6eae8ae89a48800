// SPDX-License-Identifier: GPL-2.0-or-later
// What the disassembler tells about instructions: where control goes, what memory and registers they use.
#include "arch/disassembler.h"

#include <gtest/gtest.h>

#include "arch/x86_64.h"

namespace whyhung::arch {
namespace {

constexpr std::uint64_t kAt = 0xffffffffc0201000;

std::vector<std::byte> code(std::initializer_list<unsigned> values) {
  std::vector<std::byte> bytes;
  for (const unsigned value : values) bytes.push_back(std::byte{static_cast<std::uint8_t>(value)});
  return bytes;
}

std::optional<Instruction> decode(std::initializer_list<unsigned> values) {
  const auto disassembler = Disassembler::create(kX86_64);
  EXPECT_TRUE(disassembler);
  return (*disassembler)->decode(code(values), VirtualAddress(kAt));
}

TEST(Disassembler, JumpsKnowTheirTargets) {
  const auto endless = decode({0xeb, 0xfe});
  ASSERT_TRUE(endless);
  EXPECT_EQ(endless->flow, Flow::kJump);
  EXPECT_EQ(endless->target, VirtualAddress(kAt));
  EXPECT_EQ(endless->end(), VirtualAddress(kAt + 2));
  const auto far = decode({0xe9, 0x00, 0x01, 0x00, 0x00});
  EXPECT_EQ(far->target, VirtualAddress(kAt + 5 + 0x100));
  const auto conditional = decode({0x74, 0x10});
  EXPECT_EQ(conditional->flow, Flow::kConditionalJump);
  EXPECT_EQ(conditional->target, VirtualAddress(kAt + 2 + 0x10));
  EXPECT_EQ(decode({0x0f, 0x84, 0x00, 0x01, 0x00, 0x00})->flow, Flow::kConditionalJump);
}

TEST(Disassembler, LoopAndCountJumpsAreConditional) {
  const auto loop = decode({0xe2, 0xb2});
  EXPECT_EQ(loop->flow, Flow::kConditionalJump) << "loop";
  EXPECT_EQ(loop->target, VirtualAddress(kAt + 2 - 0x4e));
  EXPECT_EQ(decode({0xe3, 0xb0})->flow, Flow::kConditionalJump) << "jrcxz";
}

TEST(Disassembler, IndirectJumpsAndCallsHaveNoTarget) {
  for (const auto& jump : {decode({0xff, 0xe0}), decode({0xff, 0x64, 0xc8, 0x10}),
                           decode({0x64, 0xff, 0x24, 0x25, 0x08, 0x00, 0x00, 0x00})}) {
    ASSERT_TRUE(jump);
    EXPECT_EQ(jump->flow, Flow::kJump);
    EXPECT_EQ(jump->target, std::nullopt) << jump->operands;
  }
  for (const auto& call : {decode({0xff, 0xd2}), decode({0xff, 0x15, 0x34, 0x12, 0x00, 0x00})}) {
    ASSERT_TRUE(call);
    EXPECT_EQ(call->flow, Flow::kCall);
    EXPECT_EQ(call->target, std::nullopt) << call->operands;
  }
}

TEST(Disassembler, CallsReturnsAndTrapsAreToldApart) {
  const auto call = decode({0xe8, 0xf7, 0xff, 0xff, 0xff});
  EXPECT_EQ(call->flow, Flow::kCall);
  EXPECT_EQ(call->target, VirtualAddress(kAt + 5 - 9));
  EXPECT_EQ(decode({0xc3})->flow, Flow::kReturn);
  EXPECT_EQ(decode({0x48, 0xcf})->flow, Flow::kReturn) << "iretq";
  EXPECT_EQ(decode({0x0f, 0x0b})->flow, Flow::kStop) << "ud2";
  EXPECT_EQ(decode({0xcc})->flow, Flow::kStop) << "int3";
  for (const auto& plain : {decode({0xf3, 0x90}), decode({0x90}), decode({0xf4}), decode({0xf3, 0x0f, 0x1e, 0xfa})}) {
    ASSERT_TRUE(plain);
    EXPECT_EQ(plain->flow, Flow::kNext) << plain->mnemonic;
  }
}

TEST(Disassembler, TheTextIsInTheSyntaxThatUsersOfCrashRead) {
  const auto compare = decode({0x80, 0x3d, 0x31, 0x3a, 0x00, 0x00, 0x00});
  EXPECT_EQ(compare->mnemonic, "cmpb");
  EXPECT_EQ(compare->operands, "$0, 0x3a31(%rip)");
}

TEST(Disassembler, APcRelativeOperandNamesItsAddress) {
  const auto compare = decode({0x80, 0x3d, 0x31, 0x3a, 0x00, 0x00, 0x00});
  ASSERT_EQ(compare->memory.size(), 1u);
  const MemoryOperand& operand = compare->memory.front();
  EXPECT_TRUE(operand.is_pc_relative);
  EXPECT_TRUE(operand.is_read);
  EXPECT_FALSE(operand.is_written);
  EXPECT_EQ(operand.size, 1u);
  EXPECT_TRUE(compare->sets_flags);
  EXPECT_EQ(effective_address(*compare, operand, {}), VirtualAddress(kAt + 7 + 0x3a31));
}

TEST(Disassembler, BaseIndexScaleAndDisplacementMakeAnAddress) {
  const auto load = decode({0x8b, 0x44, 0xb3, 0x08});  // mov 0x8(%rbx,%rsi,4),%eax
  ASSERT_EQ(load->memory.size(), 1u);
  const MemoryOperand& operand = load->memory.front();
  EXPECT_EQ(operand.base, x86::kRbx);
  EXPECT_EQ(operand.index, x86::kRsi);
  EXPECT_EQ(operand.scale, 4);
  EXPECT_EQ(operand.displacement, 8);
  EXPECT_EQ(operand.size, 4u);
  EXPECT_EQ(load->registers_written, std::vector<std::size_t>{x86::kRax}) << "eax is the whole register";
  RegisterSet registers;
  registers.set(x86::kRbx, 0x1000);
  EXPECT_EQ(effective_address(*load, operand, registers), std::nullopt) << "the index is not known";
  registers.set(x86::kRsi, 0x20);
  EXPECT_EQ(effective_address(*load, operand, registers), VirtualAddress(0x1000 + 0x80 + 8));
  registers.forget(x86::kRbx);
  EXPECT_EQ(effective_address(*load, operand, registers), std::nullopt);
}

TEST(Disassembler, NegativeDisplacementsAndNegativeIndexesWrap) {
  const auto store = decode({0x48, 0x89, 0x45, 0xf0});  // mov %rax,-0x10(%rbp)
  ASSERT_EQ(store->memory.size(), 1u);
  EXPECT_TRUE(store->memory[0].is_written);
  EXPECT_FALSE(store->memory[0].is_read);
  EXPECT_EQ(store->registers_read, std::vector<std::size_t>{x86::kRax});
  EXPECT_FALSE(store->sets_flags);
  RegisterSet registers;
  registers.set(x86::kRbp, 0x2000);
  EXPECT_EQ(effective_address(*store, store->memory[0], registers), VirtualAddress(0x1ff0));
  const auto load = decode({0x8b, 0x44, 0xb3, 0x08});
  registers.set(x86::kRbx, 0x1000);
  registers.set(x86::kRsi, ~std::uint64_t{0});
  EXPECT_EQ(effective_address(*load, load->memory[0], registers), VirtualAddress(0x1000 - 4 + 8));
}

TEST(Disassembler, PerCpuOperandsHaveNoAddressOfTheirOwn) {
  const auto load = decode({0x65, 0x48, 0x8b, 0x04, 0x25, 0x28, 0x00, 0x00, 0x00});
  ASSERT_EQ(load->memory.size(), 1u);
  EXPECT_TRUE(load->memory[0].is_segmented);
  EXPECT_EQ(effective_address(*load, load->memory[0], {}), std::nullopt);
}

TEST(Disassembler, FlagsAndRegistersOfComparisonsAreSeen) {
  const auto test = decode({0x48, 0x85, 0xc0});  // test %rax,%rax
  EXPECT_TRUE(test->sets_flags);
  EXPECT_TRUE(test->registers_written.empty());
  ASSERT_FALSE(test->registers_read.empty());
  EXPECT_EQ(test->registers_read.front(), x86::kRax);
  const auto add = decode({0x48, 0x83, 0xc1, 0x01});  // add $1,%rcx
  EXPECT_TRUE(add->sets_flags);
  EXPECT_EQ(add->registers_written, std::vector<std::size_t>{x86::kRcx});
  EXPECT_EQ(add->immediates, std::vector<std::int64_t>{1});
  const auto exchange = decode({0xf0, 0x0f, 0xc1, 0x07});  // lock xadd %eax,(%rdi)
  ASSERT_EQ(exchange->memory.size(), 1u);
  EXPECT_TRUE(exchange->memory[0].is_read && exchange->memory[0].is_written);
}

TEST(Disassembler, BytesThatAreNoInstructionGiveNothing) {
  EXPECT_FALSE(decode({}));
  EXPECT_FALSE(decode({0x06})) << "push %es does not exist in 64-bit mode";
  EXPECT_FALSE(decode({0xe8, 0x00, 0x00})) << "cut short";
}

TEST(Disassembler, AMachineWithoutADecoderIsRefusedByName) {
  Architecture other = kX86_64;
  other.name = "vax";
  other.capstone_arch = -1;
  const auto disassembler = Disassembler::create(other);
  ASSERT_FALSE(disassembler);
  EXPECT_EQ(disassembler.error().what, "no disassembler for vax");
}

}  // namespace
}  // namespace whyhung::arch
