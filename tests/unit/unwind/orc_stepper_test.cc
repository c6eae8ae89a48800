// SPDX-License-Identifier: GPL-2.0-or-later
// One step from a frame to its caller: by every kind of row, and by the fall-backs where there is no row.
#include "orc_fixture.h"

namespace whyhung::unwind {
namespace {

constexpr std::uint64_t kCallee = kText + 0x1000;
constexpr std::uint64_t kCaller = kText + 0x2000;

class OrcStepperTest : public testing::Test {
 protected:
  OrcStepperTest() {
    machine_.symbols.add("callee", kCallee, 0x100).add("caller", kCaller, 0x100);
    machine_.rows[kText] = row3(kTypeUndefined, 0, 0);
    machine_.rows[kCaller] = row3(kTypeCall, kOldSp, 8);
    machine_.rows[kCaller + 0x100] = row3(kTypeUndefined, 0, 0);
    for (std::uint64_t at = kStack; at < kStack + 0x4000; at += 4096) machine_.memory.touch(at);
    machine_.memory.touch(kCallee);
    machine_.memory.touch(kCaller);
  }
  // The rows for the callee's code; what it gives is written behind it.
  void row(RawRow row) { machine_.rows[kCallee] = row; }
  void word(std::uint64_t address, std::uint64_t value) { machine_.memory.write_u64(address, value); }

  std::variant<FrameState, EndOfStack> step(const FrameState& state) {
    machine_.rows[kCallee + 0x100] = row3(kTypeUndefined, 0, 0);
    OrcTables tables(machine_.memory, OrcVersion::k3);
    tables.add(machine_.write());
    OrcStepper stepper(machine_.memory, tables, machine_.symbols);
    return stepper.step(state);
  }
  FrameState caller_of(const FrameState& state) {
    auto result = step(state);
    if (const auto* end = std::get_if<EndOfStack>(&result)) {
      ADD_FAILURE() << "the stack ended: " << describe(end->reason) << " " << end->detail;
      return {};
    }
    return std::get<FrameState>(result);
  }
  EndOfStack end_of(const FrameState& state) {
    auto result = step(state);
    if (auto* end = std::get_if<EndOfStack>(&result)) return *end;
    ADD_FAILURE() << "the stack did not end";
    return {};
  }
  OrcMachine machine_;
};

TEST_F(OrcStepperTest, ACallRowFindsTheReturnAddressBelowTheFrame) {
  row(row3(kTypeCall, kOldSp, 0x20));
  word(kStack + 0x18, kCaller + 5);
  FrameState state = state_at(kCallee + 4, kStack);
  state.registers.set(x86::kRbp, 0x1234);
  state.registers.set(x86::kRax, 7);
  const FrameState next = caller_of(state);
  EXPECT_EQ(next.registers.get(x86::kRip), kCaller + 5);
  EXPECT_EQ(next.registers.get(x86::kRsp), kStack + 0x20);
  EXPECT_EQ(next.registers.get(x86::kRbp), 0x1234u) << "it was not saved, so it is what it was";
  EXPECT_EQ(next.registers.get(x86::kRax), std::nullopt) << "a call may change it";
  EXPECT_FALSE(next.pc_is_exact);
  EXPECT_EQ(next.source, FrameSource::kCall);
}

TEST_F(OrcStepperTest, TheSavedFramePointerIsReadRelativeToTheFrame) {
  row(row3(kTypeCall, kOldSp, 0x20, kOldPreviousSp, -16));
  word(kStack + 0x18, kCaller + 5);
  word(kStack + 0x10, 0xabcdef);
  EXPECT_EQ(caller_of(state_at(kCallee, kStack)).registers.get(x86::kRbp), 0xabcdefu);
}

TEST_F(OrcStepperTest, AFrameMayHangOnTheFramePointer) {
  row(row3(kTypeCall, kOldBp, 16, kOldPreviousSp, -16));
  word(kStack + 0x108, kCaller + 5);
  word(kStack + 0x100, 0x77);
  FrameState state = state_at(kCallee, kStack);
  EXPECT_EQ(end_of(state).reason, StackEnd::kNoUnwindData) << "the frame pointer is not known";
  state.registers.set(x86::kRbp, kStack + 0x100);
  const FrameState next = caller_of(state);
  EXPECT_EQ(next.registers.get(x86::kRsp), kStack + 0x110);
  EXPECT_EQ(next.registers.get(x86::kRbp), 0x77u);
}

TEST_F(OrcStepperTest, AnIndirectBaseIsReadFromTheStackPointerFirst) {
  // sp = *(sp) + offset: the switch to the interrupt stack.
  row(row3(kTypeCall, kOldSpIndirect, 8));
  word(kStack, kStack + 0x2000);
  word(kStack + 0x2000, kCaller + 5);
  EXPECT_EQ(caller_of(state_at(kCallee, kStack)).registers.get(x86::kRsp), kStack + 0x2008);
}

TEST_F(OrcStepperTest, AnIndirectBaseIsReadFromTheFramePointerWithItsOffset) {
  // sp = *(bp + offset).
  row(row3(kTypeCall, kOldBpIndirect, -8));
  FrameState state = state_at(kCallee, kStack);
  state.registers.set(x86::kRbp, kStack + 0x108);
  word(kStack + 0x100, kStack + 0x208);
  word(kStack + 0x200, kCaller + 5);
  EXPECT_EQ(caller_of(state).registers.get(x86::kRsp), kStack + 0x208);
}

TEST_F(OrcStepperTest, RowsOnOtherRegistersNeedThemKnown) {
  const std::pair<unsigned, std::size_t> bases[] = {
      {kOldR10, x86::kR10}, {kOldR13, x86::kR13}, {kOldDx, x86::kRdx}, {kOldDi, x86::kRdi}};
  for (const auto& [base, reg] : bases) {
    row(row3(kTypeCall, base, 8));
    FrameState state = state_at(kCallee, kStack);
    EXPECT_EQ(end_of(state).reason, StackEnd::kNoUnwindData);
    state.registers.set(reg, kStack + 0x300);
    word(kStack + 0x300, kCaller + 5);
    EXPECT_EQ(caller_of(state).registers.get(x86::kRsp), kStack + 0x308);
  }
}

TEST_F(OrcStepperTest, ARowOfRegistersGivesThemAllExactly) {
  row(row3(kTypeRegs, kOldSp, 0));
  for (std::uint64_t i = 0; i < 21; ++i) word(kStack + 8 * i, 0x100 + i);
  word(kStack + 16 * 8, kCaller + 5);
  word(kStack + 17 * 8, 0x10);
  const FrameState next = caller_of(state_at(kCallee, kStack));
  EXPECT_EQ(next.registers.get(x86::kRip), kCaller + 5);
  EXPECT_EQ(next.registers.get(x86::kRbx), 0x105u);
  EXPECT_EQ(next.registers.get(x86::kRsp), 0x113u);
  EXPECT_TRUE(next.pc_is_exact);
  EXPECT_EQ(next.source, FrameSource::kException);
  EXPECT_EQ(next.saved_at, VirtualAddress(kStack));
}

TEST_F(OrcStepperTest, APartialRowGivesWhatTheProcessorPushedAndKeepsTheRest) {
  row(row3(kTypeRegsPartial, kOldSp, 0));
  word(kStack, kCaller + 5);
  word(kStack + 8, 0xffff000000000010);
  word(kStack + 16, 0x46);
  word(kStack + 24, kStack + 0x800);
  word(kStack + 32, 0x18);
  FrameState state = state_at(kCallee, kStack);
  state.registers.set(x86::kRbx, 99);
  const FrameState next = caller_of(state);
  EXPECT_EQ(next.registers.get(x86::kRip), kCaller + 5);
  EXPECT_EQ(next.registers.get(x86::kCs), 0x10u);
  EXPECT_EQ(next.registers.get(x86::kRflags), 0x46u);
  EXPECT_EQ(next.registers.get(x86::kRsp), kStack + 0x800);
  EXPECT_EQ(next.registers.get(x86::kRbx), 99u);
  EXPECT_TRUE(next.pc_is_exact);
  EXPECT_EQ(next.saved_at, std::nullopt);
}

TEST_F(OrcStepperTest, AReturnAddressIsLookedUpInTheCallBeforeIt) {
  // The last instruction of the callee is the call: the return address lies in the next function already.
  row(row3(kTypeCall, kOldSp, 8));
  word(kStack, kCaller + 5);
  EXPECT_TRUE(std::holds_alternative<FrameState>(step(state_at(kCallee + 0x100, kStack, false))));
  EXPECT_EQ(end_of(state_at(kCallee + 0x100, kStack, true)).reason, StackEnd::kNoUnwindData);
}

TEST_F(OrcStepperTest, AnEndRowIsTheStartOfTheThread) {
  row(row3(kTypeEnd, 0, 0));
  EXPECT_EQ(end_of(state_at(kCallee, kStack)).reason, StackEnd::kOutermost);
}

TEST_F(OrcStepperTest, AStackThatIsNotInTheDumpEndsThereWithItsAddress) {
  row(row3(kTypeCall, kOldSp, 8));
  machine_.memory.take_away(kStack);
  const EndOfStack end = end_of(state_at(kCallee, kStack));
  EXPECT_EQ(end.reason, StackEnd::kUnreadable);
  EXPECT_EQ(end.detail, "0xffffc90000010000: filtered out when the dump was made");
}

TEST_F(OrcStepperTest, RegistersThatReachIntoAMissingPageEndTheStack) {
  row(row3(kTypeRegs, kOldSp, 0));
  machine_.memory.take_away(kStack + 0x1000);
  EXPECT_EQ(end_of(state_at(kCallee, kStack + 0x1000 - 20 * 8)).reason, StackEnd::kUnreadable);
  row(row3(kTypeRegsPartial, kOldSp, 0));
  EXPECT_EQ(end_of(state_at(kCallee, kStack + 0x1000 - 8)).reason, StackEnd::kUnreadable);
}

TEST_F(OrcStepperTest, AReturnAddressThatIsNoCodeEndsTheStack) {
  row(row3(kTypeCall, kOldSp, 8));
  word(kStack, 0xdeadbeef);
  machine_.symbols.remove("callee").remove("caller");
  const EndOfStack end = end_of(state_at(kCallee, kStack));
  EXPECT_EQ(end.reason, StackEnd::kNotCode);
  EXPECT_EQ(end.detail, "0xdeadbeef at 0xffffc90000010000");
}

TEST_F(OrcStepperTest, OffsetsThatWrapAroundTheAddressSpaceAreHarmless) {
  row(row3(kTypeCall, kOldSp, 32767));
  EXPECT_EQ(end_of(state_at(kCallee, ~std::uint64_t{0} - 100)).reason, StackEnd::kUnreadable);
  row(row3(kTypeCall, kOldSp, -32768));
  EXPECT_EQ(end_of(state_at(kCallee, 16)).reason, StackEnd::kUnreadable);
}

// Code without unwind data: the kernel's __crash_kexec is such, and the panicking CPU's registers lie in it.
class ScanTest : public OrcStepperTest {
 protected:
  ScanTest() {
    row(row3(kTypeUndefined, 0, 0));
    call(kCaller + 0x10, kCallee);
  }
  // A direct call at `at`, five bytes long.
  void call(std::uint64_t at, std::uint64_t target) {
    const std::byte opcode{0xe8};
    machine_.memory.write(at, std::span(&opcode, 1));
    machine_.memory.write_u32(at + 1, static_cast<std::uint32_t>(target - (at + 5)));
  }
};

TEST_F(ScanTest, TheCallerIsTheFirstWordBehindACallOfThisFunction) {
  call(kCaller + 0x40, kCaller);
  word(kStack + 0x10, kCaller + 0x45);  // behind a call, but of another function
  word(kStack + 0x18, kCaller + 0x16);  // in code, but behind no call
  word(kStack + 0x20, 0x1234);
  word(kStack + 0x30, kCaller + 0x15);
  FrameState state = state_at(kCallee + 0x20, kStack);
  state.registers.set(x86::kRbp, 0x55);
  const FrameState next = caller_of(state);
  EXPECT_EQ(next.registers.get(x86::kRip), kCaller + 0x15);
  EXPECT_EQ(next.registers.get(x86::kRsp), kStack + 0x38);
  EXPECT_EQ(next.registers.get(x86::kRbp), 0x55u);
  EXPECT_EQ(next.source, FrameSource::kScan);
  EXPECT_FALSE(next.pc_is_exact);
}

TEST_F(ScanTest, TheScanHasALimit) {
  word(kStack + 2048, kCaller + 0x15);
  EXPECT_EQ(end_of(state_at(kCallee + 0x20, kStack)).reason, StackEnd::kNoUnwindData);
  word(kStack + 2040, kCaller + 0x15);
  EXPECT_EQ(caller_of(state_at(kCallee + 0x20, kStack)).source, FrameSource::kScan);
}

TEST_F(ScanTest, TheScanEndsWhereTheStackIsMissing) {
  machine_.memory.take_away(kStack + 0x1000);
  EXPECT_EQ(end_of(state_at(kCallee + 0x20, kStack + 0x1000 - 16)).reason, StackEnd::kNoUnwindData);
}

TEST_F(ScanTest, WithoutASymbolThereIsNoCallToLookFor) {
  word(kStack, kCaller + 0x15);
  machine_.symbols.remove("callee").remove("caller");
  EXPECT_EQ(end_of(state_at(kCallee + 0x20, kStack)).reason, StackEnd::kNoUnwindData);
}

TEST_F(ScanTest, AProgramCounterThatIsNoCodeAtAllCameFromACallThroughAWildPointer) {
  word(kStack, kCaller + 0x15);
  const FrameState next = caller_of(state_at(0, kStack));
  EXPECT_EQ(next.registers.get(x86::kRip), kCaller + 0x15);
  EXPECT_EQ(next.registers.get(x86::kRsp), kStack + 8);
  EXPECT_EQ(next.source, FrameSource::kScan);
  word(kStack, 0x4242);
  EXPECT_EQ(end_of(state_at(0, kStack)).reason, StackEnd::kNoUnwindData);
}

TEST_F(ScanTest, GeneratedCodeIsCrossedByItsFramePointer) {
  constexpr std::uint64_t kGenerated = 0xffffffffc1000000;
  machine_.symbols.add("bpf_prog_1", kGenerated, 0x100);
  FrameState state = state_at(kGenerated + 4, kStack);
  EXPECT_EQ(end_of(state).reason, StackEnd::kNoUnwindData);
  state.registers.set(x86::kRbp, kStack + 0x40);
  word(kStack + 0x40, kStack + 0x80);
  word(kStack + 0x48, kCaller + 0x15);
  const FrameState next = caller_of(state);
  EXPECT_EQ(next.registers.get(x86::kRip), kCaller + 0x15);
  EXPECT_EQ(next.registers.get(x86::kRsp), kStack + 0x50);
  EXPECT_EQ(next.registers.get(x86::kRbp), kStack + 0x80);
  EXPECT_EQ(next.source, FrameSource::kFramePointer);
  word(kStack + 0x48, 0x4242);
  EXPECT_EQ(end_of(state).reason, StackEnd::kNoUnwindData);
}

}  // namespace
}  // namespace whyhung::unwind
