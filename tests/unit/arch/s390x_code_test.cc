// SPDX-License-Identifier: GPL-2.0-or-later
// s390x: machine code.
#include "arch/s390x_code.h"

#include <gtest/gtest.h>

#include "arch/s390x.h"
#include "base/text.h"

namespace whyhung::arch {
namespace {

constexpr std::uint64_t kAt = 0x3ff7e590000;
constexpr auto kR = [](std::size_t number) { return s390x::kR0 + number; };
using Registers = std::vector<std::size_t>;

std::optional<Instruction> try_decode(std::string_view hex) {
  std::vector<std::byte> code;
  for (; hex.size() >= 2; hex.remove_prefix(2)) {
    code.push_back(static_cast<std::byte>(parse_unsigned(hex.substr(0, 2), 16).value()));
  }
  const auto disassembler = Disassembler::create(kS390x);
  EXPECT_TRUE(disassembler);
  return (*disassembler)->decode(code, VirtualAddress(kAt));
}
Instruction decode(std::string_view hex) {
  const auto instruction = try_decode(hex);
  EXPECT_TRUE(instruction) << hex;
  return instruction.value_or(Instruction());
}
std::string text(std::string_view hex) {
  const Instruction one = decode(hex);
  return one.operands.empty() ? one.mnemonic : one.mnemonic + " " + one.operands;
}

TEST(S390xCode, TheFirstTwoBitsTellTheLength) {
  for (unsigned first = 0; first < 256; ++first) {
    const std::size_t expected = first < 0x40 ? 2 : first < 0xc0 ? 4 : 6;
    std::array<std::byte, 8> code = {std::byte(first), std::byte(0x12)};
    ASSERT_EQ(s390x_instruction_size(code[0]), expected);
    for (std::size_t size = 0; size <= code.size(); ++size) {
      const auto found = decode_s390x(std::span(code).first(size), VirtualAddress(kAt));
      ASSERT_EQ(found.has_value(), size >= expected) << first;
      if (found) {
        ASSERT_EQ(found->size, expected);
      }
    }
  }
}

TEST(S390xCode, WhatCapstoneDoesNotKnowKeepsItsPlace) {
  EXPECT_EQ(text("e70000000444"), ".insn 0xe70000000444") << "vzero";
  EXPECT_EQ(text("acfff0b0"), ".insn 0xacfff0b0") << "stnsm";
  EXPECT_EQ(text("0001"), ".insn 0x0001");
  EXPECT_EQ(decode("e70000000444").flow, Flow::kNext);
  EXPECT_FALSE(try_decode("e700000004"));
}

TEST(S390xCode, TheTextIsGdbs) {
  const std::map<std::string, std::string> texts = {{"c0e500000010", "brasl %r14,0x3ff7e590020"},
                                                    {"ebbff0700024", "stmg %r11,%r15,112(%r15)"},
                                                    {"e3f0ffd0ff71", "lay %r15,-48(%r15)"},
                                                    {"c01000000100", "larl %r1,0x3ff7e590200"},
                                                    {"d2071000f008", "mvc 0(8,%r1),8(%r15)"},
                                                    {"c44800000003", "lgrl %r4,0x3ff7e590006"},
                                                    {"07fe", "br %r14"},
                                                    {"0707", "nopr %r7"},
                                                    {"c00400000000", "jgnop 0x3ff7e590000"},
                                                    {"ec160006007e", "cijne %r1,0,0x3ff7e59000c"},
                                                    {"ec1200048064", "cgrje %r1,%r2,0x3ff7e590008"},
                                                    {"84120004", "brxh %r1,%r2,0x3ff7e590008"},
                                                    {"c61000000004", "exrl %r1,0x3ff7e590008"},
                                                    {"a7180064", "lhi %r1,100"}};
  for (const auto& [hex, expected] : texts) EXPECT_EQ(text(hex), expected) << hex;
}

TEST(S390xCode, RelativeBranchesKnowTheirTargets) {
  struct Case {
    std::string_view hex;
    Flow flow;
    std::int64_t distance;
  };
  for (const Case& one : {Case{"a7f40000", Flow::kJump, 0},
                          Case{"a7f4ffff", Flow::kJump, -2},
                          Case{"a7740008", Flow::kConditionalJump, 16},
                          Case{"a7e50008", Flow::kCall, 16},
                          Case{"a7150008", Flow::kConditionalJump, 16},
                          Case{"a716fff0", Flow::kConditionalJump, -32},
                          Case{"a717fff0", Flow::kConditionalJump, -32},
                          Case{"8412fff0", Flow::kConditionalJump, -32},
                          Case{"8512fff0", Flow::kConditionalJump, -32},
                          Case{"c0f4ffffffff", Flow::kJump, -2},
                          Case{"c08480000000", Flow::kConditionalJump, -0x100000000},
                          Case{"c0e57fffffff", Flow::kCall, 0xfffffffe},
                          Case{"cc16fffffff0", Flow::kConditionalJump, -32},
                          Case{"ec12fff00044", Flow::kConditionalJump, -32},
                          Case{"ec12fff00045", Flow::kConditionalJump, -32},
                          Case{"ec1200088064", Flow::kConditionalJump, 16},
                          Case{"ec1200088065", Flow::kConditionalJump, 16},
                          Case{"ec1200088076", Flow::kConditionalJump, 16},
                          Case{"ec1200088077", Flow::kConditionalJump, 16},
                          Case{"ec180008017c", Flow::kConditionalJump, 16},
                          Case{"ec180008017d", Flow::kConditionalJump, 16},
                          Case{"ec180008017e", Flow::kConditionalJump, 16},
                          Case{"ec180008017f", Flow::kConditionalJump, 16},
                          Case{"ec1e0008017f", Flow::kJump, 16}}) {
    const Instruction found = decode(one.hex);
    EXPECT_EQ(found.flow, one.flow) << one.hex;
    EXPECT_EQ(found.target, VirtualAddress(kAt + static_cast<std::uint64_t>(one.distance))) << one.hex;
  }
}

TEST(S390xCode, OtherBranchesHaveNoTarget) {
  const std::map<std::string, Flow> flows = {{"07fe", Flow::kReturn},
                                             {"b2b2d010", Flow::kReturn},
                                             {"8200d010", Flow::kReturn},
                                             {"eb00d0100071", Flow::kReturn},
                                             {"0101", Flow::kReturn},
                                             {"07f1", Flow::kJump},
                                             {"47f01000", Flow::kJump},
                                             {"e3f010000047", Flow::kJump},
                                             {"074e", Flow::kConditionalJump},
                                             {"47401000", Flow::kConditionalJump},
                                             {"0612", Flow::kConditionalJump},
                                             {"46101000", Flow::kConditionalJump},
                                             {"e31010000046", Flow::kConditionalJump},
                                             {"b9460012", Flow::kConditionalJump},
                                             {"86121000", Flow::kConditionalJump},
                                             {"87121000", Flow::kConditionalJump},
                                             {"eb1210000044", Flow::kConditionalJump},
                                             {"ec12100080e4", Flow::kConditionalJump},
                                             {"44101000", Flow::kConditionalJump},
                                             {"c61000000004", Flow::kConditionalJump},
                                             {"0de1", Flow::kCall},
                                             {"05e1", Flow::kCall},
                                             {"4de01000", Flow::kCall},
                                             {"0000", Flow::kStop},
                                             {"01ff", Flow::kStop},
                                             {"b2ff0000", Flow::kStop},
                                             {"af000000", Flow::kStop}};
  for (const auto& [hex, expected] : flows) {
    EXPECT_EQ(decode(hex).flow, expected) << hex;
    EXPECT_FALSE(decode(hex).target) << hex;
  }
  EXPECT_EQ(decode("0de1").registers_read, Registers{kR(1)});
  EXPECT_EQ(decode("0de1").register_distance, 0);
  EXPECT_TRUE(decode("074e").registers_read.empty()) << "its condition is in the flags";
}

TEST(S390xCode, BranchesThatNeverBranchAreNone) {
  for (const std::string_view hex : {"0700", "0707", "07e0", "0de0", "0610", "47000000", "a7040000", "c00400000000",
                                     "ec1200080064", "b9460010", "0a01"}) {
    EXPECT_EQ(decode(hex).flow, Flow::kNext) << hex;
    EXPECT_FALSE(decode(hex).target) << hex;
  }
}

TEST(S390xCode, AJumpIntoItselfIsATrap) {
  EXPECT_EQ(decode("a7f40001").flow, Flow::kStop);
  EXPECT_EQ(decode("a7840001").flow, Flow::kConditionalJump);
}

TEST(S390xCode, AccessesTellTheirAddressAndSize) {
  const Instruction load = decode("e3424fffff04");  // lg %r4,-1(%r2,%r4)
  ASSERT_EQ(load.memory.size(), 1u);
  EXPECT_EQ(load.memory[0].size, 8u);
  EXPECT_EQ(load.memory[0].base, kR(4));
  EXPECT_EQ(load.memory[0].index, kR(2));
  EXPECT_EQ(load.memory[0].displacement, -1);
  EXPECT_TRUE(load.memory[0].is_read);
  EXPECT_EQ(load.registers_written, Registers{kR(4)});
  const Instruction store = decode("50103008");  // st %r1,8(%r3)
  ASSERT_EQ(store.memory.size(), 1u);
  EXPECT_TRUE(store.memory[0].is_written && !store.memory[0].is_read);
  EXPECT_TRUE(store.registers_written.empty());
  const Instruction relative = decode("c60d00000080");  // crl
  ASSERT_EQ(relative.memory.size(), 1u);
  EXPECT_EQ(effective_address(relative, relative.memory[0], {}), VirtualAddress(kAt + 0x100));
  EXPECT_TRUE(decode("eb0103a8006a").memory.at(0).is_segmented) << "asi 936: the CPU's lowcore";
  const Instruction move = decode("d2071000f008");
  ASSERT_EQ(move.memory.size(), 2u);
  EXPECT_EQ(move.memory[1].base, kR(15));
  EXPECT_EQ(move.memory[1].size, 8u);
  EXPECT_TRUE(decode("4110f008").memory.empty()) << "la reads nothing";
}

TEST(S390xCode, RegistersAndConditionsAreSeen) {
  EXPECT_EQ(decode("ebbff0700004").registers_written, (Registers{kR(11), kR(12), kR(13), kR(14), kR(15)}));
  EXPECT_EQ(decode("ebe1f0700004").registers_written, (Registers{kR(14), kR(15), kR(0), kR(1)})) << "it wraps";
  EXPECT_EQ(decode("b9200012").registers_read, (Registers{kR(1), kR(2)}));
  EXPECT_TRUE(decode("b9200012").sets_flags);
  EXPECT_FALSE(decode("b9040012").sets_flags) << "lgr";
  EXPECT_EQ(decode("b9e82013").registers_read, (Registers{kR(3), kR(2)})) << "agrk %r1,%r3,%r2";
  EXPECT_TRUE(decode("a71e0001").registers_written.empty()) << "chi";
  EXPECT_EQ(decode("a7160000").registers_written, Registers{kR(1)}) << "brct";
  EXPECT_EQ(decode("ec1200088064").registers_read, (Registers{kR(1), kR(2)}));
  EXPECT_EQ(decode("c01000000100").constant, kAt + 0x200);
  EXPECT_EQ(decode("b98600f1").registers_written, (Registers{kR(15), kR(0), kR(1), kR(2)})) << "mlgr: pairs";
}

class S390xReturns : public testing::Test {
 protected:
  // The flow of the last of these instructions.
  Flow last(std::initializer_list<std::string_view> code) {
    std::vector<Instruction> function;
    for (const std::string_view one : code) function.push_back(decode(one));
    find_s390x_returns(function);
    return function.back().flow;
  }
  static constexpr std::string_view kFetch = "e340f1000004";    // lg %r4,256(%r15)
  static constexpr std::string_view kRestore = "eb6ff0c00004";  // lmg %r6,%r15,192(%r15)
  static constexpr std::string_view kJump = "07f4";             // br %r4
};

TEST_F(S390xReturns, AJumpToWhatTheStackKeepsForR14IsOne) {
  EXPECT_EQ(last({kFetch, kRestore, kJump}), Flow::kReturn);
  EXPECT_EQ(last({kFetch, "b904002b", kRestore, kJump}), Flow::kReturn) << "with lgr %r2,%r11 between";
  EXPECT_EQ(last({kFetch, kRestore, "b904002b", kJump}), Flow::kReturn);
}

TEST_F(S390xReturns, OtherJumpsAreJumps) {
  EXPECT_EQ(last({"e340f0f80004", kRestore, kJump}), Flow::kJump) << "another slot";
  EXPECT_EQ(last({"e340a1000004", kRestore, kJump}), Flow::kJump) << "not from the stack";
  EXPECT_EQ(last({kFetch, "b9040042", kRestore, kJump}), Flow::kJump) << "written again before";
  EXPECT_EQ(last({kFetch, kRestore, "b9040042", kJump}), Flow::kJump) << "and behind";
  EXPECT_EQ(last({kFetch, "a7fbff00", kRestore, kJump}), Flow::kJump) << "the stack has moved";
  EXPECT_EQ(last({kFetch, "c0e500000010", kRestore, kJump}), Flow::kJump) << "a call between";
  EXPECT_EQ(last({kFetch, "eb67f0c00004", kJump}), Flow::kJump) << "lmg does not restore the stack pointer";
  EXPECT_EQ(last({kRestore, kJump}), Flow::kJump);
  EXPECT_EQ(last({kFetch, kRestore, "07f6"}), Flow::kJump) << "to a register that lmg restores";
  EXPECT_EQ(last({kJump}), Flow::kJump);
}

}  // namespace
}  // namespace whyhung::arch
