// SPDX-License-Identifier: GPL-2.0-or-later
// The caches of the SLUB allocator (mm/slub.c): how many objects each has, where its slabs lie, which are free.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "commands/page_frames.h"

namespace whyhung::commands {

struct Slab {
  std::uint64_t address = 0;  // struct slab or struct page
  std::uint64_t memory = 0;   // of its first object
  std::uint64_t objects = 0;
  std::set<std::uint64_t> free;         // addresses of objects
  std::set<std::uint64_t> kept_by_cpu;  // of them, those that a CPU has taken for itself
  std::string broken;
};

struct CacheTotals {
  std::uint64_t allocated = 0, objects = 0, slabs = 0;
  std::string broken;  // what could not be read; empty: all was
};

class SlabCache {
 public:
  SlabCache(const Call& call, const PageFrames& frames, std::uint64_t address);

  std::uint64_t address() const { return address_; }
  const std::string& name() const { return name_; }  // raw
  std::uint64_t object_size() const { return object_size_; }
  std::uint64_t slab_bytes() const { return slab_bytes_; }
  CacheTotals totals() const;

  struct CpuSlabs {
    std::uint32_t cpu = 0;
    std::uint64_t address = 0;           // struct kmem_cache_cpu
    std::optional<std::uint64_t> slab;   // the one it takes from
    std::vector<std::uint64_t> partial;  // those that it keeps for later
    std::string broken;
  };
  // One for each CPU; none since v7.0, whose CPUs keep objects and no slabs.
  std::vector<CpuSlabs> cpu_slabs() const;
  struct NodeSlabs {
    std::uint64_t node = 0;
    std::uint64_t address = 0;  // struct kmem_cache_node
    std::uint64_t slabs = 0, objects = 0;
    std::vector<std::uint64_t> partial;
    std::string broken;
  };
  std::vector<NodeSlabs> node_slabs() const;
  // A slab with its free objects; `cpu`: whose free list counts too.
  Slab slab(std::uint64_t address, const CpuSlabs* cpu) const;
  // The object of a slab that an address lies in; nothing: none.
  std::optional<std::uint64_t> object_at(const Slab& slab, std::uint64_t address) const;
  // The first object of a slab, without what stands in front of it for checks.
  std::uint64_t step() const { return step_; }

 private:
  void walk_free(Slab& slab, std::uint64_t first, bool of_cpu) const;
  std::optional<std::uint64_t> next_free(const Slab& slab, std::uint64_t object) const;
  bool is_object(const Slab& slab, std::uint64_t address) const;

  const Call& call_;
  const PageFrames& frames_;
  std::uint64_t address_;
  std::string_view slab_type_;  // struct slab since v5.17 (d122019bf061)
  std::string name_;
  std::uint64_t object_size_ = 0, step_ = 0, slab_bytes_ = 0, link_ = 0, red_zone_ = 0;
  std::optional<std::uint64_t> secret_;
};

// The addresses of all caches, in the kernel's order.
Result<std::vector<std::uint64_t>> slab_caches(const Call& call, std::string& broken);
// The slab that a page belongs to, and its cache; nothing for other pages.
struct SlabOfPage {
  std::uint64_t slab = 0;
  std::uint64_t cache = 0;
};
std::optional<SlabOfPage> slab_of_page(const Call& call, std::uint64_t page_struct);

}  // namespace whyhung::commands
