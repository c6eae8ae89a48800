// SPDX-License-Identifier: GPL-2.0-or-later
#include "debuginfo/types_pack.h"

#include <zstd.h>

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "base/byte_text.h"
#include "base/text.h"

namespace whyhung::debuginfo {
namespace {

constexpr std::string_view kMagic = "whyhung-types-pack 1\n";
constexpr std::string_view kEnd = "end\n";
constexpr std::string_view kOf = " of ";  // between what types were made of and whose they are
constexpr std::size_t kMostIndex = std::size_t{4} << 20;
constexpr std::size_t kMostBlocks = 4096;
constexpr std::size_t kMostEntries = 65536;
constexpr std::size_t kMostUnpacked = std::size_t{64} << 20;  // of a block
constexpr int kLevel = 19;

std::string_view take_word(std::string_view& line) {
  const std::size_t space = line.find(' ');
  const std::string_view word = line.substr(0, space);
  line.remove_prefix(space == std::string_view::npos ? line.size() : space + 1);
  return word;
}

bool take_number(std::string_view& line, std::size_t& out) {
  const auto value = parse_unsigned(take_word(line), 10);
  if (!value) return false;
  out = *value;
  return true;
}

// "5.10", of "5.10.0-30-amd64": what is packed together.
std::string series_of(const DistilledFile& file) {
  const std::string release = release_of(file);
  const std::size_t first = release.find('.');
  const std::size_t second = first == std::string::npos ? first : release.find_first_not_of("0123456789", first + 1);
  return fmt::format("{} {}", release.substr(0, second), file.machine);
}

}  // namespace

std::string release_of(const DistilledFile& file) {
  constexpr std::string_view kBannerBegin = "Linux version ";
  const bool has_banner = file.banner.starts_with(kBannerBegin);
  const std::size_t mark = file.origin.find(kOf);
  if (!has_banner && mark == std::string::npos) return {};
  const std::string rest = has_banner ? file.banner.substr(kBannerBegin.size()) : file.origin.substr(mark + kOf.size());
  return rest.substr(0, rest.find(' '));
}

void state_release(DistilledFile& file, std::string_view release) {
  file.origin = fmt::format("{}{}{}", file.origin.substr(0, file.origin.find(kOf)), kOf, release);
}

Result<TypesPack> TypesPack::open(std::span<const std::byte> bytes) {
  const std::string_view text = text_of(bytes.first(std::min(bytes.size(), kMostIndex)));
  if (!text.starts_with(kMagic)) return fail(ErrorKind::kCorrupt, "no pack of types");
  TypesPack pack;
  std::size_t at = kMagic.size();
  while (!text.substr(at).starts_with(kEnd)) {
    const std::size_t end = text.find('\n', at);
    if (end == std::string_view::npos) return fail(ErrorKind::kTruncated, "the index of a pack of types has no end");
    std::string_view line = text.substr(at, end - at);
    at = end + 1;
    const std::string_view word = take_word(line);
    if (word == "block" && pack.blocks_.size() < kMostBlocks) {
      Block& block = pack.blocks_.emplace_back();
      if (take_number(line, block.offset) && take_number(line, block.packed) && take_number(line, block.unpacked)) {
        continue;
      }
    } else if (word == "entry" && pack.entries_.size() < kMostEntries) {
      Entry& entry = pack.entries_.emplace_back();
      std::size_t machine = 0;
      const bool has_numbers = take_number(line, entry.block) && take_number(line, entry.offset) &&
                               take_number(line, entry.size) && take_number(line, machine);
      entry.machine = static_cast<std::uint16_t>(machine);
      entry.release = take_word(line);
      entry.build_id = take_word(line);
      if (entry.build_id == "-") entry.build_id.clear();
      entry.name = line;
      if (has_numbers && machine <= 0xffff) continue;
    }
    return fail(ErrorKind::kCorrupt, "the index of a pack of types makes no sense at byte {}", at);
  }
  pack.data_ = bytes.subspan(at + kEnd.size());
  return pack;
}

Result<std::shared_ptr<const DistilledFile>> TypesPack::read(const Entry& entry) const {
  if (entry.block >= blocks_.size()) return fail(ErrorKind::kCorrupt, "{}: its block does not exist", entry.name);
  const Block& block = blocks_[entry.block];
  const bool is_inside = block.offset <= data_.size() && block.packed <= data_.size() - block.offset;
  const std::size_t end = entry.offset + entry.size;
  if (!is_inside || block.unpacked > kMostUnpacked || entry.offset > block.unpacked || end > block.unpacked ||
      end < entry.offset) {
    return fail(ErrorKind::kCorrupt, "{}: its block reaches out of the pack", entry.name);
  }
  std::vector<std::byte> text(block.unpacked);
  const auto packed = data_.subspan(block.offset, block.packed);
  const std::size_t size = ZSTD_decompress(text.data(), text.size(), packed.data(), packed.size());
  if (ZSTD_isError(size) != 0 || size != block.unpacked) {
    return fail(ErrorKind::kCorrupt, "{}: its block cannot be unpacked", entry.name);
  }
  const auto begin = text.begin() + static_cast<std::ptrdiff_t>(entry.offset);
  const auto source = make_memory_source({begin, begin + static_cast<std::ptrdiff_t>(entry.size)}, entry.name);
  return read_distilled(*source);
}

Result<std::vector<std::byte>> TypesPack::write(std::span<const std::shared_ptr<const DistilledFile>> files) {
  std::map<std::string, std::vector<const DistilledFile*>> series;
  for (const auto& file : files) {
    if (!release_of(*file).empty()) series[series_of(*file)].push_back(file.get());
  }
  std::string index(kMagic);
  std::string entries;
  std::vector<std::byte> data;
  std::size_t number = 0;
  for (auto& [name, members] : series) {
    std::ranges::sort(members, {}, [](const DistilledFile* one) { return release_of(*one); });
    std::string text;
    for (const DistilledFile* one : members) {
      const std::string lines = distilled_as_text(*one);
      entries += fmt::format("entry {} {} {} {} {} {} {}\n", number, text.size(), lines.size(), one->machine,
                             release_of(*one), one->build_id.empty() ? "-" : one->build_id, one->name);
      text += lines;
    }
    std::vector<std::byte> packed(ZSTD_compressBound(text.size()));
    const std::size_t size = ZSTD_compress(packed.data(), packed.size(), text.data(), text.size(), kLevel);
    if (ZSTD_isError(size) != 0) return fail(ErrorKind::kLimit, "{}: cannot be packed", name);
    index += fmt::format("block {} {} {}\n", data.size(), size, text.size());
    data.insert(data.end(), packed.begin(), packed.begin() + static_cast<std::ptrdiff_t>(size));
    ++number;
  }
  index += entries;
  index += kEnd;
  const auto head = std::as_bytes(std::span(index));
  std::vector<std::byte> pack(head.begin(), head.end());
  pack.insert(pack.end(), data.begin(), data.end());
  return pack;
}

}  // namespace whyhung::debuginfo
