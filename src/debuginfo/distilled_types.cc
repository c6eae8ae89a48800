// SPDX-License-Identifier: GPL-2.0-or-later
#include "debuginfo/distilled.h"
#include "debuginfo/member_path.h"

namespace whyhung::debuginfo {
namespace {

class DistilledTypes final : public TypeSource, private TypeGraph {
 public:
  DistilledTypes(std::shared_ptr<const DistilledFile> file, std::string description)
      : file_(std::move(file)), description_(std::move(description)) {}

  std::string description() const override { return description_; }
  std::optional<std::uint64_t> size_of(std::string_view type) override {
    const auto id = find(type);
    return id ? layout_.size_of(*id) : std::nullopt;
  }
  std::optional<Member> member(std::string_view type, std::string_view path) override {
    const auto id = find(type);
    return id ? layout_.member(*id, path) : std::nullopt;
  }
  std::vector<NamedMember> members(std::string_view type) override {
    const auto id = find(type);
    return id ? layout_.members(*id) : std::vector<NamedMember>();
  }
  std::optional<std::int64_t> enumerator(std::string_view name) override {
    const auto known = file_->enumerators.find(name);
    if (known == file_->enumerators.end()) return std::nullopt;
    return known->second;
  }
  std::optional<std::uint64_t> per_cpu_offset(std::string_view variable) override {
    const auto known = file_->symbols.find(variable);
    if (known == file_->symbols.end() || !known->second.is_offset) return std::nullopt;
    return known->second.value;
  }

 private:
  std::optional<std::uint64_t> find(std::string_view text) const {
    const TaggedName name = parse_type_name(text);
    const auto known = file_->names.find(name.name);
    if (known == file_->names.end()) return std::nullopt;
    if (name.keyword.empty()) return known->second;
    const bool in_file = known->second != 0 && known->second <= file_->types.size();
    const auto kind = in_file ? file_->types[known->second - 1].node.kind : TypeNode::Kind::kWithoutSize;
    const auto wanted = name.keyword == "enum" ? TypeNode::Kind::kEnum : TypeNode::Kind::kStructure;
    return kind == wanted ? std::optional(known->second) : std::nullopt;
  }
  std::optional<TypeNode> node(std::uint64_t id) override {
    if (id > file_->types.size()) return std::nullopt;
    return id == 0 ? TypeNode{.name = "void"} : file_->types[id - 1].node;
  }
  const std::vector<RawMember>* members_of(const TypeNode& structure) override {
    if (structure.id == 0 || structure.id > file_->types.size()) return nullptr;
    return &file_->types[structure.id - 1].members;
  }

  std::shared_ptr<const DistilledFile> file_;
  std::string description_;
  LayoutReader layout_{*this};
};

class DistilledSymbols final : public SymbolSource {
 public:
  DistilledSymbols(std::shared_ptr<const DistilledFile> file, std::uint64_t slide)
      : file_(std::move(file)), slide_(slide) {}

  std::string description() const override { return "symbols of " + file_->name; }
  std::vector<Symbol> find_all(std::string_view name, std::size_t limit) override {
    const auto known = file_->symbols.find(name);
    if (known == file_->symbols.end() || limit == 0) return {};
    Symbol symbol;
    symbol.name = known->first;
    symbol.address = VirtualAddress(known->second.value + (known->second.is_offset ? 0 : slide_));
    return {symbol};
  }
  std::optional<SymbolAt> find_covering(VirtualAddress) override { return std::nullopt; }

 private:
  std::shared_ptr<const DistilledFile> file_;
  std::uint64_t slide_;
};

}  // namespace

std::shared_ptr<TypeSource> distilled_types(std::shared_ptr<const DistilledFile> file, std::string description) {
  return std::make_shared<DistilledTypes>(std::move(file), std::move(description));
}

std::shared_ptr<SymbolSource> distilled_symbols(std::shared_ptr<const DistilledFile> file, std::uint64_t slide) {
  return std::make_shared<DistilledSymbols>(std::move(file), slide);
}

}  // namespace whyhung::debuginfo
