// SPDX-License-Identifier: GPL-2.0-or-later
#include "unwind/return_hooks.h"

#include <algorithm>
#include <array>
#include <vector>

namespace whyhung::unwind {
namespace {

constexpr std::size_t kMostRemembered = 1u << 16;
constexpr std::uint64_t kMostShadowBytes = 8192;  // a page of 4096, or 50 entries
constexpr std::size_t kMostNodes = 4096;
constexpr std::size_t kMostLayers = 8;  // trampolines that have replaced each other at one place
constexpr std::uint64_t kProbeBuckets = 64;
constexpr std::uint64_t kWord = 8;

std::optional<std::uint64_t> offset_of(debuginfo::TypeSource& types, std::string_view type, std::string_view member) {
  const auto found = types.member(type, member);
  if (!found || found->size < kWord) return std::nullopt;
  return found->offset;
}

bool is_at(const ReturnHooks::Place& place, std::uint64_t noted) {
  return noted != 0 && (noted == place.slot || noted == place.frame_pointer);
}

}  // namespace

ReturnHooks::Kind ReturnHooks::kind_of(VirtualAddress return_address) {
  const auto known = known_.find(return_address);
  if (known != known_.end()) return known->second;
  Kind kind = Kind::kNone;
  if (const auto symbol = symbols_.find_covering(return_address); symbol && symbol->offset == 0) {
    const std::string_view name = symbol->symbol.name;
    if (name == "return_to_handler") kind = Kind::kGraph;
    // v6.0 (f3a112c0c40d): rethook; v5.16 gave the older trampoline its underscores.
    if (name == "arch_rethook_trampoline" || name == "kretprobe_trampoline" || name == "__kretprobe_trampoline") {
      kind = Kind::kReturnProbe;
    }
  }
  if (known_.size() < kMostRemembered) known_.emplace(return_address, kind);
  return kind;
}

bool ReturnHooks::is_trampoline(VirtualAddress return_address) {
  return kind_of(return_address) != Kind::kNone;
}

std::optional<VirtualAddress> ReturnHooks::original(VirtualAddress trampoline, const Place& place) {
  if (place.task.is_null()) return std::nullopt;
  VirtualAddress found = trampoline;
  for (std::size_t layer = 0; layer < kMostLayers; ++layer) {
    const Kind kind = kind_of(found);
    if (kind == Kind::kNone) return found;
    const auto next = kind == Kind::kGraph ? by_graph(place) : by_probe(place);
    if (!next || *next == found) return std::nullopt;
    found = *next;
  }
  return std::nullopt;
}

std::optional<VirtualAddress> ReturnHooks::by_graph(const Place& place) {
  const auto stack_member = types_.member("task_struct", "ret_stack");
  const auto top_member = types_.member("task_struct", "curr_ret_stack");
  const auto size = types_.size_of("ftrace_ret_stack");
  const auto ret = offset_of(types_, "ftrace_ret_stack", "ret");
  // Not every machine notes where the return address lay.
  const auto where = offset_of(types_, "ftrace_ret_stack", "retp");
  if (!stack_member || !top_member || !size || !ret || *size < kWord || *size > 256) return std::nullopt;
  const auto stack = memory_.read_pointer(place.task + stack_member->offset);
  const auto top = memory_.read_u32(place.task + top_member->offset);
  if (!stack || stack->is_null() || !top || *top > kMostShadowBytes) return std::nullopt;
  // v6.11 (42675b723b48): words, counted in words; before, an array of records, of which `top` is the last in use.
  const bool is_records = stack_member->type_name == "ftrace_ret_stack";
  const std::uint64_t used = is_records ? (std::uint64_t{*top} + 1) * *size : std::uint64_t{*top} * kWord;
  if (used > kMostShadowBytes) return std::nullopt;
  std::vector<std::byte> bytes(used);
  if (!memory_.read(*stack, bytes)) return std::nullopt;
  const auto word = [&](std::uint64_t at) { return load<std::uint64_t>(bytes.data() + at, memory_.byte_order()); };
  if (!where) {
    if (!is_records || place.met_before > *top) return std::nullopt;
    return VirtualAddress(word((*top - place.met_before) * *size + *ret));
  }
  // Newest first: of functions that have jumped to each other at one place the last one's record comes first, and says
  // that it found a trampoline.
  const std::uint64_t step = is_records ? *size : kWord;
  for (std::uint64_t end = used; end >= *size; end -= step) {
    const std::uint64_t record = end - *size;
    if (!is_at(place, word(record + *where))) continue;
    const VirtualAddress address(word(record + *ret));
    if (kind_of(address) != Kind::kGraph) return address;
  }
  return std::nullopt;
}

std::optional<VirtualAddress> ReturnHooks::by_list(const Place& place, std::uint64_t first, std::string_view node_type,
                                                   std::string_view link, std::string_view frame) {
  const auto link_at = offset_of(types_, node_type, link);
  const auto frame_at = offset_of(types_, node_type, frame);
  const auto address_at = offset_of(types_, node_type, "ret_addr");
  if (!link_at || !frame_at || !address_at) return std::nullopt;
  VirtualAddress node(first);
  for (std::size_t i = 0; i < kMostNodes && !node.is_null(); ++i) {
    const VirtualAddress record = node - *link_at;
    const auto noted = memory_.read_u64(record + *frame_at);
    const auto address = memory_.read_pointer(record + *address_at);
    const auto next = memory_.read_pointer(node);
    if (!noted || !address || !next) return std::nullopt;
    // Several probes of one function leave the true address to the first of them.
    if (is_at(place, *noted) && kind_of(*address) != Kind::kReturnProbe) return *address;
    node = *next;
  }
  return std::nullopt;
}

std::optional<VirtualAddress> ReturnHooks::by_probe(const Place& place) {
  if (const auto hooks = types_.member("task_struct", "rethooks")) {
    const auto first = memory_.read_u64(place.task + hooks->offset);
    if (!first) return std::nullopt;
    if (const auto found = by_list(place, *first, "rethook_node", "llist", "frame")) return found;
  }
  // v5.11 (d741bf41d7c7): a list of the task's own.
  if (const auto probes = types_.member("task_struct", "kretprobe_instances")) {
    const auto first = memory_.read_u64(place.task + probes->offset);
    return first ? by_list(place, *first, "kretprobe_instance", "llist", "fp") : std::nullopt;
  }
  return by_old_probe(place);
}

// A table for all tasks; records of other tasks lie at other places.
std::optional<VirtualAddress> ReturnHooks::by_old_probe(const Place& place) {
  const auto table = symbols_.address_of("kretprobe_inst_table");
  if (!table) return std::nullopt;
  for (std::uint64_t bucket = 0; bucket < kProbeBuckets; ++bucket) {
    const auto first = memory_.read_u64(*table + bucket * kWord);
    if (!first || *first == 0) continue;
    if (const auto found = by_list(place, *first, "kretprobe_instance", "hlist", "fp")) return found;
  }
  return std::nullopt;
}

}  // namespace whyhung::unwind
