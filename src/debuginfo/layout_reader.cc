// SPDX-License-Identifier: GPL-2.0-or-later
#include "debuginfo/layout_reader.h"

#include "debuginfo/member_path.h"

namespace whyhung::debuginfo {
namespace {

constexpr unsigned kDeepestNesting = 16;  // anonymous structs and unions nest four deep in kernels
// Members that one question may look at. The largest structs have some 600.
constexpr unsigned kMemberBudget = 1u << 18;

std::optional<std::uint64_t> checked_product(std::uint64_t a, std::uint64_t b) {
  std::uint64_t product = 0;
  if (__builtin_mul_overflow(a, b, &product)) return std::nullopt;
  return product;
}

}  // namespace

std::optional<std::uint64_t> LayoutReader::size_of(std::uint64_t id) {
  std::uint64_t elements = 1;
  for (unsigned step = 0; step < kLongestChain; ++step) {
    const auto type = graph_.node(id);
    if (!type || type->kind == TypeNode::Kind::kWithoutSize) return std::nullopt;
    if (type->kind != TypeNode::Kind::kArray) return checked_product(elements, type->size);
    const auto product = checked_product(elements, type->count);
    if (!product) return std::nullopt;
    elements = *product;
    id = type->target;
  }
  return std::nullopt;
}

std::optional<LayoutReader::Found> LayoutReader::find(const TypeNode& structure, std::string_view name, unsigned depth,
                                                      unsigned& budget) {
  const auto* members = graph_.members_of(structure);
  if (members == nullptr || depth == kDeepestNesting || members->size() > budget) return std::nullopt;
  budget -= static_cast<unsigned>(members->size());
  for (const RawMember& member : *members) {
    if (member.name == name) return Found{member, member.bits};
  }
  for (const RawMember& member : *members) {
    if (!member.name.empty()) continue;
    const auto inner = graph_.node(member.type);
    if (!inner || inner->kind != TypeNode::Kind::kStructure) continue;
    if (auto found = find(*inner, name, depth + 1, budget)) {
      found->bits += member.bits;
      return found;
    }
  }
  return std::nullopt;
}

std::optional<std::uint64_t> LayoutReader::index_array(std::uint64_t type, std::span<const std::uint64_t> indexes,
                                                       std::uint64_t& bits) {
  for (const std::uint64_t index : indexes) {
    const auto array = graph_.node(type);
    if (!array || array->kind != TypeNode::Kind::kArray) return std::nullopt;
    if (array->count != 0 && index >= array->count) return std::nullopt;
    const auto size = size_of(array->target);
    const auto offset = size ? checked_product(*size, index) : std::nullopt;
    const auto more_bits = offset ? checked_product(*offset, 8) : std::nullopt;
    if (!more_bits || __builtin_add_overflow(bits, *more_bits, &bits)) return std::nullopt;
    type = array->target;
  }
  return type;
}

std::optional<Member> LayoutReader::member(std::uint64_t id, std::string_view path) {
  const auto steps = parse_member_path(path);
  if (!steps) return std::nullopt;
  Found reached;
  reached.raw.type = id;
  unsigned budget = kMemberBudget;
  for (const PathStep& step : *steps) {
    const auto structure = graph_.node(reached.raw.type);
    if (!structure || structure->kind != TypeNode::Kind::kStructure || reached.raw.bit_size != 0) return std::nullopt;
    auto found = find(*structure, step.name, 0, budget);
    if (!found || __builtin_add_overflow(found->bits, reached.bits, &found->bits)) return std::nullopt;
    reached = std::move(*found);
    const auto element = index_array(reached.raw.type, step.indexes, reached.bits);
    if (!element) return std::nullopt;
    reached.raw.type = *element;
  }
  return describe(reached);
}

void LayoutReader::describe_element(const TypeNode& element, Member& member) {
  member.is_signed = element.is_signed;
  member.type_name = element.name;
  if (element.kind != TypeNode::Kind::kPointer) return;
  member.is_pointer = true;
  const auto pointee = graph_.node(element.target);
  member.type_name = pointee ? pointee->name : std::string();
}

bool LayoutReader::describe_array(const TypeNode& array, Member& member) {
  std::uint64_t count = 1;
  TypeNode inner = array;
  for (unsigned step = 0; step < kLongestChain && inner.kind == TypeNode::Kind::kArray; ++step) {
    const auto product = checked_product(count, inner.count);
    auto element = graph_.node(inner.target);
    if (!product || !element) return false;
    count = *product;
    inner = *std::move(element);
  }
  if (inner.kind == TypeNode::Kind::kArray || inner.kind == TypeNode::Kind::kWithoutSize) return false;
  member.element_count = count;
  member.element_size = inner.size;
  describe_element(inner, member);
  return true;
}

std::optional<Member> LayoutReader::describe(const Found& found) {
  const auto type = graph_.node(found.raw.type);
  const auto size = size_of(found.raw.type);
  if (!type || !size) return std::nullopt;
  Member member;
  member.size = *size;
  std::uint64_t bits = found.bits;
  member.bit_size = found.raw.bit_size;
  if (member.bit_size == 0 && type->bit_size != 0) {
    member.bit_size = type->bit_size;
    bits += type->bit_offset;
  }
  member.offset = bits / 8;
  if (member.bit_size != 0) member.bit_offset = static_cast<std::uint32_t>(bits % 8);
  if (type->kind == TypeNode::Kind::kArray) {
    if (!describe_array(*type, member)) return std::nullopt;
  } else {
    describe_element(*type, member);
  }
  return member;
}

void LayoutReader::list(const TypeNode& structure, std::uint64_t bits, unsigned depth, unsigned& budget,
                        std::vector<NamedMember>& out) {
  const auto* members = graph_.members_of(structure);
  if (members == nullptr || depth == kDeepestNesting || members->size() > budget) return;
  budget -= static_cast<unsigned>(members->size());
  for (const RawMember& raw : *members) {
    const auto inner = raw.name.empty() ? graph_.node(raw.type) : std::nullopt;
    if (inner && inner->kind == TypeNode::Kind::kStructure) {
      list(*inner, bits + raw.bits, depth + 1, budget, out);
    } else if (auto described = describe({raw, bits + raw.bits}); described && !raw.name.empty()) {
      out.push_back({raw.name, std::move(*described)});
    }
  }
}

std::vector<NamedMember> LayoutReader::members(std::uint64_t id) {
  std::vector<NamedMember> out;
  const auto structure = graph_.node(id);
  unsigned budget = kMemberBudget;
  if (structure && structure->kind == TypeNode::Kind::kStructure) list(*structure, 0, 0, budget, out);
  return out;
}

}  // namespace whyhung::debuginfo
