// SPDX-License-Identifier: GPL-2.0-or-later
#include "debuginfo/btf_sections.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <cstring>

#include "base/byte_reader.h"

namespace whyhung::debuginfo {
namespace {

constexpr std::uint16_t kMagic = 0xeb9f;
constexpr std::uint8_t kVersion = 1;
constexpr std::uint32_t kShortHeader = 24;
constexpr std::uint32_t kHeaderWithLayout = 32;
constexpr std::uint32_t kRecordBytes = 12;
constexpr std::uint32_t kCheckpointEvery = 32;
// The largest kernel BTF seen is 6.5 MB.
constexpr std::uint64_t kLargestBlob = std::uint64_t{256} << 20;

struct Header {
  std::uint32_t length, types, types_length, strings, strings_length, layout, layout_length;
};

Result<Header> parse_header(std::span<const std::byte> bytes, ByteOrder order, const VirtualRange& range) {
  ByteReader reader(bytes, order);
  reader.skip(2);
  const unsigned version = reader.u8();
  if (version != kVersion) {
    return fail(ErrorKind::kUnsupported, "BTF at {:#x} has version {}, known is {}", range.begin.value, version,
                kVersion);
  }
  reader.skip(1);
  Header header{};
  header.length = reader.u32();
  header.types = reader.u32();
  header.types_length = reader.u32();
  header.strings = reader.u32();
  header.strings_length = reader.u32();
  if (header.length >= kHeaderWithLayout) {
    header.layout = reader.u32();
    header.layout_length = reader.u32();
  }
  const auto inside = [&](std::uint32_t offset, std::uint32_t length) {
    return std::uint64_t{header.length} + offset + length <= range.size();
  };
  if (!reader.ok() || header.length < kShortHeader || !inside(header.types, header.types_length) ||
      !inside(header.strings, header.strings_length) || !inside(header.layout, header.layout_length)) {
    return fail(ErrorKind::kCorrupt, "BTF at {:#x}: the header names sections outside of its {} bytes",
                range.begin.value, range.size());
  }
  return header;
}

// Quick refusal of strings that cannot be wanted: by length and first and last byte.
class WantedFilter {
 public:
  explicit WantedFilter(std::span<const std::string> texts) {
    for (const std::string& text : texts) bits_.set(key(text));
  }
  bool may_want(std::string_view text) const { return bits_.test(key(text)); }

 private:
  static std::size_t key(std::string_view text) {
    if (text.empty()) return 0;
    const std::size_t first = static_cast<unsigned char>(text.front());
    const std::size_t last = static_cast<unsigned char>(text.back());
    return (text.size() * 1021 + first * 61 + last * 7 + 1) % kBits;
  }
  static constexpr std::size_t kBits = 8192;
  std::bitset<kBits> bits_;
};

}  // namespace

Result<BtfSections> BtfSections::open(const VirtualMemory& memory, VirtualRange range, Start start) {
  if (range.empty() || range.size() < kShortHeader) {
    return fail(ErrorKind::kTruncated, "BTF at {:#x}: {} bytes are too few for its header", range.begin.value,
                range.empty() ? 0 : range.size());
  }
  if (range.size() > kLargestBlob) {
    return fail(ErrorKind::kLimit, "BTF at {:#x}: {} bytes are more than any kernel's", range.begin.value,
                range.size());
  }
  std::array<std::byte, kHeaderWithLayout> bytes{};
  const std::size_t count = std::min<std::uint64_t>(bytes.size(), range.size());
  if (auto done = memory.read(range.begin, std::span(bytes).first(count)); !done) {
    return fail(to_error(done.error(), "BTF header"));
  }
  ByteOrder order = ByteOrder::kLittle;
  if (load<std::uint16_t>(bytes.data(), order) != kMagic) order = ByteOrder::kBig;
  if (load<std::uint16_t>(bytes.data(), order) != kMagic) {
    return fail(ErrorKind::kCorrupt, "no BTF at {:#x}: its magic number is not there", range.begin.value);
  }
  TRY_ASSIGN(const Header header, parse_header(std::span(bytes).first(count), order, range));
  const auto section = [&](std::uint32_t offset, std::uint32_t length) {
    const VirtualAddress begin = range.begin + header.length + offset;
    return VirtualRange{begin, begin + length};
  };
  BtfSections sections(MemoryWindow(memory, section(header.types, header.types_length), {12, 2}),
                       MemoryWindow(memory, section(header.strings, header.strings_length), {10, 6}), order, start);
  sections.learn_layout(memory, section(header.layout, header.layout_length));
  return sections;
}

void BtfSections::learn_layout(const VirtualMemory& memory, VirtualRange layout) {
  tail_sizes_ = {
      {0, 0},                     // void is no record
      {4, 0},  {0, 0},  {12, 0},  // int, pointer, array
      {0, 12}, {0, 12},           // struct, union
      {0, 8},                     // enum
      {0, 0},  {0, 0},            // forward, typedef
      {0, 0},  {0, 0},  {0, 0},   // volatile, const, restrict
      {0, 0},  {0, 8},            // function, its prototype
      {4, 0},  {0, 12},           // variable, data section
      {0, 0},  {4, 0},  {0, 0},   // float, decl tag, type tag
      {0, 12},                    // enum64
  };
  // A blob may bring sizes for kinds that are newer than this program: v7.1 (per libbpf 462733ec): struct btf_layout
  // {u8 info_sz, elem_sz; u16 flags} for each kind, from kind 0 on.
  constexpr std::size_t kMostKinds = 128;
  constexpr std::size_t kLayoutBytes = 4;
  MemoryWindow window(memory, layout, {9, 0});
  const std::uint64_t kinds = std::min<std::uint64_t>(kMostKinds, window.size() / kLayoutBytes);
  while (tail_sizes_.size() < kinds) {
    std::array<std::byte, kLayoutBytes> entry;
    if (!window.copy(tail_sizes_.size() * kLayoutBytes, entry)) return;
    tail_sizes_.push_back({std::to_integer<std::uint8_t>(entry[0]), std::to_integer<std::uint8_t>(entry[1])});
  }
}

std::nullopt_t BtfSections::give_up(Error problem) {
  if (!problem_) problem_ = std::move(problem);
  return std::nullopt;
}

bool BtfSections::read_head(const Cursor& cursor, std::span<std::byte> head) {
  const auto bytes = types_.at(cursor.offset);
  if (bytes.size() >= head.size()) {
    std::copy_n(bytes.begin(), head.size(), head.begin());
    return true;
  }
  return types_.copy(cursor.offset, head);
}

std::optional<BtfRecord> BtfSections::next(Cursor& cursor) {
  if (cursor.offset >= types_.size()) return std::nullopt;
  const bool new_ground = cursor.index == frontier_.index;
  if (new_ground && cursor.index == checkpoints_.size() * kCheckpointEvery) checkpoints_.push_back(cursor.offset);
  const std::uint32_t id = start_.first_id + cursor.index;
  std::array<std::byte, kRecordBytes> head;
  if (!read_head(cursor, head)) {
    if (types_.fault()) return give_up(to_error(*types_.fault(), "BTF types"));
    return give_up({ErrorKind::kCorrupt, fmt::format("BTF type {}: the type section ends within it", id), {}});
  }
  BtfRecord record;
  record.id = id;
  record.name = load<std::uint32_t>(head.data(), order_);
  const auto info = load<std::uint32_t>(head.data() + 4, order_);
  record.size_or_type = load<std::uint32_t>(head.data() + 8, order_);
  // v7.1 (per libbpf 9801e029): the count grew from 16 to 24 bits and the kind from 5 to 7; the new bits were 0 before.
  record.count = info & 0xffffff;
  const std::uint32_t kind = info >> 24 & 0x7f;
  record.kind_flag = info >> 31 != 0;
  record.kind = static_cast<BtfKind>(kind);
  record.tail = cursor.offset + kRecordBytes;
  if (kind == 0 || kind >= tail_sizes_.size()) {
    return give_up({ErrorKind::kUnsupported, fmt::format("BTF type {} is of kind {}, whose size is unknown", id, kind),
                    "the types after it cannot be found; a vmlinux with debug information can stand in"});
  }
  const TailSize& tail = tail_sizes_[kind];
  const std::uint64_t end = std::uint64_t{record.tail} + tail.fixed + std::uint64_t{tail.each} * record.count;
  if (end > types_.size()) {
    return give_up({ErrorKind::kCorrupt,
                    fmt::format("BTF type {}: its {} entries reach out of the type section", id, record.count),
                    {}});
  }
  ++cursor.index;
  cursor.offset = static_cast<std::uint32_t>(end);
  if (new_ground) frontier_ = cursor;
  return record;
}

bool BtfSections::walk(const std::function<bool(const BtfRecord&)>& visit) {
  Cursor cursor;
  while (const auto record = next(cursor)) {
    if (!visit(*record)) return false;
  }
  return true;
}

std::optional<BtfRecord> BtfSections::record(std::uint32_t id) {
  if (id < start_.first_id) return std::nullopt;
  const std::uint32_t index = id - start_.first_id;
  Cursor cursor = frontier_;
  if (index < frontier_.index) {
    cursor.index = index / kCheckpointEvery * kCheckpointEvery;
    cursor.offset = checkpoints_[index / kCheckpointEvery];
  }
  while (const auto record = next(cursor)) {
    if (record->id == id) return record;
  }
  return std::nullopt;
}

std::uint32_t BtfSections::count_records() {
  record(~std::uint32_t{0});
  return frontier_.index;
}

bool BtfSections::read_tail(const BtfRecord& record, std::uint64_t offset, std::span<std::byte> out) {
  if (types_.copy(record.tail + offset, out)) return true;
  if (!problem_ && types_.fault()) problem_ = to_error(*types_.fault(), "BTF types");
  return false;
}

std::string BtfSections::string_at(std::uint32_t offset) {
  std::string text;
  if (offset < start_.first_string) return text;
  std::uint64_t position = offset - start_.first_string;
  while (text.size() < kLongestName) {
    const auto bytes = strings_.at(position);
    if (bytes.empty()) {  // outside, unreadable, or without an end
      if (!problem_ && strings_.fault()) problem_ = to_error(*strings_.fault(), "BTF strings");
      return {};
    }
    const auto* begin = reinterpret_cast<const char*>(bytes.data());
    const std::string_view part(begin, std::min(bytes.size(), kLongestName - text.size()));
    const std::size_t length = part.find('\0');
    text.append(part.substr(0, length));
    if (length != std::string_view::npos) break;
    position += part.size();
  }
  return text;
}

std::map<std::string, std::uint32_t, std::less<>> BtfSections::find_strings(std::span<const std::string> texts) {
  const WantedFilter filter(texts);
  std::vector<std::string_view> wanted(texts.begin(), texts.end());
  std::sort(wanted.begin(), wanted.end());
  wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
  std::map<std::string, std::uint32_t, std::less<>> found;
  const auto offer = [&](std::string_view text, std::uint64_t position) {
    if (!filter.may_want(text) || !std::binary_search(wanted.begin(), wanted.end(), text)) return;
    found.try_emplace(std::string(text), static_cast<std::uint32_t>(start_.first_string + position));
  };
  std::string split;  // the beginning of a string that goes on in the next chunk
  std::uint64_t begin = 0;
  std::uint64_t position = 0;
  while (position < strings_.size() && found.size() < wanted.size()) {
    const auto bytes = strings_.at(position);
    if (bytes.empty()) {
      position = begin = strings_.chunk_end(position);
      // What goes on behind the gap is the end of a string: no match may be made of it.
      split.assign(1, '\0');
      continue;
    }
    std::string_view rest(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    for (std::size_t length; (length = rest.find('\0')) != std::string_view::npos; rest.remove_prefix(length + 1)) {
      const std::string_view text = rest.substr(0, length);
      if (split.empty()) {
        offer(text, begin);
      } else {
        offer(split.append(text), begin);
        split.clear();
      }
      begin =
          position + static_cast<std::uint64_t>(rest.data() - reinterpret_cast<const char*>(bytes.data())) + length + 1;
    }
    if (split.size() + rest.size() <= 2 * kLongestName) split.append(rest);
    position += bytes.size();
  }
  if (!problem_ && strings_.fault()) problem_ = to_error(*strings_.fault(), "BTF strings");
  return found;
}

}  // namespace whyhung::debuginfo
