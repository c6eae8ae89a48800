// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/elf_core_builder.h"

#include <algorithm>

namespace whyhung::test {
namespace {

constexpr std::size_t kHeader = 64, kProgramHeader = 56, kSectionHeader = 64;
constexpr std::uint16_t kXnum = 0xffff;

class Sheet {
 public:
  explicit Sheet(ByteOrder order) : order_(order) {}
  template <std::integral T>
  void put(std::size_t offset, T value) {
    bytes.resize(std::max(bytes.size(), offset + sizeof value));
    store(bytes.data() + offset, value, order_);
  }
  void append(std::span<const std::byte> more) { bytes.insert(bytes.end(), more.begin(), more.end()); }
  Bytes bytes;

 private:
  ByteOrder order_;
};

struct Place {
  std::uint64_t offset;
  std::uint64_t size;
};

void put_program_header(Sheet& sheet, std::size_t at, const CoreSegment& segment, Place place) {
  sheet.put(at, segment.type);
  sheet.put(at + 4, std::uint32_t{7});
  sheet.put(at + 8, place.offset);
  sheet.put(at + 16, segment.virtual_address);
  sheet.put(at + 24, segment.physical);
  sheet.put(at + 32, place.size);
  sheet.put(at + 40, std::max<std::uint64_t>(segment.memory_size, place.size));
  sheet.put(at + 48, std::uint64_t{0});
}

}  // namespace

Bytes build_core(std::span<const CoreSegment> segments, const CoreForm& form) {
  const Bytes notes = form.notes.value_or(sample_notes(form.order));
  const std::size_t count = segments.size() + 1;
  Sheet sheet(form.order);
  sheet.append(
      bytes_of("\x7f"
               "ELF"));
  sheet.put(4, static_cast<std::uint8_t>(form.is_32_bit ? 1 : 2));
  sheet.put(5, static_cast<std::uint8_t>(form.order == ByteOrder::kLittle ? 1 : 2));
  sheet.put(6, std::uint8_t{1});
  sheet.put(16, form.type);
  sheet.put(18, form.machine);
  sheet.put(20, std::uint32_t{1});
  sheet.put(32, std::uint64_t{kHeader});
  sheet.put(40, std::uint64_t{form.many_headers ? kHeader + count * kProgramHeader : 0});
  sheet.put(48, form.flags);
  sheet.put(52, static_cast<std::uint16_t>(kHeader));
  sheet.put(54, static_cast<std::uint16_t>(kProgramHeader));
  sheet.put(56, form.many_headers ? kXnum : static_cast<std::uint16_t>(count));
  sheet.put(62, std::uint16_t{0});

  std::size_t at = kHeader;
  std::uint64_t offset = kHeader + count * kProgramHeader + (form.many_headers ? kSectionHeader : 0);
  put_program_header(sheet, at, {0, 0, {}, 0, 4}, {offset, notes.size()});
  offset += notes.size();
  for (const CoreSegment& segment : segments) {
    at += kProgramHeader;
    put_program_header(sheet, at, segment, {offset, segment.bytes.size()});
    offset += segment.bytes.size();
  }
  if (form.many_headers) {
    const std::size_t section = kHeader + count * kProgramHeader;
    sheet.put(section + 44, static_cast<std::uint32_t>(count));
    sheet.put(section + kSectionHeader - 8, std::uint64_t{0});
  }
  sheet.append(notes);
  for (const CoreSegment& segment : segments) sheet.append(segment.bytes);
  return std::move(sheet.bytes);
}

std::vector<CoreSegment> segments_of(const MemoryImage& image) {
  std::vector<CoreSegment> segments;
  for (std::uint64_t frame = 0; frame < image.frames; ++frame) {
    const auto page = image.pages.find(frame);
    const bool is_left_out = image.left_out.contains(frame);
    if (page == image.pages.end() && !is_left_out) continue;
    const std::uint64_t address = frame * image.page_size;
    CoreSegment* last = segments.empty() ? nullptr : &segments.back();
    const bool follows = last != nullptr && last->physical + last->memory_size == address;
    const bool is_open = follows && last->memory_size == last->bytes.size();
    if (!follows || (!is_left_out && !is_open)) {
      segments.push_back({address, 0xffff888000000000 + address, {}, 0, 1});
      last = &segments.back();
    }
    if (!is_left_out) last->bytes.insert(last->bytes.end(), page->second.begin(), page->second.end());
    last->memory_size += image.page_size;
  }
  return segments;
}

}  // namespace whyhung::test
