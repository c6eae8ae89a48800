// SPDX-License-Identifier: GPL-2.0-or-later
// Registers and code of ppc64le.
#include <gtest/gtest.h>

#include <elf.h>

#include "arch/disassembler.h"
#include "arch/ppc64.h"
#include "arch/ppc64_branch.h"

namespace whyhung::arch {
namespace {

std::vector<std::byte> prstatus(ByteOrder order, std::uint64_t nip, std::uint64_t msr) {
  std::vector<std::byte> note(504);
  store<std::uint32_t>(note.data() + 32, 4711, order);
  for (std::size_t i = 0; i < ppc64::kRegisterCount; ++i) store(note.data() + 112 + 8 * i, std::uint64_t{i}, order);
  store(note.data() + 112 + 8 * ppc64::kNip, nip, order);
  store(note.data() + 112 + 8 * ppc64::kMsr, msr, order);
  return note;
}

constexpr std::uint64_t kKernelMsr = 0x8000000000009033;

TEST(Ppc64Registers, PrstatusIsReadInTheOrderOfItsFile) {
  for (const ByteOrder order : {ByteOrder::kLittle, ByteOrder::kBig}) {
    const auto status = kPpc64le.decode_prstatus(prstatus(order, 0xc000000000411884, kKernelMsr), order);
    ASSERT_TRUE(status);
    EXPECT_EQ(status->pid, 4711u);
    EXPECT_EQ(status->registers.get(ppc64::kR1), 1u);
    EXPECT_EQ(status->registers.get(ppc64::kNip), 0xc000000000411884u);
    EXPECT_EQ(status->registers.get(ppc64::kLink), 36u);
    EXPECT_EQ(status->registers.get(ppc64::kResult), 43u);
  }
  EXPECT_FALSE(kPpc64le.decode_prstatus(std::vector<std::byte>(336), ByteOrder::kLittle));
}

TEST(Ppc64Registers, AProgramCounterInRealModeIsShownInTheLinearMap) {
  constexpr std::uint64_t kRealMode = 0x8000000000001003;
  const auto status = kPpc64le.decode_prstatus(prstatus(ByteOrder::kLittle, 0x900, kRealMode), ByteOrder::kLittle);
  EXPECT_EQ(status->registers.get(ppc64::kNip), 0xc000000000000900u);
}

TEST(Ppc64Registers, TheMachineStateTellsUserModeAndInterrupts) {
  RegisterSet registers;
  EXPECT_EQ(kPpc64le.interrupts_enabled(registers), std::nullopt);
  registers.set(ppc64::kMsr, kKernelMsr);
  EXPECT_FALSE(kPpc64le.is_user_mode(registers));
  EXPECT_EQ(kPpc64le.interrupts_enabled(registers), true);
  registers.set(ppc64::kMsr, 0x8000000000001033);
  EXPECT_EQ(kPpc64le.interrupts_enabled(registers), false);
  registers.set(ppc64::kMsr, 0x800000000000d033);
  EXPECT_TRUE(kPpc64le.is_user_mode(registers));
}

TEST(Ppc64Registers, HaveTheNamesThatCrashPrints) {
  ASSERT_EQ(kPpc64le.register_names.size(), std::size_t{ppc64::kRegisterCount});
  EXPECT_EQ(kPpc64le.register_names[ppc64::kR31], "R31");
  EXPECT_EQ(kPpc64le.register_names[ppc64::kOrigR3], "OR3");
  EXPECT_EQ(kPpc64le.register_names[ppc64::kSoftMask], "MQ");
  EXPECT_EQ(kPpc64le.register_names[ppc64::kResult], "Syscall Result");
  EXPECT_EQ(kPpc64le.find_register("r31"), std::size_t{ppc64::kR31});
  EXPECT_EQ(kPpc64le.find_register("lr"), std::size_t{ppc64::kLink});
  EXPECT_EQ(kPpc64le.find_register("r32"), std::nullopt);
}

TEST(Ppc64Registers, TheMachineIsFoundByAllThatDumpsSay) {
  EXPECT_EQ(find_architecture(EM_PPC64, "", std::nullopt), &kPpc64le);
  EXPECT_EQ(find_architecture(std::nullopt, "ppc64le", std::nullopt), &kPpc64le);
  EXPECT_EQ(find_architecture(std::nullopt, "Unknown", 504), &kPpc64le) << "as QEMU writes it";
  EXPECT_EQ(find_architecture(std::nullopt, "ppc64", 504), nullptr) << "a big-endian kernel";
}

std::optional<Instruction> decode(std::uint32_t word) {
  const auto disassembler = Disassembler::create(kPpc64le);
  EXPECT_TRUE(disassembler);
  std::array<std::byte, 4> code;
  store(code.data(), word, ByteOrder::kLittle);
  return (*disassembler)->decode(code, VirtualAddress(0xc008000000450280));
}

TEST(Ppc64Code, ControlGoesWhereBranchesSay) {
  const auto endless = decode(0x48000000);  // b .
  ASSERT_TRUE(endless);
  EXPECT_EQ(endless->flow, Flow::kJump);
  EXPECT_EQ(endless->target, VirtualAddress(0xc008000000450280));
  const auto back = decode(0x4bfffff8);  // b .-8
  EXPECT_EQ(back->target, VirtualAddress(0xc008000000450278));
  const auto call = decode(0x48000041);  // bl .+0x40
  EXPECT_EQ(call->flow, Flow::kCall);
  EXPECT_EQ(call->target, VirtualAddress(0xc0080000004502c0));
  const auto conditional = decode(0x4082002c);  // bne .+0x2c
  EXPECT_EQ(conditional->flow, Flow::kConditionalJump);
  EXPECT_EQ(conditional->target, VirtualAddress(0xc0080000004502ac));
  EXPECT_EQ(decode(0x4e800020)->flow, Flow::kReturn) << "blr";
  EXPECT_EQ(decode(0x4d820020)->flow, Flow::kConditionalJump) << "beqlr";
  EXPECT_EQ(decode(0x4e800420)->flow, Flow::kJump) << "bctr";
  EXPECT_EQ(decode(0x4e800421)->flow, Flow::kCall) << "bctrl";
  EXPECT_EQ(decode(0x4c000024)->flow, Flow::kReturn) << "rfid";
  EXPECT_EQ(decode(0x60000000)->flow, Flow::kNext) << "nop";
  EXPECT_EQ(decode(0x429f0005)->flow, Flow::kNext) << "bcl 20,31,.+4 asks where it is";
}

TEST(Ppc64Code, LoadsAndComparesTellWhatTheyDependOn) {
  const auto load = decode(0x813f0010);  // lwz r9,16(r31)
  ASSERT_TRUE(load);
  ASSERT_EQ(load->memory.size(), 1u);
  EXPECT_EQ(load->memory[0].base, std::size_t{31});
  EXPECT_EQ(load->memory[0].displacement, 16);
  EXPECT_EQ(load->memory[0].size, 4);
  EXPECT_TRUE(load->memory[0].is_read);
  ASSERT_EQ(load->registers_written.size(), 1u);
  EXPECT_EQ(load->registers_written[0], 9u);
  const auto compare = decode(0x2c090000);  // cmpwi r9,0
  EXPECT_TRUE(compare->sets_flags);
  ASSERT_EQ(compare->registers_read.size(), 1u);
  EXPECT_EQ(compare->registers_read[0], 9u);
  const auto store_word = decode(0x913f0010);  // stw r9,16(r31)
  EXPECT_TRUE(store_word->registers_written.empty());
  EXPECT_TRUE(store_word->memory.at(0).is_written);
}

}  // namespace
}  // namespace whyhung::arch
