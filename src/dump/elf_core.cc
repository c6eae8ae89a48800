// SPDX-License-Identifier: GPL-2.0-or-later
#include "dump/elf_core.h"

#include <elf.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include <fmt/format.h>

#include "base/byte_reader.h"
#include "dump/capsule_note.h"
#include "dump/elf_pages.h"
#include "dump/kdump_header.h"
#include "dump/paged_dump.h"
#include "dump/vmcoreinfo.h"

namespace whyhung::dump {
namespace {

constexpr std::uint64_t kMostSegments = 1024 * 1024;
constexpr std::uint64_t kProgramHeaderBytes = 56;
constexpr std::uint32_t kDefaultPageSize = 4096;
constexpr std::uint64_t kNoPhysicalAddress = ~std::uint64_t{0};  // /proc/kcore's vmalloc and vmemmap segments
constexpr std::uint64_t kMostPhysicalAddress = std::uint64_t{1} << 60;
constexpr std::uint32_t kIncompleteFlag = 0x1;  // makedumpfile's DUMP_ELF_INCOMPLETE, in e_flags

struct ElfHeader {
  ByteOrder order = ByteOrder::kLittle;
  std::uint16_t type = 0;
  std::uint16_t machine = 0;
  std::uint32_t flags = 0;
  std::uint64_t program_headers = 0;
  std::uint64_t program_header_size = 0;
  std::uint64_t program_header_count = 0;
};

struct ProgramHeaders {
  std::vector<ElfSegment> loads;
  std::vector<FileRange> notes;
  std::uint64_t nulls = 0;
  bool cut = false;
};

Result<ElfHeader> read_elf_header(const ByteSource& source) {
  std::array<std::byte, sizeof(Elf64_Ehdr)> bytes{};
  TRY_CHECK(source.read_exactly(0, std::span(bytes).first(EI_NIDENT)));
  const auto ident = [&](std::size_t i) { return std::to_integer<unsigned>(bytes[i]); };
  if (ident(EI_CLASS) == ELFCLASS32) {
    return with_hint(fail(ErrorKind::kUnsupported, "{}: a 32-bit ELF file", source.name()),
                     "only dumps of 64-bit machines are read");
  }
  const bool little = ident(EI_DATA) == ELFDATA2LSB;
  if (ident(EI_CLASS) != ELFCLASS64 || (!little && ident(EI_DATA) != ELFDATA2MSB)) {
    return fail(ErrorKind::kCorrupt, "{}: an ELF file of class {} and data encoding {}", source.name(), ident(EI_CLASS),
                ident(EI_DATA));
  }
  TRY_CHECK(source.read_exactly(0, bytes));
  ElfHeader header;
  header.order = little ? ByteOrder::kLittle : ByteOrder::kBig;
  ByteReader reader(bytes, header.order);
  reader.seek(offsetof(Elf64_Ehdr, e_type));
  header.type = reader.u16();
  header.machine = reader.u16();
  reader.seek(offsetof(Elf64_Ehdr, e_phoff));
  header.program_headers = reader.u64();
  const std::uint64_t section_headers = reader.u64();
  header.flags = reader.u32();
  reader.seek(offsetof(Elf64_Ehdr, e_phentsize));
  header.program_header_size = reader.u16();
  header.program_header_count = reader.u16();
  if (header.program_header_count == PN_XNUM && section_headers != 0) {
    // More than fit in 16 bits: the first section header has the count.
    std::array<std::byte, sizeof(Elf64_Shdr)> section{};
    TRY_CHECK(source.read_exactly(section_headers, section));
    ByteReader info(section, header.order);
    info.seek(offsetof(Elf64_Shdr, sh_info));
    header.program_header_count = info.u32();
  }
  return header;
}

Error not_a_core(const ByteSource& source, const ElfHeader& header) {
  const std::string_view what =
      header.type == ET_REL ? "an object file or kernel module" : "a program or kernel image (such as vmlinux)";
  return Error{ErrorKind::kNotADump, fmt::format("{}: is {}, not the dump of a crash", source.name(), what),
               "name the vmcore here; a vmlinux is an addition to it"};
}

void add_program_header(ByteReader reader, ProgramHeaders& headers) {
  const std::uint32_t type = reader.u32();
  reader.skip(4);
  ElfSegment segment{};
  segment.file_offset = reader.u64();
  segment.virtual_begin = reader.u64();
  segment.physical_begin = reader.u64();
  segment.file_size = reader.u64();
  segment.memory_size = reader.u64();
  if (type == PT_NULL) ++headers.nulls;
  if (type == PT_LOAD) headers.loads.push_back(segment);
  if (type == PT_NOTE) headers.notes.push_back({segment.file_offset, segment.file_size});
}

Result<ProgramHeaders> read_program_headers(const ByteSource& source, const ElfHeader& header) {
  if (header.program_header_size < kProgramHeaderBytes || header.program_header_count > kMostSegments) {
    return fail(ErrorKind::kCorrupt, "{}: an ELF core with {} program headers of {} bytes", source.name(),
                header.program_header_count, header.program_header_size);
  }
  ProgramHeaders headers;
  constexpr std::size_t kBatch = 512;
  std::vector<std::byte> buffer(std::min<std::size_t>(kBatch, header.program_header_count) *
                                header.program_header_size);
  std::uint64_t offset = header.program_headers;
  for (std::uint64_t left = header.program_header_count; left != 0 && !headers.cut;) {
    const std::size_t count = std::min<std::uint64_t>(kBatch, left);
    const auto wanted = std::span(buffer).first(count * header.program_header_size);
    TRY_ASSIGN(const std::size_t got, source.read_some(offset, wanted));
    const std::size_t whole = got / header.program_header_size;
    for (std::size_t i = 0; i < whole; ++i) {
      const auto bytes = wanted.subspan(i * header.program_header_size, kProgramHeaderBytes);
      add_program_header(ByteReader(bytes, header.order), headers);
    }
    headers.cut = whole < count;
    left -= count;
    offset += wanted.size();
  }
  return headers;
}

// A process' core has no physical addresses; a kernel's has at least two segments at different ones, or just one.
bool is_core_of_process(std::span<const ElfSegment> loads) {
  const bool no_physical =
      std::all_of(loads.begin(), loads.end(), [](const ElfSegment& load) { return load.physical_begin == 0; });
  return loads.size() > 1 && no_physical;
}

// Those whose memory can be addressed.
std::vector<ElfSegment> addressable(std::span<const ElfSegment> loads, DumpFacts& facts) {
  std::vector<ElfSegment> segments;
  std::uint64_t strange = 0;
  for (const ElfSegment& load : loads) {
    if (load.physical_begin == kNoPhysicalAddress) continue;
    const std::uint64_t size = std::max(load.file_size, load.memory_size);
    if (load.physical_begin > kMostPhysicalAddress || size > kMostPhysicalAddress ||
        load.file_offset > kMostPhysicalAddress) {
      ++strange;
      continue;
    }
    segments.push_back(load);
  }
  if (strange != 0) {
    facts.remarks.push_back(
        fmt::format("{} of {} segments have impossible addresses and are not used", strange, loads.size()));
  }
  return segments;
}

// The kernel's page size, if all segments are made of such pages; else the smallest that any kernel has.
std::uint32_t choose_page_size(const VmcoreInfo& info, std::span<const ElfSegment> segments) {
  const std::uint64_t size = info.page_size().value_or(kDefaultPageSize);
  if (!std::has_single_bit(size) || size < kDefaultPageSize || size > kLargestBlock) return kDefaultPageSize;
  const bool fits = std::all_of(segments.begin(), segments.end(), [&](const ElfSegment& s) {
    return ((s.physical_begin | s.file_size | s.memory_size) & (size - 1)) == 0;
  });
  return fits ? static_cast<std::uint32_t>(size) : kDefaultPageSize;
}

Result<void> read_notes(const ByteSource& source, const ElfHeader& header, std::span<const FileRange> ranges,
                        DumpContents& contents) {
  std::uint64_t budget = kMostNoteBytes;
  bool complete = true;
  for (const FileRange& range : ranges) {
    const std::uint64_t in_file = range.offset >= source.size() ? 0 : source.size() - range.offset;
    std::vector<std::byte> section(std::min({range.size, in_file, budget}));
    budget -= section.size();
    complete = complete && section.size() == range.size;
    if (section.empty()) continue;
    TRY_ASSIGN(const std::size_t count, source.read_some(range.offset, section));
    complete = complete && count == range.size;
    section.resize(count);
    complete = contents.notes.add(std::move(section), header.order) && complete;
  }
  if (!complete) contents.facts.remarks.push_back("its ELF notes are cut off or damaged: some are missing");
  if (const Note* const note = find_note(contents.notes.notes(), "VMCOREINFO")) contents.vmcoreinfo = note_text(*note);
  return {};
}

void note_completeness(const ElfHeader& header, const ProgramHeaders& headers, const ElfPages& pages,
                       DumpFacts& facts) {
  if (headers.cut) {
    facts.incomplete = true;
    facts.remarks.push_back(fmt::format("the file ends within its {} program headers", header.program_header_count));
  }
  if (pages.missing_bytes() != 0) {
    facts.incomplete = true;
    facts.remarks.push_back(
        fmt::format("the file is cut off: {} bytes of memory are missing at its end", pages.missing_bytes()));
  }
  // Other bits of e_flags, and on some machines this one, describe the machine: the flag alone does not count.
  if ((header.flags & kIncompleteFlag) != 0 && headers.nulls != 0) {
    facts.incomplete = true;
    facts.remarks.push_back(fmt::format("its writer ran out of space: {} segments were never written", headers.nulls));
  }
}

}  // namespace

bool is_elf_signature(std::span<const std::byte> head) {
  return head.size() >= SELFMAG && std::memcmp(head.data(), ELFMAG, SELFMAG) == 0;
}

Result<std::unique_ptr<Dump>> open_elf_core(std::vector<DumpFile> files) {
  DumpFile file = std::move(files.front());
  TRY_ASSIGN(const ElfHeader header, read_elf_header(*file.bytes));
  if (header.type != ET_CORE) return fail(not_a_core(*file.bytes, header));
  TRY_ASSIGN(const ProgramHeaders headers, read_program_headers(*file.bytes, header));
  if (is_core_of_process(headers.loads)) {
    return with_hint(fail(ErrorKind::kUnsupported, "{}: is the core of a process, not of a kernel", file.bytes->name()),
                     "kernel dumps usually lie under /var/crash and are called vmcore");
  }
  DumpContents contents;
  DumpFacts& facts = contents.facts;
  facts.format = "ELF vmcore";
  facts.compression = "none";
  contents.files.push_back(file.stored);
  facts.flattened = file.flattened;
  facts.incomplete = file.incomplete;
  facts.remarks = std::move(file.remarks);
  facts.elf_machine = header.machine;
  facts.header_byte_order = header.order;
  TRY_CHECK(read_notes(*file.bytes, header, headers.notes, contents));
  const VmcoreInfo info(contents.vmcoreinfo);
  if (const auto time = info.crash_time(); time && *time != 0) facts.timestamp = *time;
  facts.capsule = find_note(contents.notes.notes(), kCapsuleNoteName) != nullptr;

  const std::vector<ElfSegment> segments = addressable(headers.loads, facts);
  facts.page_size = choose_page_size(info, segments);
  facts.partial =
      std::any_of(segments.begin(), segments.end(), [](const ElfSegment& s) { return s.file_size < s.memory_size; });
  auto pages = std::make_unique<ElfPages>(file.bytes, segments, facts.page_size);
  facts.page_frames = (pages->memory_end() + facts.page_size - 1) / facts.page_size;
  note_completeness(header, headers, *pages, facts);
  if (facts.page_frames == 0) {
    return with_hint(fail(ErrorKind::kTruncated, "{}: an ELF core without any memory in it", file.bytes->name()),
                     "whatever wrote or copied it stopped early: take it again");
  }
  contents.segments.reserve(headers.loads.size());
  for (const ElfSegment& load : headers.loads) {
    contents.segments.push_back(
        {VirtualAddress(load.virtual_begin), PhysicalAddress(load.physical_begin), load.file_size, load.memory_size});
  }
  return std::make_unique<PagedDump>(std::move(contents), std::move(pages));
}

}  // namespace whyhung::dump
