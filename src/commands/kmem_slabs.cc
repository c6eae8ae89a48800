// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>

#include "base/text.h"
#include "commands/kmem_parts.h"
#include "commands/object.h"
#include "commands/slab_caches.h"

namespace whyhung::commands {
namespace {

constexpr std::string_view kCacheHeading = "CACHE             OBJSIZE  ALLOCATED     TOTAL  SLABS  SSIZE  NAME\n";
constexpr std::string_view kSlabHeading =
    "  SLAB              MEMORY            NODE  TOTAL  ALLOCATED  FREE\n  FREE / [ALLOCATED]\n";

std::string cache_row(const SlabCache& cache, const CacheTotals& totals) {
  return fmt::format("{:016x} {:>8}  {:>9}  {:>8}  {:>5}  {:>4}k  {}\n{}", cache.address(), cache.object_size(),
                     totals.allocated, totals.objects, totals.slabs, cache.slab_bytes() / 1024, printable(cache.name()),
                     totals.broken.empty() ? "" : fmt::format("({}: the numbers may be wrong)\n", totals.broken));
}

Value cache_value(const SlabCache& cache, const CacheTotals& totals) {
  Value value = Value::object();
  value.set("cache", Value::address(cache.address()));
  value.set("name", cache.name());
  value.set("object_size", cache.object_size());
  value.set("allocated", totals.allocated);
  value.set("objects", totals.objects);
  value.set("slabs", totals.slabs);
  value.set("slab_bytes", cache.slab_bytes());
  if (!totals.broken.empty()) value.set("broken", totals.broken);
  return value;
}

Value slab_value(const Slab& slab) {
  Value value = Value::object();
  value.set("slab", Value::address(slab.address));
  value.set("memory", Value::address(slab.memory));
  value.set("objects", slab.objects);
  value.set("allocated", slab.objects - std::min<std::uint64_t>(slab.objects, slab.free.size()));
  return value;
}

std::string object_row(const Slab& slab, std::uint64_t object, const SlabCache::CpuSlabs* cpu) {
  if (!slab.free.contains(object)) return fmt::format("  [{:x}]\n", object);
  if (cpu != nullptr && slab.kept_by_cpu.contains(object))
    return fmt::format("   {:x}  (cpu {} cache)\n", object, cpu->cpu);
  return fmt::format("   {:x}  \n", object);
}

// A slab and its objects, or only the one that is wanted.
void show_slab(Call& call, const SlabCache& cache, const Slab& slab, const SlabCache::CpuSlabs* cpu, std::uint64_t node,
               const std::optional<std::uint64_t>& only) {
  if (slab.memory == 0) {
    call.output.heading(fmt::format("  ({})\n", slab.broken));
    return;
  }
  const std::uint64_t free = std::min<std::uint64_t>(slab.objects, slab.free.size());
  std::string text{kSlabHeading.substr(0, kSlabHeading.find('\n') + 1)};
  text += fmt::format("  {:016x}  {:016x}  {:>4}  {:>5}  {:>9}  {:>4}\n", slab.address, slab.memory, node, slab.objects,
                      slab.objects - free, free);
  text += kSlabHeading.substr(kSlabHeading.find('\n') + 1);
  Value value = slab_value(slab);
  Value list = Value::array();
  for (std::uint64_t i = 0; i < slab.objects; ++i) {
    const std::uint64_t object = slab.memory + i * cache.step();
    if (only && object != *only) continue;
    text += object_row(slab, object, cpu);
    Value one = Value::object();
    one.set("object", Value::address(object));
    one.set("is_free", slab.free.contains(object));
    list.push(std::move(one));
  }
  if (!slab.broken.empty()) {
    text += fmt::format("  ({})\n", slab.broken);
    value.set("broken", slab.broken);
  }
  value.set("list", std::move(list));
  call.output.row(text, value);
}

void show_slabs(Call& call, const SlabCache& cache) {
  const auto cpus = cache.cpu_slabs();
  std::uint64_t kept = 0;
  for (const auto& cpu : cpus) {
    call.output.heading(fmt::format("CPU {} KMEM_CACHE_CPU:\n  {:x}\nCPU {} SLAB:\n", cpu.cpu, cpu.address, cpu.cpu));
    if (!cpu.slab) call.output.heading("  (empty)\n");
    if (cpu.slab) show_slab(call, cache, cache.slab(*cpu.slab, &cpu), &cpu, 0, std::nullopt);
    call.output.heading(fmt::format("CPU {} PARTIAL:\n", cpu.cpu));
    if (cpu.partial.empty()) call.output.heading("  (empty)\n");
    kept += cpu.partial.size() + (cpu.slab ? 1 : 0);
    for (const std::uint64_t slab : cpu.partial) {
      if (call.context.is_stopped()) return;
      show_slab(call, cache, cache.slab(slab, nullptr), nullptr, 0, std::nullopt);
    }
  }
  for (const auto& node : cache.node_slabs()) {
    call.output.heading(
        fmt::format("KMEM_CACHE_NODE   NODE  SLABS  PARTIAL  PER-CPU\n{:016x}  {:>4}  {:>5}  {:>7}  {:>7}\n",
                    node.address, node.node, node.slabs, node.partial.size(), kept));
    call.output.heading(fmt::format("NODE {} PARTIAL:\n", node.node));
    if (node.partial.empty()) call.output.heading("  (empty)\n");
    for (const std::uint64_t slab : node.partial) {
      if (call.context.is_stopped()) return;
      show_slab(call, cache, cache.slab(slab, nullptr), nullptr, node.node, std::nullopt);
    }
    call.output.heading(fmt::format("NODE {} FULL:\n  (not tracked)\n", node.node));
  }
}

}  // namespace

Result<void> show_caches(Call& call, const std::vector<std::string>& names, bool with_objects) {
  TRY_ASSIGN(const PageFrames frames, PageFrames::open(call));
  std::string broken;
  TRY_ASSIGN(const auto caches, slab_caches(call, broken));
  bool found_any = false;
  for (const std::uint64_t address : caches) {
    if (call.context.is_stopped()) break;
    const SlabCache cache(call, frames, address);
    if (!names.empty() && std::ranges::find(names, cache.name()) == names.end()) continue;
    if (!found_any || with_objects) call.output.heading(kCacheHeading);
    found_any = true;
    const CacheTotals totals = cache.totals();
    call.output.row(cache_row(cache, totals), cache_value(cache, totals));
    if (with_objects) show_slabs(call, cache);
  }
  call.output.heading(broken_text(broken));
  if (!found_any && !names.empty())
    return with_hint(fail(ErrorKind::kNotFound, "no cache is called \"{}\"", printable(names.front())),
                     "kmem -s lists them");
  return {};
}

Result<bool> show_object_at(Call& call, std::uint64_t address, bool with_objects) {
  const auto frames = PageFrames::open(call);
  if (!frames) return false;
  const auto physical = call.machine().target.memory->translate(VirtualAddress(address));
  if (!physical) return false;
  const std::uint64_t frame = physical->value / frames->page_size();
  const auto page = frames->struct_of(frame);
  // Text and data of the kernel are mapped twice; objects are spoken of by the direct map.
  if (!page || frames->direct_address(frame) != address - address % frames->page_size()) return false;
  const auto place = slab_of_page(call, *page);
  if (!place) return false;
  const SlabCache cache(call, *frames, place->cache);
  const CacheTotals totals = cache.totals();
  call.output.heading(kCacheHeading);
  call.output.row(cache_row(cache, totals), cache_value(cache, totals));
  const auto cpus = cache.cpu_slabs();
  const auto owner =
      std::ranges::find_if(cpus, [&](const SlabCache::CpuSlabs& cpu) { return cpu.slab == place->slab; });
  const SlabCache::CpuSlabs* cpu = owner == cpus.end() ? nullptr : &*owner;
  const Slab slab = cache.slab(place->slab, cpu);
  const auto object = cache.object_at(slab, address);
  show_slab(call, cache, slab, cpu, 0, with_objects ? std::nullopt : std::optional(object.value_or(0)));
  if (!object) call.output.heading("  (the address is in no object of the slab)\n");
  return true;
}

}  // namespace whyhung::commands
