// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/elf_file_builder.h"

#include <charconv>

namespace whyhung::test {
namespace {

std::vector<std::byte> to_bytes(std::string_view text) {
  const auto* begin = reinterpret_cast<const std::byte*>(text.data());
  return {begin, begin + text.size()};
}

}  // namespace

std::uint16_t ElfFileBuilder::add_section(std::string_view name, std::uint32_t type, std::uint32_t flags,
                                          std::uint64_t address, std::vector<std::byte> bytes, std::uint64_t size) {
  const std::uint64_t length = bytes.empty() ? size : bytes.size();
  sections_.push_back({std::string(name), type, flags, address, std::move(bytes), length});
  return static_cast<std::uint16_t>(sections_.size() - 1);
}

void ElfFileBuilder::add_build_id(std::string_view hexadecimal) {
  std::vector<std::byte> note(16);
  store(note.data(), std::uint32_t{4}, order_);
  store(note.data() + 4, static_cast<std::uint32_t>(hexadecimal.size() / 2), order_);
  store(note.data() + 8, std::uint32_t{3}, order_);  // NT_GNU_BUILD_ID
  const auto owner = to_bytes(std::string_view("GNU\0", 4));
  std::copy(owner.begin(), owner.end(), note.begin() + 12);
  for (std::size_t at = 0; at + 1 < hexadecimal.size(); at += 2) {
    unsigned value = 0;
    std::from_chars(hexadecimal.data() + at, hexadecimal.data() + at + 2, value, 16);
    note.push_back(static_cast<std::byte>(value));
  }
  while (note.size() % 4 != 0) note.push_back(std::byte{0});
  add_section(".notes", 7, kAlloc, 0, std::move(note));
}

void ElfFileBuilder::add_symbol(std::string_view name, std::uint64_t value, std::uint64_t size, std::uint8_t info,
                                std::uint16_t section) {
  const std::size_t at = symbols_.size();
  symbols_.resize(at + 24);
  store(symbols_.data() + at, static_cast<std::uint32_t>(name.empty() ? 0 : symbol_names_.size()), order_);
  symbols_[at + 4] = static_cast<std::byte>(info);
  store(symbols_.data() + at + 6, section, order_);
  store(symbols_.data() + at + 8, value, order_);
  store(symbols_.data() + at + 16, size, order_);
  if (!name.empty()) symbol_names_.append(name).push_back('\0');
}

std::vector<std::byte> ElfFileBuilder::build() const {
  auto sections = sections_;
  if (symbols_.size() > 24) {
    sections.push_back(
        {".symtab", 2, 0, 0, symbols_, symbols_.size(), static_cast<std::uint32_t>(sections.size() + 1)});
    sections.push_back({".strtab", 3, 0, 0, to_bytes(symbol_names_), symbol_names_.size()});
  }
  std::string names;
  sections.push_back({".shstrtab", 3, 0, 0, {}, 0});
  std::vector<std::uint32_t> name_offsets;
  for (const Section& section : sections) {
    name_offsets.push_back(static_cast<std::uint32_t>(names.size()));
    names.append(section.name).push_back('\0');
  }
  sections.back().bytes = to_bytes(names);
  sections.back().size = names.size();

  std::vector<std::byte> file(64);
  std::vector<std::uint64_t> offsets;
  for (const Section& section : sections) {
    while (file.size() % 8 != 0) file.push_back(std::byte{0});
    offsets.push_back(file.size());
    file.insert(file.end(), section.bytes.begin(), section.bytes.end());
  }
  while (file.size() % 8 != 0) file.push_back(std::byte{0});
  const std::uint64_t headers = file.size();
  file.resize(file.size() + 64 * sections.size());
  for (std::size_t i = 0; i < sections.size(); ++i) {
    std::byte* header = file.data() + headers + 64 * i;
    store(header, name_offsets[i], order_);
    store(header + 4, sections[i].type, order_);
    store(header + 8, std::uint64_t{sections[i].flags}, order_);
    store(header + 16, sections[i].address, order_);
    store(header + 24, offsets[i], order_);
    store(header + 32, sections[i].size, order_);
    store(header + 40, sections[i].link, order_);
    store(header + 48, std::uint64_t{8}, order_);
  }
  const auto magic = to_bytes(
      "\x7f"
      "ELF");
  std::copy(magic.begin(), magic.end(), file.begin());
  file[4] = std::byte{2};
  file[5] = std::byte{order_ == ByteOrder::kLittle ? std::uint8_t{1} : std::uint8_t{2}};
  file[6] = std::byte{1};
  store(file.data() + 16, type_, order_);
  store(file.data() + 18, machine_, order_);
  store(file.data() + 20, std::uint32_t{1}, order_);
  store(file.data() + 40, headers, order_);
  store(file.data() + 52, std::uint16_t{64}, order_);
  store(file.data() + 58, std::uint16_t{64}, order_);
  store(file.data() + 60, static_cast<std::uint16_t>(sections.size()), order_);
  store(file.data() + 62, static_cast<std::uint16_t>(sections.size() - 1), order_);
  return file;
}

}  // namespace whyhung::test
