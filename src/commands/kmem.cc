// SPDX-License-Identifier: GPL-2.0-or-later
// kmem: how the machine's memory was used (-i), the kernel's own counts (-V), and what kmem_parts.h lists.
#include "base/text.h"
#include "commands/command.h"
#include "commands/desk.h"
#include "commands/expression.h"
#include "commands/kmem_parts.h"
#include "commands/object.h"
#include "report/system_header.h"

namespace whyhung::commands {
namespace {

constexpr std::size_t kMostCounters = 256;

constexpr auto kOptions = std::to_array<Option>({{"i", "", "how memory is used"},
                                                 {"V", "", "the kernel's counters, by zone and node"},
                                                 {"s", "", "caches of objects: all, or those that are named"},
                                                 {"S", "", "the same with each slab and object"},
                                                 {"z", "", "zones with their counters"},
                                                 {"n", "", "nodes, zones and sections"},
                                                 {"f", "", "free areas of each zone"},
                                                 {"v", "", "areas of vmalloc"},
                                                 {"g", "", "flags of pages, or what the given flags mean"},
                                                 {"o", "", "where each CPU's variables lie"},
                                                 {"p", "", "each struct page"}});

// A counter of vm_zone_stat or vm_node_stat by the name of its enumerator.
std::optional<std::int64_t> counter(const Call& call, std::string_view table, std::string_view name) {
  const auto number = call.machine().access.types.enumerator(name);
  const auto at = call.machine().access.symbols.address_of(table);
  if (!number || !at || *number < 0 || *number >= static_cast<std::int64_t>(kMostCounters)) return std::nullopt;
  const auto value = call.machine().access.memory.read_u64(*at + static_cast<std::uint64_t>(*number) * 8);
  return value ? std::optional(static_cast<std::int64_t>(*value)) : std::nullopt;
}

class UseTable {
 public:
  UseTable(Call& call, std::uint64_t page) : call_(call), page_(page) {
    call.output.heading("                 PAGES        TOTAL      PERCENTAGE\n");
  }
  // `whole` is what 100 % are; nothing: no share is shown.
  void row(std::string_view title, std::optional<std::int64_t> pages, std::optional<std::uint64_t> whole,
           std::string_view of) {
    Value value = Value::object();
    value.set("name", title);
    value.set("pages", pages ? Value(*pages) : Value());
    if (!pages) {
      call_.output.row(fmt::format("{:>13}  {:>7}\n", title, "(unknown)"), value);
      return;
    }
    const std::uint64_t count = *pages < 0 ? 0 : static_cast<std::uint64_t>(*pages);
    const std::string size = count == 0 ? "0" : report::memory_text(count * page_);
    std::string share = "----";
    if (whole) share = fmt::format("{:>3}% of {}", *whole == 0 ? 0 : count * 100 / *whole, of);
    value.set("bytes", count * page_);
    call_.output.row(fmt::format("{:>13}  {:>7} {:>12}  {}{}\n", title, count, size, whole ? " " : "       ", share),
                     value);
  }

 private:
  Call& call_;
  std::uint64_t page_;
};

Result<void> show_use(Call& call) {
  const std::uint64_t page = call.machine().target.vmcoreinfo.page_size().value_or(4096);
  auto total = variable_number(call, "_totalram_pages", 8);
  if (!total) total = variable_number(call, "totalram_pages", 8);
  if (!total) return fail(ErrorKind::kNotFound, "how much memory there is was not found");
  const auto in_zones = [&](std::string_view name) { return counter(call, "vm_zone_stat", name); };
  const auto in_nodes = [&](std::string_view name) { return counter(call, "vm_node_stat", name); };
  UseTable table(call, page);
  table.row("TOTAL MEM", static_cast<std::int64_t>(*total), std::nullopt, "");
  const auto free = in_zones("NR_FREE_PAGES");
  table.row("FREE", free, total, "TOTAL MEM");
  table.row("USED", free ? std::optional(static_cast<std::int64_t>(*total) - *free) : std::nullopt, total, "TOTAL MEM");
  table.row("SHMEM", in_nodes("NR_SHMEM"), total, "TOTAL MEM");
  // What block devices cache is part of it.
  table.row("CACHED", in_nodes("NR_FILE_PAGES"), total, "TOTAL MEM");
  // v5.9 (d42f3245c7e2): the counters of slabs moved to the nodes and count bytes there, which are stored as pages.
  auto reclaimable = in_nodes("NR_SLAB_RECLAIMABLE_B");
  auto fixed = in_nodes("NR_SLAB_UNRECLAIMABLE_B");
  if (!reclaimable) reclaimable = in_nodes("NR_SLAB_RECLAIMABLE");
  if (!fixed) fixed = in_nodes("NR_SLAB_UNRECLAIMABLE");
  table.row("SLAB", reclaimable && fixed ? std::optional(*reclaimable + *fixed) : std::nullopt, total, "TOTAL MEM");
  table.row("ANONYMOUS", in_nodes("NR_ANON_MAPPED"), total, "TOTAL MEM");
  table.row("DIRTY", in_nodes("NR_FILE_DIRTY"), total, "TOTAL MEM");
  table.row("WRITEBACK", in_nodes("NR_WRITEBACK"), total, "TOTAL MEM");
  call.output.heading("\n");
  const auto swap = variable_number(call, "total_swap_pages", 8);
  const auto swap_free = variable_number(call, "nr_swap_pages", 8);
  const auto as_pages = [](const std::optional<std::uint64_t>& value) {
    return value ? std::optional(static_cast<std::int64_t>(*value)) : std::nullopt;
  };
  table.row("TOTAL SWAP", as_pages(swap), std::nullopt, "");
  table.row("SWAP USED",
            swap && swap_free ? std::optional(static_cast<std::int64_t>(*swap - *swap_free)) : std::nullopt, swap,
            "TOTAL SWAP");
  table.row("SWAP FREE", as_pages(swap_free), swap, "TOTAL SWAP");
  return {};
}

Result<void> show_counters(Call& call) {
  const auto show = [&](std::string_view heading, std::string_view table, std::string_view type,
                        std::string_view last) -> Result<void> {
    const auto found = call.desk.types().find(fmt::format("enum {}", type));
    const auto at = call.machine().access.symbols.address_of(table);
    if (!found || !at) return fail(ErrorKind::kNotFound, "this kernel has no {} or does not name its counters", table);
    call.output.heading(fmt::format("  {}:\n", heading));
    for (const auto& [name, number] : call.desk.types().declarations(*found).resolved(found->id).enumerators) {
      if (name == last || name.ends_with("_BASE") || number < 0 || number >= static_cast<std::int64_t>(kMostCounters))
        continue;
      const auto value = call.machine().access.memory.read_u64(*at + static_cast<std::uint64_t>(number) * 8);
      Value row = Value::object();
      row.set("name", name);
      row.set("count", value ? Value(static_cast<std::int64_t>(*value)) : Value());
      call.output.row(fmt::format("{:>30}: {}\n", printable(name),
                                  value ? std::to_string(static_cast<std::int64_t>(*value)) : "(unreadable)"),
                      row);
    }
    return {};
  };
  TRY_CHECK(show("VM_ZONE_STAT", "vm_zone_stat", "zone_stat_item", "NR_VM_ZONE_STAT_ITEMS"));
  call.output.heading("\n");
  return show("VM_NODE_STAT", "vm_node_stat", "node_stat_item", "NR_VM_NODE_STAT_ITEMS");
}

Result<void> run(Call& call) {
  const auto& words = call.words();
  if (call.has("g")) return show_flags(call, words);
  const bool wants_caches = call.has("s") || call.has("S");
  // Words are names of caches, or addresses.
  std::vector<std::string> names;
  std::vector<std::uint64_t> addresses;
  for (const std::string& word : words) {
    const auto address = parse_address(call, word);
    if (address) {
      addresses.push_back(*address);
    } else if (wants_caches) {
      names.push_back(word);
    } else {
      return tl::unexpected(address.error());
    }
  }
  if (wants_caches && addresses.empty()) return show_caches(call, names, call.has("S"));
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    if (i != 0) call.output.heading("\n");
    TRY_CHECK(show_address(call, addresses[i]));
  }
  if (!words.empty()) return {};
  using Show = Result<void> (*)(Call&);
  constexpr auto kShows = std::to_array<std::pair<std::string_view, Show>>({{"i", show_use},
                                                                            {"V", show_counters},
                                                                            {"z", show_zones},
                                                                            {"n", show_nodes},
                                                                            {"f", show_free},
                                                                            {"v", show_virtual_areas},
                                                                            {"o", show_offsets},
                                                                            {"p", show_pages}});
  for (const auto& [option, show] : kShows) {
    if (call.has(option)) return show(call);
  }
  return fail(ErrorKind::kUsage, "kmem wants an option or an address: help kmem lists them");
}

}  // namespace

extern const Command kKmem = {.name = "kmem",
                              .usage = "kmem -i|-V|-s|-S|-z|-n|-f|-v|-g|-o|-p [CACHE…|FLAGS] | kmem [-S] ADDRESS…",
                              .help = "how memory is used, and what an address in it is",
                              .options = kOptions,
                              .needs = Needs::kMachine,
                              .run = run,
                              .rehearse = [](const model::Snapshot&) { return std::vector<std::string>{"kmem -i"}; }};

}  // namespace whyhung::commands
