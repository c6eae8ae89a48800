// SPDX-License-Identifier: GPL-2.0-or-later
// ElfFileBuilder: a 64-bit ELF file (vmlinux or module) made section by section.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/endian.h"

namespace whyhung::test {

class ElfFileBuilder {
 public:
  static constexpr std::uint32_t kWrite = 1, kAlloc = 2, kExecute = 4;
  static constexpr std::uint16_t kRelocatable = 1, kExecutable = 2;

  explicit ElfFileBuilder(std::uint16_t type = kExecutable, ByteOrder order = ByteOrder::kLittle,
                          std::uint16_t machine = 62)
      : type_(type), machine_(machine), order_(order) {
    add_section("", 0, 0, 0, {});
  }

  // Returns the section's number. `type` is SHT_*: 1 bytes, 7 notes, 8 no bytes (then `size` counts).
  std::uint16_t add_section(std::string_view name, std::uint32_t type, std::uint32_t flags, std::uint64_t address,
                            std::vector<std::byte> bytes, std::uint64_t size = 0);
  void add_build_id(std::string_view hexadecimal);
  // `info` is binding << 4 | type; a global function is 0x12.
  void add_symbol(std::string_view name, std::uint64_t value, std::uint64_t size, std::uint8_t info,
                  std::uint16_t section);
  std::vector<std::byte> build() const;

 private:
  struct Section {
    std::string name;
    std::uint32_t type;
    std::uint32_t flags;
    std::uint64_t address;
    std::vector<std::byte> bytes;
    std::uint64_t size;
    std::uint32_t link = 0;
  };
  std::uint16_t type_;
  std::uint16_t machine_;
  ByteOrder order_;
  std::vector<Section> sections_;
  std::vector<std::byte> symbols_ = std::vector<std::byte>(24);
  std::string symbol_names_ = std::string(1, '\0');
};

}  // namespace whyhung::test
