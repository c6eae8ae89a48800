// SPDX-License-Identifier: GPL-2.0-or-later
// Dump: a crash dump of any format, opened. It gives physical memory, the ELF notes, VMCOREINFO's text and what the
// file says about itself. It knows nothing of architectures, symbols or kernels.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/byte_source.h"
#include "base/memory_reader.h"

namespace whyhung::dump {

// One ELF note. `data` lives as long as the dump.
struct Note {
  std::string_view name;
  std::uint32_t type;
  std::span<const std::byte> data;
};

// A PT_LOAD of an ELF dump. `virtual_begin` is meaningful only where the writer filled it in (/proc/vmcore does).
struct LoadSegment {
  VirtualAddress virtual_begin;
  PhysicalAddress physical_begin;
  std::uint64_t file_size;
  std::uint64_t memory_size;
};

// What the file says about itself. Texts are raw: escape before showing.
struct DumpFacts {
  std::string format;       // "kdump-compressed", "ELF vmcore"
  int header_version = 0;   // kdump-compressed: 1 to 6
  std::string compression;  // of most pages as far as seen: "zlib", "lzo", "snappy", "zstd", "none"
  bool flattened = false;   // read through makedumpfile's stream format
  unsigned parts = 1;       // files of a split set
  bool capsule = false;     // written by whyhung: only the pages that an analysis read
  bool partial = false;     // pages were left out on purpose (makedumpfile -d)
  bool incomplete = false;  // the writer or a copy stopped early; see remarks
  std::optional<int> dump_level;
  std::uint32_t page_size = 0;               // unit of the file's page frames, bytes; not always the kernel's page size
  std::optional<std::uint16_t> elf_machine;  // e_machine, ELF only
  std::string machine;                       // utsname.machine of the header; may be empty or "Unknown"
  std::string node_name, release, version;   // utsname of the header; may be empty (QEMU leaves them so)
  std::optional<std::uint64_t> timestamp;    // seconds since 1970, of the crash or of the header; absent when 0
  ByteOrder header_byte_order = ByteOrder::kLittle;
  std::uint64_t page_frames = 0;     // highest page frame + 1 that the dump knows of
  std::vector<std::string> remarks;  // one line each: what is missing or odd about the file
};

struct DumpStatistics {
  std::uint64_t pages_read = 0;      // page reads that were not served from the cache
  std::uint64_t distinct_pages = 0;  // without repetition
  std::uint64_t file_bytes_read = 0;
  std::uint64_t file_size = 0;
};

class Dump : public PhysicalMemory {
 public:
  // As read(), but leaves no trace: the page is neither counted as touched nor kept in the cache. For scans of the
  // whole dump, which would otherwise pull everything into a capsule.
  virtual ReadResult<void> peek(PhysicalAddress address, std::span<std::byte> out) const { return read(address, out); }
  virtual const DumpFacts& facts() const = 0;
  // Notes in file order.
  virtual std::span<const Note> notes() const = 0;
  // Empty for formats without segments.
  virtual std::span<const LoadSegment> segments() const = 0;
  // The text of VMCOREINFO (KEY=VALUE lines) as found in a note or in the header; empty when the dump has none.
  virtual std::string_view vmcoreinfo() const = 0;
  // The first page at or after `from` whose bytes are in the dump, for scans. Nothing at the end.
  virtual std::optional<PhysicalAddress> next_page(PhysicalAddress from) const = 0;
  // A hint that these pages will be read soon; reads from the file are then made together.
  virtual void prefetch(std::span<const PhysicalAddress> pages) const { (void)pages; }
  virtual DumpStatistics statistics() const = 0;
  // Page frames (address / page_size) that were asked for since opening, sorted, with the fault if they could not be
  // read. This is what a capsule consists of.
  struct TouchedPage {
    std::uint64_t frame;
    std::optional<FaultKind> fault;
  };
  virtual std::vector<TouchedPage> touched_pages() const = 0;
};

// Opens one dump, or a split set when several paths are given in any order. Sniffs every registered format; the error
// names what was tried. Reads headers and small indexes only.
Result<std::unique_ptr<Dump>> open_dump(std::span<const std::string> paths);
// The same for bytes that are not in a file: tests and fuzzing.
Result<std::unique_ptr<Dump>> open_dump(std::vector<std::shared_ptr<ByteSource>> sources);

}  // namespace whyhung::dump
