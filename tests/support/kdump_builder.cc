// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/kdump_builder.h"

#include <libdeflate.h>
#include <lzo/lzo1x.h>
#include <snappy-c.h>
#include <zstd.h>

#include <algorithm>
#include <cstring>

namespace whyhung::test {
namespace {

constexpr std::uint32_t kZlibFlag = 1, kLzoFlag = 2, kSnappyFlag = 4, kZstdFlag = 0x20;
constexpr std::size_t kDescriptorBytes = 24;

struct Packed {
  Bytes bytes;
  std::uint32_t flags = 0;
};

Packed pack(const Bytes& page, PageCodec codec) {
  Packed packed{Bytes(page.size() * 2 + 1024), 0};
  auto* const out = reinterpret_cast<char*>(packed.bytes.data());
  const auto* const in = reinterpret_cast<const char*>(page.data());
  std::size_t size = packed.bytes.size();
  switch (codec) {
    case PageCodec::kZlib: {
      libdeflate_compressor* const compressor = libdeflate_alloc_compressor(1);
      size = libdeflate_zlib_compress(compressor, in, page.size(), out, size);
      libdeflate_free_compressor(compressor);
      packed.flags = kZlibFlag;
      break;
    }
    case PageCodec::kLzo: {
      Bytes work(LZO1X_1_MEM_COMPRESS);
      lzo_uint length = size;
      lzo1x_1_compress(reinterpret_cast<const unsigned char*>(in), page.size(), reinterpret_cast<unsigned char*>(out),
                       &length, work.data());
      size = length;
      packed.flags = kLzoFlag;
      break;
    }
    case PageCodec::kSnappy:
      snappy_compress(in, page.size(), out, &size);
      packed.flags = kSnappyFlag;
      break;
    case PageCodec::kZstd:
      size = ZSTD_compress(out, size, in, page.size(), 1);
      packed.flags = kZstdFlag;
      break;
    default: size = page.size();
  }
  packed.bytes.resize(size);
  if (packed.flags == 0 || size >= page.size()) return {page, 0};
  return packed;
}

std::uint32_t status_of(PageCodec codec) {
  switch (codec) {
    case PageCodec::kZlib: return kZlibFlag;
    case PageCodec::kLzo: return kLzoFlag;
    case PageCodec::kSnappy: return kSnappyFlag;
    case PageCodec::kZstd: return kZstdFlag;
    default: return 0;
  }
}

PageCodec codec_of_page(PageCodec codec, std::uint64_t frame) {
  constexpr PageCodec kAll[] = {PageCodec::kNone, PageCodec::kZlib, PageCodec::kLzo, PageCodec::kSnappy,
                                PageCodec::kZstd};
  return codec == PageCodec::kMixed ? kAll[frame % 5] : codec;
}

std::size_t round_up(std::size_t size, std::size_t unit) {
  return (size + unit - 1) / unit * unit;
}

// A buffer that grows as things are put at offsets.
class Sheet {
 public:
  explicit Sheet(ByteOrder order) : order_(order) {}
  template <std::integral T>
  void put(std::size_t offset, T value) {
    reserve(offset + sizeof value);
    store(bytes_.data() + offset, value, order_);
  }
  void put(std::size_t offset, std::span<const std::byte> bytes) {
    reserve(offset + bytes.size());
    std::copy(bytes.begin(), bytes.end(), bytes_.begin() + static_cast<std::ptrdiff_t>(offset));
  }
  void put_text(std::size_t offset, std::string_view text) { put(offset, std::as_bytes(std::span(text))); }
  void set_bit(std::size_t offset, std::uint64_t bit) { bytes_[offset + bit / 8] |= std::byte{1} << (bit % 8); }
  void reserve(std::size_t size) { bytes_.resize(std::max(size, bytes_.size())); }
  std::size_t size() const { return bytes_.size(); }
  Bytes take() { return std::move(bytes_); }

 private:
  Bytes bytes_;
  ByteOrder order_;
};

void put_main_header(Sheet& sheet, const MemoryImage& image, const KdumpForm& form, std::size_t sub_blocks,
                     std::size_t bitmap_blocks) {
  sheet.put_text(0, form.signature);
  sheet.put(8, static_cast<std::int32_t>(form.version));
  const std::string* const names[] = {&form.system, &form.node_name, &form.release, &form.version_text, &form.machine};
  for (std::size_t i = 0; i < 5; ++i) sheet.put_text(12 + 65 * i, *names[i]);
  std::size_t at = 424;
  if (form.is_32_bit) {
    at = 412;
    sheet.put(404, static_cast<std::uint32_t>(form.timestamp));
  } else {
    sheet.put(408, form.timestamp);
  }
  const std::uint32_t incomplete = form.pages_written ? 8 : 0;
  for (const std::uint32_t field :
       {status_of(form.codec) | form.status_bits | incomplete, image.page_size, static_cast<std::uint32_t>(sub_blocks),
        static_cast<std::uint32_t>(bitmap_blocks),
        static_cast<std::uint32_t>(std::min<std::uint64_t>(image.frames, 0xffffffff)), 0U, 0U, 0U, 0U, 2U}) {
    sheet.put(at, field);
    at += 4;
  }
}

void put_sub_header(Sheet& sheet, const MemoryImage& image, const KdumpForm& form, std::span<const std::byte> notes) {
  const std::size_t base = image.page_size;
  const std::size_t notes_offset = base + 104;
  const auto [start, end] = form.part.value_or(std::pair<std::uint64_t, std::uint64_t>{0, 0});
  sheet.put(base, std::uint64_t{0});
  if (form.version >= 1) sheet.put(base + 8, form.dump_level);
  if (form.version >= 2) {
    sheet.put(base + 12, std::int32_t{form.part ? 1 : 0});
    sheet.put(base + 16, start);
    sheet.put(base + 24, end);
  }
  if (form.version >= 3 && !form.header_vmcoreinfo.empty()) {
    sheet.put(base + 32, std::uint64_t{notes_offset + notes.size()});
    sheet.put(base + 40, std::uint64_t{form.header_vmcoreinfo.size()});
  }
  if (form.version >= 4 && !notes.empty()) {
    sheet.put(base + 48, std::uint64_t{notes_offset});
    sheet.put(base + 56, std::uint64_t{notes.size()});
  }
  if (form.version >= 5 && !form.erase_info.empty()) {
    sheet.put(base + 64, std::uint64_t{notes_offset + notes.size() + form.header_vmcoreinfo.size()});
    sheet.put(base + 72, std::uint64_t{form.erase_info.size()});
  }
  if (form.version >= 6) {
    sheet.put(base + 80, start);
    sheet.put(base + 88, end);
    sheet.put(base + 96, image.frames);
  }
  sheet.put(notes_offset, notes);
  sheet.put_text(notes_offset + notes.size(), form.header_vmcoreinfo + form.erase_info);
}

void put_pages(Sheet& sheet, const MemoryImage& image, const KdumpForm& form, KdumpFile& file) {
  const auto in_part = [&](std::uint64_t frame) {
    return !form.part || (frame >= form.part->first && frame < form.part->second);
  };
  const std::size_t count = static_cast<std::size_t>(
      std::count_if(image.pages.begin(), image.pages.end(), [&](const auto& page) { return in_part(page.first); }));
  file.data_offset = file.descriptors_offset + count * kDescriptorBytes;
  sheet.reserve(file.data_offset);
  const Bytes zeros(image.page_size);
  const std::size_t zero_offset = sheet.size();
  if (form.shared_zero_page) sheet.put(zero_offset, zeros);
  std::size_t at = file.descriptors_offset;
  std::size_t written = 0;
  for (const auto& [frame, page] : image.pages) {
    if (!in_part(frame)) continue;
    if (form.pages_written && written++ >= *form.pages_written) break;
    const bool is_shared = form.shared_zero_page && page == zeros;
    const Packed packed = is_shared ? Packed{page, 0} : pack(page, codec_of_page(form.codec, frame));
    const std::size_t offset = is_shared ? zero_offset : sheet.size();
    if (!is_shared) sheet.put(offset, packed.bytes);
    sheet.put(at, std::uint64_t{offset});
    sheet.put(at + 8, static_cast<std::uint32_t>(packed.bytes.size()));
    sheet.put(at + 12, packed.flags);
    at += kDescriptorBytes;
  }
}

void put_big_endian(Bytes& stream, std::int64_t value) {
  const std::size_t at = stream.size();
  stream.resize(at + 8);
  store(stream.data() + at, value, ByteOrder::kBig);
}

void put_piece(Bytes& stream, std::size_t offset, std::span<const std::byte> bytes) {
  put_big_endian(stream, static_cast<std::int64_t>(offset));
  put_big_endian(stream, static_cast<std::int64_t>(bytes.size()));
  stream.insert(stream.end(), bytes.begin(), bytes.end());
}

}  // namespace

KdumpFile build_kdump(const MemoryImage& image, const KdumpForm& form) {
  const Bytes notes = form.version < 4 ? Bytes() : form.notes.value_or(sample_notes(form.order));
  const std::size_t block = image.page_size;
  const std::size_t sub_blocks =
      round_up(104 + notes.size() + form.header_vmcoreinfo.size() + form.erase_info.size(), block) / block;
  const std::size_t one_bitmap = round_up((image.frames + 7) / 8, block);
  KdumpFile file;
  file.bitmap_offset = (1 + sub_blocks) * block;
  file.bitmap_bytes = one_bitmap * (form.one_bitmap ? 1 : 2);
  file.descriptors_offset = file.bitmap_offset + file.bitmap_bytes;

  Sheet sheet(form.order);
  put_main_header(sheet, image, form, sub_blocks, file.bitmap_bytes / block);
  if (form.is_32_bit) {
    sheet.reserve(block);
    file.bytes = sheet.take();
    return file;
  }
  put_sub_header(sheet, image, form, notes);
  sheet.reserve(file.descriptors_offset);
  for (const auto& [frame, page] : image.pages) {
    sheet.set_bit(file.bitmap_offset, frame);
    if (!form.one_bitmap) sheet.set_bit(file.bitmap_offset + one_bitmap, frame);
  }
  if (!form.one_bitmap) {
    for (const std::uint64_t frame : image.left_out) sheet.set_bit(file.bitmap_offset, frame);
  }
  put_pages(sheet, image, form, file);
  file.bytes = sheet.take();
  return file;
}

std::vector<Bytes> build_split(const MemoryImage& image, KdumpForm form, unsigned count) {
  std::vector<Bytes> parts;
  for (unsigned i = 0; i < count; ++i) {
    form.part = {image.frames * i / count, image.frames * (i + 1) / count};
    parts.push_back(build_kdump(image, form).bytes);
  }
  return parts;
}

Bytes flatten(std::span<const std::byte> file, std::span<const std::size_t> tables, const FlattenForm& form) {
  Bytes stream = bytes_of("makedumpfile");
  stream.resize(16);
  put_big_endian(stream, 1);
  put_big_endian(stream, 1);
  stream.resize(4096);
  const std::size_t header = std::min<std::size_t>(464, file.size());
  if (form.rewrites_header) put_piece(stream, 0, Bytes(header, std::byte{0xee}));

  // Each region is a queue; a piece is taken from each in turn, and from the last one, the page data, three times.
  std::vector<std::pair<std::size_t, std::size_t>> regions;
  std::size_t begin = form.rewrites_header ? header : 0;
  for (const std::size_t table : tables) {
    if (table <= begin) continue;
    regions.emplace_back(begin, table);
    begin = table;
  }
  regions.emplace_back(begin, file.size());
  std::uint32_t turn = 0;
  for (bool any = true; any;) {
    any = false;
    for (std::size_t i = 0; i < regions.size(); ++i) {
      for (std::size_t times = i + 1 == regions.size() ? 3 : 1; times != 0; --times) {
        auto& [from, to] = regions[i];
        if (from >= to) continue;
        any = true;
        std::size_t length = form.piece;
        if (form.writer == FlattenForm::Writer::kQemu) length -= (turn++ * 2654435761U >> 8) % (form.piece / 4);
        length = std::min(length, to - from);
        put_piece(stream, from, file.subspan(from, length));
        from += length;
      }
    }
  }
  if (form.rewrites_header) put_piece(stream, 0, file.first(header));
  if (form.end_mark) {
    put_big_endian(stream, -1);
    put_big_endian(stream, -1);
  }
  return stream;
}

Bytes flatten(const KdumpFile& file, const FlattenForm& form) {
  const std::size_t tables[] = {file.bitmap_offset, file.bitmap_offset + file.bitmap_bytes / 2, file.descriptors_offset,
                                file.data_offset};
  return flatten(file.bytes, tables, form);
}

}  // namespace whyhung::test
