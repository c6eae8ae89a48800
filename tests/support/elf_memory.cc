// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/elf_memory.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "base/byte_reader.h"

namespace whyhung::test {
namespace {

constexpr std::uint32_t kLoad = 1;         // PT_LOAD
constexpr std::uint32_t kSymbolTable = 2;  // SHT_SYMTAB
constexpr std::uint32_t kRelocations = 4;  // SHT_RELA
constexpr std::uint64_t kAllocated = 2;    // SHF_ALLOC
constexpr std::uint64_t kPage = 4096;

// The machine's "add the load address to the addend" relocation.
std::uint32_t relative_relocation(std::uint16_t machine) {
  switch (machine) {
    case 183: return 1027;  // EM_AARCH64
    case 21: return 22;     // EM_PPC64
    case 22: return 12;     // EM_S390
    default: return 0;
  }
}

}  // namespace

ElfMemory::~ElfMemory() {
  if (file_ >= 0) ::close(file_);
}

std::vector<std::byte> ElfMemory::file_bytes(std::uint64_t offset, std::uint64_t size) const {
  std::vector<std::byte> bytes(size);
  std::size_t done = 0;
  while (done < size) {
    const ssize_t count = ::pread(file_, bytes.data() + done, size - done, static_cast<off_t>(offset + done));
    if (count <= 0) return {};
    done += static_cast<std::size_t>(count);
  }
  return bytes;
}

Result<std::unique_ptr<ElfMemory>> ElfMemory::open(const std::string& path) {
  std::unique_ptr<ElfMemory> elf(new ElfMemory);
  elf->file_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const auto head = elf->file_ < 0 ? std::vector<std::byte>{} : elf->file_bytes(0, 64);
  if (head.empty()) return fail(ErrorKind::kIo, "{}: cannot be read", path);
  elf->order_ = std::to_integer<int>(head[5]) == 2 ? ByteOrder::kBig : ByteOrder::kLittle;
  ByteReader reader(head, elf->order_);
  reader.seek(18);
  const std::uint16_t machine = reader.u16();
  reader.seek(32);
  const std::uint64_t program_headers = reader.u64();
  const std::uint64_t section_headers = reader.u64();
  reader.seek(54);
  const std::uint16_t program_size = reader.u16(), program_count = reader.u16();
  const std::uint16_t section_size = reader.u16(), section_count = reader.u16(), names_index = reader.u16();
  for (std::uint64_t i = 0; i < program_count; ++i) {
    const auto bytes = elf->file_bytes(program_headers + i * program_size, program_size);
    ByteReader program(bytes, elf->order_);
    if (program.u32() != kLoad) continue;
    program.skip(4);
    const std::uint64_t offset = program.u64(), address = program.u64();
    program.skip(8);
    elf->segments_.push_back({address, elf->file_bytes(offset, program.u64())});
    elf->segments_.back().bytes.resize(program.u64());
  }
  std::vector<std::uint32_t> name_offsets;
  for (std::uint64_t i = 0; i < section_count; ++i) {
    const auto bytes = elf->file_bytes(section_headers + i * section_size, section_size);
    ByteReader section(bytes, elf->order_);
    Section& added = elf->sections_.emplace_back();
    name_offsets.push_back(section.u32());
    added.type = section.u32();
    added.flags = section.u64();
    added.address = section.u64();
    added.offset = section.u64();
    added.size = section.u64();
    added.link = section.u32();
  }
  const auto names = elf->file_bytes(elf->sections_[names_index].offset, elf->sections_[names_index].size);
  for (std::size_t i = 0; i < section_count; ++i) {
    ByteReader name(names, elf->order_);
    name.seek(name_offsets[i]);
    elf->sections_[i].name = name.c_string();
  }
  elf->relocate(machine);
  return elf;
}

std::byte* ElfMemory::at(std::uint64_t address, std::size_t size) {
  for (Segment& segment : segments_) {
    if (address >= segment.begin && address - segment.begin + size <= segment.bytes.size()) {
      return segment.bytes.data() + (address - segment.begin);
    }
  }
  return nullptr;
}

void ElfMemory::relocate(std::uint16_t machine) {
  const std::uint32_t relative = relative_relocation(machine);
  for (const Section& section : sections_) {
    if (relative == 0 || section.type != kRelocations || (section.flags & kAllocated) == 0) continue;
    const auto bytes = file_bytes(section.offset, section.size);
    ByteReader reader(bytes, order_);
    while (reader.remaining() >= 24) {
      const std::uint64_t where = reader.u64(), info = reader.u64(), addend = reader.u64();
      std::byte* target = (info & 0xffffffff) == relative ? at(where, 8) : nullptr;
      if (target != nullptr) store(target, addend, order_);
    }
  }
}

ReadResult<void> ElfMemory::read(VirtualAddress address, std::span<std::byte> out) const {
  ++reads_;
  for (const Segment& segment : segments_) {
    const std::uint64_t offset = address.value - segment.begin;
    if (address.value < segment.begin || offset >= segment.bytes.size() || out.size() > segment.bytes.size() - offset) {
      continue;
    }
    std::copy_n(segment.bytes.begin() + static_cast<std::ptrdiff_t>(offset), out.size(), out.begin());
    const std::uint64_t base = segments_.front().begin & ~(kPage - 1);
    for (std::uint64_t page = (address.value - base) / kPage; page <= (address.value + out.size() - 1 - base) / kPage;
         ++page) {
      if (page >= (std::uint64_t{1} << 20)) break;
      if (page >= touched_.size()) touched_.resize(page + 1);
      touched_[page] = true;
    }
    return {};
  }
  return tl::unexpected(ReadFault{FaultKind::kNotMapped, address.value});
}

VirtualRange ElfMemory::section(const std::string& name) const {
  for (const Section& section : sections_) {
    if (section.name == name) return {VirtualAddress(section.address), VirtualAddress(section.address + section.size)};
  }
  return {};
}

std::vector<ElfMemory::FileSymbol> ElfMemory::symbols() const {
  std::vector<FileSymbol> symbols;
  for (const Section& table : sections_) {
    if (table.type != kSymbolTable || table.link >= sections_.size()) continue;
    const auto bytes = file_bytes(table.offset, table.size);
    const auto names = file_bytes(sections_[table.link].offset, sections_[table.link].size);
    ByteReader reader(bytes, order_);
    while (reader.remaining() >= 24) {
      const std::uint32_t name = reader.u32();
      reader.skip(4);
      const std::uint64_t value = reader.u64();
      reader.skip(8);
      ByteReader text(names, order_);
      text.seek(name);
      symbols.push_back({std::string(text.c_string()), value});
    }
  }
  return symbols;
}

std::size_t ElfMemory::take_pages_touched() const {
  const auto count = static_cast<std::size_t>(std::count(touched_.begin(), touched_.end(), true));
  touched_.clear();
  return count;
}

}  // namespace whyhung::test
