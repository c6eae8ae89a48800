// SPDX-License-Identifier: GPL-2.0-or-later
// Registers of x86_64 and the table of machines.
#include <gtest/gtest.h>

#include <elf.h>

#include <set>

#include "arch/x86_64.h"

namespace whyhung::arch {
namespace {

std::vector<std::byte> words_from(std::uint64_t first, std::size_t count) {
  std::vector<std::byte> bytes(count * 8);
  for (std::size_t i = 0; i < count; ++i) store(bytes.data() + 8 * i, first + i, ByteOrder::kLittle);
  return bytes;
}

TEST(X86Registers, PtRegsAreTwentyOneWordsInTheKernelsOrder) {
  ASSERT_EQ(kX86_64.pt_regs_size, 168u);
  const RegisterSet registers = kX86_64.decode_pt_regs(words_from(100, 21));
  EXPECT_EQ(registers.get(x86::kR15), 100u);
  EXPECT_EQ(registers.get(x86::kRbp), 104u);
  EXPECT_EQ(registers.get(x86::kRdi), 114u);
  EXPECT_EQ(registers.get(x86::kOrigRax), 115u);
  EXPECT_EQ(registers.get(x86::kRip), 116u);
  EXPECT_EQ(registers.get(x86::kRflags), 118u);
  EXPECT_EQ(registers.get(x86::kRsp), 119u);
  EXPECT_EQ(registers.get(x86::kSs), 120u);
  EXPECT_EQ(registers.get(x86::kGsBase), std::nullopt);
}

TEST(X86Registers, PtRegsThatAreCutShortLackTheRestInsteadOfBeingZero) {
  const auto bytes = words_from(100, 21);
  const RegisterSet registers = kX86_64.decode_pt_regs(std::span(bytes).first(16 * 8 + 7));
  EXPECT_EQ(registers.get(x86::kOrigRax), 115u);
  EXPECT_EQ(registers.get(x86::kRip), std::nullopt);
  EXPECT_EQ(registers.get(x86::kCs), std::nullopt);
}

TEST(X86Registers, EventDataThatFredKeepsAboveTheSelectorsIsDropped) {
  auto bytes = words_from(0, 21);
  store<std::uint64_t>(bytes.data() + 17 * 8, 0xdead00000010, ByteOrder::kLittle);
  store<std::uint64_t>(bytes.data() + 20 * 8, 0xbeef0000002b, ByteOrder::kLittle);
  const RegisterSet registers = kX86_64.decode_pt_regs(bytes);
  EXPECT_EQ(registers.get(x86::kCs), 0x10u);
  EXPECT_EQ(registers.get(x86::kSs), 0x2bu);
}

TEST(X86Registers, PrstatusGivesPidRegistersAndSegmentBases) {
  std::vector<std::byte> note(336);
  store<std::uint32_t>(note.data() + 32, 4711, ByteOrder::kLittle);
  for (std::size_t i = 0; i < 27; ++i) store<std::uint64_t>(note.data() + 112 + 8 * i, 200 + i, ByteOrder::kLittle);
  const auto status = kX86_64.decode_prstatus(note, ByteOrder::kLittle);
  ASSERT_TRUE(status);
  EXPECT_EQ(status->pid, 4711u);
  EXPECT_EQ(status->registers.get(x86::kRip), 216u);
  EXPECT_EQ(status->registers.get(x86::kFsBase), 221u);
  EXPECT_EQ(status->registers.get(x86::kGsBase), 222u);
}

TEST(X86Registers, APrstatusThatIsTooShortIsRefused) {
  const std::vector<std::byte> note(335);
  const auto status = kX86_64.decode_prstatus(note, ByteOrder::kLittle);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().what, "NT_PRSTATUS holds 335 bytes where x86_64 has 336");
  EXPECT_FALSE(kX86_64.decode_prstatus({}, ByteOrder::kLittle));
}

TEST(X86Registers, UserModeAndInterruptsAreReadFromSelectorAndFlags) {
  RegisterSet registers;
  EXPECT_FALSE(kX86_64.is_user_mode(registers));
  EXPECT_EQ(kX86_64.interrupts_enabled(registers), std::nullopt) << "flags that were not saved say nothing";
  registers.set(x86::kCs, 0x10);
  registers.set(x86::kRflags, 0x246);
  EXPECT_FALSE(kX86_64.is_user_mode(registers));
  EXPECT_EQ(kX86_64.interrupts_enabled(registers), true);
  registers.set(x86::kCs, 0x33);
  registers.set(x86::kRflags, 0x46);
  EXPECT_TRUE(kX86_64.is_user_mode(registers));
  EXPECT_EQ(kX86_64.interrupts_enabled(registers), false);
}

TEST(X86Registers, EveryNameOfARegisterAndItsPartsMeansTheWholeRegister) {
  const std::pair<x86::Register, std::vector<std::string_view>> names[] = {
      {x86::kRax, {"rax", "eax", "ax", "al", "ah"}}, {x86::kRbx, {"rbx", "ebx", "bx", "bl", "bh"}},
      {x86::kRcx, {"rcx", "ecx", "cx", "cl", "ch"}}, {x86::kRdx, {"rdx", "edx", "dx", "dl", "dh"}},
      {x86::kRsi, {"rsi", "esi", "si", "sil"}},      {x86::kRdi, {"rdi", "edi", "di", "dil"}},
      {x86::kRbp, {"rbp", "ebp", "bp", "bpl"}},      {x86::kRsp, {"rsp", "esp", "sp", "spl"}},
      {x86::kR8, {"r8", "r8d", "r8w", "r8b"}},       {x86::kR10, {"r10", "r10d", "r10w", "r10b"}},
      {x86::kR15, {"r15", "r15d", "r15w", "r15b"}},  {x86::kRip, {"rip", "eip"}}};
  for (const auto& [index, all] : names) {
    for (const std::string_view name : all) EXPECT_EQ(kX86_64.find_register(name), index) << name;
  }
}

TEST(X86Registers, OtherNamesMeanNone) {
  for (const std::string_view name : {"", "r", "r7", "r16", "r99999999999999999999", "xmm0", "cr3", "gs", "rflags",
                                      "eflags", "sh", "dh2", "k1", "st(0)", "ymm10", "sl"}) {
    EXPECT_EQ(kX86_64.find_register(name), std::nullopt) << name;
  }
}

TEST(X86Registers, EachRegisterHasANameOfItsOwn) {
  ASSERT_EQ(kX86_64.register_names.size(), x86::kRegisterCount);
  EXPECT_LE(kX86_64.register_names.size(), RegisterSet::kMost);
  const std::set<std::string_view> names(kX86_64.register_names.begin(), kX86_64.register_names.end());
  EXPECT_EQ(names.size(), x86::kRegisterCount);
  EXPECT_EQ(kX86_64.register_names[kX86_64.program_counter], "RIP");
  EXPECT_EQ(kX86_64.register_names[kX86_64.stack_pointer], "RSP");
  EXPECT_EQ(kX86_64.register_names[*kX86_64.percpu_base_register], "GS_BASE");
}

TEST(RegisterSet, AValueThatWasNotSavedIsAbsentAndNotZero) {
  RegisterSet registers;
  EXPECT_TRUE(registers.empty());
  EXPECT_EQ(registers.get(3), std::nullopt);
  registers.set(3, 0);
  EXPECT_EQ(registers.get(3), 0u);
  EXPECT_FALSE(registers.empty());
  registers.forget(3);
  EXPECT_EQ(registers.get(3), std::nullopt);
}

TEST(RegisterSet, IndexesOutOfRangeAreHarmless) {
  RegisterSet registers;
  registers.set(RegisterSet::kMost, 1);
  registers.forget(~std::size_t{0});
  EXPECT_EQ(registers.get(RegisterSet::kMost), std::nullopt);
  EXPECT_TRUE(registers.empty());
}

TEST(Registry, TheElfMachineDecidesFirst) {
  EXPECT_EQ(find_architecture(EM_X86_64, "s390x", 1), &kX86_64);
}

TEST(Registry, TheHeadersNameDecidesWhenThereIsNoElfMachine) {
  EXPECT_EQ(find_architecture(std::nullopt, "x86_64", std::nullopt), &kX86_64);
  EXPECT_EQ(find_architecture(std::nullopt, "x86_64 ", std::nullopt), nullptr);
}

TEST(Registry, ANamelessMachineIsKnownByTheSizeOfItsNotes) {
  EXPECT_EQ(find_architecture(std::nullopt, "", 336), &kX86_64);
  EXPECT_EQ(find_architecture(std::nullopt, "Unknown", 336), &kX86_64) << "QEMU writes that";
  EXPECT_EQ(find_architecture(std::nullopt, "", 391), nullptr);
  EXPECT_EQ(find_architecture(std::nullopt, "", std::nullopt), nullptr);
}

TEST(Registry, AMachineThatIsNamedButNotOursIsNeverTakenForOneOfOurs) {
  EXPECT_EQ(find_architecture(EM_SPARCV9, "", 336), nullptr);
  EXPECT_EQ(find_architecture(std::nullopt, "sparc64", 336), nullptr);
}

TEST(Registry, NamesAndElfMachinesAreUnique) {
  std::set<std::string_view> names;
  std::set<std::uint16_t> machines;
  for (const Architecture* one : all_architectures()) {
    names.insert(one->name);
    machines.insert(one->elf_machine);
    EXPECT_EQ(find_architecture(one->elf_machine, "", std::nullopt), one);
    for (const std::string_view uts : one->uts_machines) EXPECT_EQ(find_architecture(std::nullopt, uts, {}), one);
  }
  EXPECT_EQ(names.size(), all_architectures().size());
  EXPECT_EQ(machines.size(), all_architectures().size());
}

TEST(X86, KernelAddressesAreThoseOfTheUpperHalf) {
  EXPECT_TRUE(kX86_64.is_kernel_address(VirtualAddress(0xffffffff81000000)));
  EXPECT_TRUE(kX86_64.is_kernel_address(VirtualAddress(0xff11000000000000))) << "five levels";
  EXPECT_FALSE(kX86_64.is_kernel_address(VirtualAddress(0x00007fffffffffff)));
}

}  // namespace
}  // namespace whyhung::arch
