// SPDX-License-Identifier: GPL-2.0-or-later
#include "commands/slab_caches.h"

#include <algorithm>
#include <bit>

#include "base/text.h"
#include "commands/object.h"

namespace whyhung::commands {
namespace {

constexpr std::uint64_t kMostNodes = 1024;
constexpr std::size_t kMostCpuSlabs = 4096;  // partial ones of one CPU
constexpr unsigned kCountBits = 16;  // OO_SHIFT: of the objects of a slab; above them stands the order of its pages

}  // namespace

SlabCache::SlabCache(const Call& call, const PageFrames& frames, std::uint64_t address)
    : call_(call),
      frames_(frames),
      address_(address),
      slab_type_(call.machine().access.types.size_of("slab") ? "slab" : "page") {
  const Object cache(call, "kmem_cache", address);
  name_ = cache.text({"name"}).value_or("?");
  object_size_ = cache.number({"object_size", "objsize"}).value_or(0);
  step_ = cache.number({"size"}).value_or(0);
  link_ = cache.number({"offset"}).value_or(0);
  red_zone_ = cache.number({"red_left_pad"}).value_or(0);
  secret_ = cache.number({"random"});
  const std::uint64_t order = cache.number({"oo.x", "oo"}).value_or(0) >> kCountBits;
  slab_bytes_ = order < 16 ? frames.page_size() << order : 0;
}

std::vector<SlabCache::CpuSlabs> SlabCache::cpu_slabs() const {
  std::vector<CpuSlabs> all;
  const auto variable = Object(call_, "kmem_cache", address_).pointer({"cpu_slab"});
  if (!variable) return all;
  const auto& percpu = call_.machine().percpu();
  for (const std::uint32_t cpu : percpu.possible()) {
    CpuSlabs one;
    one.cpu = cpu;
    one.address = percpu.instance(VirtualAddress(*variable), cpu).value;
    const Object object(call_, "kmem_cache_cpu", one.address);
    one.slab = object.pointer({"slab", "page"});
    auto next = object.pointer({"partial"});
    std::set<std::uint64_t> seen;
    while (next && one.partial.size() < kMostCpuSlabs && seen.insert(*next).second) {
      one.partial.push_back(*next);
      next = Object(call_, slab_type_, *next).pointer({"next"});
    }
    if (next) one.broken = fmt::format("the list of CPU {}'s slabs has no end at {:#x}", cpu, *next);
    all.push_back(std::move(one));
  }
  return all;
}

std::vector<SlabCache::NodeSlabs> SlabCache::node_slabs() const {
  std::vector<NodeSlabs> all;
  const Object cache(call_, "kmem_cache", address_);
  // Since v7.0 each node has more than its list.
  const auto nodes = cache.field({"node", "per_node"});
  if (!nodes) return all;
  const std::uint64_t count = std::min(variable_number(call_, "nr_node_ids", 4).value_or(1), kMostNodes);
  const auto in_element = call_.machine().access.types.member("kmem_cache_per_node_ptrs", "node");
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto at = call_.machine().access.memory.read_u64(nodes->in(VirtualAddress(address_)) +
                                                           i * std::max<std::uint64_t>(nodes->element_size(), 8) +
                                                           (in_element ? in_element->offset : 0));
    if (!at || *at == 0) continue;
    NodeSlabs one;
    one.node = i;
    one.address = *at;
    const Object node(call_, "kmem_cache_node", *at);
    const auto slabs = node.number({"nr_slabs"});
    const auto objects = node.number({"total_objects"});
    one.slabs = slabs.value_or(0);
    one.objects = objects.value_or(0);
    if (!slabs || !objects) one.broken = "a node's counts cannot be read";
    if (const auto head = node.place({"partial"})) {
      const Elements list =
          list_elements(call_, *head, slab_type_, slab_type_ == std::string_view("slab") ? "slab_list" : "lru");
      one.partial = list.addresses;
      if (one.broken.empty()) one.broken = list.broken;
    }
    all.push_back(std::move(one));
  }
  return all;
}

bool SlabCache::is_object(const Slab& slab, std::uint64_t address) const {
  const std::uint64_t from = address - slab.memory;
  return step_ != 0 && address >= slab.memory && from % step_ == 0 && from / step_ < slab.objects;
}

std::optional<std::uint64_t> SlabCache::next_free(const Slab& slab, std::uint64_t object) const {
  const auto stored = call_.machine().access.memory.read_u64(VirtualAddress(object + link_));
  if (!stored) return std::nullopt;
  if (!secret_) return *stored;
  // v5.7 (1ad53d9fa3f6) turns the place's bytes around.
  const std::uint64_t place = object + link_;
  const std::uint64_t turned = *stored ^ *secret_ ^ __builtin_bswap64(place);
  if (turned == 0 || is_object(slab, turned)) return turned;
  const std::uint64_t plain = *stored ^ *secret_ ^ place;
  return plain == 0 || is_object(slab, plain) ? std::optional(plain) : std::optional(turned);
}

void SlabCache::walk_free(Slab& slab, std::uint64_t first, bool of_cpu) const {
  std::uint64_t next = first;
  while (next != 0) {
    if (!is_object(slab, next)) {
      slab.broken = fmt::format("the list of free objects leads to {:#x}", next);
      return;
    }
    if (!slab.free.insert(next).second) {
      slab.broken = fmt::format("the list of free objects runs in a circle at {:#x}", next);
      return;
    }
    if (of_cpu) slab.kept_by_cpu.insert(next);
    const auto following = next_free(slab, next);
    if (!following) {
      slab.broken = fmt::format("the free object at {:#x} cannot be read", next);
      return;
    }
    next = *following;
  }
}

Slab SlabCache::slab(std::uint64_t address, const CpuSlabs* cpu) const {
  Slab slab;
  slab.address = address;
  const auto frame = frames_.frame_of(address);
  const auto memory = frame ? frames_.direct_address(*frame) : std::nullopt;
  const Object object(call_, slab_type_, address);
  const auto objects = object.number({"objects"});
  if (!memory || !objects) {
    slab.broken = fmt::format("the slab at {:#x} cannot be read", address);
    return slab;
  }
  slab.memory = *memory + red_zone_;
  slab.objects = *objects;
  if (const auto first = object.number({"freelist"})) walk_free(slab, *first, false);
  if (cpu != nullptr) {
    const auto first = Object(call_, "kmem_cache_cpu", cpu->address).number({"freelist"});
    if (first && slab.broken.empty()) walk_free(slab, *first, true);
  }
  return slab;
}

std::optional<std::uint64_t> SlabCache::object_at(const Slab& slab, std::uint64_t address) const {
  if (step_ == 0 || address < slab.memory) return std::nullopt;
  const std::uint64_t index = (address - slab.memory) / step_;
  return index < slab.objects ? std::optional(slab.memory + index * step_) : std::nullopt;
}

CacheTotals SlabCache::totals() const {
  CacheTotals totals;
  std::uint64_t free = 0;
  const auto note = [&](const std::string& what) {
    if (totals.broken.empty()) totals.broken = what;
  };
  const auto add_partial = [&](std::uint64_t address) {
    const Object slab(call_, slab_type_, address);
    const auto objects = slab.number({"objects"});
    const auto in_use = slab.number({"inuse"});
    if (objects && in_use && *in_use <= *objects) {
      free += *objects - *in_use;
    } else {
      note(fmt::format("the slab at {:#x} cannot be read", address));
    }
  };
  for (const NodeSlabs& node : node_slabs()) {
    totals.slabs += node.slabs;
    totals.objects += node.objects;
    for (const std::uint64_t slab : node.partial) add_partial(slab);
    note(node.broken);
  }
  for (const CpuSlabs& cpu : cpu_slabs()) {
    for (const std::uint64_t slab : cpu.partial) add_partial(slab);
    note(cpu.broken);
    if (!cpu.slab) continue;
    const Slab own = slab(*cpu.slab, &cpu);
    free += own.free.size();
    note(own.broken);
  }
  totals.allocated = totals.objects - std::min(free, totals.objects);
  return totals;
}

Result<std::vector<std::uint64_t>> slab_caches(const Call& call, std::string& broken) {
  const auto head = call.machine().access.symbols.address_of("slab_caches");
  const bool is_slub = call.machine().access.types.member("kmem_cache_node", "nr_partial").has_value();
  if (!head || !is_slub) return fail(ErrorKind::kNotFound, "this kernel's allocator of objects is not SLUB");
  const Elements caches = list_elements(call, head->value, "kmem_cache", "list");
  broken = caches.broken;
  return caches.addresses;
}

std::optional<SlabOfPage> slab_of_page(const Call& call, std::uint64_t page_struct) {
  // An odd compound_head leads from the other pages of a slab to its first. v7.0 calls it compound_info; there it may
  // be a mask, which is no address.
  const Object page(call, "page", page_struct);
  const std::uint64_t head = page.number({"compound_head", "compound_info"}).value_or(0);
  const std::uint64_t first = (head & 1) != 0 ? head - 1 : page_struct;
  auto& types = call.machine().access.types;
  bool is_slab = false;
  // v6.10 (46df8e73a4a3): a type of pages in place of the flag.
  if (const auto bit = types.enumerator("PG_slab"); bit && *bit < 64) {
    is_slab = (Object(call, "page", first).number({"flags.f", "flags"}).value_or(0) >> *bit & 1) != 0;
    if (*bit >= 32) is_slab = false;
  }
  if (const auto kind = types.enumerator("PGTY_slab")) {
    const auto type = Object(call, "page", first).number({"page_type"});
    is_slab = type && *type >> 24 == (static_cast<std::uint64_t>(*kind) & 0xff);
  }
  if (!is_slab) return std::nullopt;
  const std::string_view slab_type = types.size_of("slab") ? "slab" : "page";
  const auto cache = Object(call, slab_type, first).pointer({"slab_cache"});
  if (!cache) return std::nullopt;
  return SlabOfPage{first, *cache};
}

}  // namespace whyhung::commands
