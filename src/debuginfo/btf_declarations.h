// SPDX-License-Identifier: GPL-2.0-or-later
// BTF's records as C declares them: typedefs and qualifiers one by one, prototypes, names of enumerators. Opened beside
// BtfTypes, which answers what structures look like, and only when somebody wants to see a type.
#pragma once

#include <memory>

#include "debuginfo/btf_sections.h"
#include "debuginfo/declared_type.h"

namespace whyhung::debuginfo {

class BtfDeclarations final : public DeclarationSource {
 public:
  // The kernel's BTF. `memory` must outlive the result.
  static Result<std::shared_ptr<BtfDeclarations>> open(const VirtualMemory& memory, VirtualRange range);
  // A module's, which continues the kernel's.
  static Result<std::shared_ptr<BtfDeclarations>> open_split(const VirtualMemory& memory, VirtualRange range,
                                                             std::shared_ptr<BtfDeclarations> base);

  std::optional<DeclaredType> declared(std::uint64_t id) override;
  std::vector<RawMember> members_of(std::uint64_t id) override;
  std::optional<std::uint64_t> type_named(std::string_view name) override;
  std::optional<std::uint64_t> variable_type(std::string_view name) override {
    return typed_record(BtfKind::kVariable, name);
  }
  std::optional<std::uint64_t> function_type(std::string_view name) override {
    return typed_record(BtfKind::kFunction, name);
  }
  void visit_names(const std::function<bool(std::string_view)>& visit) override;

 private:
  BtfDeclarations(BtfSections sections, std::shared_ptr<BtfDeclarations> base)
      : sections_(std::move(sections)), base_(std::move(base)) {}
  std::optional<BtfRecord> record(std::uint64_t id);
  std::string string_at(std::uint32_t offset);
  std::vector<std::uint32_t> string_offsets(std::string_view text);
  bool read_tail(const BtfRecord& record, std::uint64_t offset, std::span<std::byte> out);
  std::optional<std::uint64_t> typed_record(BtfKind kind, std::string_view name);
  // All records of a name, by their ids.
  std::vector<BtfRecord> named(std::string_view name);
  bool read_encoding(const BtfRecord& record, DeclaredType& type);
  bool read_array(const BtfRecord& record, DeclaredType& type);
  bool read_enumerators(const BtfRecord& record, DeclaredType& type);
  bool read_parameters(const BtfRecord& record, DeclaredType& type);
  void narrow(RawMember& member);

  BtfSections sections_;
  std::shared_ptr<BtfDeclarations> base_;
};

}  // namespace whyhung::debuginfo
