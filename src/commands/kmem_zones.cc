// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>

#include "base/text.h"
#include "commands/desk.h"
#include "commands/kmem_parts.h"
#include "commands/object.h"
#include "commands/page_frames.h"

namespace whyhung::commands {
namespace {

constexpr std::uint64_t kMostNodes = 1024;
constexpr std::uint64_t kMostZones = 16;  // of a node
constexpr std::uint64_t kMostOrders = 64;
constexpr std::uint64_t kMostTypes = 16;  // of movability
constexpr std::uint64_t kMostCounters = 64;

std::vector<std::uint64_t> nodes(const Call& call) {
  std::vector<std::uint64_t> found;
  auto& access = call.machine().access;
  if (const auto one = access.symbols.address_of("contig_page_data")) return {one->value};
  const auto table = access.symbols.address_of("node_data");
  const std::uint64_t count = std::min(variable_number(call, "nr_node_ids", 4).value_or(1), kMostNodes);
  for (std::uint64_t i = 0; table && i < count; ++i) {
    const auto node = access.memory.read_u64(*table + i * 8);
    if (node && *node != 0) found.push_back(*node);
  }
  return found;
}

struct Zone {
  std::uint64_t node = 0, number = 0, address = 0, present = 0, spanned = 0, first = 0;
  std::string name;
};

Result<std::vector<Zone>> zones(const Call& call) {
  std::vector<Zone> all;
  for (const std::uint64_t address : nodes(call)) {
    const Object node(call, "pglist_data", address);
    const auto field = node.field({"node_zones"});
    if (!field) break;
    for (std::uint64_t i = 0; i < std::min(field->element_count(), kMostZones); ++i) {
      const std::uint64_t at = field->in(VirtualAddress(address)).value + i * field->element_size();
      const Object zone(call, "zone", at);
      all.push_back({node.number({"node_id"}).value_or(0), i, at, zone.number({"present_pages"}).value_or(0),
                     zone.number({"spanned_pages"}).value_or(0), zone.number({"zone_start_pfn"}).value_or(0),
                     zone.text({"name"}).value_or("?")});
    }
  }
  if (all.empty()) return fail(ErrorKind::kNotFound, "the zones of memory were not found");
  return all;
}

// The numbers of an array of longs, by the names of an enum.
std::vector<std::pair<std::string, std::uint64_t>> counters(const Call& call, const Zone& zone) {
  std::vector<std::pair<std::string, std::uint64_t>> all;
  const auto field = Object(call, "zone", zone.address).field({"vm_stat"});
  const auto names = call.desk.types().find("enum zone_stat_item");
  if (!field || !names) return all;
  for (const auto& [name, number] : call.desk.types().declarations(*names).resolved(names->id).enumerators) {
    // Names that stand for another's number, and the end.
    if (number < 0 || static_cast<std::uint64_t>(number) >= std::min(field->element_count(), kMostCounters)) continue;
    if (name.ends_with("_BASE")) continue;
    const auto value = call.machine().access.memory.read_u64(field->in(VirtualAddress(zone.address)) +
                                                             static_cast<std::uint64_t>(number) * 8);
    if (value) all.emplace_back(name, *value);
  }
  return all;
}

std::uint64_t free_pages(const Call& call, const Zone& zone) {
  const auto field = Object(call, "zone", zone.address).field({"vm_stat"});
  if (!field) return 0;
  return call.machine().access.memory.read_u64(field->in(VirtualAddress(zone.address))).value_or(0);
}

// MEM_MAP, START_PADDR and the number of the first page, of a zone or node that has pages.
struct FirstPage {
  std::uint64_t map = 0, physical = 0, frame = 0;
};
FirstPage first_page(const Result<PageFrames>& frames, std::uint64_t frame, std::uint64_t pages) {
  if (!frames || pages == 0) return {};
  return {frames->struct_of(frame).value_or(0), frame * frames->page_size(), frame};
}

}  // namespace

Result<void> show_zones(Call& call) {
  TRY_ASSIGN(const auto all, zones(call));
  for (const Zone& zone : all) {
    if (call.context.is_stopped()) break;
    std::string text = fmt::format("NODE: {}  ZONE: {}  ADDR: {:x}  NAME: \"{}\"\n", zone.node, zone.number,
                                   zone.address, printable(zone.name));
    Value value = Value::object();
    value.set("node", zone.node);
    value.set("zone", zone.number);
    value.set("address", Value::address(zone.address));
    value.set("name", zone.name);
    value.set("spanned", zone.spanned);
    value.set("present", zone.present);
    if (zone.spanned == 0) {
      call.output.row(text + "  [unpopulated]\n\n", value);
      continue;
    }
    text += fmt::format("  SIZE: {}", zone.spanned);
    if (zone.present < zone.spanned) text += fmt::format("  PRESENT: {}", zone.present);
    const auto marks = Object(call, "zone", zone.address).field({"_watermark", "watermark"});
    const std::uint64_t boost = Object(call, "zone", zone.address).number({"watermark_boost"}).value_or(0);
    Value levels = Value::array();
    for (std::uint64_t i = 0; marks && i < 3; ++i) {
      const auto mark = call.machine().access.memory.read_u64(marks->in(VirtualAddress(zone.address)) + i * 8);
      const auto level = mark ? std::optional(*mark + boost) : std::nullopt;
      text += fmt::format("{}{}", i == 0 ? "  MIN/LOW/HIGH: " : "/", shown(level));
      levels.push(shown_value(level));
    }
    value.set("watermarks", std::move(levels));
    text += "\n  VM_STAT:\n";
    Value counts = Value::object();
    for (const auto& [name, number] : counters(call, zone)) {
      text += fmt::format("{:>21}: {}\n", printable(name), static_cast<std::int64_t>(number));
      counts.set(name, static_cast<std::int64_t>(number));
    }
    value.set("counters", std::move(counts));
    call.output.row(text + "\n\n", value);
  }
  return {};
}

Result<void> show_nodes(Call& call) {
  TRY_ASSIGN(const auto all, zones(call));
  const auto frames = PageFrames::open(call);
  for (const std::uint64_t address : nodes(call)) {
    const Object node(call, "pglist_data", address);
    const auto id = node.number({"node_id"});
    const auto spanned = node.number({"node_spanned_pages"});
    const FirstPage first = first_page(frames, node.number({"node_start_pfn"}).value_or(0), spanned.value_or(0));
    std::string text = "NODE    SIZE      PGLIST_DATA       BOOTMEM_DATA       NODE_ZONES   \n";
    Value value = Value::object();
    value.set("node", shown_value(id));
    value.set("pages", shown_value(spanned));
    value.set("address", Value::address(address));
    Value parts = Value::array();
    std::string rows;
    bool is_first = true;
    for (const Zone& zone : all) {
      if (zone.node != id) continue;
      text += is_first ? fmt::format("{:>3}  {:>8}   {:016x}        ----        {:016x}\n", shown(id), shown(spanned),
                                     address, zone.address)
                       : fmt::format("{:52}{:016x}\n", "", zone.address);
      is_first = false;
      const FirstPage start = first_page(frames, zone.first, zone.spanned);
      rows += fmt::format("{:>3}   {:<9} {:>7}  {:>16x}  {:>11x}  {:>11}\n", zone.number, printable(zone.name),
                          zone.spanned, start.map, start.physical, start.frame);
      Value part = Value::object();
      part.set("zone", zone.number);
      part.set("name", zone.name);
      part.set("pages", zone.spanned);
      part.set("map", Value::address(start.map));
      part.set("physical", Value::address(start.physical));
      parts.push(std::move(part));
    }
    value.set("zones", std::move(parts));
    text += fmt::format("    MEM_MAP          START_PADDR    START_MAPNR\n{:016x}  {:>10x}  {:>12}\n\n", first.map,
                        first.physical, first.frame);
    text += "ZONE  NAME         SIZE       MEM_MAP      START_PADDR  START_MAPNR\n" + rows;
    call.output.row(text, value);
  }
  if (!frames) {
    call.output.heading(fmt::format("\n(sections: {})\n", frames.error().what));
    return {};
  }
  call.output.heading(fmt::format("\n{:-<67}\n\n", ""));
  call.output.heading("NR      SECTION        CODED_MEM_MAP        MEM_MAP       STATE PFN\n");
  constexpr std::array<char, 5> kStates = {'P', 'M', 'O', 'E', 'D'};
  for (const MemorySection& section : frames->sections()) {
    if (call.context.is_stopped()) break;
    std::string state;
    for (std::size_t i = 0; i < kStates.size(); ++i) {
      if ((section.coded >> i & 1) != 0) state += kStates[i];
    }
    const std::uint64_t frame = section.number * frames->pages_per_section();
    Value value = Value::object();
    value.set("section", section.number);
    value.set("address", Value::address(section.address));
    value.set("map", Value::address(section.map + frame * frames->struct_size()));
    value.set("state", state);
    value.set("frame", frame);
    call.output.row(fmt::format("{:>2}  {:016x}  {:016x}  {:016x}  {:<4}  {}\n", section.number, section.address,
                                section.map, section.map + frame * frames->struct_size(), state, frame),
                    value);
  }
  return {};
}

Result<void> show_free(Call& call) {
  TRY_ASSIGN(const auto all, zones(call));
  const auto frames = PageFrames::open(call);
  const std::uint64_t page = call.machine().target.vmcoreinfo.page_size().value_or(4096);
  const auto node_in_list = call.machine().access.types.member("page", "lru");
  const auto size = call.machine().access.types.size_of("list_head");
  std::uint64_t counted = 0;
  std::uint64_t told = 0;
  bool is_first = true;
  for (const Zone& zone : all) {
    const std::uint64_t free = free_pages(call, zone);
    const FirstPage first = first_page(frames, zone.first, zone.spanned);
    call.output.heading(
        fmt::format("{}ZONE  NAME        SIZE    FREE      MEM_MAP       START_PADDR  START_MAPNR\n"
                    "{:>3}   {:<9} {:>6} {:>7}  {:>16x}  {:>9x}  {:>11}     \n",
                    is_first ? "" : "\n", zone.number, printable(zone.name), zone.spanned, free, first.map,
                    first.physical, first.frame));
    is_first = false;
    told += free;
    if (zone.spanned == 0) continue;
    const auto areas = Object(call, "zone", zone.address).field({"free_area"});
    const auto lists = Object(call, "free_area", 0).field({"free_list"});
    if (!areas || !lists || !node_in_list || !size)
      return fail(ErrorKind::kNotFound, "how this kernel keeps its free pages is not known");
    call.output.heading("AREA    SIZE  FREE_AREA_STRUCT  BLOCKS  PAGES\n");
    for (std::uint64_t order = 0; order < std::min(areas->element_count(), kMostOrders); ++order) {
      const std::uint64_t area = areas->in(VirtualAddress(zone.address)).value + order * areas->element_size();
      for (std::uint64_t kind = 0; kind < std::min(lists->element_count(), kMostTypes); ++kind) {
        if (call.context.is_stopped()) return {};
        const std::uint64_t head = lists->in(VirtualAddress(area)).value + kind * *size;
        const Elements blocks = list_elements(call, head, "page", "lru");
        const std::uint64_t pages = static_cast<std::uint64_t>(blocks.addresses.size()) << order;
        counted += pages;
        Value value = Value::object();
        value.set("zone", zone.number);
        value.set("order", order);
        value.set("list", Value::address(head));
        value.set("blocks", static_cast<std::uint64_t>(blocks.addresses.size()));
        value.set("pages", pages);
        if (!blocks.broken.empty()) value.set("broken", blocks.broken);
        call.output.row(fmt::format("{:>3}  {:>7}k  {:016x}  {:>6} {:>6}\n{}", order, (page << order) / 1024, head,
                                    blocks.addresses.size(), pages, broken_text(blocks.broken)),
                        value);
      }
    }
  }
  call.output.heading(fmt::format("\nnr_free_pages: {}  {}\n", told,
                                  told == counted ? "(verified)" : fmt::format("(found {})", counted)));
  return {};
}

}  // namespace whyhung::commands
