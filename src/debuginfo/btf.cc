// SPDX-License-Identifier: GPL-2.0-or-later
// Names to types: the searches. What a type id means is in btf_graph.cc.
#include "debuginfo/btf.h"

#include <algorithm>
#include <bitset>
#include <iterator>

#include "base/byte_reader.h"
#include "debuginfo/member_path.h"

namespace whyhung::debuginfo {
namespace {

// Numbers looked for among very many: most are refused by one bit.
class NumberFilter {
 public:
  void add(std::uint32_t number) { bits_.set(number % kBits); }
  bool may_have(std::uint32_t number) const { return bits_.test(number % kBits); }

 private:
  // A prime, for string offsets are not evenly spread.
  static constexpr std::size_t kBits = 4093;
  std::bitset<kBits> bits_;
};

constexpr std::string_view kPerCpuSection = ".data..percpu";
// How many per-CPU variables a kernel may have: a few hundred are usual.
constexpr std::uint32_t kMostPerCpuVariables = 65536;

// A part of a file as memory that begins at address 0.
class FileMemory final : public VirtualMemory {
 public:
  FileMemory(std::shared_ptr<ByteSource> source, SourceRange range) : source_(std::move(source)), range_(range) {}
  ReadResult<void> read(VirtualAddress address, std::span<std::byte> out) const override {
    if (address.value > range_.length || out.size() > range_.length - address.value) {
      return tl::unexpected(ReadFault{FaultKind::kBeyondDump, address.value});
    }
    if (!source_->read_exactly(range_.offset + address.value, out)) {
      return tl::unexpected(ReadFault{FaultKind::kIo, address.value});
    }
    return {};
  }
  ByteOrder byte_order() const override { return ByteOrder::kLittle; }  // BTF says its own

 private:
  std::shared_ptr<ByteSource> source_;
  SourceRange range_;
};

}  // namespace

// What one walk over the records is after, by string offset.
struct BtfTypes::Search {
  struct Target {
    NameEntry* entry = nullptr;
    std::vector<std::string_view> keywords;  // all of "struct", "union", "enum" and "" (any) that were asked for
  };
  std::map<std::uint32_t, Target> types;
  std::map<std::uint32_t, EnumeratorEntry*> enumerators;
  NumberFilter type_filter;
  NumberFilter enumerator_filter;
  bool over() const { return types.empty() && enumerators.empty(); }
};

Result<std::shared_ptr<BtfTypes>> BtfTypes::open(const VirtualMemory& memory, VirtualRange range,
                                                 std::string description) {
  TRY_ASSIGN(BtfSections sections, BtfSections::open(memory, range, {}));
  return std::shared_ptr<BtfTypes>(new BtfTypes(std::move(sections), nullptr, std::move(description)));
}

Result<std::shared_ptr<BtfTypes>> BtfTypes::open(std::shared_ptr<ByteSource> source, SourceRange range,
                                                 std::string description) {
  if (range.offset > source->size() || range.length > source->size() - range.offset) {
    return fail(ErrorKind::kTruncated, "{}: BTF at offset {:#x} reaches beyond the file's {} bytes", source->name(),
                range.offset, source->size());
  }
  auto memory = std::make_shared<FileMemory>(std::move(source), range);
  TRY_ASSIGN(auto types, open(*memory, {VirtualAddress(0), VirtualAddress(range.length)}, std::move(description)));
  types->owned_ = std::move(memory);
  return types;
}

Result<std::shared_ptr<BtfTypes>> BtfTypes::open_split(const VirtualMemory& memory, VirtualRange range,
                                                       std::shared_ptr<BtfTypes> base, std::string description) {
  BtfSections::Start start;
  start.first_id = base->sections_.start().first_id + base->sections_.count_records();
  start.first_string = base->sections_.end_string();
  if (base->problem()) {
    Error error = *base->problem();
    return fail(in_context(fmt::format("{} continues {}", description, base->description()), std::move(error)));
  }
  TRY_ASSIGN(BtfSections sections, BtfSections::open(memory, range, start));
  if (sections.byte_order() != base->sections_.byte_order()) {
    return fail(ErrorKind::kMismatch, "{} and {} have different byte orders", description, base->description());
  }
  return std::shared_ptr<BtfTypes>(new BtfTypes(std::move(sections), std::move(base), std::move(description)));
}

std::optional<std::uint32_t> BtfTypes::choose(const NameEntry& entry, std::string_view keyword) {
  const auto known = [&](Class type) -> std::optional<std::uint32_t> {
    if (entry.ids[type] == 0) return std::nullopt;
    return entry.ids[type];
  };
  if (keyword == "struct") return known(kStruct);
  if (keyword == "union") return known(kUnion);
  if (keyword == "enum") return known(kEnum);
  std::optional<std::uint32_t> lowest;
  for (const std::uint32_t id : entry.ids) {
    if (id != 0 && (!lowest || id < *lowest)) lowest = id;
  }
  return lowest;
}

std::optional<std::uint32_t> BtfTypes::find_type(std::string_view text) {
  const TaggedName wanted = parse_type_name(text);
  for (const bool searched : {false, true}) {
    if (searched) search(std::span(&text, 1), {});
    const auto known = names_.find(wanted.name);
    if (known == names_.end()) continue;
    if (const auto id = choose(known->second, wanted.keyword)) return id;
    if (known->second.searched) break;
  }
  return std::nullopt;
}

void BtfTypes::prepare(std::span<const std::string_view> types, std::span<const std::string_view> enumerators) {
  search(types, enumerators);
}

std::optional<std::int64_t> BtfTypes::enumerator(std::string_view name) {
  if (const auto known = enumerators_.find(name); known != enumerators_.end()) return known->second.value;
  search({}, std::span(&name, 1));
  const auto known = enumerators_.find(name);
  return known == enumerators_.end() ? std::nullopt : known->second.value;
}

std::map<std::string, std::uint32_t, std::less<>> BtfTypes::string_offsets(std::span<const std::string> texts) {
  auto found = sections_.find_strings(texts);
  if (base_ && found.size() < texts.size()) {
    std::vector<std::string> rest;
    std::copy_if(texts.begin(), texts.end(), std::back_inserter(rest),
                 [&](const std::string& text) { return !found.contains(text); });
    found.merge(base_->string_offsets(rest));
  }
  return found;
}

void BtfTypes::search(std::span<const std::string_view> types, std::span<const std::string_view> enumerators) {
  Search search;
  std::vector<std::string> texts;
  const auto acceptable = [](std::string_view name) {
    return !name.empty() && name.size() <= BtfSections::kLongestName;
  };
  std::map<std::string, std::vector<std::string_view>, std::less<>> keywords;
  for (const std::string_view text : types) {
    const TaggedName wanted = parse_type_name(text);
    if (!acceptable(wanted.name)) continue;
    const NameEntry& entry = names_.try_emplace(std::string(wanted.name)).first->second;
    if (entry.searched || choose(entry, wanted.keyword)) continue;
    keywords[std::string(wanted.name)].push_back(wanted.keyword);
    texts.emplace_back(wanted.name);
  }
  for (const std::string_view name : enumerators) {
    if (!acceptable(name) || !enumerators_.try_emplace(std::string(name)).second) continue;
    texts.emplace_back(name);
  }
  if (texts.empty()) return;
  for (const auto& [text, offset] : string_offsets(texts)) {
    if (const auto wanted = keywords.find(text); wanted != keywords.end()) {
      search.types[offset] = {&names_.find(text)->second, wanted->second};
      search.type_filter.add(offset);
    }
    if (const auto entry = enumerators_.find(text); entry != enumerators_.end() && !entry->second.value) {
      search.enumerators[offset] = &entry->second;
      search.enumerator_filter.add(offset);
    }
  }
  const bool to_the_end = search.over() || sections_.walk([&](const BtfRecord& record) {
    if (search.type_filter.may_have(record.name)) search_type(record, search);
    if (!search.enumerators.empty()) search_enum(record, search);
    return !search.over();
  });
  // After a whole walk nothing can be left to find; a name that is in no string was never there.
  for (const auto& [name, unused] : keywords) {
    NameEntry& entry = names_.find(name)->second;
    if (to_the_end || choose(entry, "").has_value() == false) entry.searched = true;
  }
}

void BtfTypes::search_type(const BtfRecord& record, Search& search) {
  const auto target = search.types.find(record.name);
  if (target == search.types.end()) return;
  Class type;
  switch (record.kind) {
    case BtfKind::kStruct: type = kStruct; break;
    case BtfKind::kUnion: type = kUnion; break;
    case BtfKind::kEnum:
    case BtfKind::kEnum64: type = kEnum; break;
    case BtfKind::kTypedef: type = kTypedef; break;
    case BtfKind::kInt:
    case BtfKind::kFloat: type = kBase; break;
    default: return;
  }
  NameEntry& entry = *target->second.entry;
  if (entry.ids[type] == 0) entry.ids[type] = record.id;
  const auto& keywords = target->second.keywords;
  if (std::all_of(keywords.begin(), keywords.end(), [&](auto keyword) { return choose(entry, keyword).has_value(); })) {
    search.types.erase(target);
  }
}

void BtfTypes::search_enum(const BtfRecord& record, Search& search) {
  const bool wide = record.kind == BtfKind::kEnum64;
  if (!wide && record.kind != BtfKind::kEnum) return;
  const std::size_t entry_bytes = wide ? 12 : 8;
  std::array<std::byte, 12> entry;
  for (std::uint32_t index = 0; index < record.count && !search.enumerators.empty(); ++index) {
    if (!read_tail(record, std::uint64_t{index} * entry_bytes, std::span(entry).first(entry_bytes))) return;
    ByteReader reader(entry, sections_.byte_order());
    const std::uint32_t name = reader.u32();
    if (!search.enumerator_filter.may_have(name)) continue;
    const auto target = search.enumerators.find(name);
    if (target == search.enumerators.end()) continue;
    const std::uint32_t low = reader.u32();
    std::int64_t value = low;
    if (wide) {
      value = static_cast<std::int64_t>(std::uint64_t{reader.u32()} << 32 | low);
    } else if (record.kind_flag) {
      value = static_cast<std::int32_t>(low);
    }
    target->second->value = value;
    search.enumerators.erase(target);
  }
}

std::optional<std::uint64_t> BtfTypes::per_cpu_offset(std::string_view variable) {
  if (!per_cpu_offsets_) learn_per_cpu_section();
  const auto found = per_cpu_offsets_->find(variable);
  if (found == per_cpu_offsets_->end()) return std::nullopt;
  return found->second;
}

void BtfTypes::learn_per_cpu_section() {
  per_cpu_offsets_.emplace();
  std::optional<BtfRecord> section;
  sections_.walk([&](const BtfRecord& each) {
    if (each.kind == BtfKind::kDataSection && string_at(each.name) == kPerCpuSection) section = each;
    return !section;
  });
  if (!section) return;
  for (std::uint32_t index = 0; index < std::min(section->count, kMostPerCpuVariables); ++index) {
    std::array<std::byte, 12> entry;  // variable's type id, offset, size
    if (!read_tail(*section, std::uint64_t{index} * entry.size(), entry)) return;
    ByteReader reader(entry, sections_.byte_order());
    const auto variable = record(reader.u32());
    const std::uint32_t offset = reader.u32();
    if (!variable || variable->kind != BtfKind::kVariable) continue;
    per_cpu_offsets_->try_emplace(string_at(variable->name), offset);
  }
}

}  // namespace whyhung::debuginfo
