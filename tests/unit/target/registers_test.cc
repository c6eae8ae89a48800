// SPDX-License-Identifier: GPL-2.0-or-later
// Registers of CPUs as notes give them: those of the file and those that the kernel left in memory.
#include <gtest/gtest.h>

#include "support/fake_target.h"
#include "support/memory_image.h"

namespace whyhung::target {
namespace {

arch::RegisterSet registers_at(std::uint64_t pc) {
  arch::RegisterSet registers;
  registers.set(arch::x86::kRip, pc);
  return registers;
}

TEST(RegistersInFile, AreThoseOfItsPrstatusNotesInOrder) {
  test::FakeTarget fake;
  fake.dump->add_note("CORE", 1, test::prstatus_of(registers_at(0x10), 7));
  fake.dump->add_note("VMCOREINFO", 0, {});
  fake.dump->add_note("CORE", 1, test::prstatus_of(registers_at(0x20), 8));
  const auto all = registers_in_file(fake.target);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].pid, 7u);
  EXPECT_EQ(all[1].registers.get(arch::x86::kRip), 0x20u);
}

TEST(RegistersInFile, NotesOfOtherKindsNamesOrSizesAreLeftOut) {
  test::FakeTarget fake;
  fake.dump->add_note("QEMU", 1, test::prstatus_of(registers_at(0x10), 7));
  fake.dump->add_note("CORE", 2, test::prstatus_of(registers_at(0x10), 7));
  fake.dump->add_note("CORE", 1, std::vector<std::byte>(100));
  EXPECT_TRUE(registers_in_file(fake.target).empty());
}

TEST(RegistersInNote, AreReadFromTheKernelsOwnBuffer) {
  test::FakeTarget fake;
  auto note = test::build_note("CORE", 1, test::prstatus_of(registers_at(0x30), 9), ByteOrder::kLittle);
  note.resize(1024);
  const auto registers = registers_in_note(fake.target, note);
  ASSERT_TRUE(registers);
  EXPECT_EQ(registers->pid, 9u);
  EXPECT_EQ(registers->registers.get(arch::x86::kRip), 0x30u);
}

TEST(RegistersInNote, AnEmptyOrGarbledBufferHasNone) {
  test::FakeTarget fake;
  EXPECT_FALSE(registers_in_note(fake.target, std::vector<std::byte>(1024)));
  EXPECT_FALSE(registers_in_note(fake.target, {}));
  EXPECT_FALSE(registers_in_note(fake.target, std::vector<std::byte>(1024, std::byte{0xff})));
  const auto note = test::build_note("CORE", 1, test::prstatus_of(registers_at(0x30), 9), ByteOrder::kLittle);
  EXPECT_FALSE(registers_in_note(fake.target, std::span(note).first(200)));
}

TEST(RegistersInNote, AMachineWithoutADecoderHasNone) {
  test::FakeTarget fake;
  arch::Architecture other = arch::kX86_64;
  other.decode_prstatus = nullptr;
  fake.target.architecture = &other;
  const auto note = test::build_note("CORE", 1, test::prstatus_of(registers_at(0x30), 9), ByteOrder::kLittle);
  EXPECT_FALSE(registers_in_note(fake.target, note));
}

}  // namespace
}  // namespace whyhung::target
