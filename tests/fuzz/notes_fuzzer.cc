// SPDX-License-Identifier: GPL-2.0-or-later
// Any bytes as a section of ELF notes, in both byte orders. The notes have to lie inside of the section.
#include <cstddef>
#include <cstdint>
#include <vector>

#include "dump/elf_notes.h"

using namespace whyhung;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span section(reinterpret_cast<const std::byte*>(data), size);
  std::uint64_t sum = 0;
  for (const ByteOrder order : {ByteOrder::kLittle, ByteOrder::kBig}) {
    dump::NoteTable table;
    table.add(std::vector(section.begin(), section.end()), order);
    std::size_t bytes = 0;
    for (const dump::Note& note : table.notes()) {
      bytes += 12 + note.name.size() + note.data.size();
      for (const char c : note.name) sum += static_cast<unsigned char>(c);
      for (const std::byte byte : note.data) sum += std::to_integer<unsigned>(byte);
      sum += dump::note_text(note).size();
    }
    if (bytes > size) __builtin_trap();
  }
  return sum == ~std::uint64_t{0} ? -1 : 0;  // the sum has to be computed
}
