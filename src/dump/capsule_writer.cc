// SPDX-License-Identifier: GPL-2.0-or-later
#include "dump/capsule_writer.h"

#include <zstd.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <memory>
#include <optional>
#include <unordered_map>

#include "dump/capsule_note.h"
#include "dump/elf_notes.h"
#include "dump/kdump_header.h"
#include "dump/kdump_pages.h"
#include "dump/vmcoreinfo.h"

namespace whyhung::dump {
namespace {

constexpr int kVersion = 6;
constexpr int kCompressionLevel = 3;
// What makedumpfile's -d 31 gives: readers take it as "pages may be missing".
constexpr std::int32_t kDumpLevel = 31;
constexpr std::uint32_t kNtPrstatus = 1;
constexpr std::size_t kUtsFieldBytes = 64;  // and a NUL
// 256 TB of 4 KB pages: two bitmaps of 8 GB, all but a few blocks of which are holes.
constexpr std::uint64_t kMostCapsuleFrames = std::uint64_t{1} << 36;

std::uint64_t blocks_for(std::uint64_t bytes, std::uint64_t block_size) {
  return (bytes + block_size - 1) / block_size;
}

// Collects fields at offsets, in one byte order.
class FieldWriter {
 public:
  FieldWriter(std::size_t size, ByteOrder order) : bytes_(size), order_(order) {}
  template <std::integral T>
  void put(std::size_t offset, T value) {
    store(bytes_.data() + offset, value, order_);
  }
  void put_text(std::size_t offset, std::string_view text, std::size_t most) {
    text = text.substr(0, std::min(most, text.find('\0')));
    std::memcpy(bytes_.data() + offset, text.data(), text.size());
  }
  std::span<const std::byte> bytes() const { return bytes_; }

 private:
  std::vector<std::byte> bytes_;
  ByteOrder order_;
};

void append_note(std::vector<std::byte>& section, std::string_view name, std::uint32_t type,
                 std::span<const std::byte> data, ByteOrder order) {
  const std::size_t begin = section.size();
  const auto padded = [](std::size_t size) { return (size + 3) / 4 * 4; };
  section.resize(begin + 12 + padded(name.size() + 1) + padded(data.size()));
  std::byte* const note = section.data() + begin;
  store(note, static_cast<std::uint32_t>(name.size() + 1), order);
  store(note + 4, static_cast<std::uint32_t>(data.size()), order);
  store(note + 8, type, order);
  std::memcpy(note + 12, name.data(), name.size());
  if (!data.empty()) std::memcpy(note + 12 + padded(name.size() + 1), data.data(), data.size());
}

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

struct NoteSection {
  std::vector<std::byte> bytes;
  FileRange vmcoreinfo;  // within the section
  std::int32_t cpus = 0;
};

// All notes of the source but an older capsule's mark, then our own.
NoteSection make_notes(const Dump& dump, const CapsuleOptions& options) {
  NoteSection section;
  const ByteOrder order = dump.facts().header_byte_order;
  const auto append_vmcoreinfo = [&](std::uint32_t type, std::string_view text) {
    append_note(section.bytes, "VMCOREINFO", type, bytes_of(text), order);
    const std::size_t padded_text = (text.size() + 3) / 4 * 4;
    section.vmcoreinfo = {section.bytes.size() - padded_text, text.size()};
  };
  for (const Note& note : dump.notes()) {
    if (note.name == kCapsuleNoteName) continue;
    if (note.name == "VMCOREINFO") {
      append_vmcoreinfo(note.type, note_text(note));
      continue;
    }
    if (note.type == kNtPrstatus && note.name == "CORE") ++section.cpus;
    append_note(section.bytes, note.name, note.type, note.data, order);
  }
  if (!section.vmcoreinfo.present()) {
    const std::string_view text = dump.vmcoreinfo().empty() ? std::string_view(options.vmcoreinfo) : dump.vmcoreinfo();
    if (!text.empty()) append_vmcoreinfo(0, text);
  }
  append_note(section.bytes, kCapsuleNoteName, kCapsuleNoteType, bytes_of(options.note), order);
  if (!options.types.empty()) {
    append_note(section.bytes, kCapsuleNoteName,
                options.types_are_near ? kCapsuleNearTypesNoteType : kCapsuleTypesNoteType, options.types, order);
  }
  return section;
}

// One line of the file's page table.
struct StoredPage {
  std::uint64_t frame;
  PageDescriptor descriptor;
};

// What reading the dump gave: pages in the file, and frames that are known to exist but were left out of the source.
struct PageTable {
  std::vector<StoredPage> stored;
  std::vector<std::uint64_t> left_out;
};

// Compresses pages and appends them to the file, each content once.
class PageWriter {
 public:
  PageWriter(OutputFile& file, std::uint64_t offset)
      : file_(file), end_(offset), context_(ZSTD_createCCtx(), &ZSTD_freeCCtx) {}

  Result<PageDescriptor> add(std::span<const std::byte> page) {
    packed_.resize(ZSTD_compressBound(page.size()));
    const std::size_t size = context_ ? ZSTD_compressCCtx(context_.get(), packed_.data(), packed_.size(), page.data(),
                                                          page.size(), kCompressionLevel)
                                      : page.size();
    const bool raw = ZSTD_isError(size) != 0 || size >= page.size();
    const auto bytes = raw ? page : std::span<const std::byte>(packed_).first(size);
    const std::uint32_t flags = page_flag_of(raw ? Codec::kNone : Codec::kZstd);
    const PageDescriptor fresh{end_, static_cast<std::uint32_t>(bytes.size()), flags};
    TRY_ASSIGN(const std::optional<PageDescriptor> twin, find_twin(bytes, fresh));
    if (twin) return *twin;
    TRY_CHECK(file_.write(end_, bytes));
    end_ += bytes.size();
    return fresh;
  }
  std::uint64_t end() const { return end_; }

 private:
  // An earlier page with the same bytes; if there is none, `fresh` is remembered as the first.
  Result<std::optional<PageDescriptor>> find_twin(std::span<const std::byte> bytes, const PageDescriptor& fresh) {
    std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
    for (const std::byte byte : bytes) hash = (hash ^ std::to_integer<std::uint64_t>(byte)) * 0x100000001b3;
    const auto [known, is_new] = pages_.try_emplace(hash, fresh);
    const PageDescriptor& twin = known->second;
    if (is_new || twin.size != fresh.size || twin.flags != fresh.flags) return std::nullopt;
    // Equal hashes may be made on purpose, so the bytes decide.
    compared_.resize(twin.size);
    TRY_CHECK(file_.read(twin.offset, compared_));
    if (!std::equal(bytes.begin(), bytes.end(), compared_.begin())) return std::nullopt;
    return twin;
  }

  OutputFile& file_;
  std::uint64_t end_;
  std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context_;
  std::vector<std::byte> packed_;
  std::vector<std::byte> compared_;
  std::unordered_map<std::uint64_t, PageDescriptor> pages_;
};

// The known part of a page that an ELF segment covers in part, zeros elsewhere. False when nothing of it is known.
bool read_known_part(const Dump& dump, PhysicalAddress address, std::span<std::byte> page) {
  constexpr std::size_t kPiece = 64;
  bool any = false;
  for (std::size_t at = 0; at < page.size(); at += kPiece) {
    const auto piece = page.subspan(at, std::min(kPiece, page.size() - at));
    if (dump.peek(address + at, piece)) {
      any = true;
    } else {
      std::fill(piece.begin(), piece.end(), std::byte{});
    }
  }
  return any;
}

// How a frame is written down that has no bytes. Nothing for one that does not exist at all.
std::optional<PageDescriptor> descriptor_of_fault(FaultKind kind) {
  switch (kind) {
    case FaultKind::kTruncated:
    case FaultKind::kIo: return PageDescriptor{0, 0, 0};       // as makedumpfile does for pages that found no room
    case FaultKind::kCorrupt: return PageDescriptor{1, 0, 0};  // no page has no bytes
    default: return std::nullopt;
  }
}

class CapsuleWriter {
 public:
  CapsuleWriter(const Dump& dump, const CapsuleOptions& options, OutputFile file)
      : dump_(dump),
        options_(options),
        file_(std::move(file)),
        order_(dump.facts().header_byte_order),
        block_size_(dump.facts().page_size),
        notes_(make_notes(dump, options)) {}

  Result<CapsuleSummary> write(std::span<const std::uint64_t> frames) {
    max_frame_ = frames.empty() ? 1 : frames.back() + 1;
    sub_header_blocks_ = blocks_for(kKdumpSubHeaderBytes + notes_.bytes.size(), block_size_);
    bitmap_blocks_ = blocks_for(blocks_for(max_frame_, 8), block_size_);
    TRY_CHECK(write_pages(frames));
    TRY_CHECK(write_headers());
    TRY_CHECK(write_bitmaps());
    TRY_CHECK(write_descriptors());
    TRY_CHECK(file_.commit());
    return summary_;
  }

 private:
  std::uint64_t bitmap_offset() const { return (1 + sub_header_blocks_) * block_size_; }
  std::uint64_t descriptors_offset() const { return bitmap_offset() + 2 * bitmap_blocks_ * block_size_; }

  // Page data begins behind the largest table that there can be: which frames are readable is known only afterwards.
  Result<void> write_pages(std::span<const std::uint64_t> frames) {
    PageWriter pages(file_, descriptors_offset() + frames.size() * kPageDescriptorBytes);
    std::vector<std::byte> page(block_size_);
    for (const std::uint64_t frame : frames) {
      const PhysicalAddress address(frame * block_size_);
      const auto done = dump_.peek(address, page);
      if (!done) {
        if (const auto descriptor = descriptor_of_fault(done.error().kind)) {
          table_.stored.push_back({frame, *descriptor});
          ++summary_.unreadable;
          continue;
        }
        if (!read_known_part(dump_, address, page)) {
          if (done.error().kind == FaultKind::kFilteredOut) table_.left_out.push_back(frame);
          ++summary_.unreadable;
          continue;
        }
        ++summary_.partly_known;
      }
      TRY_ASSIGN(const PageDescriptor descriptor, pages.add(page));
      table_.stored.push_back({frame, descriptor});
      ++summary_.pages;
    }
    summary_.bytes = pages.end();
    return file_.set_size(pages.end());
  }

  Result<void> write_headers() {
    const DumpFacts& facts = dump_.facts();
    const VmcoreInfo info(dump_.vmcoreinfo().empty() ? std::string_view(options_.vmcoreinfo) : dump_.vmcoreinfo());
    const auto either = [](std::string_view first, std::string_view second) { return first.empty() ? second : first; };
    const std::string_view kernel = either(options_.release, info.os_release().value_or(""));
    const std::string_view release = either(facts.release, kernel);
    // QEMU calls the machine "Unknown" where it has no name for it.
    const bool has_machine = !facts.machine.empty() && facts.machine != "Unknown";
    constexpr std::size_t kUts = 12, kField = 65;
    FieldWriter main(kKdumpMainHeaderBytes, order_);
    main.put_text(0, "KDUMP   ", 8);
    main.put(8, std::int32_t{kVersion});
    main.put_text(kUts, release.empty() ? "" : "Linux", kUtsFieldBytes);
    main.put_text(kUts + kField, either(facts.node_name, options_.node_name), kUtsFieldBytes);
    main.put_text(kUts + 2 * kField, release, kUtsFieldBytes);
    main.put_text(kUts + 3 * kField, either(facts.version, options_.version), kUtsFieldBytes);
    main.put_text(kUts + 4 * kField, has_machine ? facts.machine : either(options_.machine, facts.machine),
                  kUtsFieldBytes);
    main.put(408, facts.timestamp.value_or(0));
    main.put(424, page_flag_of(Codec::kZstd));
    main.put(428, block_size_);
    main.put(432, static_cast<std::uint32_t>(sub_header_blocks_));
    main.put(436, static_cast<std::uint32_t>(2 * bitmap_blocks_));
    main.put(440, static_cast<std::uint32_t>(std::min<std::uint64_t>(max_frame_, 0xffffffff)));
    main.put(460, std::max(notes_.cpus, 1));
    TRY_CHECK(file_.write(0, main.bytes()));

    FieldWriter sub(kKdumpSubHeaderBytes, order_);
    const std::uint64_t notes_offset = block_size_ + kKdumpSubHeaderBytes;
    // For crash, which takes it from here: the physical base of the image, or of memory where the kernel counts from
    // it.
    const std::optional<std::int64_t> base =
        info.number("phys_base") ? info.number("phys_base") : info.number("PHYS_OFFSET");
    sub.put(0, base.value_or(0));
    sub.put(8, kDumpLevel);
    if (notes_.vmcoreinfo.present()) {
      sub.put(32, notes_offset + notes_.vmcoreinfo.offset);
      sub.put(40, notes_.vmcoreinfo.size);
    }
    sub.put(48, notes_offset);
    sub.put(56, std::uint64_t{notes_.bytes.size()});
    sub.put(96, max_frame_);
    TRY_CHECK(file_.write(block_size_, sub.bytes()));
    return file_.write(notes_offset, notes_.bytes);
  }

  // Only the blocks that have a bit set: the rest are holes in the file.
  Result<void> write_bitmap(std::uint64_t offset, std::span<const std::uint64_t> frames) {
    std::vector<std::byte> block(block_size_);
    const std::uint64_t frames_per_block = std::uint64_t{block_size_} * 8;
    for (std::size_t i = 0; i < frames.size();) {
      const std::uint64_t number = frames[i] / frames_per_block;
      std::fill(block.begin(), block.end(), std::byte{});
      for (; i < frames.size() && frames[i] / frames_per_block == number; ++i) {
        const std::uint64_t bit = frames[i] % frames_per_block;
        block[bit / 8] |= std::byte{1} << (bit % 8);
      }
      TRY_CHECK(file_.write(offset + number * block_size_, block));
    }
    return {};
  }

  Result<void> write_bitmaps() {
    std::vector<std::uint64_t> stored;
    for (const StoredPage& page : table_.stored) stored.push_back(page.frame);
    std::vector<std::uint64_t> existing;
    std::merge(stored.begin(), stored.end(), table_.left_out.begin(), table_.left_out.end(),
               std::back_inserter(existing));
    TRY_CHECK(write_bitmap(bitmap_offset(), existing));
    return write_bitmap(bitmap_offset() + bitmap_blocks_ * block_size_, stored);
  }

  Result<void> write_descriptors() {
    FieldWriter table(table_.stored.size() * kPageDescriptorBytes, order_);
    for (std::size_t i = 0; i < table_.stored.size(); ++i) {
      const PageDescriptor& descriptor = table_.stored[i].descriptor;
      table.put(i * kPageDescriptorBytes, descriptor.offset);
      table.put(i * kPageDescriptorBytes + 8, descriptor.size);
      table.put(i * kPageDescriptorBytes + 12, descriptor.flags);
    }
    return file_.write(descriptors_offset(), table.bytes());
  }

  const Dump& dump_;
  const CapsuleOptions& options_;
  OutputFile file_;
  ByteOrder order_;
  std::uint32_t block_size_;
  NoteSection notes_;
  std::uint64_t max_frame_ = 0;
  std::uint64_t sub_header_blocks_ = 0;
  std::uint64_t bitmap_blocks_ = 0;
  PageTable table_;
  CapsuleSummary summary_;
};

}  // namespace

Result<CapsuleSummary> write_capsule(const Dump& dump, std::span<const std::uint64_t> frames, const std::string& path,
                                     const CapsuleOptions& options) {
  std::vector<std::uint64_t> sorted(frames.begin(), frames.end());
  std::sort(sorted.begin(), sorted.end());
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  // A frame beyond the dump is beyond the capsule as well, without a bitmap that reaches it.
  const auto beyond = std::lower_bound(sorted.begin(), sorted.end(), dump.facts().page_frames);
  sorted.erase(beyond, sorted.end());
  if (!sorted.empty() && sorted.back() >= kMostCapsuleFrames) {
    return fail(ErrorKind::kLimit, "{}: page frame {:#x} is beyond what a capsule can hold", path, sorted.back());
  }
  TRY_ASSIGN(OutputFile file, OutputFile::create(path, options.existing, options.inputs));
  return CapsuleWriter(dump, options, std::move(file)).write(sorted);
}

std::vector<std::uint64_t> frames_of(std::span<const Dump::TouchedPage> pages) {
  std::vector<std::uint64_t> frames;
  frames.reserve(pages.size());
  for (const Dump::TouchedPage& page : pages) frames.push_back(page.frame);
  return frames;
}

}  // namespace whyhung::dump
