// SPDX-License-Identifier: GPL-2.0-or-later
// TypeSource: the layout of kernel structures, asked for by name. BTF in the dump, DWARF of a vmlinux and distilled
// files are sources; a chain asks them in order. Only what is asked for is decoded.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/endian.h"
#include "base/result.h"

namespace whyhung::debuginfo {

// Where a member lies in its outermost structure. For a member inside of anonymous unions and structs, and for a path
// "a.b.c" through named ones, offsets are already summed up.
struct Member {
  std::uint64_t offset = 0;  // bytes from the structure's start; of a bit field: of the byte that holds its first bit
  std::uint64_t size = 0;    // bytes of the whole member, arrays included; 0 for a flexible array; of a bit field:
                             // bytes of its declared type
  std::uint32_t bit_offset = 0;    // bit fields: bits of that byte before it, counted from the least significant bit on
                                   // little-endian machines and from the most significant one on big-endian machines
  std::uint32_t bit_size = 0;      // 0: not a bit field
  std::uint64_t element_size = 0;  // arrays: bytes of an element, else 0
  std::uint64_t element_count = 0;  // arrays: elements (dimensions multiplied), else 0
  bool is_pointer = false;          // of an array: its elements are
  bool is_signed = false;           // likewise
  std::string type_name;  // of the (element's or pointee's) struct, union, enum or base type; the typedef's for
                          // a nameless one; may be empty
};

// The value of a bit field in `bytes`, which begin at `member.offset` and hold at least bit_field_bytes(member).
std::optional<std::uint64_t> bit_field_value(const Member& member, std::span<const std::byte> bytes, ByteOrder order);
constexpr std::size_t bit_field_bytes(const Member& member) {
  return (member.bit_offset + member.bit_size + 7) / 8;
}

struct NamedMember {
  std::string name;
  Member member;
};

class TypeSource {
 public:
  virtual ~TypeSource() = default;
  // "BTF in the dump", "DWARF of /usr/lib/debug/…": for messages.
  virtual std::string description() const = 0;
  // Says what will be asked for, so that one search finds all of it. Never needed, often much quicker.
  virtual void prepare(std::span<const std::string_view> types, std::span<const std::string_view> enumerators) {
    (void)types, (void)enumerators;
  }
  // sizeof a struct, union, enum, base type or typedef of one of these; nothing when the type is unknown here. A name
  // may say "struct ", "union " or "enum " before it; then only that will do.
  virtual std::optional<std::uint64_t> size_of(std::string_view type) = 0;
  // A member by its path in a struct or union ("list", "rcu.gp_seq", "mem[1].base"): looks through anonymous members.
  // An index must lie inside of its array, unless the array is flexible.
  virtual std::optional<Member> member(std::string_view type, std::string_view path) = 0;
  // The value of an enumerator, whatever enum declares it ("PG_locked", "MULTI_STOP_PREPARE").
  virtual std::optional<std::int64_t> enumerator(std::string_view name) = 0;
  // All members of a struct or union in order, those of anonymous ones in their place. For showing a structure.
  virtual std::vector<NamedMember> members(std::string_view type) {
    (void)type;
    return {};
  }
  // Where a per-CPU variable lies in the per-CPU section, for kernels that name it in no symbol table.
  virtual std::optional<std::uint64_t> per_cpu_offset(std::string_view variable) {
    (void)variable;
    return std::nullopt;
  }
};

// Asks each source in turn; the first that knows the type answers for all of its members.
class TypeChain final : public TypeSource {
 public:
  void add(std::shared_ptr<TypeSource> source) { sources_.push_back(std::move(source)); }
  bool empty() const { return sources_.empty(); }
  std::string description() const override;
  void prepare(std::span<const std::string_view> types, std::span<const std::string_view> enumerators) override;
  std::optional<std::uint64_t> size_of(std::string_view type) override;
  std::optional<Member> member(std::string_view type, std::string_view path) override;
  std::optional<std::int64_t> enumerator(std::string_view name) override;
  std::vector<NamedMember> members(std::string_view type) override;
  std::optional<std::uint64_t> per_cpu_offset(std::string_view variable) override;

 private:
  std::vector<std::shared_ptr<TypeSource>> sources_;
};

}  // namespace whyhung::debuginfo
