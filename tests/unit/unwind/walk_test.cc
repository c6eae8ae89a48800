// SPDX-License-Identifier: GPL-2.0-or-later
// The bounded loop over frames, and the opening of the ORC unwinder of a kernel.
#include <gtest/gtest.h>

#include <functional>

#include "orc_fixture.h"
#include "support/fake_types.h"
#include "unwind/orc_unwinder.h"

namespace whyhung::unwind {
namespace {

class ScriptedStepper final : public Stepper {
 public:
  explicit ScriptedStepper(std::function<std::variant<FrameState, EndOfStack>(const FrameState&)> script)
      : script_(std::move(script)) {}
  std::variant<FrameState, EndOfStack> step(const FrameState& state) override { return script_(state); }

 private:
  std::function<std::variant<FrameState, EndOfStack>(const FrameState&)> script_;
};

Stack walk(std::function<std::variant<FrameState, EndOfStack>(const FrameState&)> script, const FrameState& start) {
  ScriptedStepper stepper(std::move(script));
  return walk_stack(arch::kX86_64, stepper, {start.registers, start.pc_is_exact});
}

TEST(Walk, WithoutAStackPointerOrProgramCounterThereIsNoStack) {
  const auto never = [](const FrameState&) { return EndOfStack{StackEnd::kOutermost, {}}; };
  EXPECT_EQ(walk(never, {}).end, StackEnd::kNoRegisters);
  FrameState state = state_at(kText, kStack);
  state.registers.forget(x86::kRsp);
  EXPECT_EQ(walk(never, state).end, StackEnd::kNoRegisters);
  EXPECT_TRUE(walk(never, state).frames.empty());
}

TEST(Walk, EndsWhereUserModeBeginsAndKeepsItsRegisters) {
  const Stack stack = walk(
      [](const FrameState&) {
        FrameState user = state_at(0x401000, 0x7ffe0000);
        user.registers.set(x86::kCs, 0x33);
        user.saved_at = VirtualAddress(0x5000);
        return user;
      },
      state_at(kText, kStack));
  EXPECT_EQ(stack.end, StackEnd::kUserMode);
  ASSERT_EQ(stack.frames.size(), 1u);
  ASSERT_TRUE(stack.user_registers);
  EXPECT_EQ(stack.user_registers->get(x86::kRip), 0x401000u);
  EXPECT_EQ(stack.user_registers_at, VirtualAddress(0x5000));
}

TEST(Walk, AFrameThatRepeatsItselfEndsTheStack) {
  const Stack stack = walk([](const FrameState& state) { return state; }, state_at(kText, kStack));
  EXPECT_EQ(stack.end, StackEnd::kNoProgress);
  EXPECT_EQ(stack.frames.size(), 1u);
}

TEST(Walk, TwoFramesThatTakeTurnsEndAtTheLimit) {
  const Stack stack =
      walk([](const FrameState& state) { return state_at(kText, *state.registers.get(x86::kRsp) ^ 8, false); },
           state_at(kText, kStack));
  EXPECT_EQ(stack.end, StackEnd::kTooDeep);
  EXPECT_EQ(stack.frames.size(), kMostFrames);
}

TEST(Walk, KeepsRegistersOnlyWhereAllOfThemAreThoseOfTheFrame) {
  int step = 0;
  const Stack stack = walk(
      [&](const FrameState&) -> std::variant<FrameState, EndOfStack> {
        if (++step == 3) return EndOfStack{StackEnd::kOutermost, "detail"};
        FrameState next =
            state_at(kText + 0x10 * static_cast<unsigned>(step), kStack + 8 * static_cast<unsigned>(step), false);
        next.source = step == 1 ? FrameSource::kCall : FrameSource::kException;
        next.pc_is_exact = step == 2;
        return next;
      },
      state_at(kText, kStack));
  ASSERT_EQ(stack.frames.size(), 3u);
  EXPECT_TRUE(stack.frames[0].registers);
  EXPECT_FALSE(stack.frames[1].registers);
  EXPECT_TRUE(stack.frames[2].registers);
  EXPECT_EQ(stack.frames[0].lookup_address(), VirtualAddress(kText)) << "interrupted there";
  EXPECT_EQ(stack.frames[1].lookup_address(), VirtualAddress(kText + 0xf)) << "the call before the return address";
  EXPECT_EQ(stack.end_detail, "detail");
}

TEST(Walk, EveryEndAndSourceHasItsOwnWords) {
  for (int i = 0; i <= static_cast<int>(StackEnd::kTooDeep); ++i) {
    EXPECT_NE(describe(static_cast<StackEnd>(i)), "unknown") << i;
  }
  for (int i = 0; i <= static_cast<int>(FrameSource::kEarlierInterrupt); ++i) {
    EXPECT_NE(describe(static_cast<FrameSource>(i)), "unknown") << i;
  }
}

class OrcUnwinderTest : public testing::Test {
 protected:
  OrcUnwinderTest() {
    machine_.rows[kText] = row3(kTypeCall, kOldSp, 8);
    machine_.rows[kText + 0x800] = row3(kTypeEnd, 0, 0);
    const OrcTableLocation table = machine_.write();
    machine_.symbols.add("_stext", kText, 1)
        .add("_etext", kTextEnd, 1)
        .add("__start_orc_unwind_ip", kIps, 1)
        .add("__stop_orc_unwind_ip", kIps + 4 * table.count, 1)
        .add("__start_orc_unwind", kRows, 1);
    machine_.memory.write_u64(kStack, kText + 0x801);
  }
  Result<std::unique_ptr<Unwinder>> make() {
    return make_unwinder({arch::kX86_64, machine_.memory, machine_.symbols, types_});
  }
  void header(std::initializer_list<unsigned> first) {
    constexpr std::uint64_t kHeader = 0xffffffff82300000;
    machine_.symbols.add("__start_orc_header", kHeader);
    machine_.memory.touch(kHeader);
    std::uint64_t at = kHeader;
    for (const unsigned value : first)
      machine_.memory.write_integer<std::uint8_t>(at++, static_cast<std::uint8_t>(value));
  }
  OrcMachine machine_;
  test::FakeTypes types_;
};

TEST_F(OrcUnwinderTest, WalksWithTheVersionThatTheHeadersHashTells) {
  header({0xfe, 0x5d, 0x32, 0xbf});
  const auto unwinder = make();
  ASSERT_TRUE(unwinder);
  EXPECT_EQ((*unwinder)->description(), "ORC version 3");
  const Stack stack = (*unwinder)->walk({state_at(kText + 4, kStack).registers, true});
  ASSERT_EQ(stack.frames.size(), 2u);
  EXPECT_EQ(stack.frames[1].pc, VirtualAddress(kText + 0x801));
  EXPECT_EQ(stack.end, StackEnd::kOutermost);
}

TEST_F(OrcUnwinderTest, AnUnknownHashIsRefusedRatherThanGuessed) {
  header({1, 2, 3, 4});
  const auto unwinder = make();
  ASSERT_FALSE(unwinder);
  EXPECT_EQ(unwinder.error().what, "the ORC header holds a hash that is not known: 01020304…");
  EXPECT_EQ(unwinder.error().hint, "a newer whyhung may know this kernel's unwind tables");
}

TEST_F(OrcUnwinderTest, WithoutAHeaderTheTypeTellsTheVersion) {
  EXPECT_EQ((*make())->description(), "ORC version 1") << "no type at all";
  types_.add("orc_entry 6: type@5:1/0+2 end@5:1/2+1");
  EXPECT_EQ((*make())->description(), "ORC version 1");
  types_.add("orc_entry 6: type@5:1/0+2 signal@5:1/2+1 end@5:1/3+1");
  EXPECT_EQ((*make())->description(), "ORC version 2");
  types_.remove("orc_entry").add("orc_entry 6: type@5:1/0+3 signal@5:1/3+1");
  EXPECT_EQ((*make())->description(), "ORC version 3");
}

TEST_F(OrcUnwinderTest, AKernelWithoutTablesIsWalkedByFramePointersWhereSymbolsTellCode) {
  machine_.symbols.remove("__start_orc_unwind_ip");
  EXPECT_EQ((*make())->description(), "frame pointers");
  machine_.symbols.remove("_stext");
  EXPECT_EQ(make().error().what, "the kernel has no ORC tables (no symbol __start_orc_unwind_ip)");
}

TEST_F(OrcUnwinderTest, TablesThatEndBeforeTheyBeginAreNoTables) {
  machine_.symbols.remove("__stop_orc_unwind_ip").add("__stop_orc_unwind_ip", kIps - 4);
  EXPECT_FALSE(make());
}

TEST_F(OrcUnwinderTest, CodeThatRunsAtBootIsCoveredToo) {
  header({0xfe, 0x5d, 0x32, 0xbf});
  machine_.symbols.add("_sinittext", kTextEnd + 0x1000).add("_einittext", kTextEnd + 0x2000);
  const auto unwinder = make();
  ASSERT_TRUE(unwinder);
  const Stack stack = (*unwinder)->walk({state_at(kTextEnd + 0x1100, kStack).registers, true});
  EXPECT_EQ(stack.end, StackEnd::kOutermost) << "its row is the table's last";
}

TEST_F(OrcUnwinderTest, AModuleWithoutTablesIsNoModuleToUnwind) {
  header({0xfe, 0x5d, 0x32, 0xbf});
  const auto unwinder = make();
  (*unwinder)->add_module({{VirtualAddress(0xffffffffc0000000), VirtualAddress(0xffffffffc0001000)}, {}, {}, 100});
  const Stack stack = (*unwinder)->walk({state_at(0xffffffffc0000010, kStack).registers, true});
  EXPECT_EQ(stack.end, StackEnd::kNoUnwindData) << "not found by a table at address 0";
  EXPECT_EQ(stack.frames.size(), 1u);
}

TEST_F(OrcUnwinderTest, AMachineWithoutAnUnwinderIsNamed) {
  arch::Architecture other = arch::kX86_64;
  other.name = "vax";
  const auto unwinder = make_unwinder({other, machine_.memory, machine_.symbols, types_});
  ASSERT_FALSE(unwinder);
  EXPECT_EQ(unwinder.error().what, "stacks of vax cannot be walked");
}

}  // namespace
}  // namespace whyhung::unwind
