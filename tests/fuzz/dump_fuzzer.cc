// SPDX-License-Identifier: GPL-2.0-or-later
// Opens any bytes as a dump and uses all of its interface. Work is bounded here where the reader leaves it to its
// caller: how many pages are read.
#include <cstddef>
#include <cstdint>
#include <vector>

#include "dump/dump.h"
#include "dump/vmcoreinfo.h"

using namespace whyhung;

namespace {

constexpr int kMostPages = 64;

void read_pages(const dump::Dump& dump) {
  const std::uint64_t page_size = dump.facts().page_size;
  std::vector<std::byte> bytes(page_size + 16);
  std::vector<PhysicalAddress> pages;
  for (auto page = dump.next_page({}); page && pages.size() < kMostPages; page = dump.next_page(*page + 1)) {
    pages.push_back(*page);
  }
  dump.prefetch(pages);
  for (const PhysicalAddress page : pages) {
    (void)dump.read(page, std::span(bytes).first(page_size));
    (void)dump.read(page + (page_size - 8), std::span(bytes).first(16));
    (void)dump.peek(page + 1, std::span(bytes).first(1));
  }
  const std::uint64_t end = dump.facts().page_frames * page_size;
  for (const std::uint64_t address : {std::uint64_t{0}, end / 2, end - 1, end, ~std::uint64_t{0}}) {
    (void)dump.read(PhysicalAddress(address), bytes);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto* const begin = reinterpret_cast<const std::byte*>(data);
  const auto opened = dump::open_dump(std::vector{make_memory_source(std::vector(begin, begin + size))});
  if (!opened) return 0;
  const dump::Dump& dump = **opened;
  std::uint64_t sum = dump.facts().remarks.size() + dump.segments().size();
  for (const dump::Note& note : dump.notes()) {
    for (const char c : note.name) sum += static_cast<unsigned char>(c);
    for (const std::byte byte : note.data) sum += std::to_integer<unsigned>(byte);
  }
  const dump::VmcoreInfo info(dump.vmcoreinfo());
  sum += info.page_size().value_or(0);
  read_pages(dump);
  int reports = 0;
  (void)dump::find_vmcoreinfo_text(dump, [&](PhysicalAddress) { return ++reports < 2; });
  if (dump.touched_pages().size() > 1000) __builtin_trap();
  return sum == ~std::uint64_t{0} ? -1 : 0;  // the sum has to be computed
}
