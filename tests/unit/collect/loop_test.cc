// SPDX-License-Identifier: GPL-2.0-or-later
// The loop that a CPU stands in, read from machine code: whether it can be left, by what, and whether it lets others
// run.
#include "collect/loop.h"

#include "arch/riscv64.h"
#include "arch/s390x.h"
#include "arch/s390x_disassembler.h"
#include "collect/flow_graph.h"
#include "collect_test_support.h"

namespace whyhung::collect {
namespace {

using model::LoopYield;
namespace x86 = arch::x86;

constexpr std::uint64_t kFlag = 0xffffffff87000000;

class LoopTest : public CollectTest {
 protected:
  LoopTest() {
    kernel.add_task(100, "worker");
    kernel.name_variable("stop_flag [driver]", kFlag, 4);
    kernel.machine.memory.write_u32(kFlag, 0x55);
  }
  // The CPU stands at `offset` in that code of "spins".
  const model::Cpu& stands_in(std::initializer_list<unsigned> code, std::uint64_t offset = 0,
                              arch::RegisterSet registers = {}) {
    kernel.code("spins [driver]", code);
    FakeFrame frame("spins [driver]");
    frame.offset = offset;
    frame.registers = registers;
    kernel.run(1, 100, {frame, "kthread"});
    return cpu(1);
  }
  const model::Loop& loop() {
    if (!cpu(1).loop) throw std::runtime_error("no loop was found");
    return *cpu(1).loop;
  }
  // call rel32 from the start of "spins", `at` bytes into it.
  unsigned to(std::string_view function, std::uint64_t at, unsigned byte) {
    const std::uint64_t next = kernel.function("spins [driver]") + at + 5;
    return static_cast<unsigned>((kernel.function(function) - next) >> 8 * byte & 0xff);
  }
  // spins: call `function`; jmp back to it.
  void calls(std::string_view function) {
    stands_in({0xe8, to(function, 0, 0), to(function, 0, 1), to(function, 0, 2), to(function, 0, 3), 0xeb, 0xf9});
  }
};

TEST_F(LoopTest, ALoopWithoutAWayOutIsEndless) {
  stands_in({0xf3, 0x90, 0xeb, 0xfc});  // pause; jmp .-2
  EXPECT_EQ(loop().function, "spins");
  EXPECT_EQ(loop().module, "driver");
  EXPECT_EQ(loop().frame, 0u);
  EXPECT_EQ(loop().begin, kernel.function("spins [driver]"));
  EXPECT_EQ(loop().end, kernel.function("spins [driver]") + 4);
  EXPECT_TRUE(loop().exits.empty());
  EXPECT_FALSE(loop().has_unknown_flow);
  EXPECT_EQ(loop().yield, LoopYield::kNever);
  EXPECT_EQ(loop().instructions.size(), 2u);
}

TEST_F(LoopTest, CodeThatGoesStraightOnIsNoLoop) {
  EXPECT_FALSE(stands_in({0x90, 0x90, 0xc3}).loop);
}

TEST_F(LoopTest, CodeBeforeALoopIsNotInIt) {
  EXPECT_FALSE(stands_in({0x90, 0xf3, 0x90, 0xeb, 0xfc}).loop) << "it has not come there yet";
}

TEST_F(LoopTest, AnExitDependsOnTheMemoryThatIsCompared) {
  arch::RegisterSet registers;
  registers.set(x86::kRbx, kFlag);
  stands_in({0x83, 0x3b, 0x00, 0x75, 0xfb, 0xc3}, 0, registers);  // cmpl $0,(%rbx); jne .-3; ret
  ASSERT_EQ(loop().exits.size(), 1u);
  const model::LoopExit& exit = loop().exits.at(0);
  EXPECT_EQ(exit.branch, kernel.function("spins [driver]") + 3);
  EXPECT_EQ(exit.memory_address, kFlag);
  EXPECT_EQ(exit.symbol, "stop_flag [driver]");
  EXPECT_EQ(exit.value, 0x55u);
}

TEST_F(LoopTest, AnAddressWhoseRegisterTheLoopChangesIsNotKnown) {
  arch::RegisterSet registers;
  registers.set(x86::kRbx, kFlag);
  // add $8,%rbx; cmpl $0,(%rbx); jne .-7; ret
  stands_in({0x48, 0x83, 0xc3, 0x08, 0x83, 0x3b, 0x00, 0x75, 0xf7, 0xc3}, 0, registers);
  ASSERT_EQ(loop().exits.size(), 1u);
  EXPECT_EQ(loop().exits.at(0).memory_address, std::nullopt);
  EXPECT_EQ(loop().exits.at(0).depends_on, "memory at an address that was not kept");
}

TEST_F(LoopTest, AnAddressThatTheLoopItselfMakesFromAConstantIsKnown) {
  static const arch::Architecture kWithCodeOfS390x = [] {
    arch::Architecture one = arch::kX86_64;
    one.make_disassembler = arch::make_s390x_disassembler;
    return one;
  }();
  kernel.target.architecture = &kWithCodeOfS390x;
  const auto halves = static_cast<std::uint32_t>((kFlag - kernel.function("spins [driver]")) >> 1);
  const auto byte = [&](unsigned index) { return halves >> 8 * (3 - index) & 0xff; };
  // larl %r1,stop_flag; cli 0(%r1),0; jne .-10; br %r14
  stands_in(
      {0xc0, 0x10, byte(0), byte(1), byte(2), byte(3), 0x95, 0x00, 0x10, 0x00, 0xa7, 0x74, 0xff, 0xfb, 0x07, 0xfe});
  ASSERT_EQ(loop().exits.size(), 1u);
  EXPECT_EQ(loop().exits.at(0).memory_address, kFlag);
  EXPECT_EQ(loop().exits.at(0).symbol, "stop_flag [driver]");
  EXPECT_EQ(loop().exits.at(0).value, 0x55u);
}

TEST_F(LoopTest, AnExitMayDependOnARegister) {
  arch::RegisterSet registers;
  registers.set(x86::kRax, 7);
  stands_in({0x85, 0xc0, 0x75, 0xfc, 0xc3}, 0, registers);  // test %eax,%eax; jne .-2; ret
  ASSERT_EQ(loop().exits.size(), 1u);
  EXPECT_EQ(loop().exits.at(0).depends_on, "register RAX");
  EXPECT_EQ(loop().exits.at(0).value, 7u);
}

TEST_F(LoopTest, AnExitMayDependOnWhatAFunctionReturns) {
  kernel.code("is_over", {0x31, 0xc0, 0xc3});
  // call is_over; test %eax,%eax; jne back; ret
  stands_in({0xe8, to("is_over", 0, 0), to("is_over", 0, 1), to("is_over", 0, 2), to("is_over", 0, 3), 0x85, 0xc0, 0x75,
             0xf7, 0xc3});
  ASSERT_EQ(loop().exits.size(), 1u);
  EXPECT_EQ(loop().exits.at(0).depends_on, "what is_over() returns");
  EXPECT_EQ(loop().calls, std::vector<std::string>{"is_over"});
}

TEST_F(LoopTest, AnIndirectJumpIsAWayOut) {
  stands_in({0x74, 0x02, 0xff, 0xe0, 0xeb, 0xfa});  // je .+2; jmp *%rax; jmp back
  EXPECT_EQ(loop().exits.size(), 1u);
}

TEST_F(LoopTest, ACallIntoTheSchedulerLetsOthersRun) {
  kernel.function("schedule");
  calls("schedule");
  EXPECT_EQ(loop().yield, LoopYield::kMay);
}

TEST_F(LoopTest, ACallIsFollowedToTheScheduler) {
  const std::uint64_t helper = kernel.function("helper"), distance = kernel.function("schedule") - (helper + 5);
  const auto byte = [&](unsigned i) { return static_cast<unsigned>(distance >> 8 * i & 0xff); };
  kernel.code("helper", {0xe8, byte(0), byte(1), byte(2), byte(3), 0xc3});
  calls("helper");
  EXPECT_EQ(loop().yield, LoopYield::kMay);
}

TEST_F(LoopTest, ACallThatIsFollowedToItsEndNeverYields) {
  kernel.code("helper", {0x90, 0xc3});
  calls("helper");
  EXPECT_EQ(loop().yield, LoopYield::kNever);
  EXPECT_TRUE(loop().exits.empty());
}

TEST_F(LoopTest, ACallThatCannotBeFollowedMayYieldOrNot) {
  stands_in({0xff, 0xd0, 0xeb, 0xfc});  // call *%rax; jmp back
  EXPECT_EQ(loop().yield, LoopYield::kUnknown);
  EXPECT_EQ(loop().calls, std::vector<std::string>{"indirect"});
}

TEST_F(LoopTest, AFunctionWhoseCodeIsNotInTheDumpIsNotFollowed) {
  const std::uint64_t gone = 0xffffffffc0f00000;
  kernel.name_variable("gone [driver]", gone, 0x40);
  calls("gone [driver]");
  EXPECT_EQ(loop().yield, LoopYield::kUnknown);
}

TEST_F(LoopTest, ACircleOfCallsEnds) {
  const std::uint64_t one = kernel.function("one"), two = kernel.function("two");
  const auto call = [](std::uint64_t from, std::uint64_t target, unsigned byte) {
    return static_cast<unsigned>((target - (from + 5)) >> 8 * byte & 0xff);
  };
  kernel.code("one", {0xe8, call(one, two, 0), call(one, two, 1), call(one, two, 2), call(one, two, 3), 0xc3});
  kernel.code("two", {0xe8, call(two, one, 0), call(two, one, 1), call(two, one, 2), call(two, one, 3), 0xc3});
  calls("one");
  EXPECT_EQ(loop().yield, LoopYield::kUnknown);
}

TEST_F(LoopTest, AnEndlessLoopFurtherOutCountsMoreThanOneThatCanBeLeft) {
  kernel.code("waits [driver]", {0x85, 0xc0, 0x75, 0xfc, 0xc3});
  const std::uint64_t spins = kernel.function("spins [driver]");
  const std::uint64_t distance = kernel.function("waits [driver]") - (spins + 5);
  const auto byte = [&](unsigned i) { return static_cast<unsigned>(distance >> 8 * i & 0xff); };
  kernel.code("spins [driver]", {0xe8, byte(0), byte(1), byte(2), byte(3), 0xeb, 0xf9});
  FakeFrame inner("waits [driver]"), outer("spins [driver]");
  inner.offset = 0;
  outer.offset = 5;  // behind the call
  kernel.run(1, 100, {inner, outer, "kthread"});
  EXPECT_EQ(loop().function, "spins");
  EXPECT_EQ(loop().frame, 1u);
}

TEST_F(LoopTest, WithoutTheCodeThereIsNoLoop) {
  kernel.name_variable("unread [driver]", 0xffffffffc0f01000, 0x40);
  FakeFrame frame("unread [driver]");
  kernel.run(1, 100, {frame, "kthread"});
  EXPECT_FALSE(cpu(1).loop);
}

class FlowGraphTest : public testing::Test {
 protected:
  FlowGraph graph_of(std::initializer_list<unsigned> bytes) {
    std::uint64_t at = kAt;
    for (const unsigned value : bytes) memory.write_integer<std::uint8_t>(at++, static_cast<std::uint8_t>(value));
    return decode_function(**disassembler, memory, VirtualAddress(kAt), bytes.size());
  }
  static constexpr std::uint64_t kAt = 0xffffffff81000000;
  using Indexes = std::vector<std::uint32_t>;
  test::PagedMemory memory;
  Result<std::unique_ptr<arch::Disassembler>> disassembler = arch::Disassembler::create(arch::kX86_64);
};

TEST_F(FlowGraphTest, EveryInstructionKnowsWhereItLeads) {
  const FlowGraph graph = graph_of({0x90, 0x74, 0x01, 0xc3, 0xeb, 0xfa});  // nop; je +1; ret; jmp to nop
  ASSERT_EQ(graph.instructions.size(), 4u);
  EXPECT_EQ(graph.successors, (std::vector<Indexes>{{1}, {2, 3}, {}, {0}}));
  EXPECT_FALSE(graph.truncated);
  EXPECT_EQ(graph.index_of(VirtualAddress(kAt + 3)), 2u);
  EXPECT_EQ(graph.index_of(VirtualAddress(kAt + 2)), std::nullopt) << "the middle of an instruction";
  EXPECT_EQ(loop_around(graph, 0), (Indexes{0, 1, 3}));
  EXPECT_EQ(loop_around(graph, 2), Indexes{}) << "no way back from a return";
}

TEST_F(FlowGraphTest, TheTargetOfACallMayBeMadeInTwoHalves) {
  disassembler = arch::Disassembler::create(arch::kRiscv64);
  // auipc ra,0x1; jalr -8(ra); auipc ra,0x1; jalr t1
  const FlowGraph graph = graph_of({0x97, 0x10, 0, 0, 0xe7, 0x80, 0x80, 0xff, 0x97, 0x10, 0, 0, 0xe7, 0x00, 0x03, 0});
  ASSERT_EQ(graph.instructions.size(), 4u);
  EXPECT_EQ(graph.instructions[1].target, VirtualAddress(kAt + 0x1000 - 8));
  EXPECT_FALSE(graph.instructions[3].target) << "another register";
}

TEST_F(FlowGraphTest, AnInstructionThatIsCarriedOutElsewhereTellsWhereItLeads) {
  disassembler = arch::Disassembler::create(arch::kS390x);
  const auto flow_of_first = [&](std::initializer_list<unsigned> bytes) {
    return graph_of(bytes).instructions.at(0).flow;
  };
  // exrl %r0 of br %r14 behind it, as in kernels that guard their indirect jumps
  EXPECT_EQ(flow_of_first({0xc6, 0x00, 0, 0, 0, 5, 0xa7, 0xf4, 0, 0, 0x07, 0xfe}), arch::Flow::kReturn);
  EXPECT_EQ(flow_of_first({0xc6, 0x00, 0, 0, 0, 5, 0xa7, 0xf4, 0, 0, 0x07, 0xf1}), arch::Flow::kJump);
  // exrl %r1 of mvc 0(1,%r2),0(%r3)
  EXPECT_EQ(flow_of_first({0xc6, 0x10, 0, 0, 0, 3, 0xd2, 0, 0x20, 0, 0x30, 0}), arch::Flow::kNext);
  // exrl %r1 of bcr 0,%r0: with another second byte it may be a jump
  EXPECT_EQ(flow_of_first({0xc6, 0x10, 0, 0, 0, 3, 0x07, 0x00}), arch::Flow::kConditionalJump);
  // of itself, and of nothing that can be read
  EXPECT_EQ(flow_of_first({0xc6, 0x00, 0, 0, 0, 0}), arch::Flow::kConditionalJump);
  EXPECT_EQ(flow_of_first({0xc6, 0x00, 0x7f, 0, 0, 0}), arch::Flow::kConditionalJump);
}

TEST_F(FlowGraphTest, CodeThatEndsTooSoonIsTruncated) {
  EXPECT_TRUE(graph_of({0x90, 0xe8, 0x00}).truncated) << "half of a call";
  EXPECT_TRUE(decode_function(**disassembler, memory, VirtualAddress(0xffffffff99000000), 16).truncated);
}

TEST_F(FlowGraphTest, AFunctionThatClaimsToBeHugeIsReadUpToTheBound) {
  for (std::uint64_t at = 0; at < kMostFunctionBytes; at += 4096) memory.touch(kAt + at);
  const FlowGraph graph = decode_function(**disassembler, memory, VirtualAddress(kAt), std::uint64_t{1} << 40);
  EXPECT_TRUE(graph.truncated);
  EXPECT_LE(graph.instructions.size(), kMostFunctionBytes);
}

}  // namespace
}  // namespace whyhung::collect
