// SPDX-License-Identifier: GPL-2.0-or-later
// LayoutReader: sizes and members of types, whatever describes them. A source of types shows its types as a graph; how
// a path leads through anonymous members, arrays and bit fields is said once, here. Every walk over the graph is
// bounded, for it comes from a file or a dump and may run in circles.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "debuginfo/type_source.h"

namespace whyhung::debuginfo {

// A type without its typedefs and qualifiers.
struct TypeNode {
  enum class Kind : std::uint8_t {
    kStructure,  // struct or union
    kEnum,
    kBase,
    kPointer,
    kArray,
    kWithoutSize,  // void, functions, what is only declared
  };
  Kind kind = Kind::kWithoutSize;
  std::uint64_t id = 0;        // the graph's number of it
  std::uint64_t size = 0;      // bytes; not of arrays
  bool is_signed = false;      // base types and enums
  std::uint32_t bit_size = 0;  // base types narrower than their bytes, which old BTF makes bit fields of; else 0
  std::uint32_t bit_offset = 0;
  std::uint64_t target = 0;  // what a pointer points to, an array consists of
  std::uint64_t count = 0;   // elements of an array; 0 when flexible
  std::string name;          // the last typedef's when the type has none of its own
};

// A member as its own structure declares it.
struct RawMember {
  std::string name;  // empty: anonymous
  std::uint64_t type = 0;
  std::uint64_t bits = 0;      // offset from the start of that structure
  std::uint32_t bit_size = 0;  // 0: not a bit field
};

class TypeGraph {
 public:
  virtual ~TypeGraph() = default;
  // The type of an id behind its typedefs and qualifiers; nothing when the chain is broken or too long.
  virtual std::optional<TypeNode> node(std::uint64_t id) = 0;
  // In order of declaration; null when they cannot be read.
  virtual const std::vector<RawMember>* members_of(const TypeNode& structure) = 0;
};

// A source whose types can be had whole, as a graph.
class GraphSource : public TypeSource {
 public:
  // The graph's number of a type; names as for `size_of`.
  virtual std::optional<std::uint64_t> type_named(std::string_view name) = 0;
  virtual TypeGraph& graph() = 0;
};

class LayoutReader {
 public:
  // `graph` must outlive the reader.
  explicit LayoutReader(TypeGraph& graph) : graph_(graph) {}

  std::optional<std::uint64_t> size_of(std::uint64_t id);
  // A member by its path from a type on; see TypeSource::member.
  std::optional<Member> member(std::uint64_t id, std::string_view path);
  std::vector<NamedMember> members(std::uint64_t id);

  // How long chains of types may be: typedefs of typedefs, arrays of arrays.
  static constexpr unsigned kLongestChain = 32;
  // How many members a structure may have.
  static constexpr std::uint32_t kMostMembers = 1u << 16;

 private:
  struct Found {
    RawMember raw;
    std::uint64_t bits = 0;  // from the start of the structure that was searched
  };
  std::optional<Found> find(const TypeNode& structure, std::string_view name, unsigned depth, unsigned& budget);
  std::optional<std::uint64_t> index_array(std::uint64_t type, std::span<const std::uint64_t> indexes,
                                           std::uint64_t& bits);
  std::optional<Member> describe(const Found& found);
  bool describe_array(const TypeNode& array, Member& member);
  void describe_element(const TypeNode& element, Member& member);
  void list(const TypeNode& structure, std::uint64_t bits, unsigned depth, unsigned& budget,
            std::vector<NamedMember>& out);

  TypeGraph& graph_;
};

// Members that were read, by type. Forgets all when there are too many.
class MemberMemory {
 public:
  const std::vector<RawMember>* find(std::uint64_t id) const {
    const auto known = members_.find(id);
    return known == members_.end() ? nullptr : &known->second;
  }
  const std::vector<RawMember>* keep(std::uint64_t id, std::vector<RawMember> members) {
    count_ += members.size();
    return &members_.insert_or_assign(id, std::move(members)).first->second;
  }
  // To be called between questions, when no one holds what `find` and `keep` gave.
  void forget_if_too_much() {
    if (count_ <= kMost) return;
    members_.clear();
    count_ = 0;
  }

 private:
  static constexpr std::size_t kMost = std::size_t{1} << 18;
  std::unordered_map<std::uint64_t, std::vector<RawMember>> members_;
  std::size_t count_ = 0;
};

}  // namespace whyhung::debuginfo
