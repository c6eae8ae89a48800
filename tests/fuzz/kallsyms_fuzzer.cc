// SPDX-License-Identifier: GPL-2.0-or-later
// Kallsyms over any bytes. The input begins with flags and the places of the seven tables, in units of four bytes from
// the start of the rest, which is the image. Afterwards the image is searched for tables without being told where they
// are.
#include <algorithm>
#include <string>

#include "base/byte_reader.h"
#include "debuginfo/kallsyms_scan.h"
#include "support/fake_memory.h"

namespace {

using namespace whyhung;

constexpr std::uint64_t kText = 0xffffffff81000000;
constexpr std::uint64_t kImage = 0xffffffff82000000;

void ask(debuginfo::Kallsyms& kallsyms) {
  std::vector<std::string> names = {"_stext", "absent", "function_1"};
  const std::uint32_t step = kallsyms.count() / 50 + 1;
  for (std::uint32_t index = 0; index < kallsyms.count(); index += step) {
    const auto symbol = kallsyms.symbol_at(index);
    if (!symbol) continue;
    kallsyms.find_covering(symbol->address + symbol->size / 2);
    if (names.size() < 40) names.push_back(symbol->name);
  }
  kallsyms.find_all(names.back(), 3);
  kallsyms.prepare(std::vector<std::string_view>(names.begin(), names.end()));
  for (const std::string& name : names) kallsyms.find_all(name, 10);
  for (const std::uint64_t address : {std::uint64_t{0}, kText, kText + 100, kImage, ~std::uint64_t{0}}) {
    kallsyms.find_covering(VirtualAddress(address));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span<const std::byte> bytes(reinterpret_cast<const std::byte*>(data), size);
  ByteReader reader(bytes, ByteOrder::kLittle);
  const unsigned flags = reader.u16();
  const auto place = [&] { return VirtualAddress(kImage + std::uint64_t{4} * reader.u16()); };
  debuginfo::KallsymsTables tables{place(), place(), place(), place(), place(), place(), place()};
  if (!reader.ok()) return 0;
  if ((flags & 1) == 0) tables.offsets.reset();
  if ((flags & 2) == 0) tables.addresses.reset();
  if ((flags & 4) == 0) tables.relative_base.reset();
  test::FakeMemory memory((flags & 8) != 0 ? ByteOrder::kBig : ByteOrder::kLittle);
  memory.make_pages_whole();
  const auto image = bytes.subspan(reader.position());
  memory.put(kImage, {image.begin(), image.end()});
  const debuginfo::KnownSymbol known{"_stext", VirtualAddress(kText)};
  if (const auto opened = debuginfo::Kallsyms::open(memory, tables, std::span(&known, 1))) ask(**opened);
  const VirtualRange range{VirtualAddress(kImage), VirtualAddress(kImage + image.size())};
  if ((flags & 16) == 0 || range.empty()) return 0;
  if (const auto found = debuginfo::find_kallsyms(memory, range, std::span(&known, 1), {})) ask(**found);
  return 0;
}
