// SPDX-License-Identifier: GPL-2.0-or-later
// Members of structures by name: widening, signs, bit fields, renamed and missing members.
#include "kernel/fields.h"

#include <gtest/gtest.h>

#include "support/fake_machine.h"

namespace whyhung::kernel {
namespace {

constexpr std::uint64_t kBase = 0xffff888000001000;

class FieldsTest : public testing::TestWithParam<ByteOrder> {
 protected:
  FieldsTest()
      : machine_(
            "task 64: byte@0:1 half@2:2s word@4:4s long@8:8 pointer@16:8 name@24:[8x1] odd@32:3 low@40:4/0+3 "
            "middle@41:4/2+5s wide@42:8/4+64",
            GetParam()),
        binder_(machine_.types) {
    machine_.memory.touch(kBase);
  }
  Field field(std::string_view member) { return binder_.required("task", {member}); }
  test::FakeMachine machine_;
  Binder binder_;
};

INSTANTIATE_TEST_SUITE_P(BothByteOrders, FieldsTest, testing::Values(ByteOrder::kLittle, ByteOrder::kBig));

TEST_P(FieldsTest, AreWidenedFromTheirOwnSize) {
  for (const auto& [member, size] : {std::pair{"byte", 1u}, {"half", 2u}, {"word", 4u}, {"long", 8u}}) {
    machine_.set("task", kBase, member, ~std::uint64_t{0} - 1);
    EXPECT_EQ(field(member).read(machine_.memory, VirtualAddress(kBase)), (~std::uint64_t{0} >> (64 - 8 * size)) - 1)
        << member;
    EXPECT_EQ(field(member).read_signed(machine_.memory, VirtualAddress(kBase)), -2) << member;
  }
}

TEST_P(FieldsTest, PointersAndTextsAreRead) {
  machine_.set("task", kBase, "pointer", 0xffff888012345678);
  machine_.memory.write_text(kBase + 24, "rmmod");
  EXPECT_EQ(field("pointer").read_pointer(machine_.memory, VirtualAddress(kBase)), VirtualAddress(0xffff888012345678));
  EXPECT_EQ(field("name").read_text(machine_.memory, VirtualAddress(kBase)), "rmmod");
  machine_.memory.write_text(kBase + 24, "without an end");
  EXPECT_EQ(field("name").read_text(machine_.memory, VirtualAddress(kBase)), "without ") << "no more than the array";
}

TEST_P(FieldsTest, BitFieldsOfAnyPlaceAreTakenOut) {
  const bool little = GetParam() == ByteOrder::kLittle;
  machine_.memory.write_integer<std::uint8_t>(kBase + 40, little ? 0b11111'101 : 0b101'11111);
  EXPECT_EQ(field("low").read(machine_.memory, VirtualAddress(kBase)), 0b101u);
  machine_.memory.write_integer<std::uint8_t>(kBase + 41, little ? 0b0'10001'11 : 0b11'10001'0);
  EXPECT_EQ(field("middle").read(machine_.memory, VirtualAddress(kBase)), 0b10001u);
  EXPECT_EQ(field("middle").read_signed(machine_.memory, VirtualAddress(kBase)), -15) << "the sign is its own top bit";
}

TEST_P(FieldsTest, ABitFieldOfSixtyFourBitsMayTouchNineBytes) {
  for (std::uint64_t i = 0; i < 9; ++i) machine_.memory.write_integer<std::uint8_t>(kBase + 42 + i, 0xff);
  EXPECT_EQ(field("wide").read(machine_.memory, VirtualAddress(kBase)), ~std::uint64_t{0});
}

TEST_P(FieldsTest, ASizeThatIsNoIntegersFaults) {
  const auto value = field("odd").read(machine_.memory, VirtualAddress(kBase));
  ASSERT_FALSE(value);
  EXPECT_EQ(value.error().kind, FaultKind::kCorrupt);
}

TEST_P(FieldsTest, AFieldThatDoesNotExistSaysSoWhateverItIsAskedFor) {
  const Field none;
  EXPECT_FALSE(none.exists());
  const ReadFault fault{FaultKind::kNoSuchField, kBase};
  EXPECT_EQ(none.read(machine_.memory, VirtualAddress(kBase)).error(), fault);
  EXPECT_EQ(none.read_signed(machine_.memory, VirtualAddress(kBase)).error(), fault);
  EXPECT_EQ(none.read_pointer(machine_.memory, VirtualAddress(kBase)).error(), fault);
  EXPECT_EQ(none.read_text(machine_.memory, VirtualAddress(kBase)).error(), fault);
}

TEST_P(FieldsTest, AnUnreadablePageFaultsWithItsOwnReason) {
  machine_.memory.take_away(kBase);
  EXPECT_EQ(field("long").read(machine_.memory, VirtualAddress(kBase)).error(),
            (ReadFault{FaultKind::kFilteredOut, kBase + 8}));
  EXPECT_EQ(field("low").read(machine_.memory, VirtualAddress(kBase)).error().kind, FaultKind::kFilteredOut);
}

TEST_P(FieldsTest, ContainersAreFoundFromTheirMembers) {
  const Field pointer = field("pointer");
  EXPECT_EQ(pointer.in(VirtualAddress(kBase)), VirtualAddress(kBase + 16));
  EXPECT_EQ(pointer.container(VirtualAddress(kBase + 16)), VirtualAddress(kBase));
}

TEST(Binder, TakesTheFirstNameThatTheKernelHas) {
  test::FakeTypes types("task_struct 64: state@8:8\nnewer 64: __state@4:4 state@8:8");
  Binder binder(types);
  EXPECT_EQ(binder.required("task_struct", {"__state", "state"}).offset(), 8u);
  EXPECT_EQ(binder.required("newer", {"__state", "state"}).offset(), 4u);
  EXPECT_EQ(binder.required("task_struct", {"__state", "state"}).path(), "task_struct.state");
  EXPECT_EQ(binder.optional("task_struct", {"gone"}).path(), "");
  EXPECT_TRUE(binder.missing().empty());
}

TEST(Binder, NotesRequiredFieldsThatAreMissingUnderTheirNewestName) {
  test::FakeTypes types("task_struct 64: pid@8:4");
  Binder binder(types);
  EXPECT_FALSE(binder.required("task_struct", {"__state", "state"}).exists());
  EXPECT_FALSE(binder.required("rq", {"curr"}).exists());
  EXPECT_FALSE(binder.optional("task_struct", {"on_cpu"}).exists());
  EXPECT_TRUE(binder.optional("task_struct", {"pid"}).exists());
  EXPECT_EQ(binder.missing(), (std::vector<std::string>{"task_struct.__state", "rq.curr"}));
  EXPECT_EQ(binder.absent(), std::vector<std::string>{"task_struct.on_cpu"});
  EXPECT_EQ(binder.bound(), 1u);
}

}  // namespace
}  // namespace whyhung::kernel
