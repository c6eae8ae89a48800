// SPDX-License-Identifier: GPL-2.0-or-later
// What a type id means: sizes, members and how they are reached. Every chain of ids is followed for a bounded number of
// steps, for ids come from the dump and may run in circles.
#include <algorithm>

#include "base/byte_reader.h"
#include "debuginfo/btf.h"

namespace whyhung::debuginfo {
namespace {

// struct thread_info and its like nest four deep.
constexpr unsigned kDeepestNesting = 16;
constexpr unsigned kLongestChain = 32;  // typedefs of typedefs, arrays of arrays
// Members that one question may look at. The largest structs have some 600.
constexpr unsigned kMemberBudget = 1u << 18;
constexpr std::uint32_t kMostMembers = 1u << 16;
constexpr std::size_t kMostDecodedMembers = std::size_t{1} << 18;
// BTF does not say how wide a pointer is; every machine that is read here has 64 bits.
constexpr std::uint64_t kPointerBytes = 8;

std::optional<std::uint64_t> checked_product(std::uint64_t a, std::uint64_t b) {
  std::uint64_t product = 0;
  if (__builtin_mul_overflow(a, b, &product)) return std::nullopt;
  return product;
}

bool is_structure(const BtfRecord& record) { return record.kind == BtfKind::kStruct || record.kind == BtfKind::kUnion; }

// BTF_INT_*: bits 0-7 the width in bits, 16-23 where they begin, 24-27 how they are meant.
constexpr std::uint32_t int_bits(std::uint32_t encoding) { return encoding & 0xff; }
constexpr std::uint32_t int_bit_offset(std::uint32_t encoding) { return encoding >> 16 & 0xff; }
constexpr bool int_is_signed(std::uint32_t encoding) { return (encoding >> 24 & 1) != 0; }

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

std::optional<BtfTypes::Stripped> BtfTypes::strip(std::uint32_t id) {
  std::string name;
  for (unsigned step = 0; step < kLongestChain; ++step) {
    if (id == 0) return Stripped{BtfRecord{}, "void"};
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
        return Stripped{*found, std::move(name)};
    }
    id = found->size_or_type;
  }
  return std::nullopt;
}

std::optional<BtfTypes::ArrayInfo> BtfTypes::array_info(const BtfRecord& record) {
  std::array<std::byte, 12> tail;  // element type, index type, count
  if (!read_tail(record, 0, tail)) return std::nullopt;
  ByteReader reader(tail, sections_.byte_order());
  ArrayInfo info;
  info.element = reader.u32();
  reader.skip(4);
  info.count = reader.u32();
  return info;
}

std::optional<std::uint32_t> BtfTypes::int_encoding(const BtfRecord& record) {
  std::array<std::byte, 4> tail;
  if (!read_tail(record, 0, tail)) return std::nullopt;
  return load<std::uint32_t>(tail.data(), sections_.byte_order());
}

std::optional<std::uint64_t> BtfTypes::size_of_id(std::uint32_t id) {
  std::uint64_t elements = 1;
  for (unsigned step = 0; step < kLongestChain; ++step) {
    const auto type = strip(id);
    if (!type) return std::nullopt;
    switch (type->record.kind) {
      case BtfKind::kInt:
      case BtfKind::kFloat:
      case BtfKind::kStruct:
      case BtfKind::kUnion:
      case BtfKind::kEnum:
      case BtfKind::kEnum64: return checked_product(elements, type->record.size_or_type);
      case BtfKind::kPointer: return checked_product(elements, kPointerBytes);
      case BtfKind::kArray: break;
      default: return std::nullopt;
    }
    const auto array = array_info(type->record);
    if (!array) return std::nullopt;
    const auto product = checked_product(elements, array->count);
    if (!product) return std::nullopt;
    elements = *product;
    id = array->element;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> BtfTypes::size_of(std::string_view type) {
  const auto id = find_type(type);
  return id ? size_of_id(*id) : std::nullopt;
}

std::optional<std::vector<BtfTypes::RawMember>> BtfTypes::decode_members(const BtfRecord& structure) {
  if (structure.count > kMostMembers) return std::nullopt;
  std::vector<RawMember> members;
  members.reserve(structure.count);
  std::array<std::byte, 12> entry;  // name, type, offset
  for (std::uint32_t index = 0; index < structure.count; ++index) {
    if (!read_tail(structure, std::uint64_t{index} * entry.size(), entry)) return std::nullopt;
    ByteReader reader(entry, sections_.byte_order());
    RawMember& member = members.emplace_back();
    member.name = string_at(reader.u32());
    member.type = reader.u32();
    member.bits = reader.u32();
    // v5.0 (9d5f9f701b18): with the flag the upper eight bits are the width of a bit field; without it a type of odd
    // width makes one, which describe() looks at.
    if (structure.kind_flag) {
      member.bit_size = member.bits >> 24;
      member.bits &= 0xffffff;
    }
  }
  return members;
}

const std::vector<BtfTypes::RawMember>* BtfTypes::members_of(const BtfRecord& structure) {
  if (const auto known = decoded_.find(structure.id); known != decoded_.end()) return &known->second;
  auto members = decode_members(structure);
  if (!members) return nullptr;
  decoded_members_ += members->size();
  return &decoded_.emplace(structure.id, std::move(*members)).first->second;
}

void BtfTypes::forget_if_too_much() {
  if (decoded_members_ <= kMostDecodedMembers) return;
  decoded_.clear();
  decoded_members_ = 0;
}

std::optional<BtfTypes::FoundMember> BtfTypes::find_member(const BtfRecord& structure, std::string_view name,
                                                           unsigned depth, unsigned& budget) {
  const auto* members = members_of(structure);
  if (!members || depth == kDeepestNesting || members->size() > budget) return std::nullopt;
  budget -= static_cast<unsigned>(members->size());
  for (const RawMember& member : *members) {
    if (member.name == name) return FoundMember{member, member.bits};
  }
  for (const RawMember& member : *members) {
    if (!member.name.empty()) continue;
    const auto inner = strip(member.type);
    if (!inner || !is_structure(inner->record)) continue;
    if (auto found = find_member(inner->record, name, depth + 1, budget)) {
      found->bits += member.bits;
      return found;
    }
  }
  return std::nullopt;
}

std::optional<std::uint32_t> BtfTypes::index_array(std::uint32_t type, std::span<const std::uint64_t> indexes,
                                                   std::uint64_t& bits) {
  for (const std::uint64_t index : indexes) {
    const auto stripped = strip(type);
    if (!stripped || stripped->record.kind != BtfKind::kArray) return std::nullopt;
    const auto array = array_info(stripped->record);
    if (!array || (array->count != 0 && index >= array->count)) return std::nullopt;
    const auto size = size_of_id(array->element);
    const auto offset = size ? checked_product(*size, index) : std::nullopt;
    const auto more_bits = offset ? checked_product(*offset, 8) : std::nullopt;
    if (!more_bits || __builtin_add_overflow(bits, *more_bits, &bits)) return std::nullopt;
    type = array->element;
  }
  return type;
}

std::optional<Member> BtfTypes::member(std::string_view type, std::string_view path) {
  const auto id = find_type(type);
  const auto steps = parse_member_path(path);
  if (!id || !steps) return std::nullopt;
  forget_if_too_much();
  FoundMember reached;
  reached.raw.type = *id;
  unsigned budget = kMemberBudget;
  for (const PathStep& step : *steps) {
    const auto structure = strip(reached.raw.type);
    if (!structure || !is_structure(structure->record) || reached.raw.bit_size != 0) return std::nullopt;
    auto found = find_member(structure->record, step.name, 0, budget);
    if (!found || __builtin_add_overflow(found->bits, reached.bits, &found->bits)) return std::nullopt;
    reached = std::move(*found);
    const auto element = index_array(reached.raw.type, step.indexes, reached.bits);
    if (!element) return std::nullopt;
    reached.raw.type = *element;
  }
  return describe(reached);
}

bool BtfTypes::describe_element(std::uint32_t type, Member& member) {
  auto element = strip(type);
  if (!element) return false;
  switch (element->record.kind) {
    case BtfKind::kPointer: {
      member.is_pointer = true;
      if (const auto pointee = strip(element->record.size_or_type)) member.type_name = pointee->name;
      return true;
    }
    case BtfKind::kInt: {
      const auto encoding = int_encoding(element->record);
      member.is_signed = encoding && int_is_signed(*encoding);
      break;
    }
    // v6.0 (6089fb325cf7): the flag says that values are signed; older ones never set it.
    case BtfKind::kEnum:
    case BtfKind::kEnum64: member.is_signed = element->record.kind_flag; break;
    default: break;
  }
  member.type_name = std::move(element->name);
  return true;
}

std::optional<Member> BtfTypes::describe(const FoundMember& found) {
  Member member;
  std::uint64_t bits = found.bits;
  const auto type = strip(found.raw.type);
  if (!type) return std::nullopt;
  const auto size = size_of_id(found.raw.type);
  if (!size) return std::nullopt;
  member.size = *size;
  member.bit_size = found.raw.bit_size;
  if (type->record.kind == BtfKind::kInt && member.bit_size == 0) {
    const auto encoding = int_encoding(type->record);
    if (encoding && int_bits(*encoding) != 0 && int_bits(*encoding) < *size * 8) {
      // _Bool has eight bits in a byte; anything narrower than its type is an old bit field.
      member.bit_size = int_bits(*encoding);
      bits += int_bit_offset(*encoding);
    }
  }
  member.offset = bits / 8;
  if (member.bit_size != 0) member.bit_offset = static_cast<std::uint32_t>(bits % 8);
  std::uint32_t element = found.raw.type;
  if (type->record.kind == BtfKind::kArray) {
    std::uint64_t count = 1;
    auto inner = type;
    for (unsigned step = 0; step < kLongestChain && inner && inner->record.kind == BtfKind::kArray; ++step) {
      const auto array = array_info(inner->record);
      if (!array) return std::nullopt;
      const auto product = checked_product(count, array->count);
      if (!product) return std::nullopt;
      count = *product;
      element = array->element;
      inner = strip(element);
    }
    const auto element_size = size_of_id(element);
    if (!element_size) return std::nullopt;
    member.element_count = count;
    member.element_size = *element_size;
  }
  if (!describe_element(element, member)) return std::nullopt;
  return member;
}

void BtfTypes::list_members(const BtfRecord& structure, std::uint64_t bits, unsigned depth, unsigned& budget,
                            std::vector<NamedMember>& out) {
  const auto* members = members_of(structure);
  if (!members || depth == kDeepestNesting || members->size() > budget) return;
  budget -= static_cast<unsigned>(members->size());
  for (const RawMember& raw : *members) {
    const auto inner = raw.name.empty() ? strip(raw.type) : std::nullopt;
    if (inner && is_structure(inner->record)) {
      list_members(inner->record, bits + raw.bits, depth + 1, budget, out);
    } else if (auto described = describe({raw, bits + raw.bits}); described && !raw.name.empty()) {
      out.push_back({raw.name, std::move(*described)});
    }
  }
}

std::vector<NamedMember> BtfTypes::members(std::string_view type) {
  std::vector<NamedMember> out;
  const auto id = find_type(type);
  const auto structure = id ? strip(*id) : std::nullopt;
  forget_if_too_much();
  unsigned budget = kMemberBudget;
  if (structure && is_structure(structure->record)) list_members(structure->record, 0, 0, budget, out);
  return out;
}

}  // namespace whyhung::debuginfo
