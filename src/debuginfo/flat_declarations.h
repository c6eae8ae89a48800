// SPDX-License-Identifier: GPL-2.0-or-later
// Declarations made from layouts: for DWARF and distilled types, of which only sizes and members are asked. What lies
// in anonymous structures stands in their place, and types have the last of their names.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "debuginfo/declared_type.h"
#include "debuginfo/type_source.h"

namespace whyhung::debuginfo {

class FlatDeclarations final : public DeclarationSource {
 public:
  // `types` must outlive this.
  explicit FlatDeclarations(TypeSource& types) : source_(types) {}

  std::optional<DeclaredType> declared(std::uint64_t id) override;
  std::vector<RawMember> members_of(std::uint64_t id) override;
  std::optional<std::uint64_t> type_named(std::string_view name) override;
  std::optional<std::uint64_t> variable_type(std::string_view) override { return std::nullopt; }
  std::optional<std::uint64_t> function_type(std::string_view) override { return std::nullopt; }
  void visit_names(const std::function<bool(std::string_view)>&) override {}

 private:
  std::uint64_t add(DeclaredType type);
  std::uint64_t type_of(const Member& member);
  std::uint64_t number_type(std::string_view name, std::uint64_t size, bool is_signed);

  TypeSource& source_;
  std::vector<DeclaredType> types_;                            // by id - 1
  std::map<std::string, std::uint64_t, std::less<>> by_name_;  // as asked for
};

}  // namespace whyhung::debuginfo
