// SPDX-License-Identifier: GPL-2.0-or-later
// Types and values as they are shown: declarations as C writes them, values as gdb writes them.
#include "debuginfo/declaration.h"

#include <gtest/gtest.h>

#include "debuginfo/btf_declarations.h"
#include "debuginfo/value_text.h"
#include "support/btf_builder.h"
#include "support/fake_memory.h"

namespace whyhung::debuginfo {
namespace {

using test::BtfBuilder;

constexpr std::uint64_t kAddress = 0xffffffff82000000;

class DeclarationTest : public ::testing::Test {
 protected:
  Declarations& types() {
    if (declarations_) return *declarations_;
    const auto bytes = btf_.build();
    memory_.put(kAddress, bytes);
    auto opened = BtfDeclarations::open(memory_, {VirtualAddress(kAddress), VirtualAddress(kAddress + bytes.size())});
    if (!opened) throw std::runtime_error(opened.error().what);
    source_ = *opened;
    declarations_.emplace(*source_);
    return *declarations_;
  }
  std::uint64_t named(std::string_view name) {
    types();
    return source_->type_named(name).value_or(0);
  }
  std::string value(std::string_view type, std::vector<std::uint8_t> bytes, Radix radix = Radix::kDecimal) {
    const std::uint64_t id = named(type);
    ValueMeaning meaning;
    meaning.symbol = [](std::uint64_t address) {
      return address == 0xffff1000 ? std::string("work_fn") : std::string();
    };
    meaning.text = [](std::uint64_t address, std::size_t) -> std::optional<std::string> {
      if (address != 0x2000) return std::nullopt;
      return "hello";
    };
    return value_text(types(), id, std::as_bytes(std::span(bytes)), meaning, radix);
  }

  BtfBuilder btf_;
  test::FakeMemory memory_;
  std::shared_ptr<BtfDeclarations> source_;
  std::optional<Declarations> declarations_;
};

TEST_F(DeclarationTest, WritesPointersArraysAndFunctionsAsCDoes) {
  const auto integer = btf_.integer("int", 4, 1);
  const auto character = btf_.integer("char", 1, 1);
  const auto list = btf_.structure("list_head", 16, {});
  const auto list_pointer = btf_.pointer(list);
  const auto array = btf_.array(character, 16);
  const auto rows = btf_.array(btf_.array(integer, 3), 2);
  const auto function = btf_.pointer(btf_.function_type(integer, {list_pointer, 0}));
  const auto array_pointer = btf_.pointer(array);
  const auto constant = btf_.pointer(btf_.const_of(character));
  EXPECT_EQ(declare(types(), list_pointer, "next"), "struct list_head *next");
  EXPECT_EQ(declare(types(), array, "comm"), "char comm[16]");
  EXPECT_EQ(declare(types(), rows, "grid"), "int grid[2][3]");
  EXPECT_EQ(declare(types(), function, "show"), "int (*show)(struct list_head *, ...)");
  EXPECT_EQ(declare(types(), array_pointer, "p"), "char (*p)[16]");
  EXPECT_EQ(declare(types(), constant, "name"), "const char *name");
  EXPECT_EQ(declare(types(), btf_.next_id() + 5, "lost"), "void lost") << "an id that leads nowhere";
}

TEST_F(DeclarationTest, ShowsWhatLiesInAnonymousMembersInTheirPlace) {
  const auto integer = btf_.integer("int", 4, 1);
  const auto word = btf_.integer("unsigned long", 8);
  const auto inner = btf_.union_of("", 8, {{"counter", word, 0}, {"part", integer, 0}});
  btf_.structure("lock", 24,
                 {{"", inner, 0}, {"flag", integer, 64, 1}, {"depth", integer, 65, 7}, {"end", integer, 128}});
  EXPECT_EQ(declare_whole(types(), named("lock"), MemberOffsets::kHide, 0),
            "struct lock {\n"
            "    union {\n"
            "        unsigned long counter;\n"
            "        int part;\n"
            "    };\n"
            "    int flag : 1;\n"
            "    int depth : 7;\n"
            "    int end;\n"
            "}");
  EXPECT_NE(declare_whole(types(), named("lock"), MemberOffsets::kDecimal, 0).find("  [16] int end;"),
            std::string::npos)
      << declare_whole(types(), named("lock"), MemberOffsets::kDecimal, 0);
}

TEST_F(DeclarationTest, WritesAStructureAsGdbDoes) {
  const auto integer = btf_.integer("int", 4, 1);
  const auto character = btf_.integer("char", 1, 1);
  const auto function = btf_.pointer(btf_.function_type(0, {}));
  const auto text = btf_.pointer(character);
  const auto state = btf_.enumeration("state", {{"IDLE", 0}, {"BUSY", 7}});
  const auto inner = btf_.structure("pair", 8, {{"a", integer, 0}, {"b", integer, 32}});
  btf_.structure("work", 40,
                 {{"func", function, 0},
                  {"name", text, 64},
                  {"comm", btf_.array(character, 8), 128},
                  {"state", state, 192},
                  {"pair", inner, 224}});
  EXPECT_EQ(
      value("work", {0x00, 0x10, 0xff, 0xff, 0, 0, 0, 0, 0x00, 0x20, 0, 0, 0,    0,    0,    0,    'i', 'n', 'i', 't',
                     0,    0,    0,    0,    7, 0, 0, 0, 5,    0,    0, 0, 0xff, 0xff, 0xff, 0xff, 0,   0,   0,   0}),
      "{\n"
      "  func = 0xffff1000 <work_fn>,\n"
      "  name = 0x2000 \"hello\",\n"
      "  comm = \"init\\000\\000\\000\",\n"
      "  state = BUSY,\n"
      "  pair = {\n"
      "    a = 5,\n"
      "    b = -1\n"
      "  }\n"
      "}");
}

TEST_F(DeclarationTest, SaysWhatRepeatsOnce) {
  const auto integer = btf_.integer("int", 4, 1);
  const auto character = btf_.integer("char", 1, 1);
  btf_.type_definition("numbers", btf_.array(integer, 12));
  btf_.type_definition("name", btf_.array(character, 16));
  EXPECT_EQ(value("numbers", std::vector<std::uint8_t>(48, 0)), "{0 <repeats 12 times>}");
  EXPECT_EQ(value("name", {'s', 'h', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}), "\"sh\", '\\000' <repeats 13 times>");
  EXPECT_EQ(value("name", std::vector<std::uint8_t>(16, 0)), "'\\000' <repeats 15 times>");
}

TEST_F(DeclarationTest, NegativeBitFieldsAndFlagsKeepTheirMeaning) {
  const auto integer = btf_.integer("int", 4, 1);
  const auto flags = btf_.enumeration("flags", {{"READ", 1}, {"WRITE", 2}, {"EXEC", 4}});
  btf_.structure("bits", 8, {{"low", integer, 0, 3}, {"high", integer, 3, 5}, {"mode", flags, 32, 8}});
  EXPECT_EQ(value("bits", {0xfb, 0, 0, 0, 5, 0, 0, 0}), "{\n  low = 3,\n  high = -1,\n  mode = (READ | EXEC)\n}");
  EXPECT_EQ(value("bits", {0xfb, 0, 0, 0, 9, 0, 0, 0}, Radix::kHexadecimal),
            "{\n  low = 0x3,\n  high = 0x1f,\n  mode = 0x9\n}");
}

TEST_F(DeclarationTest, TypesThatHoldThemselvesComeToAnEnd) {
  // struct loop { struct loop inner; } cannot be, but a damaged file can say so.
  const std::uint32_t self = btf_.next_id();
  btf_.structure("loop", 8, {{"inner", self, 0}});
  const std::uint32_t circle = btf_.next_id();
  btf_.type_definition("around", circle);
  const std::string text = value("loop", std::vector<std::uint8_t>(8, 0));
  EXPECT_NE(text.find("..."), std::string::npos);
  EXPECT_LT(text.size(), 10000u);
  EXPECT_EQ(value("around", std::vector<std::uint8_t>(8, 0)), "void");
}

TEST_F(DeclarationTest, MembersBeyondTheBytesAreSaidToBeSo) {
  const auto integer = btf_.integer("int", 4, 1);
  btf_.structure("pair", 8, {{"a", integer, 0}, {"b", integer, 32}});
  EXPECT_EQ(value("pair", {1, 0, 0, 0}), "{\n  a = 1,\n  b = <unreadable>\n}");
}

}  // namespace
}  // namespace whyhung::debuginfo
