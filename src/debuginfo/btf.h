// SPDX-License-Identifier: GPL-2.0-or-later
// BtfTypes: the types that a kernel or a module carries in its own memory (CONFIG_DEBUG_INFO_BTF). Names are first
// looked for among the strings: the names that a reader of hangs wants stand early there, in kernels whose types are in
// the order of their sources and in those whose types are sorted by name alike. After that the records are searched for
// numbers, not for names, in one walk for all of them.
#pragma once

#include <array>
#include <map>
#include <memory>

#include "base/byte_source.h"
#include "debuginfo/btf_sections.h"
#include "debuginfo/layout_reader.h"
#include "debuginfo/type_source.h"

namespace whyhung::debuginfo {

class BtfTypes final : public GraphSource, private TypeGraph {
 public:
  // The BTF at `range` (the kernel's: from __start_BTF to __stop_BTF), whose byte order it states itself. Only the
  // header is read and checked here. `memory` must outlive the result.
  static Result<std::shared_ptr<BtfTypes>> open(const VirtualMemory& memory, VirtualRange range,
                                                std::string description);
  // The same in a file: the .BTF section of a vmlinux, or the whole of /sys/kernel/btf/vmlinux.
  static Result<std::shared_ptr<BtfTypes>> open(std::shared_ptr<ByteSource> source, SourceRange range,
                                                std::string description);
  // BTF of a module, which continues the kernel's. Walks over all records of `base` once, to know where ids go on.
  static Result<std::shared_ptr<BtfTypes>> open_split(const VirtualMemory& memory, VirtualRange range,
                                                      std::shared_ptr<BtfTypes> base, std::string description);

  std::string description() const override { return description_; }
  void prepare(std::span<const std::string_view> types, std::span<const std::string_view> enumerators) override;
  std::optional<std::uint64_t> size_of(std::string_view type) override;
  std::optional<Member> member(std::string_view type, std::string_view path) override;
  std::optional<std::int64_t> enumerator(std::string_view name) override;
  std::vector<NamedMember> members(std::string_view type) override;
  std::optional<std::uint64_t> per_cpu_offset(std::string_view variable) override;
  std::optional<std::uint64_t> type_named(std::string_view name) override { return find_type(name); }
  TypeGraph& graph() override { return *this; }

  // Why a search ended early, if one did: what was not found may then be there all the same.
  const std::optional<Error>& problem() const { return sections_.problem(); }

 private:
  enum Class : std::uint8_t { kStruct, kUnion, kEnum, kTypedef, kBase, kClasses };
  // What is known of a name: the first type of each class, and whether a search for it is over and done.
  struct NameEntry {
    std::array<std::uint32_t, kClasses> ids{};
    bool searched = false;
  };
  struct EnumeratorEntry {
    std::optional<std::int64_t> value;
  };
  struct Search;

  BtfTypes(BtfSections sections, std::shared_ptr<BtfTypes> base, std::string description)
      : sections_(std::move(sections)), base_(std::move(base)), description_(std::move(description)) {}

  // btf.cc: names to ids
  std::optional<std::uint32_t> find_type(std::string_view text);
  static std::optional<std::uint32_t> choose(const NameEntry& entry, std::string_view keyword);
  void search(std::span<const std::string_view> types, std::span<const std::string_view> enumerators);
  void search_type(const BtfRecord& record, Search& search);
  void search_enum(const BtfRecord& record, Search& search);
  std::map<std::string, std::uint32_t, std::less<>> string_offsets(std::span<const std::string> texts);
  void learn_per_cpu_section();

  // btf_graph.cc: what ids mean
  std::optional<TypeNode> node(std::uint64_t id) override;
  const std::vector<RawMember>* members_of(const TypeNode& structure) override;
  std::optional<BtfRecord> record(std::uint32_t id);
  std::string string_at(std::uint32_t offset);
  bool read_tail(const BtfRecord& record, std::uint64_t offset, std::span<std::byte> out);
  std::optional<TypeNode> make_node(const BtfRecord& record, std::string name);
  std::optional<TypeNode> read_int(const BtfRecord& record, TypeNode node);
  std::optional<TypeNode> read_array(const BtfRecord& record, TypeNode node);
  std::optional<std::vector<RawMember>> decode_members(const BtfRecord& structure);

  std::shared_ptr<const VirtualMemory> owned_;  // where the bytes are when they are in a file
  BtfSections sections_;
  std::shared_ptr<BtfTypes> base_;
  std::string description_;
  std::map<std::string, NameEntry, std::less<>> names_;
  std::map<std::string, EnumeratorEntry, std::less<>> enumerators_;
  MemberMemory members_;
  LayoutReader layout_{*this};
  std::optional<std::map<std::string, std::uint64_t, std::less<>>> per_cpu_offsets_;
};

}  // namespace whyhung::debuginfo
