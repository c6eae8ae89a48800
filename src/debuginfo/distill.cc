// SPDX-License-Identifier: GPL-2.0-or-later
#include <elf.h>

#include <algorithm>
#include <array>
#include <deque>
#include <tuple>

#include "debuginfo/btf.h"
#include "debuginfo/distilled.h"
#include "debuginfo/dwarf_types.h"
#include "debuginfo/elf_symbols.h"
#include "debuginfo/types_input.h"

namespace whyhung::debuginfo {
namespace {

constexpr std::size_t kMostTypes = std::size_t{1} << 17;
constexpr std::size_t kLongestBanner = 1024;
constexpr std::string_view kPerCpuSection = ".data..percpu";

// Copies types out of a graph, numbered in the order in which they are first met.
class Copier {
 public:
  Copier(TypeGraph& graph, DistilledFile& out) : graph_(graph), out_(out) {}

  // The number of a type of the graph; all that lies in it comes with it, what it only points to by its name.
  std::uint64_t add(std::uint64_t id) {
    const std::uint64_t number = number_of(id);
    while (!waiting_.empty()) {
      const Waiting next = waiting_.front();
      waiting_.pop_front();
      fill(next);
    }
    return number;
  }

 private:
  struct Waiting {
    std::uint64_t number;
    TypeNode source;
  };

  std::uint64_t number_of(std::uint64_t id) {
    const auto node = graph_.node(id);
    if (!node || node->id == 0 || out_.types.size() == kMostTypes) return 0;
    // One nameless struct may have several names by typedef.
    const auto [known, is_new] = numbers_.try_emplace({node->id, node->name}, out_.types.size() + 1);
    if (is_new) {
      out_.types.push_back({*node, {}});
      out_.types.back().node.id = known->second;
      waiting_.push_back({known->second, *node});
    }
    return known->second;
  }

  std::uint64_t stub_of(std::uint64_t id) {
    const auto node = graph_.node(id);
    if (!node || node->id == 0 || out_.types.size() == kMostTypes) return 0;
    const auto [known, is_new] = stubs_.try_emplace(node->name, out_.types.size() + 1);
    if (is_new) {
      DistilledType& stub = out_.types.emplace_back();
      stub.node.id = known->second;
      stub.node.name = node->name;
    }
    return known->second;
  }

  void fill(const Waiting& one) {
    if (one.source.kind == TypeNode::Kind::kPointer) {
      const std::uint64_t target = stub_of(one.source.target);
      out_.types[one.number - 1].node.target = target;
    } else if (one.source.kind == TypeNode::Kind::kArray) {
      const std::uint64_t target = number_of(one.source.target);
      out_.types[one.number - 1].node.target = target;
    } else if (one.source.kind == TypeNode::Kind::kStructure) {
      const auto* members = graph_.members_of(one.source);
      if (members == nullptr) return;
      std::vector<RawMember> copies = *members;
      for (RawMember& member : copies) member.type = number_of(member.type);
      out_.types[one.number - 1].members = std::move(copies);
    }
  }

  TypeGraph& graph_;
  DistilledFile& out_;
  std::map<std::pair<std::uint64_t, std::string>, std::uint64_t> numbers_;
  std::map<std::string, std::uint64_t> stubs_;
  std::deque<Waiting> waiting_;
};

void distill_symbols(const std::shared_ptr<ElfImage>& image, std::span<const std::string_view> words,
                     DistilledFile& out) {
  const auto symbols = ElfSymbols::open(image, {}, {});
  if (!symbols) return;
  const ElfSection* per_cpu = image->section(kPerCpuSection);
  const std::uint64_t offsets = per_cpu != nullptr && per_cpu->address == 0 ? per_cpu->size : 0;
  for (const std::string_view word : words) {
    const auto address = (*symbols)->address_of(word);
    if (address) out.symbols.try_emplace(std::string(word), DistilledSymbol{address->value, address->value < offsets});
  }
  const auto banner = (*symbols)->address_of("linux_banner");
  if (!banner) return;
  out.banner = image->text_at(*banner, kLongestBanner);
  out.banner.resize(std::min(out.banner.find('\n'), out.banner.size()));
}

Result<std::shared_ptr<GraphSource>> types_of(const std::shared_ptr<ElfImage>& image, TypesOf from,
                                              std::vector<std::string> first_files, std::string& origin) {
  const ElfSection* btf = image->section(".BTF");
  const bool has_btf = btf != nullptr && btf->has_bytes && !btf->compressed;
  if (from == TypesOf::kBtf && !has_btf) return fail(ErrorKind::kNotFound, "{}: it has no BTF", image->path());
  if (from != TypesOf::kDwarf && has_btf) {
    origin = "BTF";
    TRY_ASSIGN(auto types, BtfTypes::open(image->source(), SourceRange{btf->offset, btf->size}, "BTF"));
    return types;
  }
  origin = "DWARF";
  return open_dwarf_types(image, std::move(first_files), "DWARF");
}

// BTF does not say what machine it is for; the registers do.
std::uint16_t machine_of(TypeSource& types) {
  struct Mark {
    std::string_view member;
    std::uint16_t machine;
  };
  constexpr std::array<Mark, 5> kMarks = {
      {{"orig_ax", EM_X86_64}, {"pstate", EM_AARCH64}, {"nip", EM_PPC64}, {"psw", EM_S390}, {"epc", EM_RISCV}}};
  const auto found =
      std::ranges::find_if(kMarks, [&](const Mark& mark) { return types.member("pt_regs", mark.member).has_value(); });
  return found == kMarks.end() ? EM_NONE : found->machine;
}

}  // namespace

void distill_types(GraphSource& source, std::span<const std::string_view> words, DistilledFile& out) {
  source.prepare(words, words);
  Copier copier(source.graph(), out);
  for (const std::string_view word : words) {
    if (const auto id = source.type_named(word)) {
      const std::uint64_t number = copier.add(*id);
      if (number != 0) out.names.try_emplace(std::string(word), number);
    }
    if (const auto value = source.enumerator(word)) out.enumerators.try_emplace(std::string(word), *value);
  }
}

Result<DistilledFile> distill(const std::shared_ptr<ElfImage>& image, TypesOf from,
                              std::span<const std::string_view> words, std::vector<std::string> first_files) {
  DistilledFile out;
  out.name = image->path();
  out.build_id = image->build_id();
  out.machine = image->machine();
  out.byte_order = image->byte_order();
  TRY_ASSIGN(const auto types, types_of(image, from, std::move(first_files), out.origin));
  distill_types(*types, words, out);
  distill_symbols(image, words, out);
  return out;
}

Result<DistilledFile> distill_btf(const std::shared_ptr<ByteSource>& bytes, std::span<const std::string_view> words) {
  DistilledFile out;
  out.name = bytes->name();
  out.origin = "BTF";
  TRY_ASSIGN(const auto types, BtfTypes::open(bytes, SourceRange{0, bytes->size()}, "BTF"));
  std::byte first{};
  TRY_CHECK(bytes->read_exactly(0, std::span(&first, 1)));
  out.byte_order = first == std::byte{0x9f} ? ByteOrder::kLittle : ByteOrder::kBig;
  out.machine = machine_of(*types);
  if (out.machine == EM_NONE) {
    return fail(ErrorKind::kNotFound, "{}: its types are of no kernel that is read here", bytes->name());
  }
  distill_types(*types, words, out);
  if (const auto& problem = types->problem()) return fail(*problem);
  return out;
}

}  // namespace whyhung::debuginfo
