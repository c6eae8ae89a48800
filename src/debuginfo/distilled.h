// SPDX-License-Identifier: GPL-2.0-or-later
// Distilled types: what whyhung asks of a kernel's debug information, cut out of it and kept in a small file that
// stands in for a vmlinux of many hundred MB. docs/distilled-types.md describes the format.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/byte_source.h"
#include "base/endian.h"
#include "debuginfo/elf_image.h"
#include "debuginfo/layout_reader.h"
#include "debuginfo/symbols.h"

namespace whyhung::debuginfo {

struct DistilledType {
  TypeNode node;                   // id: its place in the file, from 1 on; 0 is void
  std::vector<RawMember> members;  // of a struct or union, in order
};

struct DistilledSymbol {
  std::uint64_t value = 0;
  bool is_offset = false;  // into the per-CPU section, which no slide moves; else an address as linked
};

// What a file holds, without any promise that it makes sense: ids may lead nowhere or in circles.
struct DistilledFile {
  std::string name;           // of the file, for messages
  std::string build_id;       // lower-case hexadecimal; empty: the kernel has none
  std::string banner;         // raw text of linux_banner, without its newline; empty: not known
  std::string origin;         // "BTF", "DWARF"
  std::uint16_t machine = 0;  // ELF's e_machine
  ByteOrder byte_order = ByteOrder::kLittle;
  std::vector<DistilledType> types;
  std::map<std::string, std::uint64_t, std::less<>> names;  // to ids
  std::map<std::string, std::int64_t, std::less<>> enumerators;
  std::map<std::string, DistilledSymbol, std::less<>> symbols;
};

enum class TypesOf : std::uint8_t { kAny, kBtf, kDwarf };  // any: BTF where there is some, it is read quicker

// Takes out of a vmlinux what `words` name: types with all that lies in them, enumerators, symbols. Most words name
// nothing. DWARF is searched in `first_files` first.
Result<DistilledFile> distill(const std::shared_ptr<ElfImage>& image, TypesOf from,
                              std::span<const std::string_view> words, std::vector<std::string> first_files);
// Only types and enumerators, from any source.
void distill_types(GraphSource& source, std::span<const std::string_view> words, DistilledFile& out);

// The file's bytes: text, packed by gzip.
std::vector<std::byte> write_distilled(const DistilledFile& file);
// kNotFound when it is no such file, kUnsupported when it is of a later version, kLimit, kTruncated or kCorrupt with
// the line when it cannot be read.
Result<std::shared_ptr<const DistilledFile>> read_distilled(const ByteSource& source);

// The types of the file as a source. `description` is for messages.
std::shared_ptr<TypeSource> distilled_types(std::shared_ptr<const DistilledFile> file, std::string description);
// Its symbols, moved by `slide`. They say where a name lies, never what lies at an address.
std::shared_ptr<SymbolSource> distilled_symbols(std::shared_ptr<const DistilledFile> file, std::uint64_t slide);

}  // namespace whyhung::debuginfo
