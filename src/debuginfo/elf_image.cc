// SPDX-License-Identifier: GPL-2.0-or-later
#include "debuginfo/elf_image.h"

#include <elf.h>

#include <algorithm>
#include <array>

#include "base/byte_reader.h"

namespace whyhung::debuginfo {
namespace {

// vmlinux files with all debug information are below 1 GB, those of allyesconfig some GB.
constexpr std::uint64_t kLargestFile = std::uint64_t{16} << 30;
constexpr std::size_t kHeaderBytes = 64;         // Elf64_Ehdr
constexpr std::size_t kSectionHeaderBytes = 64;  // Elf64_Shdr
constexpr std::uint64_t kLargestNames = std::uint64_t{16} << 20;
constexpr std::uint64_t kLargestNotes = std::uint64_t{1} << 20;
constexpr std::size_t kLongestBuildId = 64;
constexpr std::string_view kPerCpuSection = ".data..percpu";

}  // namespace

Result<std::shared_ptr<ElfImage>> ElfImage::open(const std::string& path) {
  TRY_ASSIGN(auto source, open_file_source(path));
  return open(std::move(source));
}

Result<std::shared_ptr<ElfImage>> ElfImage::open(std::shared_ptr<ByteSource> source) {
  std::shared_ptr<ElfImage> image(new ElfImage(std::move(source)));
  TRY_ASSIGN(const Table table, image->read_header());
  TRY_CHECK(image->read_sections(table));
  image->find_build_id();
  return image;
}

Result<ElfImage::Table> ElfImage::read_header() {
  std::array<std::byte, kHeaderBytes> bytes;
  TRY_ASSIGN(const std::size_t count, source_->read_some(0, bytes));
  const std::string_view magic(reinterpret_cast<const char*>(bytes.data()), std::min<std::size_t>(count, SELFMAG));
  if (magic != std::string_view(ELFMAG, SELFMAG)) {
    return with_hint(fail(ErrorKind::kNotFound, "{}: not an ELF file", path()),
                     "a compressed vmlinux or module has to be unpacked first");
  }
  if (count < bytes.size()) return fail(ErrorKind::kTruncated, "{}: the file ends within the ELF header", path());
  if (source_->size() > kLargestFile) {
    return fail(ErrorKind::kLimit, "{}: {} bytes are more than any kernel has", path(), source_->size());
  }
  if (std::to_integer<int>(bytes[EI_CLASS]) != ELFCLASS64) {
    return fail(ErrorKind::kUnsupported, "{}: not a 64-bit ELF file", path());
  }
  byte_order_ = std::to_integer<int>(bytes[EI_DATA]) == ELFDATA2MSB ? ByteOrder::kBig : ByteOrder::kLittle;
  ByteReader reader(bytes, byte_order_);
  reader.seek(EI_NIDENT);
  const std::uint16_t type = reader.u16();
  machine_ = reader.u16();
  if (type != ET_EXEC && type != ET_DYN && type != ET_REL) {
    return fail(ErrorKind::kUnsupported, "{}: an ELF file of type {}, neither a vmlinux nor a module", path(), type);
  }
  relocatable_ = type == ET_REL;
  Table table;
  reader.seek(40);  // e_shoff
  table.offset = reader.u64();
  reader.seek(58);  // e_shentsize
  table.entry_size = reader.u16();
  table.count = reader.u16();
  table.names = reader.u16();
  return table;
}

Result<void> ElfImage::read_sections(const Table& table) {
  if (table.count == 0) return {};
  const std::uint64_t size = std::uint64_t{table.count} * table.entry_size;
  if (table.entry_size < kSectionHeaderBytes) {
    return fail(ErrorKind::kCorrupt, "{}: section headers of {} bytes", path(), table.entry_size);
  }
  if (table.offset > source_->size() || size > source_->size() - table.offset) {
    return with_hint(fail(ErrorKind::kTruncated, "{}: the section headers at {:#x} are beyond the file's {} bytes",
                          path(), table.offset, source_->size()),
                     "the file was cut; fetch it again");
  }
  std::vector<std::byte> bytes(size);
  TRY_CHECK(source_->read_exactly(table.offset, bytes));
  std::vector<std::uint32_t> names;
  for (std::size_t index = 0; index < table.count; ++index) {
    ByteReader reader(std::span<const std::byte>(bytes).subspan(index * table.entry_size, table.entry_size),
                      byte_order_);
    names.push_back(reader.u32());
    ElfSection& section = sections_.emplace_back();
    section.type = reader.u32();
    const std::uint64_t flags = reader.u64();
    section.address = reader.u64();
    section.offset = reader.u64();
    section.size = reader.u64();
    section.link = reader.u32();
    section.in_memory = (flags & SHF_ALLOC) != 0;
    section.compressed = (flags & SHF_COMPRESSED) != 0;
    section.writable = (flags & SHF_WRITE) != 0;
    section.executable = (flags & SHF_EXECINSTR) != 0;
    section.has_bytes = section.type != SHT_NOBITS && section.type != SHT_NULL;
    if (section.has_bytes && (section.offset > source_->size() || section.size > source_->size() - section.offset)) {
      return with_hint(fail(ErrorKind::kTruncated, "{}: section {} reaches beyond the file's {} bytes", path(), index,
                            source_->size()),
                       "the file was cut; fetch it again");
    }
  }
  return name_sections(table, names);
}

Result<void> ElfImage::name_sections(const Table& table, const std::vector<std::uint32_t>& names) {
  if (table.names >= sections_.size()) return {};
  TRY_ASSIGN(const auto bytes, read(sections_[table.names], kLargestNames));
  for (std::size_t index = 0; index < sections_.size(); ++index) {
    ByteReader reader(bytes, byte_order_);
    reader.seek(names[index]);
    sections_[index].name = reader.c_string();
  }
  return {};
}

void ElfImage::find_build_id() {
  for (const ElfSection& section : sections_) {
    if (section.type != SHT_NOTE || !section.has_bytes) continue;
    const auto bytes = read(section, kLargestNotes);
    if (!bytes) continue;
    ByteReader reader(*bytes, byte_order_);
    while (reader.ok() && reader.remaining() >= 12) {
      const std::uint32_t name_size = reader.u32();
      const std::uint32_t data_size = reader.u32();
      const std::uint32_t type = reader.u32();
      const std::string_view name = reader.fixed_string(name_size);
      reader.align(4);
      const auto data = reader.bytes(data_size);
      reader.align(4);
      if (!reader.ok() || type != NT_GNU_BUILD_ID || name != ELF_NOTE_GNU || data.size() > kLongestBuildId) continue;
      build_id_.clear();
      for (const std::byte byte : data) build_id_ += fmt::format("{:02x}", std::to_integer<unsigned>(byte));
      return;
    }
  }
}

const ElfSection* ElfImage::section(std::string_view name) const {
  const auto found =
      std::find_if(sections_.begin(), sections_.end(), [&](const ElfSection& section) { return section.name == name; });
  return found == sections_.end() ? nullptr : &*found;
}

bool ElfImage::has_dwarf() const {
  for (const std::string_view name : {".debug_info", ".zdebug_info"}) {
    const ElfSection* found = section(name);
    if (found != nullptr && found->has_bytes && found->size != 0) return true;
  }
  return false;
}

Result<std::vector<std::byte>> ElfImage::read(const ElfSection& section, std::uint64_t limit) const {
  if (!section.has_bytes || section.size == 0) return std::vector<std::byte>();
  if (section.size > limit) {
    return fail(ErrorKind::kLimit, "{}: section {} has {} bytes, more than {}", path(), section.name, section.size,
                limit);
  }
  std::vector<std::byte> bytes(section.size);
  TRY_CHECK(source_->read_exactly(section.offset, bytes));
  return bytes;
}

std::string ElfImage::text_at(VirtualAddress address, std::size_t limit) const {
  for (const ElfSection& section : sections_) {
    const bool covers =
        section.in_memory && section.address <= address.value && address.value - section.address < section.size;
    // A per-CPU section that is linked at 0 covers no address of the kernel.
    if (!covers || section.address == 0 || !section.has_bytes || section.compressed) continue;
    const std::uint64_t offset = address.value - section.address;
    std::string text(std::min<std::uint64_t>(limit, section.size - offset), '\0');
    if (!source_->read_exactly(section.offset + offset, std::as_writable_bytes(std::span(text)))) return {};
    return text.substr(0, text.find('\0'));
  }
  return {};
}

std::optional<VirtualAddress> ElfImage::place(const ElfPlacement& placement, const ElfSection& section,
                                              std::uint64_t offset) const {
  if (!section.in_memory) return std::nullopt;
  if (relocatable_) {
    const auto known = placement.sections.find(section.name);
    if (known == placement.sections.end()) return std::nullopt;
    return known->second + offset;
  }
  // x86 before v6.15 links the per-CPU section at 0: what is in it is an offset, which KASLR does not move.
  const bool is_offset = section.address == 0 && section.name == kPerCpuSection;
  return VirtualAddress(section.address + offset + (is_offset ? 0 : placement.slide));
}

}  // namespace whyhung::debuginfo
