// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/tar.h"

#include <algorithm>
#include <string_view>

#include "base/byte_text.h"
#include "base/text.h"

namespace whyhung {
namespace {

constexpr std::size_t kLongestText = 65536;  // of names and pax records

std::string_view field(std::string_view block, std::size_t at, std::size_t length) {
  const std::string_view text = block.substr(at, length);
  return text.substr(0, text.find('\0'));
}

// Octal, or GNU's big-endian form with the top bit set.
std::optional<std::uint64_t> number(std::string_view text) {
  if (!text.empty() && (text.front() & '\x80') != 0) {
    std::uint64_t value = 0;
    for (const char c : text.substr(text.size() - 8)) value = value << 8 | static_cast<unsigned char>(c);
    return value >> 62 == 0 ? std::optional(value) : std::nullopt;
  }
  text = text.substr(0, text.find('\0'));
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text.empty() ? std::optional<std::uint64_t>(0) : parse_unsigned(text, 8);
}

// "27 path=a/long/name\n": the value of a record of a pax header.
std::string_view pax_value(std::string_view records, std::string_view key) {
  while (!records.empty()) {
    const std::size_t blank = records.find(' ');
    const auto length = parse_unsigned(records.substr(0, blank), 10);
    if (!length || *length <= blank || *length > records.size()) return {};
    std::string_view record = records.substr(blank + 1, *length - blank - 1);
    records.remove_prefix(*length);
    if (!record.starts_with(key) || record.substr(key.size(), 1) != "=") continue;
    record.remove_prefix(key.size() + 1);
    if (record.ends_with('\n')) record.remove_suffix(1);
    return record;
  }
  return {};
}

}  // namespace

bool is_tar(std::span<const std::byte> head) {
  constexpr std::size_t kMagic = 257;
  return head.size() >= kTarBlock && text_of(head).substr(kMagic).starts_with("ustar") && parse_tar_header(head);
}

std::optional<TarHeader> parse_tar_header(std::span<const std::byte> block) {
  constexpr std::size_t kSize = 124, kSum = 148, kType = 156, kPrefix = 345;
  if (block.size() < kTarBlock) return std::nullopt;
  const std::string_view text = text_of(block.first(kTarBlock));
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    sum += i >= kSum && i < kSum + 8 ? ' ' : static_cast<unsigned char>(text[i]);
  }
  const auto size = number(text.substr(kSize, 12));
  if (number(text.substr(kSum, 8)) != sum || !size || *size >> 62 != 0) return std::nullopt;
  TarHeader header{std::string(field(text, 0, 100)), *size, text[kType]};
  const bool is_ustar = text.substr(257, 6) == std::string_view("ustar\0", 6);
  if (const std::string_view prefix = field(text, kPrefix, 155); is_ustar && !prefix.empty()) {
    header.name = std::string(prefix) + "/" + header.name;
  }
  return header;
}

Result<void> TarReader::take_header() {
  header_bytes_ = 0;
  if (std::ranges::all_of(header_, [](std::byte byte) { return byte == std::byte{0}; })) {
    part_ = Part::kOver;
    return {};
  }
  auto header = parse_tar_header(header_);
  if (!header) return fail(ErrorKind::kCorrupt, "the archive is damaged");
  if (next_size_ && header->is_file()) header->size = *next_size_;
  left_ = header->size;
  padding_ = static_cast<std::size_t>((kTarBlock - left_ % kTarBlock) % kTarBlock);
  text_.clear();
  if (header->type == 'L' || header->type == 'x') {
    part_ = header->type == 'L' ? Part::kLongName : Part::kExtended;
    return left_ == 0 ? end_part() : Result<void>();
  }
  if (!next_name_.empty()) header->name = next_name_;
  next_name_.clear();
  next_size_.reset();
  part_ = header->is_file() ? Part::kFile : Part::kOther;
  // Links and folders have no bytes, whatever their size says; what is not known is passed over by it.
  if (header->type >= '1' && header->type <= '6') left_ = padding_ = 0;
  if (part_ == Part::kFile) TRY_CHECK(visitor_.begin_file(*header));
  return left_ == 0 ? end_part() : Result<void>();
}

Result<void> TarReader::end_part() {
  if (part_ == Part::kFile) TRY_CHECK(visitor_.end_file());
  if (part_ == Part::kLongName) next_name_ = text_.substr(0, text_.find('\0'));
  if (part_ == Part::kExtended) {
    if (const std::string_view path = pax_value(text_, "path"); !path.empty()) next_name_ = path;
    next_size_ = parse_unsigned(pax_value(text_, "size"), 10);
    if (next_size_ && *next_size_ >> 62 != 0) return fail(ErrorKind::kCorrupt, "the archive is damaged");
  }
  part_ = padding_ == 0 ? Part::kHeader : Part::kPadding;
  return {};
}

Result<void> TarReader::feed(std::span<const std::byte> bytes) {
  while (!bytes.empty() && part_ != Part::kOver) {
    if (part_ == Part::kHeader) {
      const std::size_t count = std::min(bytes.size(), kTarBlock - header_bytes_);
      std::ranges::copy(bytes.first(count), header_.begin() + static_cast<std::ptrdiff_t>(header_bytes_));
      header_bytes_ += count;
      bytes = bytes.subspan(count);
      if (header_bytes_ == kTarBlock) TRY_CHECK(take_header());
      continue;
    }
    if (part_ == Part::kPadding) {
      const std::size_t count = std::min(bytes.size(), padding_);
      padding_ -= count;
      bytes = bytes.subspan(count);
      if (padding_ == 0) part_ = Part::kHeader;
      continue;
    }
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), left_));
    const auto piece = bytes.first(count);
    if (part_ == Part::kFile) TRY_CHECK(visitor_.file_bytes(piece));
    if ((part_ == Part::kLongName || part_ == Part::kExtended) && text_.size() < kLongestText) {
      text_ += text_of(piece).substr(0, kLongestText - text_.size());
    }
    left_ -= count;
    bytes = bytes.subspan(count);
    if (left_ == 0) TRY_CHECK(end_part());
  }
  return {};
}

Result<void> TarReader::finish() {
  if (part_ == Part::kFile) TRY_CHECK(visitor_.end_file());
  const bool between = part_ == Part::kOver || (part_ == Part::kHeader && header_bytes_ == 0);
  if (!between) return fail(ErrorKind::kTruncated, "the archive is cut off");
  return {};
}

}  // namespace whyhung
