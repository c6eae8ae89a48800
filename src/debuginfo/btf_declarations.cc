// SPDX-License-Identifier: GPL-2.0-or-later
#include "debuginfo/btf_declarations.h"

#include <algorithm>
#include <array>

#include "base/byte_reader.h"
#include "debuginfo/member_path.h"

namespace whyhung::debuginfo {
namespace {

using Kind = DeclaredType::Kind;
using Encoding = DeclaredType::Encoding;

constexpr std::uint32_t kMostEnumerators = 1u << 16;
constexpr std::uint32_t kMostParameters = 256;
constexpr std::uint64_t kPointerBytes = 8;  // BTF does not say; every machine that is read here has 64 bits

std::optional<Kind> plain_kind(BtfKind kind) {
  switch (kind) {
    case BtfKind::kVoid: return Kind::kVoid;
    case BtfKind::kInt:
    case BtfKind::kFloat: return Kind::kBase;
    case BtfKind::kPointer: return Kind::kPointer;
    case BtfKind::kArray: return Kind::kArray;
    case BtfKind::kStruct: return Kind::kStruct;
    case BtfKind::kUnion: return Kind::kUnion;
    case BtfKind::kEnum:
    case BtfKind::kEnum64: return Kind::kEnum;
    case BtfKind::kTypedef: return Kind::kTypedef;
    case BtfKind::kVolatile: return Kind::kVolatile;
    case BtfKind::kConst: return Kind::kConst;
    case BtfKind::kRestrict: return Kind::kRestrict;
    case BtfKind::kFunctionProto: return Kind::kPrototype;
    case BtfKind::kFunction:
    case BtfKind::kVariable:
    case BtfKind::kDeclTag:
    case BtfKind::kTypeTag: return Kind::kTransparent;
    default: return std::nullopt;
  }
}

bool fits(BtfKind kind, std::string_view keyword) {
  switch (kind) {
    case BtfKind::kStruct: return keyword.empty() || keyword == "struct";
    case BtfKind::kUnion: return keyword.empty() || keyword == "union";
    case BtfKind::kEnum:
    case BtfKind::kEnum64: return keyword.empty() || keyword == "enum";
    case BtfKind::kTypedef:
    case BtfKind::kInt:
    case BtfKind::kFloat: return keyword.empty();
    default: return false;
  }
}

}  // namespace

Result<std::shared_ptr<BtfDeclarations>> BtfDeclarations::open(const VirtualMemory& memory, VirtualRange range) {
  TRY_ASSIGN(BtfSections sections, BtfSections::open(memory, range, {}));
  return std::shared_ptr<BtfDeclarations>(new BtfDeclarations(std::move(sections), nullptr));
}

Result<std::shared_ptr<BtfDeclarations>> BtfDeclarations::open_split(const VirtualMemory& memory, VirtualRange range,
                                                                     std::shared_ptr<BtfDeclarations> base) {
  BtfSections::Start start;
  start.first_id = base->sections_.start().first_id + base->sections_.count_records();
  start.first_string = base->sections_.end_string();
  TRY_ASSIGN(BtfSections sections, BtfSections::open(memory, range, start));
  if (sections.byte_order() != base->sections_.byte_order()) {
    return fail(ErrorKind::kMismatch, "the module's types have another byte order than the kernel's");
  }
  return std::shared_ptr<BtfDeclarations>(new BtfDeclarations(std::move(sections), std::move(base)));
}

std::optional<BtfRecord> BtfDeclarations::record(std::uint64_t id) {
  if (id > 0xffffffff) return std::nullopt;
  if (base_ && id < sections_.start().first_id) return base_->record(id);
  return sections_.record(static_cast<std::uint32_t>(id));
}

std::string BtfDeclarations::string_at(std::uint32_t offset) {
  if (base_ && offset < sections_.start().first_string) return base_->string_at(offset);
  return sections_.string_at(offset);
}

bool BtfDeclarations::read_tail(const BtfRecord& record, std::uint64_t offset, std::span<std::byte> out) {
  if (base_ && record.id < sections_.start().first_id) return base_->read_tail(record, offset, out);
  return sections_.read_tail(record, offset, out);
}

std::vector<std::uint32_t> BtfDeclarations::string_offsets(std::string_view text) {
  std::vector<std::uint32_t> offsets;
  if (base_) offsets = base_->string_offsets(text);
  const std::string wanted(text);
  for (const auto& [name, offset] : sections_.find_strings(std::span(&wanted, 1))) offsets.push_back(offset);
  return offsets;
}

std::vector<BtfRecord> BtfDeclarations::named(std::string_view name) {
  std::vector<BtfRecord> found;
  if (name.empty() || name.size() > BtfSections::kLongestName) return found;
  const auto offsets = string_offsets(name);
  if (offsets.empty()) return found;
  sections_.walk([&](const BtfRecord& each) {
    if (std::ranges::find(offsets, each.name) != offsets.end()) found.push_back(each);
    return true;
  });
  return found;
}

std::optional<std::uint64_t> BtfDeclarations::type_named(std::string_view text) {
  const TaggedName wanted = parse_type_name(text);
  for (const BtfRecord& each : named(wanted.name)) {
    if (fits(each.kind, wanted.keyword)) return each.id;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> BtfDeclarations::typed_record(BtfKind kind, std::string_view name) {
  for (const BtfRecord& each : named(name)) {
    if (each.kind == kind) return each.size_or_type;
  }
  return std::nullopt;
}

void BtfDeclarations::visit_names(const std::function<bool(std::string_view)>& visit) {
  sections_.walk([&](const BtfRecord& each) {
    const bool is_shown = each.name != 0 && fits(each.kind, {}) && each.kind != BtfKind::kInt;
    return !is_shown || visit(string_at(each.name));
  });
}

std::optional<DeclaredType> BtfDeclarations::declared(std::uint64_t id) {
  if (id == 0) return DeclaredType{};
  const auto found = record(id);
  if (!found) return std::nullopt;
  DeclaredType type;
  if (found->kind == BtfKind::kForward) {
    type.kind = found->kind_flag ? Kind::kUnion : Kind::kStruct;
    type.is_complete = false;
    type.name = string_at(found->name);
    return type;
  }
  const auto kind = plain_kind(found->kind);
  if (!kind) return std::nullopt;
  type.kind = *kind;
  if (*kind != Kind::kTransparent) type.name = string_at(found->name);
  bool is_readable = true;
  switch (found->kind) {
    case BtfKind::kInt: is_readable = read_encoding(*found, type); break;
    case BtfKind::kFloat: type.encoding = Encoding::kFloat; break;
    case BtfKind::kEnum:
    case BtfKind::kEnum64: is_readable = read_enumerators(*found, type); break;
    case BtfKind::kArray: return read_array(*found, type) ? std::optional(type) : std::nullopt;
    case BtfKind::kFunctionProto: is_readable = read_parameters(*found, type); break;
    default: break;
  }
  if (!is_readable) return std::nullopt;
  const bool has_size = *kind == Kind::kBase || *kind == Kind::kEnum || type.is_composite();
  if (has_size) {
    type.size = found->size_or_type;
  } else {
    type.target = found->size_or_type;
    type.size = *kind == Kind::kPointer ? kPointerBytes : 0;
  }
  return type;
}

bool BtfDeclarations::read_encoding(const BtfRecord& record, DeclaredType& type) {
  std::array<std::byte, 4> tail;
  if (!read_tail(record, 0, tail)) return false;
  const auto encoding = load<std::uint32_t>(tail.data(), sections_.byte_order()) >> 24 & 0xf;
  type.is_signed = (encoding & 1) != 0;
  if (type.is_signed) type.encoding = Encoding::kSigned;
  // pahole does not mark char as one; a byte that C calls so is.
  const bool is_named_char = type.name == "char" || type.name == "unsigned char" || type.name == "signed char";
  if ((encoding & 2) != 0 || is_named_char) type.encoding = Encoding::kCharacter;
  if ((encoding & 4) != 0 || type.name == "_Bool" || type.name == "bool") type.encoding = Encoding::kBoolean;
  return true;
}

bool BtfDeclarations::read_array(const BtfRecord& record, DeclaredType& type) {
  std::array<std::byte, 12> tail;  // element type, index type, count
  if (!read_tail(record, 0, tail)) return false;
  ByteReader reader(tail, sections_.byte_order());
  type.target = reader.u32();
  reader.skip(4);
  type.count = reader.u32();
  return true;
}

bool BtfDeclarations::read_enumerators(const BtfRecord& record, DeclaredType& type) {
  const bool is_wide = record.kind == BtfKind::kEnum64;
  const std::size_t entry_bytes = is_wide ? 12 : 8;
  type.is_signed = record.kind_flag;
  std::array<std::byte, 12> entry;
  for (std::uint32_t index = 0; index < std::min(record.count, kMostEnumerators); ++index) {
    if (!read_tail(record, std::uint64_t{index} * entry_bytes, std::span(entry).first(entry_bytes))) return false;
    ByteReader reader(entry, sections_.byte_order());
    std::string name = string_at(reader.u32());
    const std::uint32_t low = reader.u32();
    // Before v6.0 (6089fb325cf7) no enum says that it is signed; a negative value tells it all the same.
    auto value = std::int64_t{static_cast<std::int32_t>(low)};
    if (is_wide) value = static_cast<std::int64_t>(std::uint64_t{reader.u32()} << 32 | low);
    type.is_signed = type.is_signed || (!is_wide && value < 0);
    type.enumerators.emplace_back(std::move(name), value);
  }
  return true;
}

bool BtfDeclarations::read_parameters(const BtfRecord& record, DeclaredType& type) {
  std::array<std::byte, 8> entry;  // name, type
  for (std::uint32_t index = 0; index < std::min(record.count, kMostParameters); ++index) {
    if (!read_tail(record, std::uint64_t{index} * entry.size(), entry)) return false;
    ByteReader reader(entry, sections_.byte_order());
    DeclaredType::Parameter parameter;
    parameter.name = string_at(reader.u32());
    parameter.type = reader.u32();
    // The last one without name and type stands for "...".
    if (parameter.type == 0 && parameter.name.empty() && index + 1 == record.count) {
      type.takes_more = true;
    } else {
      type.parameters.push_back(std::move(parameter));
    }
  }
  return true;
}

std::vector<RawMember> BtfDeclarations::members_of(std::uint64_t id) {
  const auto structure = record(id);
  if (!structure || (structure->kind != BtfKind::kStruct && structure->kind != BtfKind::kUnion)) return {};
  if (structure->count > LayoutReader::kMostMembers) return {};
  std::vector<RawMember> members;
  members.reserve(structure->count);
  std::array<std::byte, 12> entry;  // name, type, offset
  for (std::uint32_t index = 0; index < structure->count; ++index) {
    if (!read_tail(*structure, std::uint64_t{index} * entry.size(), entry)) return {};
    ByteReader reader(entry, sections_.byte_order());
    RawMember& member = members.emplace_back();
    member.name = string_at(reader.u32());
    member.type = reader.u32();
    const std::uint32_t offset = reader.u32();
    // v5.0 (9d5f9f701b18): with the flag the upper eight bits are the width of a bit field; without it a type that is
    // narrower than its bytes makes one.
    member.bit_size = structure->kind_flag ? offset >> 24 : 0;
    member.bits = structure->kind_flag ? offset & 0xffffff : offset;
    if (member.bit_size == 0) narrow(member);
  }
  return members;
}

void BtfDeclarations::narrow(RawMember& member) {
  auto type = record(member.type);
  for (unsigned step = 0; type && type->kind != BtfKind::kInt && step < LayoutReader::kLongestChain; ++step) {
    const auto kind = plain_kind(type->kind);
    const bool is_transparent = kind && *kind != Kind::kPointer && *kind != Kind::kArray && *kind != Kind::kPrototype &&
                                *kind != Kind::kStruct && *kind != Kind::kUnion && *kind != Kind::kEnum &&
                                *kind != Kind::kBase && *kind != Kind::kVoid;
    if (!is_transparent) return;
    type = record(type->size_or_type);
  }
  std::array<std::byte, 4> tail;
  if (!type || type->kind != BtfKind::kInt || !read_tail(*type, 0, tail)) return;
  const auto encoding = load<std::uint32_t>(tail.data(), sections_.byte_order());
  const std::uint32_t bits = encoding & 0xff;
  if (bits == 0 || bits >= type->size_or_type * 8) return;
  member.bit_size = bits;
  member.bits += encoding >> 16 & 0xff;
}

}  // namespace whyhung::debuginfo
