// SPDX-License-Identifier: GPL-2.0-or-later
// DWARF's entries as a graph of types. An id is the offset of an entry times eight, plus, for arrays, the dimension:
// what BTF says with an array of arrays, DWARF says with one entry.
#include "debuginfo/dwarf_types.h"

#include <dwarf.h>

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "debuginfo/dwarf_session.h"
#include "debuginfo/layout_reader.h"
#include "debuginfo/member_path.h"

namespace whyhung::debuginfo {
namespace {

constexpr unsigned kDimensionBits = 3;
constexpr std::size_t kMostUnits = 100000;           // vmlinux has some 5,000
constexpr std::size_t kUnitsAtATime = 16;            // then the pages that they are in are let go
constexpr std::uint32_t kMostChildren = 1u << 20;    // of a unit or an enum
constexpr std::size_t kShortestStringElsewhere = 4;  // a shorter name stands in the entry itself
constexpr std::uint64_t kPointerBytes = 8;           // every machine that is read here has 64 bits
constexpr std::uint64_t kLargestStructure = std::uint64_t{1} << 32;

std::optional<Dwarf_Word> unsigned_of(Dwarf_Die* die, unsigned name) {
  Dwarf_Attribute attribute;
  Dwarf_Word value = 0;
  if (dwarf_formudata(dwarf_attr(die, name, &attribute), &value) != 0) return std::nullopt;
  return value;
}

const char* name_of(Dwarf_Die* die) {
  Dwarf_Attribute attribute;
  return dwarf_formstring(dwarf_attr(die, DW_AT_name, &attribute));
}

std::string_view view_of(const char* text) {
  return text == nullptr ? std::string_view() : std::string_view(text);
}

// The keyword of a kind of entry that can be asked for by name; null for others.
const char* class_of(int tag) {
  switch (tag) {
    case DW_TAG_structure_type: return "struct";
    case DW_TAG_union_type: return "union";
    case DW_TAG_enumeration_type: return "enum";
    case DW_TAG_typedef:
    case DW_TAG_base_type: return "";
    default: return nullptr;
  }
}

std::uint64_t id_of(Dwarf_Die* die) {
  return dwarf_dieoffset(die) << kDimensionBits;
}

// The id of what an entry's DW_AT_type names; 0, which is void, when it has none.
std::uint64_t type_id_of(Dwarf_Die* die) {
  Dwarf_Attribute attribute;
  Dwarf_Die type;
  if (dwarf_formref_die(dwarf_attr(die, DW_AT_type, &attribute), &type) == nullptr) return 0;
  return id_of(&type);
}

bool is_declaration(Dwarf_Die* die) {
  Dwarf_Attribute attribute;
  bool flag = false;
  return dwarf_formflag(dwarf_attr(die, DW_AT_declaration, &attribute), &flag) == 0 && flag;
}

// Calls `visit` with each child until it says false.
template <typename Visit>
void for_each_child(Dwarf_Die* parent, const Visit& visit) {
  Dwarf_Die child;
  if (dwarf_child(parent, &child) != 0) return;
  for (std::uint32_t count = 0; count < kMostChildren && visit(&child); ++count) {
    if (dwarf_siblingof(&child, &child) != 0) return;
  }
}

// The entries of all units, those of the first files first.
struct Units {
  std::vector<Dwarf_Off> entries;
  std::size_t first_count = 0;
};

class ElfutilsTypes final : public GraphSource, private TypeGraph {
 public:
  ElfutilsTypes(DwarfSession session, std::shared_ptr<const ElfImage> image, std::vector<std::string> first_files,
                std::string description)
      : session_(std::move(session)),
        image_(std::move(image)),
        first_files_(std::move(first_files)),
        description_(std::move(description)) {}

  std::string description() const override { return description_; }
  void prepare(std::span<const std::string_view> types, std::span<const std::string_view> enumerators) override {
    search(types, enumerators);
  }
  std::optional<std::uint64_t> size_of(std::string_view type) override {
    const auto id = find_type(type);
    return id ? layout_.size_of(*id) : std::nullopt;
  }
  std::optional<Member> member(std::string_view type, std::string_view path) override {
    members_.forget_if_too_much();
    const auto id = find_type(type);
    return id ? layout_.member(*id, path) : std::nullopt;
  }
  std::vector<NamedMember> members(std::string_view type) override {
    members_.forget_if_too_much();
    const auto id = find_type(type);
    return id ? layout_.members(*id) : std::vector<NamedMember>();
  }
  std::optional<std::int64_t> enumerator(std::string_view name) override;
  std::optional<std::uint64_t> type_named(std::string_view name) override { return find_type(name); }
  TypeGraph& graph() override { return *this; }

 private:
  // A type that is looked for: the text that it is remembered under, taken apart.
  struct Wanted {
    std::string_view text;
    std::string_view keyword;
  };
  // What one walk over the units is after, by name.
  struct Search {
    std::unordered_multimap<std::string_view, Wanted> types;
    std::unordered_set<std::string_view> enumerators;
    bool over() const { return types.empty() && enumerators.empty(); }
  };

  // names to entries
  std::optional<std::uint64_t> find_type(std::string_view text);
  void search(std::span<const std::string_view> types, std::span<const std::string_view> enumerators);
  void search_unit(Dwarf_Off unit, Search& search);
  void offer_type(Dwarf_Die* die, int tag, Search& search);
  void offer_enumerators(Dwarf_Die* die, Search& search);
  void drop_absent(Search& search);
  const Units& units();

  // what entries mean
  std::optional<TypeNode> node(std::uint64_t id) override;
  const std::vector<RawMember>* members_of(const TypeNode& structure) override;
  std::optional<RawMember> read_member(Dwarf_Die* die) const;

  DwarfSession session_;
  std::shared_ptr<const ElfImage> image_;
  std::vector<std::string> first_files_;
  std::string description_;
  std::optional<Units> units_;
  std::map<std::string, std::optional<std::uint64_t>, std::less<>> types_;  // by the text asked for
  std::map<std::string, std::optional<std::int64_t>, std::less<>> enumerators_;
  MemberMemory members_;
  LayoutReader layout_{*this};
};

const Units& ElfutilsTypes::units() {
  if (units_) return *units_;
  std::vector<std::vector<Dwarf_Off>> by_rank(first_files_.size() + 1);
  Dwarf_CU* cu = nullptr;
  for (std::size_t count = 0; count < kMostUnits; ++count) {
    Dwarf_Die unit;
    if (dwarf_get_units(session_.dwarf(), cu, &cu, nullptr, nullptr, &unit, nullptr) != 0) break;
    if (count % kUnitsAtATime == 0) session_.release_pages();
    const std::string_view name = view_of(name_of(&unit));
    const auto rank = std::find_if(first_files_.begin(), first_files_.end(),
                                   [&](const std::string& file) { return name.ends_with(file); });
    by_rank[static_cast<std::size_t>(rank - first_files_.begin())].push_back(dwarf_dieoffset(&unit));
  }
  units_.emplace();
  for (const auto& some : by_rank) units_->entries.insert(units_->entries.end(), some.begin(), some.end());
  units_->first_count = units_->entries.size() - by_rank.back().size();
  return *units_;
}

std::optional<std::uint64_t> ElfutilsTypes::find_type(std::string_view text) {
  auto known = types_.find(text);
  if (known == types_.end()) {
    search(std::span(&text, 1), {});
    known = types_.find(text);
  }
  return known == types_.end() ? std::nullopt : known->second;
}

std::optional<std::int64_t> ElfutilsTypes::enumerator(std::string_view name) {
  auto known = enumerators_.find(name);
  if (known == enumerators_.end()) {
    search({}, std::span(&name, 1));
    known = enumerators_.find(name);
  }
  return known == enumerators_.end() ? std::nullopt : known->second;
}

void ElfutilsTypes::search(std::span<const std::string_view> types, std::span<const std::string_view> enumerators) {
  Search search;
  for (const std::string_view text : types) {
    const TaggedName name = parse_type_name(text);
    const auto [entry, is_new] = types_.try_emplace(std::string(text));
    if (is_new && !name.name.empty()) search.types.emplace(name.name, Wanted{entry->first, name.keyword});
  }
  for (const std::string_view name : enumerators) {
    const auto [entry, is_new] = enumerators_.try_emplace(std::string(name));
    if (is_new && !name.empty()) search.enumerators.insert(entry->first);
  }
  const Units& all = units();
  for (std::size_t index = 0; index < all.entries.size() && !search.over(); ++index) {
    // What is in none of the first files costs a walk over all others, unless the strings tell that it is nowhere.
    if (index == all.first_count) drop_absent(search);
    search_unit(all.entries[index], search);
    if (index % kUnitsAtATime == 0) session_.release_pages();
  }
  session_.release_pages();
}

void ElfutilsTypes::search_unit(Dwarf_Off unit, Search& search) {
  Dwarf_Die die;
  if (dwarf_offdie(session_.dwarf(), unit, &die) == nullptr) return;
  for_each_child(&die, [&](Dwarf_Die* child) {
    const int tag = dwarf_tag(child);
    if (class_of(tag) != nullptr) offer_type(child, tag, search);
    if (tag == DW_TAG_enumeration_type && !search.enumerators.empty()) offer_enumerators(child, search);
    return !search.over();
  });
}

void ElfutilsTypes::offer_type(Dwarf_Die* die, int tag, Search& search) {
  auto [wanted, end] = search.types.equal_range(view_of(name_of(die)));
  if (wanted == end || is_declaration(die)) return;
  while (wanted != end) {
    const std::string_view keyword = wanted->second.keyword;
    if (!keyword.empty() && keyword != class_of(tag)) {
      ++wanted;
      continue;
    }
    types_.find(wanted->second.text)->second = id_of(die);
    wanted = search.types.erase(wanted);
  }
}

void ElfutilsTypes::offer_enumerators(Dwarf_Die* die, Search& search) {
  const bool is_signed = unsigned_of(die, DW_AT_encoding) == Dwarf_Word{DW_ATE_signed};
  for_each_child(die, [&](Dwarf_Die* child) {
    const auto wanted = search.enumerators.find(view_of(name_of(child)));
    if (wanted == search.enumerators.end()) return true;
    Dwarf_Attribute attribute;
    Dwarf_Sword signed_value = 0;
    Dwarf_Word value = 0;
    const bool has_value = dwarf_attr(child, DW_AT_const_value, &attribute) != nullptr;
    const bool as_signed = has_value && (is_signed || dwarf_whatform(&attribute) == DW_FORM_sdata);
    if (as_signed && dwarf_formsdata(&attribute, &signed_value) == 0) {
      enumerators_.find(*wanted)->second = signed_value;
    } else if (has_value && dwarf_formudata(&attribute, &value) == 0) {
      enumerators_.find(*wanted)->second = static_cast<std::int64_t>(value);
    }
    search.enumerators.erase(wanted);
    return !search.enumerators.empty();
  });
}

void ElfutilsTypes::drop_absent(Search& search) {
  const ElfSection* section = image_->section(".debug_str");
  // In relocatable files and compressed sections the bytes in the file are not what elfutils reads.
  if (section == nullptr || section->compressed || !section->has_bytes) return;
  std::set<std::string_view> missing;
  for (const auto& [name, unused] : search.types) missing.insert(name);
  missing.insert(search.enumerators.begin(), search.enumerators.end());
  std::erase_if(missing, [](std::string_view name) { return name.size() < kShortestStringElsewhere; });
  // The linker lets a string be the end of another one, so that only the end of a name is certain.
  constexpr std::size_t kPart = std::size_t{1} << 20;
  constexpr std::size_t kOverlap = 1024;
  std::vector<std::byte> part;
  for (std::uint64_t offset = 0; offset < section->size && !missing.empty(); offset += kPart) {
    part.resize(std::min<std::uint64_t>(kPart + kOverlap, section->size - offset));
    if (!image_->source()->read_exactly(section->offset + offset, part)) return;
    const std::string_view text(reinterpret_cast<const char*>(part.data()), part.size());
    std::erase_if(missing, [&](std::string_view name) {
      return name.size() >= kOverlap || text.find(std::string(name) + '\0') != std::string_view::npos;
    });
  }
  std::erase_if(search.types, [&](const auto& wanted) { return missing.contains(wanted.first); });
  std::erase_if(search.enumerators, [&](std::string_view name) { return missing.contains(name); });
}

// The entry that is array's element or the next dimension of the same array.
TypeNode make_array(Dwarf_Die* die, TypeNode node, std::uint64_t dimension) {
  std::uint64_t dimensions = 0;
  for_each_child(die, [&](Dwarf_Die* child) {
    if (dwarf_tag(child) != DW_TAG_subrange_type) return true;
    if (dimensions++ != dimension) return true;
    if (const auto count = unsigned_of(child, DW_AT_count)) {
      node.count = *count;
    } else if (const auto last = unsigned_of(child, DW_AT_upper_bound); last && *last + 1 != 0) {
      node.count = *last + 1;
    }
    return true;
  });
  const std::uint64_t most = (std::uint64_t{1} << kDimensionBits) - 1;
  node.kind = TypeNode::Kind::kArray;
  node.target = dimension + 1 < std::min(dimensions, most) ? id_of(die) + dimension + 1 : type_id_of(die);
  return node;
}

std::optional<TypeNode> ElfutilsTypes::node(std::uint64_t id) {
  std::string name;
  for (unsigned step = 0; step < LayoutReader::kLongestChain; ++step) {
    TypeNode node;
    node.id = id;
    if (id == 0) {
      node.name = "void";
      return node;
    }
    Dwarf_Die die;
    if (dwarf_offdie(session_.dwarf(), id >> kDimensionBits, &die) == nullptr) return std::nullopt;
    const std::string_view own_name = view_of(name_of(&die));
    if (!own_name.empty()) name = own_name;
    node.name = name;
    node.size = unsigned_of(&die, DW_AT_byte_size).value_or(0);
    const auto encoding = unsigned_of(&die, DW_AT_encoding);
    node.is_signed = encoding == Dwarf_Word{DW_ATE_signed} || encoding == Dwarf_Word{DW_ATE_signed_char};
    switch (dwarf_tag(&die)) {
      case DW_TAG_structure_type:
      case DW_TAG_union_type:
        if (!is_declaration(&die)) node.kind = TypeNode::Kind::kStructure;
        return node;
      case DW_TAG_enumeration_type: node.kind = TypeNode::Kind::kEnum; return node;
      case DW_TAG_base_type: node.kind = TypeNode::Kind::kBase; return node;
      case DW_TAG_pointer_type:
        node.kind = TypeNode::Kind::kPointer;
        node.size = kPointerBytes;
        node.target = type_id_of(&die);
        return node;
      case DW_TAG_array_type: return make_array(&die, std::move(node), id & ((1u << kDimensionBits) - 1));
      case DW_TAG_typedef:
      case DW_TAG_const_type:
      case DW_TAG_volatile_type:
      case DW_TAG_restrict_type:
      case DW_TAG_atomic_type: id = type_id_of(&die); break;
      default: return node;
    }
  }
  return std::nullopt;
}

std::optional<RawMember> ElfutilsTypes::read_member(Dwarf_Die* die) const {
  RawMember member;
  member.name = view_of(name_of(die));
  member.type = type_id_of(die);
  member.bit_size = static_cast<std::uint32_t>(unsigned_of(die, DW_AT_bit_size).value_or(0));
  // A union's members have no place; they all begin at 0.
  const std::uint64_t bytes = unsigned_of(die, DW_AT_data_member_location).value_or(0);
  if (bytes >= kLargestStructure || member.bit_size > 64) return std::nullopt;
  member.bits = bytes * 8;
  if (const auto from_start = unsigned_of(die, DW_AT_data_bit_offset)) {
    member.bits += *from_start;
  } else if (const auto from_top = unsigned_of(die, DW_AT_bit_offset)) {
    // DWARF 2 and 3 count from the most significant bit of the storage unit.
    const std::uint64_t storage = unsigned_of(die, DW_AT_byte_size).value_or(0) * 8;
    const std::uint64_t below = *from_top + member.bit_size;
    if (image_->byte_order() == ByteOrder::kBig) {
      member.bits += *from_top;
    } else if (below <= storage) {
      member.bits += storage - below;
    }
  }
  return member;
}

const std::vector<RawMember>* ElfutilsTypes::members_of(const TypeNode& structure) {
  if (const auto* known = members_.find(structure.id)) return known;
  Dwarf_Die die;
  if (dwarf_offdie(session_.dwarf(), structure.id >> kDimensionBits, &die) == nullptr) return nullptr;
  std::vector<RawMember> members;
  bool readable = true;
  for_each_child(&die, [&](Dwarf_Die* child) {
    if (dwarf_tag(child) != DW_TAG_member) return true;
    auto member = read_member(child);
    readable = member && members.size() < LayoutReader::kMostMembers;
    if (readable) members.push_back(*std::move(member));
    return readable;
  });
  return readable ? members_.keep(structure.id, std::move(members)) : nullptr;
}

}  // namespace

Result<std::shared_ptr<GraphSource>> open_dwarf_types(std::shared_ptr<const ElfImage> image,
                                                      std::vector<std::string> first_files, std::string description) {
  TRY_ASSIGN(DwarfSession session, DwarfSession::open(*image));
  return std::make_shared<ElfutilsTypes>(std::move(session), std::move(image), std::move(first_files),
                                         std::move(description));
}

}  // namespace whyhung::debuginfo
