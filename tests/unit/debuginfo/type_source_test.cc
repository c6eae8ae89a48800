// SPDX-License-Identifier: GPL-2.0-or-later
#include "debuginfo/type_source.h"

#include <gtest/gtest.h>

#include "debuginfo/member_path.h"

namespace whyhung::debuginfo {
namespace {

std::vector<std::byte> bytes(std::initializer_list<int> values) {
  std::vector<std::byte> result;
  for (const int value : values) result.push_back(static_cast<std::byte>(value));
  return result;
}

Member bit_field(std::uint32_t offset, std::uint32_t size) {
  Member member;
  member.bit_offset = offset;
  member.bit_size = size;
  return member;
}

TEST(BitField, CountsFromTheLowestBitOnLittleEndianMachines) {
  EXPECT_EQ(bit_field_value(bit_field(0, 3), bytes({0b10110101}), ByteOrder::kLittle), 0b101u);
  EXPECT_EQ(bit_field_value(bit_field(4, 6), bytes({0xa0, 0x03}), ByteOrder::kLittle), 0b111010u);
  EXPECT_EQ(bit_field_value(bit_field(7, 64), bytes({0x80, 0, 0, 0, 0, 0, 0, 0, 0x7f}), ByteOrder::kLittle),
            0xfe00000000000001u);
}

TEST(BitField, CountsFromTheHighestBitOnBigEndianMachines) {
  EXPECT_EQ(bit_field_value(bit_field(0, 3), bytes({0b10110101}), ByteOrder::kBig), 0b101u);
  EXPECT_EQ(bit_field_value(bit_field(1, 3), bytes({0b10110101}), ByteOrder::kBig), 0b011u);
  EXPECT_EQ(bit_field_value(bit_field(4, 6), bytes({0x0a, 0xc0}), ByteOrder::kBig), 0b101011u);
}

TEST(BitField, NeedsEnoughBytesAndAFieldThatCanBe) {
  EXPECT_EQ(bit_field_value(bit_field(4, 6), bytes({0xff}), ByteOrder::kLittle), std::nullopt);
  EXPECT_EQ(bit_field_value(bit_field(0, 65), std::vector<std::byte>(20), ByteOrder::kLittle), std::nullopt);
  EXPECT_EQ(bit_field_value(bit_field(8, 1), std::vector<std::byte>(20), ByteOrder::kLittle), std::nullopt);
  EXPECT_EQ(bit_field_value(bit_field(0, 0), std::vector<std::byte>(20), ByteOrder::kLittle), std::nullopt);
}

TEST(MemberPath, IsNamesWithIndexesBetweenDots) {
  const auto path = parse_member_path("a.bc[3][14].d");
  ASSERT_TRUE(path);
  ASSERT_EQ(path->size(), 3u);
  EXPECT_EQ((*path)[0].name, "a");
  EXPECT_EQ((*path)[1].name, "bc");
  EXPECT_EQ((*path)[1].indexes, (std::vector<std::uint64_t>{3, 14}));
  EXPECT_EQ((*path)[2].name, "d");
  for (const char* bad : {"", ".", "a.", ".a", "a..b", "a[", "a]", "a[]", "a[x]", "a[1", "a[1]b", "[1]", "a[1]]",
                          "a[[1]]", "a[1].", "a[99999999999999999999]"}) {
    EXPECT_FALSE(parse_member_path(bad)) << bad;
  }
}

class FixedTypes final : public TypeSource {
 public:
  FixedTypes(std::string type, std::uint64_t size) : type_(std::move(type)), size_(size) {}
  std::string description() const override { return "types of " + type_; }
  void prepare(std::span<const std::string_view> types, std::span<const std::string_view>) override {
    prepared = types.size();
  }
  std::optional<std::uint64_t> size_of(std::string_view type) override {
    return type == type_ ? std::optional(size_) : std::nullopt;
  }
  std::optional<Member> member(std::string_view type, std::string_view path) override {
    if (type != type_ || path != "only") return std::nullopt;
    Member found;
    found.size = size_;
    return found;
  }
  std::optional<std::int64_t> enumerator(std::string_view name) override {
    return name == type_ ? std::optional<std::int64_t>(7) : std::nullopt;
  }
  std::size_t prepared = 0;

 private:
  std::string type_;
  std::uint64_t size_;
};

TEST(TypeChain, TheFirstThatKnowsATypeAnswersForAllOfItsMembers) {
  TypeChain chain;
  EXPECT_TRUE(chain.empty());
  EXPECT_EQ(chain.size_of("a"), std::nullopt);
  const auto first = std::make_shared<FixedTypes>("a", 1);
  chain.add(first);
  chain.add(std::make_shared<FixedTypes>("a", 2));
  chain.add(std::make_shared<FixedTypes>("b", 3));
  EXPECT_EQ(chain.size_of("a"), 1u);
  EXPECT_EQ(chain.member("a", "only")->size, 1u);
  EXPECT_EQ(chain.member("b", "only")->size, 3u);
  EXPECT_FALSE(chain.member("a", "other")) << "the second source is another kernel's or an older one";
  EXPECT_EQ(chain.enumerator("b"), 7);
  EXPECT_EQ(chain.enumerator("c"), std::nullopt);
  EXPECT_EQ(chain.description(), "types of a, then types of a, then types of b");
  const std::vector<std::string_view> names = {"a", "b"};
  chain.prepare(names, {});
  EXPECT_EQ(first->prepared, 2u);
}

}  // namespace
}  // namespace whyhung::debuginfo
