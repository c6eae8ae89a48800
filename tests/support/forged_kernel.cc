// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/forged_kernel.h"

#include <cstring>

#include <elf.h>

#include "base/byte_reader.h"
#include "debuginfo/elf_image.h"

namespace whyhung::test {
namespace {

constexpr std::uint64_t kMostBytes = 64u << 20;

// struct forged_member of tests/forge/forge.h.
constexpr std::size_t kText = 48;
constexpr std::size_t kRecord = 2 * kText + 16;

std::string text_at(std::span<const std::byte> bytes, std::size_t at, std::size_t most) {
  const auto* begin = reinterpret_cast<const char*>(bytes.data()) + at;
  return {begin, strnlen(begin, std::min(most, bytes.size() - at))};
}

void add_members(std::span<const std::byte> records, ByteOrder order, FakeTypes& types) {
  for (std::size_t at = 0; at + kRecord <= records.size(); at += kRecord) {
    const std::string type = text_at(records, at, kText);
    const std::string member = text_at(records, at + kText, kText);
    const auto offset = load<std::uint64_t>(records.data() + at + 2 * kText, order);
    const auto size = load<std::uint64_t>(records.data() + at + 2 * kText + 8, order);
    types.add(member.empty()
                  ? fmt::format("{} {}:", type, size)
                  : fmt::format("{} {}: {}@{}:{}", type, types.size_of(type).value_or(0), member, offset, size));
  }
}

Result<std::vector<ForgedSymbol>> read_symbols(const debuginfo::ElfImage& image) {
  const debuginfo::ElfSection* table = image.section(".symtab");
  const debuginfo::ElfSection* names = image.section(".strtab");
  if (table == nullptr || names == nullptr) return fail(ErrorKind::kNotFound, "{} has no symbols", image.path());
  TRY_ASSIGN(const auto bytes, image.read(*table, kMostBytes));
  TRY_ASSIGN(const auto texts, image.read(*names, kMostBytes));
  std::vector<ForgedSymbol> symbols;
  for (std::size_t at = 0; at + sizeof(Elf64_Sym) <= bytes.size(); at += sizeof(Elf64_Sym)) {
    const std::span<const std::byte> all(bytes);
    ByteReader reader(all.subspan(at, sizeof(Elf64_Sym)), image.byte_order());
    const std::uint32_t name = reader.u32();
    const std::uint8_t info = reader.u8();
    reader.skip(1);
    const std::uint16_t section = reader.u16();
    const std::uint64_t address = reader.u64();
    const std::uint64_t size = reader.u64();
    const unsigned type = ELF64_ST_TYPE(info);
    const bool is_named = name != 0 && name < texts.size() && section != SHN_UNDEF;
    if (!is_named || type == STT_FILE || type == STT_SECTION) continue;
    symbols.push_back({text_at(texts, name, texts.size()), address, size, type == STT_FUNC});
  }
  std::ranges::stable_sort(symbols, {}, &ForgedSymbol::address);
  return symbols;
}

}  // namespace

Result<std::vector<ForgedSymbol>> load_forged(const std::string& path, std::string_view module, FakeMachine& machine) {
  TRY_ASSIGN(const auto image, debuginfo::ElfImage::open(path));
  for (const debuginfo::ElfSection& section : image->sections()) {
    if (section.name == ".forge.members") {
      TRY_ASSIGN(const auto records, image->read(section, kMostBytes));
      add_members(records, image->byte_order(), machine.types);
    }
    if (!section.in_memory || section.size == 0 || section.size > kMostBytes) continue;
    for (std::uint64_t at = 0; at < section.size; at += PagedMemory::kPage) machine.memory.touch(section.address + at);
    machine.memory.touch(section.address + section.size - 1);
    if (!section.has_bytes) continue;
    TRY_ASSIGN(const auto bytes, image->read(section, kMostBytes));
    machine.memory.write(section.address, bytes);
  }
  TRY_ASSIGN(auto symbols, read_symbols(*image));
  for (const ForgedSymbol& one : symbols) machine.symbols.add(one.name, one.address, one.size, module);
  return symbols;
}

}  // namespace whyhung::test
