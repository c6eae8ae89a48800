// SPDX-License-Identifier: GPL-2.0-or-later
#include "commands/page_frames.h"

#include <algorithm>

#include "base/text.h"
#include "commands/desk.h"
#include "commands/object.h"

namespace whyhung::commands {
namespace {

constexpr std::uint64_t kMostRoots = 1u << 19;
constexpr std::uint64_t kMostSections = 1u << 20;
constexpr std::uint64_t kHasMap = 2;          // SECTION_HAS_MEM_MAP, behind SECTION_MARKED_PRESENT
constexpr std::uint64_t kMapMask = ~0x3full;  // a struct page is larger than the flags that stand below
constexpr unsigned kMostFlags = 64;

}  // namespace

Result<PageFrames> PageFrames::open(const Call& call) {
  PageFrames frames;
  frames.call_ = &call;
  auto& machine = call.machine();
  const auto& info = machine.target.vmcoreinfo;
  const VirtualMemory& memory = machine.access.memory;
  const auto size = machine.access.types.size_of("page");
  const auto section_size = machine.access.types.size_of("mem_section");
  const auto bits = info.number("SECTION_SIZE_BITS");
  const auto roots = info.symbol("mem_section");
  const auto count = info.length("mem_section");
  frames.page_size_ = info.page_size().value_or(4096);
  const bool makes_sense = size && *size >= 32 && *size <= 1024 && section_size && *section_size != 0 &&
                           *section_size <= 1024 && bits && *bits > 12 && *bits < 48 && roots && count;
  if (!makes_sense) return fail(ErrorKind::kNotFound, "how this kernel keeps its struct pages is not known");
  frames.struct_size_ = *size;
  frames.pages_per_section_ = (std::uint64_t{1} << *bits) / frames.page_size_;
  const std::uint64_t per_root = std::max<std::uint64_t>(1, frames.page_size_ / *section_size);
  for (std::uint64_t i = 0; i < std::min(*count, kMostRoots) && !call.context.is_stopped(); ++i) {
    const auto root = memory.read_u64(*roots + i * 8);
    if (!root) break;
    if (*root == 0) continue;
    for (std::uint64_t j = 0; j < per_root && frames.sections_.size() < kMostSections; ++j) {
      const std::uint64_t at = *root + j * *section_size;
      const auto coded = Object(call, "mem_section", at).number({"section_mem_map"});
      if (!coded) break;
      if ((*coded & kHasMap) != 0) frames.sections_.push_back({i * per_root + j, at, *coded, *coded & kMapMask});
    }
  }
  if (frames.sections_.empty()) return fail(ErrorKind::kNotFound, "the sections of memory were not found");
  // The descriptions of caches lie in the direct map.
  if (const auto caches = machine.access.symbols.address_of("slab_caches")) {
    const auto one = memory.read_pointer(*caches);
    const auto physical = one ? machine.target.memory->translate(*one) : tl::unexpected(one.error());
    if (physical) frames.direct_ = one->value - physical->value;
  }
  return frames;
}

std::optional<std::uint64_t> PageFrames::struct_of(std::uint64_t frame) const {
  const std::uint64_t number = frame / pages_per_section_;
  const auto found = std::ranges::lower_bound(sections_, number, {}, &MemorySection::number);
  if (found == sections_.end() || found->number != number) return std::nullopt;
  return found->map + frame * struct_size_;
}

std::optional<std::uint64_t> PageFrames::frame_of(std::uint64_t page_struct) const {
  for (const MemorySection& section : sections_) {
    const std::uint64_t first = section.map + section.number * pages_per_section_ * struct_size_;
    if (page_struct - first < pages_per_section_ * struct_size_) return (page_struct - section.map) / struct_size_;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> PageFrames::direct_address(std::uint64_t frame) const {
  if (!direct_) return std::nullopt;
  return *direct_ + frame * page_size_;
}

PageRows::PageRows(const Call& call) : call_(call), by_bit_(kMostFlags) {
  const Object page(call, "page", 0);
  flags_ = page.field({"flags.f", "flags"});
  mapping_ = page.field({"mapping"});
  index_ = page.field({"index", "__folio_index"});
  count_ = page.field({"_refcount", "_count"});
  const auto found = call.desk.types().find("enum pageflags");
  if (!found) return;
  for (const auto& [name, number] : call.desk.types().declarations(*found).resolved(found->id).enumerators) {
    if (number < 0 || number >= kMostFlags || !name.starts_with("PG_")) continue;
    names_.emplace_back(name, static_cast<unsigned>(number));
    std::string& first = by_bit_[static_cast<std::size_t>(number)];
    if (first.empty()) first = name.substr(3);
  }
}

std::string PageRows::flags(std::uint64_t flags) const {
  std::string text;
  for (unsigned bit = 0; bit < kMostFlags; ++bit) {
    if ((flags >> bit & 1) == 0 || by_bit_[bit].empty()) continue;
    text += (text.empty() ? "" : ",") + printable(by_bit_[bit]);
  }
  return text;
}

void PageRows::show(Output& output, std::uint64_t page_struct, std::uint64_t physical) const {
  const VirtualMemory& memory = call_.machine().access.memory;
  const auto read = [&](const std::optional<kernel::Field>& field) -> std::optional<std::uint64_t> {
    if (!field) return std::nullopt;
    const auto value = field->read(memory, VirtualAddress(page_struct));
    return value ? std::optional(*value) : std::nullopt;
  };
  const auto bits = read(flags_);
  const auto mapping = read(mapping_);
  const auto index = read(index_);
  const auto count = read(count_);
  const auto hex = [](const std::optional<std::uint64_t>& value) {
    return value ? fmt::format("{:x}", *value) : std::string("?");
  };
  const auto references = count ? std::to_string(static_cast<std::int32_t>(*count)) : std::string("?");
  const auto text = [&] {
    return fmt::format("{:016x} {:>8x} {:>16} {:>8} {:>2} {} {}\n", page_struct, physical, hex(mapping), hex(index),
                       references, hex(bits), bits ? flags(*bits) : "");
  };
  const auto value = [&] {
    Value page = Value::object();
    page.set("page", Value::address(page_struct));
    page.set("physical", Value::address(physical));
    page.set("mapping", mapping ? Value::address(*mapping) : Value());
    page.set("index", shown_value(index));
    page.set("references", count ? Value(static_cast<std::int32_t>(*count)) : Value());
    page.set("flags", bits ? Value::address(*bits) : Value());
    page.set("names", bits ? Value(flags(*bits)) : Value());
    return page;
  };
  output.row(text, value);
}

}  // namespace whyhung::commands
