// SPDX-License-Identifier: GPL-2.0-or-later
// Walks of lists, chains, xarrays, red-black and maple trees over any bytes. Words become addresses within the memory,
// so that pointers lead somewhere and circles come easily; those with all bits of the upper half set stay as they are.
#include "base/byte_reader.h"
#include "kernel/list.h"
#include "kernel/tree.h"
#include "kernel/xarray.h"
#include "support/fake_memory.h"
#include "support/fake_types.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace whyhung;
  constexpr std::uint64_t kBase = 0xffff888000000000;
  if (size < 9) return 0;
  const unsigned flags = data[0];
  std::vector<std::byte> bytes(reinterpret_cast<const std::byte*>(data) + 1,
                               reinterpret_cast<const std::byte*>(data) + size);
  const ByteOrder order = (flags & 1) != 0 ? ByteOrder::kBig : ByteOrder::kLittle;
  const std::uint64_t reach = size * 2;  // half of the pointers lead out
  for (std::size_t at = 0; at + 8 <= bytes.size(); at += 8) {
    const auto word = load<std::uint64_t>(bytes.data() + at, order);
    if (word >> 32 != 0xffffffff && word > 1) store(bytes.data() + at, kBase + word % reach, order);
  }
  test::FakeMemory memory(order);
  if ((flags & 2) != 0) memory.make_pages_whole();
  memory.put(kBase, std::move(bytes));
  const auto list = kernel::walk_list(memory, VirtualAddress(kBase), 1000);
  if (list.nodes.size() > 1000 || (list.complete() && list.nodes.size() > size)) __builtin_trap();
  const auto chain = kernel::walk_chain(memory, VirtualAddress(kBase + 8), 1000);
  if (chain.nodes.size() > 1000) __builtin_trap();
  test::FakeTypes types((flags & 4) != 0 ? "xarray 16: xa_head@8:8\nxa_node 64: slots@0:[8x8]"
                                         : "xarray 16: xa_head@8:8\nxa_node 576: slots@40:[64x8]");
  test::FakeTypes tree_types(
      "rb_node 24: rb_right@8:8 rb_left@16:8\nrb_root 8: rb_node@0:8\nmaple_tree 16: ma_root@8:8\n"
      "maple_node 256: slot@8:[31x8]\nmaple_range_64 256: pivot@8:[15x8] slot@128:[16x8]\n"
      "maple_arange_64 256: pivot@8:[9x8] slot@80:[10x8]");
  kernel::Binder binder(types);
  const auto xarray = kernel::XArrayView::bind(binder);
  std::uint64_t told = 0;
  const auto walk = xarray.entries(memory, VirtualAddress(kBase), 1000,
                                   [&](std::span<const VirtualAddress> nodes) { told += nodes.size(); });
  // A level may end with one node's slots more than the limit.
  if (walk.entries.size() > 1064) __builtin_trap();
  kernel::Binder tree_binder(tree_types);
  const auto red_black = kernel::RedBlackTreeView::bind(tree_binder);
  const auto tree = red_black.nodes(memory, VirtualAddress(kBase), 1000);
  if (!red_black.usable() || tree.nodes.size() > 1000) __builtin_trap();
  const auto maple = kernel::MapleTreeView::bind(tree_binder);
  const auto ranges = maple.entries(memory, VirtualAddress(kBase), 1000);
  if (!maple.usable() || ranges.entries.size() > 1000) __builtin_trap();
  for (std::size_t i = 0; i < ranges.entries.size(); ++i) {
    const auto& entry = ranges.entries[i];
    if (entry.first > entry.last || (i != 0 && entry.first <= ranges.entries[i - 1].last)) __builtin_trap();
  }
  return 0;
}
