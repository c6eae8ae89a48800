// SPDX-License-Identifier: GPL-2.0-or-later
#include "dump/kdump_compressed.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "dump/capsule_note.h"
#include "dump/kdump_pages.h"
#include "dump/paged_dump.h"
#include "dump/split.h"
#include "dump/vmcoreinfo.h"

namespace whyhung::dump {
namespace {

constexpr int kNewestVersion = 6;
// Levels above 1 leave pages out; level 1 only folds pages of zeros into one.
constexpr int kFoldsZeroPages = 1;

// Bytes of the file, as many of them as are there.
Result<std::vector<std::byte>> read_range(const ByteSource& source, FileRange range, std::uint64_t limit) {
  if (!range.present() || range.offset >= source.size()) return std::vector<std::byte>();
  std::vector<std::byte> bytes(std::min({range.size, limit, source.size() - range.offset}));
  TRY_ASSIGN(const std::size_t count, source.read_some(range.offset, bytes));
  bytes.resize(count);
  return bytes;
}

Result<void> read_notes(const ByteSource& source, const KdumpHeader& header, DumpContents& contents) {
  TRY_ASSIGN(std::vector<std::byte> section, read_range(source, header.notes, kMostNoteBytes));
  const bool cut = section.size() < header.notes.size && header.notes.present();
  const bool complete = contents.notes.add(std::move(section), header.order);
  if (cut || !complete) contents.facts.remarks.push_back("its ELF notes are cut off or damaged: some are missing");
  if (const Note* const note = find_note(contents.notes.notes(), "VMCOREINFO")) {
    contents.vmcoreinfo = note_text(*note);
    return {};
  }
  TRY_ASSIGN(const std::vector<std::byte> text, read_range(source, header.vmcoreinfo, kMostVmcoreinfoBytes));
  contents.vmcoreinfo = note_text(Note{"VMCOREINFO", 0, text});
  return {};
}

DumpFacts facts_of(const KdumpHeader& header) {
  DumpFacts facts;
  facts.format = header.old_diskdump ? "diskdump" : "kdump-compressed";
  facts.header_version = header.version;
  facts.dump_level = header.dump_level;
  facts.partial = header.dump_level.value_or(0) > kFoldsZeroPages;
  facts.incomplete = (header.status & kStatusIncomplete) != 0;
  facts.page_size = header.block_size;
  facts.machine = header.machine;
  facts.node_name = header.node_name;
  facts.release = header.release;
  facts.version = header.version_text;
  if (header.timestamp != 0) facts.timestamp = header.timestamp;
  facts.header_byte_order = header.order;
  facts.page_frames = header.max_frame;
  if (header.erase_info.present()) {
    facts.remarks.push_back(
        "parts of its memory were overwritten on purpose when it was made (makedumpfile's eraseinfo)");
  }
  if (header.version > kNewestVersion) {
    facts.remarks.push_back(
        fmt::format("its header has version {}, newer than the {} that is known; read as if it were {}", header.version,
                    kNewestVersion, kNewestVersion));
  }
  return facts;
}

void note_completeness(const SplitPart& part, const DumpFile& file, DumpFacts& facts) {
  const bool marked = (part.header.status & kStatusIncomplete) != 0;
  const KdumpCompleteness found = part.pages->measure_completeness();
  if (marked) {
    facts.incomplete = true;
    facts.remarks.push_back(fmt::format("{}: its writer ran out of space and marked it as incomplete", part.name));
  }
  if (found.complete()) return;
  facts.incomplete = true;
  std::string remark = fmt::format("{}: {}{} of {} pages are in the file", part.name, found.exact ? "" : "about ",
                                   found.present, found.expected);
  if (found.unknown_frames != 0) {
    remark = fmt::format("{}: the bitmap of its pages is cut off: {:#x} of {:#x} page frames are unknown", part.name,
                         found.unknown_frames, part.header.max_frame);
  } else if (found.missing_bytes != 0 && !file.flattened) {
    remark += fmt::format("; it is at least {} bytes shorter than it was", found.missing_bytes);
  }
  facts.remarks.push_back(std::move(remark));
}

Result<std::vector<SplitPart>> open_parts(std::span<const DumpFile> files) {
  std::vector<SplitPart> parts;
  for (const DumpFile& file : files) {
    TRY_ASSIGN(KdumpHeader header, read_kdump_header(*file.bytes));
    TRY_ASSIGN(auto pages, KdumpPages::open(file.bytes, header));
    parts.push_back({file.bytes->name(), std::move(header), std::move(pages)});
  }
  return parts;
}

// Sorts the parts by their frames, and the files along with them.
void sort_parts(std::vector<SplitPart>& parts, std::vector<DumpFile>& files) {
  std::vector<std::size_t> order(parts.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    const KdumpHeader& first = parts[a].header;
    const KdumpHeader& second = parts[b].header;
    return std::pair(first.first_frame, first.end_frame) < std::pair(second.first_frame, second.end_frame);
  });
  std::vector<SplitPart> sorted_parts;
  std::vector<DumpFile> sorted_files;
  for (const std::size_t i : order) {
    sorted_parts.push_back(std::move(parts[i]));
    sorted_files.push_back(std::move(files[i]));
  }
  parts = std::move(sorted_parts);
  files = std::move(sorted_files);
}

}  // namespace

Result<std::unique_ptr<Dump>> open_kdump_compressed(std::vector<DumpFile> files) {
  TRY_ASSIGN(std::vector<SplitPart> parts, open_parts(files));
  sort_parts(parts, files);
  if (parts.size() > 1) TRY_CHECK(check_parts(parts));

  DumpContents contents;
  const KdumpHeader& header = parts.front().header;
  contents.facts = facts_of(header);
  DumpFacts& facts = contents.facts;
  facts.parts = static_cast<unsigned>(parts.size());
  TRY_CHECK(read_notes(*files.front().bytes, header, contents));
  if (const auto time = VmcoreInfo(contents.vmcoreinfo).crash_time(); time && *time != 0) facts.timestamp = *time;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    contents.files.push_back(files[i].stored);
    facts.flattened = facts.flattened || files[i].flattened;
    facts.incomplete = facts.incomplete || files[i].incomplete;
    for (std::string& remark : files[i].remarks) facts.remarks.push_back(std::move(remark));
    note_completeness(parts[i], files[i], facts);
  }
  if (header.split) {
    for (std::string& remark : remarks_on_missing_parts(parts)) {
      facts.incomplete = true;
      facts.remarks.push_back(std::move(remark));
    }
  }
  if (find_note(contents.notes.notes(), kCapsuleNoteName) != nullptr) facts.capsule = facts.partial = true;
  facts.compression = codec_name(parts.front().pages->sample_codec(codec_of_status(header.status)));

  std::unique_ptr<PageSource> pages;
  if (header.split) {
    pages = std::make_unique<SplitPages>(std::move(parts));
  } else {
    pages = std::move(parts.front().pages);
  }
  return std::make_unique<PagedDump>(std::move(contents), std::move(pages));
}

}  // namespace whyhung::dump
