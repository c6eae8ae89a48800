// SPDX-License-Identifier: GPL-2.0-or-later
// Commands that show types and values: struct, p, whatis, list, tree, rd, sym; on a small kernel that carries BTF.
#include <gtest/gtest.h>

#include <sstream>

#include "collect/collect.h"
#include "commands/command.h"
#include "commands/desk.h"
#include "support/btf_builder.h"
#include "support/fake_kernel.h"

namespace whyhung::commands {
namespace {

constexpr std::uint64_t kTypes = 0xffffffff83000000;
constexpr std::uint64_t kObject = 0xffff888500000000;

class TypesTest : public testing::Test {
 protected:
  TypesTest() : kernel_(2) {
    add_types();
    place_objects();
    auto made = collect::Workbench::create(kernel_.target);
    if (!made) throw std::runtime_error(made.error().what);
    bench_ = *std::move(made);
    StageClock clock;
    collect::collect_snapshot(*bench_, "vmcore", clock);
    desk_.emplace(bench_.get());
  }

  void add_types() {
    test::BtfBuilder btf;
    const auto integer = btf.integer("int", 4, 1);
    const auto word = btf.integer("long unsigned int", 8);
    const auto character = btf.integer("char", 1, 1);
    const std::uint32_t list = btf.next_id();
    btf.structure("list_head", 16, {{"next", list + 1, 0}, {"prev", list + 1, 64}});
    btf.pointer(list);
    const auto item = btf.structure("item", 48,
                                    {{"number", integer, 0},
                                     {"name", btf.array(character, 8), 64},
                                     {"link", list, 128},
                                     {"peer", btf.next_id() + 2, 256},
                                     {"size", word, 320}});
    btf.pointer(item);
    const auto pointer = btf.pointer(item);
    (void)pointer;
    btf.variable("per_cpu_number", integer);
    btf.function("show_item", btf.function_type(integer, {item}));
    const auto bytes = btf.build();
    kernel_.machine.memory.write(kTypes, bytes);
    kernel_.name_variable("__start_BTF", kTypes, bytes.size());
    kernel_.name_variable("__stop_BTF", kTypes + bytes.size(), 8);
    auto opened = debuginfo::BtfTypes::open(kernel_.machine.memory,
                                            {VirtualAddress(kTypes), VirtualAddress(kTypes + bytes.size())}, "BTF");
    if (!opened) throw std::runtime_error(opened.error().what);
    kernel_.target.btf = *opened;
  }

  // Three items on a list whose head is at kObject.
  void place_objects() {
    auto& memory = kernel_.machine.memory;
    for (std::uint64_t i = 0; i < 4; ++i) {
      for (std::uint64_t at = 0; at < 64; at += 8) memory.write_u64(item(i) + at, 0);
    }
    for (std::uint64_t i = 1; i < 4; ++i) {
      memory.write_u32(item(i), static_cast<std::uint32_t>(i * 10));
      memory.write_text(item(i) + 8, "item");
      memory.write_u64(item(i) + 16, i == 3 ? kObject : item(i + 1) + 16);
      memory.write_u64(item(i) + 24, i == 1 ? kObject : item(i - 1) + 16);
      memory.write_u64(item(i) + 32, item(1));
      memory.write_u64(item(i) + 40, 0xffff000000000000 + i);
    }
    memory.write_u64(kObject, item(1) + 16);
    memory.write_u64(kObject + 8, item(3) + 16);
    kernel_.name_variable("items", kObject, 16);
  }
  static std::uint64_t item(std::uint64_t i) { return kObject + 0x100 * i; }
  static std::string hex(std::uint64_t value) { return fmt::format("{:x}", value); }

  std::string output(std::string_view line, Format format = Format::kText) {
    std::ostringstream out;
    Context context{bench_->snapshot, bench_.get(), nullptr, out, format, &*desk_};
    const auto done = run_command(context, line);
    return done ? out.str() : "error: " + done.error().what;
  }

  test::FakeKernel kernel_;
  std::unique_ptr<collect::Workbench> bench_;
  std::optional<Desk> desk_;
};

TEST_F(TypesTest, StructShowsDeclarationsWithAndWithoutOffsets) {
  EXPECT_EQ(output("struct item"),
            "struct item {\n"
            "    int number;\n"
            "    char name[8];\n"
            "    struct list_head link;\n"
            "    struct item *peer;\n"
            "    unsigned long size;\n"
            "}\n"
            "SIZE: 48\n");
  EXPECT_NE(output("struct -o item").find("  [16] struct list_head link;\n"), std::string::npos)
      << output("struct -o item");
  EXPECT_EQ(output("struct nonsense"), "error: no type is called nonsense");
  EXPECT_EQ(output("item"), output("struct item")) << "a type's name alone";
  EXPECT_EQ(output("*item"), output("struct item"));
}

TEST_F(TypesTest, StructShowsWhatLiesAtAnAddress) {
  const std::string shown = output("struct item " + hex(item(1)));
  EXPECT_NE(shown.find("  number = 10,\n"), std::string::npos) << shown;
  EXPECT_NE(shown.find("  name = \"item\\000\\000\\000\",\n"), std::string::npos) << shown;
  EXPECT_EQ(output("struct item.number,link.next " + hex(item(1))),
            "  number = 10,\n  link.next = 0x" + hex(item(2) + 16) + ",\n");
  EXPECT_NE(output("struct item.number -l 16 " + hex(item(2) + 16)).find("number = 20"), std::string::npos);
  EXPECT_NE(output("struct -l item.link item.number " + hex(item(2) + 16)).find("number = 20"), std::string::npos);
  EXPECT_NE(output("struct -x item.number " + hex(item(1))).find("number = 0xa"), std::string::npos);
  EXPECT_NE(output("struct item ffff999900000000").find("error: struct item at 0xffff999900000000"), std::string::npos)
      << output("struct item ffff999900000000");
  EXPECT_EQ(output("struct item.nothing " + hex(item(1))), "error: struct item has no member nothing");
}

TEST_F(TypesTest, JsonSaysTheSameInValues) {
  const std::string shown = output("struct item.number,name " + hex(item(1)), Format::kJson);
  EXPECT_EQ(shown, "[\n{\"number\":10,\"name\":\"item\"}]");
}

TEST_F(TypesTest, ExpressionsFollowC) {
  const std::string one = hex(item(1));
  EXPECT_EQ(output("p 2 + 3 * 4"), "$1 = 14\n");
  EXPECT_EQ(output("p (1 << 4) | 0x3"), "$2 = 19\n");
  EXPECT_EQ(output("px 255"), "$3 = 0xff\n");
  EXPECT_NE(output("p ((struct item *)0x" + one + ")->peer->number").find("= 10\n"), std::string::npos);
  EXPECT_NE(output("p (*(struct item *)0x" + one + ").link.next").find(hex(item(2) + 16)), std::string::npos);
  EXPECT_NE(output("p sizeof(struct item)").find("= 48\n"), std::string::npos);
  EXPECT_NE(output("p &((struct item *)0x" + one + ")->size").find("0x" + hex(item(1) + 40)), std::string::npos)
      << output("p &((struct item *)0x" + one + ")->size");
  EXPECT_NE(output("p (struct item *)0x" + one + " + 1").find("0x" + hex(item(1) + 48)), std::string::npos);
}

TEST_F(TypesTest, ExpressionsThatMakeNoSenseSayWhy) {
  EXPECT_EQ(output("p 1 +"), "error: the expression ends too early");
  EXPECT_EQ(output("p (1"), "error: a parenthesis is not closed");
  EXPECT_EQ(output("p 1 / 0"), "error: a division by zero");
  EXPECT_EQ(output("p no_such_symbol"), "error: there is no symbol \"no_such_symbol\"");
  EXPECT_EQ(output("p 1 2").substr(0, 6), "error:");
  EXPECT_EQ(output("p " + std::string(1000, '(')).substr(0, 6), "error:");
  EXPECT_EQ(output("p " + std::string(10000, '1')).substr(0, 6), "error:");
}

TEST_F(TypesTest, WhatisKnowsTypesFunctionsAndVariables) {
  EXPECT_EQ(output("whatis struct list_head").substr(0, 18), "struct list_head {");
  EXPECT_EQ(output("whatis int"), "int;\n");
  EXPECT_EQ(output("whatis struct item *"), "struct item *;\n");
}

TEST_F(TypesTest, ListsAreWalkedFromTheirHeadAndFromAnElement) {
  EXPECT_EQ(
      output("list -H items -o item.link -s item.number"),
      hex(item(1)) + "\n  number = 10,\n" + hex(item(2)) + "\n  number = 20,\n" + hex(item(3)) + "\n  number = 30,\n");
  EXPECT_EQ(output("list item.link -h " + hex(item(2))),
            hex(item(2)) + "\n" + hex(item(3)) + "\n" + hex(kObject - 16) + "\n" + hex(item(1)) + "\n");
  EXPECT_EQ(output("list -r -H items -o item.link"), hex(item(3)) + "\n" + hex(item(2)) + "\n" + hex(item(1)) + "\n");
}

TEST_F(TypesTest, DamagedListsEndWithAWord) {
  kernel_.machine.memory.write_u64(item(3) + 16, item(2) + 16);
  EXPECT_NE(output("list -H items -o item.link").find("runs in a circle at"), std::string::npos);
  kernel_.machine.memory.write_u64(item(3) + 16, 0x12345678);
  EXPECT_NE(output("list -H items -o item.link").find("the next element at 0x12345678"), std::string::npos)
      << output("list -H items -o item.link");
}

TEST_F(TypesTest, MemoryIsShownInUnitsAndLetters) {
  EXPECT_EQ(output("rd " + hex(item(1) + 8)), hex(item(1) + 8) + ":  000000006d657469                    item....\n");
  EXPECT_EQ(output("rd -8 " + hex(item(1) + 8) + " 4").substr(0, 31), hex(item(1) + 8) + ":  69 74 65 6d ");
  EXPECT_EQ(output("rd -x items"), hex(kObject) + ":  " + hex(item(1) + 16) + "\n");
  EXPECT_EQ(output("rd ffff999900000000").substr(0, 6), "error:");
  EXPECT_EQ(output("rd -a " + hex(item(1) + 8)), hex(item(1) + 8) + ":  item\n");
}

TEST_F(TypesTest, NumbersHaveManyForms) {
  EXPECT_EQ(output("eval 4k").substr(0, 27), "hexadecimal: 1000  (4KB)\n  ");
  EXPECT_NE(output("eval 0xffffffffffffffff").find("(-1)"), std::string::npos);
  EXPECT_EQ(output("ascii 6d657469"), "000000006d657469: item\n");
}

}  // namespace
}  // namespace whyhung::commands
