// SPDX-License-Identifier: GPL-2.0-or-later
// BTF's records as a graph of types: what each kind means.
#include <array>

#include "base/byte_reader.h"
#include "debuginfo/btf.h"

namespace whyhung::debuginfo {
namespace {

// BTF does not say how wide a pointer is; every machine that is read here has 64 bits.
constexpr std::uint64_t kPointerBytes = 8;

// BTF_INT_*: bits 0-7 the width in bits, 16-23 where they begin, 24-27 how they are meant.
constexpr std::uint32_t int_bits(std::uint32_t encoding) {
  return encoding & 0xff;
}
constexpr std::uint32_t int_bit_offset(std::uint32_t encoding) {
  return encoding >> 16 & 0xff;
}
constexpr bool int_is_signed(std::uint32_t encoding) {
  return (encoding >> 24 & 1) != 0;
}

}  // namespace

std::optional<BtfRecord> BtfTypes::record(std::uint32_t id) {
  if (base_ && id < sections_.start().first_id) return base_->record(id);
  return sections_.record(id);
}

std::string BtfTypes::string_at(std::uint32_t offset) {
  if (base_ && offset < sections_.start().first_string) return base_->string_at(offset);
  return sections_.string_at(offset);
}

bool BtfTypes::read_tail(const BtfRecord& record, std::uint64_t offset, std::span<std::byte> out) {
  if (base_ && record.id < sections_.start().first_id) return base_->read_tail(record, offset, out);
  return sections_.read_tail(record, offset, out);
}

std::optional<TypeNode> BtfTypes::node(std::uint64_t wide_id) {
  std::string name;
  auto id = static_cast<std::uint32_t>(wide_id);
  for (unsigned step = 0; step < LayoutReader::kLongestChain; ++step) {
    if (id == 0) return make_node({}, "void");
    const auto found = record(id);
    if (!found) return std::nullopt;
    switch (found->kind) {
      case BtfKind::kTypedef: name = string_at(found->name); break;
      case BtfKind::kVolatile:
      case BtfKind::kConst:
      case BtfKind::kRestrict:
      case BtfKind::kTypeTag:
      case BtfKind::kDeclTag: break;
      default:
        if (found->name != 0) name = string_at(found->name);
        return make_node(*found, std::move(name));
    }
    id = found->size_or_type;
  }
  return std::nullopt;
}

std::optional<TypeNode> BtfTypes::make_node(const BtfRecord& record, std::string name) {
  TypeNode node;
  node.id = record.id;
  node.name = std::move(name);
  node.size = record.size_or_type;
  switch (record.kind) {
    case BtfKind::kStruct:
    case BtfKind::kUnion: node.kind = TypeNode::Kind::kStructure; break;
    case BtfKind::kFloat: node.kind = TypeNode::Kind::kBase; break;
    // v6.0 (6089fb325cf7): the flag says that values are signed; older ones never set it.
    case BtfKind::kEnum:
    case BtfKind::kEnum64:
      node.kind = TypeNode::Kind::kEnum;
      node.is_signed = record.kind_flag;
      break;
    case BtfKind::kPointer:
      node.kind = TypeNode::Kind::kPointer;
      node.size = kPointerBytes;
      node.target = record.size_or_type;
      break;
    case BtfKind::kInt: return read_int(record, std::move(node));
    case BtfKind::kArray: return read_array(record, std::move(node));
    default: node.size = 0;
  }
  return node;
}

std::optional<TypeNode> BtfTypes::read_int(const BtfRecord& record, TypeNode node) {
  std::array<std::byte, 4> tail;
  if (!read_tail(record, 0, tail)) return std::nullopt;
  const auto encoding = load<std::uint32_t>(tail.data(), sections_.byte_order());
  node.kind = TypeNode::Kind::kBase;
  node.is_signed = int_is_signed(encoding);
  if (int_bits(encoding) != 0 && int_bits(encoding) < node.size * 8) {
    node.bit_size = int_bits(encoding);
    node.bit_offset = int_bit_offset(encoding);
  }
  return node;
}

std::optional<TypeNode> BtfTypes::read_array(const BtfRecord& record, TypeNode node) {
  std::array<std::byte, 12> tail;  // element type, index type, count
  if (!read_tail(record, 0, tail)) return std::nullopt;
  ByteReader reader(tail, sections_.byte_order());
  node.kind = TypeNode::Kind::kArray;
  node.size = 0;
  node.target = reader.u32();
  reader.skip(4);
  node.count = reader.u32();
  return node;
}

std::optional<std::vector<RawMember>> BtfTypes::decode_members(const BtfRecord& structure) {
  if (structure.count > LayoutReader::kMostMembers) return std::nullopt;
  std::vector<RawMember> members;
  members.reserve(structure.count);
  std::array<std::byte, 12> entry;  // name, type, offset
  for (std::uint32_t index = 0; index < structure.count; ++index) {
    if (!read_tail(structure, std::uint64_t{index} * entry.size(), entry)) return std::nullopt;
    ByteReader reader(entry, sections_.byte_order());
    RawMember& member = members.emplace_back();
    member.name = string_at(reader.u32());
    member.type = reader.u32();
    const std::uint32_t offset = reader.u32();
    // v5.0 (9d5f9f701b18): with the flag the upper eight bits are the width of a bit field; without it a type that is
    // narrower than its bytes makes one.
    member.bit_size = structure.kind_flag ? offset >> 24 : 0;
    member.bits = structure.kind_flag ? offset & 0xffffff : offset;
  }
  return members;
}

const std::vector<RawMember>* BtfTypes::members_of(const TypeNode& structure) {
  if (const auto* known = members_.find(structure.id)) return known;
  const auto found = record(static_cast<std::uint32_t>(structure.id));
  auto members = found ? decode_members(*found) : std::nullopt;
  return members ? members_.keep(structure.id, std::move(*members)) : nullptr;
}

std::optional<std::uint64_t> BtfTypes::size_of(std::string_view type) {
  const auto id = find_type(type);
  return id ? layout_.size_of(*id) : std::nullopt;
}

std::optional<Member> BtfTypes::member(std::string_view type, std::string_view path) {
  members_.forget_if_too_much();
  const auto id = find_type(type);
  return id ? layout_.member(*id, path) : std::nullopt;
}

std::vector<NamedMember> BtfTypes::members(std::string_view type) {
  members_.forget_if_too_much();
  const auto id = find_type(type);
  return id ? layout_.members(*id) : std::vector<NamedMember>();
}

}  // namespace whyhung::debuginfo
