// SPDX-License-Identifier: GPL-2.0-or-later
// ElfImage: a vmlinux, a module or the debug file of one: its headers, sections and build id, read with bounds of our
// own. Whether the file belongs to the dump is for the caller to say, by the build id.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/byte_source.h"
#include "base/endian.h"
#include "base/result.h"

namespace whyhung::debuginfo {

// Where the contents of a file lay in the crashed machine.
struct ElfPlacement {
  std::uint64_t slide = 0;  // vmlinux: run-time address minus the file's (KASLR)
  // Modules (relocatable files): the run-time address of each section that is known.
  std::map<std::string, VirtualAddress, std::less<>> sections;
};

struct ElfSection {
  std::string name;           // raw
  std::uint64_t address = 0;  // as the file says; 0 in relocatable files
  std::uint64_t offset = 0;   // in the file
  std::uint64_t size = 0;
  std::uint32_t type = 0;  // SHT_*
  std::uint32_t link = 0;
  bool in_memory = false;   // takes part in the running image
  bool has_bytes = false;   // bytes are in the file: neither .bss nor emptied when a debug file was made
  bool compressed = false;  // its bytes in the file are compressed
  bool executable = false;
  bool writable = false;
};

class ElfImage {
 public:
  // A 64-bit ELF file of any machine and byte order. Fails with kNotFound when it is no ELF file, kUnsupported when it
  // is of another class, kTruncated when its headers or sections reach out of the file, kCorrupt when they make no
  // sense.
  static Result<std::shared_ptr<ElfImage>> open(const std::string& path);
  static Result<std::shared_ptr<ElfImage>> open(std::shared_ptr<ByteSource> source);

  const std::string& path() const { return source_->name(); }
  const std::shared_ptr<ByteSource>& source() const { return source_; }
  std::uint16_t machine() const { return machine_; }  // e_machine
  ByteOrder byte_order() const { return byte_order_; }
  bool is_relocatable() const { return relocatable_; }  // a module: its sections have no addresses yet
  // Lower-case hexadecimal like VMCOREINFO's BUILD-ID; empty when the file has none.
  const std::string& build_id() const { return build_id_; }
  // In the file's order: a symbol's section number is an index here.
  const std::vector<ElfSection>& sections() const { return sections_; }
  // The first section of that name; null when there is none.
  const ElfSection* section(std::string_view name) const;
  bool has_dwarf() const;

  // The bytes of a section as they are in the file; kLimit when there are more than `limit`.
  Result<std::vector<std::byte>> read(const ElfSection& section, std::uint64_t limit) const;
  // The text at an address as linked, up to its NUL or `limit` bytes; empty when its bytes are not in the file.
  std::string text_at(VirtualAddress address, std::size_t limit) const;
  // The address that a place in the file's section had in the crashed machine; nothing for sections that were not
  // loaded.
  std::optional<VirtualAddress> place(const ElfPlacement& placement, const ElfSection& section,
                                      std::uint64_t offset) const;

 private:
  explicit ElfImage(std::shared_ptr<ByteSource> source) : source_(std::move(source)) {}
  struct Table {
    std::uint64_t offset = 0;
    std::uint16_t entry_size = 0;
    std::uint16_t count = 0;
    std::uint16_t names = 0;
  };
  Result<Table> read_header();
  Result<void> read_sections(const Table& table);
  Result<void> name_sections(const Table& table, const std::vector<std::uint32_t>& names);
  void find_build_id();

  std::shared_ptr<ByteSource> source_;
  std::uint16_t machine_ = 0;
  ByteOrder byte_order_ = ByteOrder::kLittle;
  bool relocatable_ = false;
  std::string build_id_;
  std::vector<ElfSection> sections_;
};

}  // namespace whyhung::debuginfo
