// SPDX-License-Identifier: GPL-2.0-or-later
// The file of distilled types: lines of words, packed by gzip.
#include <libdeflate.h>

#include <algorithm>
#include <iterator>
#include <optional>

#include <fmt/format.h>

#include "base/text.h"
#include "debuginfo/distilled.h"
#include "debuginfo/types_pack.h"

namespace whyhung::debuginfo {
namespace {

constexpr std::string_view kMagic = "whyhung-types ";
constexpr unsigned kVersion = 1;
constexpr std::string_view kEnd = "end";
constexpr std::size_t kMostPacked = std::size_t{16} << 20;
constexpr std::size_t kMostText = std::size_t{64} << 20;
constexpr std::size_t kLongestLine = 4096;
constexpr std::string_view kNoText("\n\0", 2);
constexpr std::uint64_t kWidestField = 64;  // bits
constexpr std::size_t kMostTypes = std::size_t{1} << 18;
constexpr std::size_t kMostMembers = std::size_t{1} << 20;  // of all types together
constexpr std::size_t kMostNames = std::size_t{1} << 16;    // of each kind
constexpr std::size_t kGzipTrailer = 8;                     // RFC 1952: checksum, size

using Bytes = std::span<const std::byte>;

struct FreeCompressor {
  void operator()(libdeflate_compressor* one) const { libdeflate_free_compressor(one); }
  void operator()(libdeflate_decompressor* one) const { libdeflate_free_decompressor(one); }
};

// Takes words off the front of a line.
class Words {
 public:
  explicit Words(std::string_view line) : rest_(line) {}
  std::string_view next() {
    const std::size_t space = rest_.find(' ');
    const std::string_view word = rest_.substr(0, space);
    rest_.remove_prefix(space == std::string_view::npos ? rest_.size() : space + 1);
    return word;
  }
  template <typename T>
  Words& number(T& out, int base = 10) {
    const auto value = parse_unsigned(next(), base);
    if (!value || *value > std::numeric_limits<T>::max()) {
      ok_ = false;
    } else {
      out = static_cast<T>(*value);
    }
    return *this;
  }
  Words& flag(bool& out) {
    unsigned value = 0;
    number(value);
    ok_ = ok_ && value <= 1;
    out = value == 1;
    return *this;
  }
  // What is left: a name, which may be empty or hold spaces.
  std::string rest() { return std::string(std::exchange(rest_, {})); }
  bool ok() const { return ok_; }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

class Reader {
 public:
  explicit Reader(DistilledFile& file) : file_(file) {}
  // Nothing when the line was understood.
  bool take(std::string_view line);
  bool ended() const { return ended_; }

 private:
  bool take_head(std::string_view word, Words& words);
  bool take_type(std::string_view word, Words& words);
  bool take_member(Words& words);
  bool take_named(std::string_view word, Words& words);

  DistilledFile& file_;
  std::size_t members_ = 0;
  bool ended_ = false;
};

bool Reader::take(std::string_view line) {
  if (line.size() > kLongestLine || line.find_first_of(kNoText) != std::string_view::npos || ended_) return false;
  Words words(line);
  const std::string_view word = words.next();
  if (word == kEnd) return ended_ = words.rest().empty();
  if (word == "member") return take_member(words);
  return take_head(word, words) || take_type(word, words) || take_named(word, words);
}

bool Reader::take_head(std::string_view word, Words& words) {
  if (word == "build-id") {
    file_.build_id = words.rest();
    return !file_.build_id.empty() && file_.build_id.find_first_not_of("0123456789abcdef") == std::string::npos;
  }
  if (word == "banner") {
    file_.banner = words.rest();
    return true;
  }
  if (word == "from") {
    file_.origin = words.rest();
    return true;
  }
  if (word == "machine") return words.number(file_.machine).ok();
  if (word != "order") return false;
  const std::string order = words.rest();
  file_.byte_order = order == "big" ? ByteOrder::kBig : ByteOrder::kLittle;
  return order == "big" || order == "little";
}

bool Reader::take_type(std::string_view word, Words& words) {
  TypeNode node;
  if (word == "struct") {
    node.kind = TypeNode::Kind::kStructure;
    words.number(node.size);
  } else if (word == "enum") {
    node.kind = TypeNode::Kind::kEnum;
    words.number(node.size).flag(node.is_signed);
  } else if (word == "base") {
    node.kind = TypeNode::Kind::kBase;
    words.number(node.size).flag(node.is_signed).number(node.bit_size).number(node.bit_offset);
  } else if (word == "pointer") {
    node.kind = TypeNode::Kind::kPointer;
    words.number(node.size).number(node.target);
  } else if (word == "array") {
    node.kind = TypeNode::Kind::kArray;
    words.number(node.target).number(node.count);
  } else if (word != "opaque") {
    return false;
  }
  node.name = words.rest();
  if (!words.ok() || file_.types.size() == kMostTypes) return false;
  node.id = file_.types.size() + 1;
  file_.types.push_back({std::move(node), {}});
  return true;
}

bool Reader::take_member(Words& words) {
  if (file_.types.empty() || file_.types.back().node.kind != TypeNode::Kind::kStructure) return false;
  RawMember member;
  words.number(member.bits).number(member.bit_size).number(member.type);
  member.name = words.rest();
  if (!words.ok() || member.bit_size > kWidestField || ++members_ > kMostMembers) return false;
  file_.types.back().members.push_back(std::move(member));
  return file_.types.back().members.size() <= LayoutReader::kMostMembers;
}

bool Reader::take_named(std::string_view word, Words& words) {
  if (word == "name") {
    std::uint64_t id = 0;
    words.number(id);
    return words.ok() && file_.names.size() < kMostNames && file_.names.try_emplace(words.rest(), id).second;
  }
  if (word == "enumerator") {
    const auto value = parse_signed(words.next(), 10);
    return value && file_.enumerators.size() < kMostNames && file_.enumerators.try_emplace(words.rest(), *value).second;
  }
  if (word != "address" && word != "offset") return false;
  DistilledSymbol symbol;
  symbol.is_offset = word == "offset";
  words.number(symbol.value, 16);
  return words.ok() && file_.symbols.size() < kMostNames && file_.symbols.try_emplace(words.rest(), symbol).second;
}

Result<std::string> unpack(Bytes bytes, const std::string& name) {
  const std::string_view as_text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  // Unpacked by hand, it is as good.
  if (as_text.starts_with(kMagic)) return std::string(as_text);
  const bool is_gzip = bytes.size() > kGzipTrailer && bytes[0] == std::byte{0x1f} && bytes[1] == std::byte{0x8b};
  if (!is_gzip) return fail(ErrorKind::kNotFound, "{}: not a file of distilled types", name);
  const std::uint32_t size = load<std::uint32_t>(bytes.last(4).data(), ByteOrder::kLittle);
  if (size > kMostText) return fail(ErrorKind::kLimit, "{}: too large for distilled types", name);
  std::string text(size, '\0');
  std::size_t unpacked = 0;
  const std::unique_ptr<libdeflate_decompressor, FreeCompressor> codec(libdeflate_alloc_decompressor());
  if (!codec || libdeflate_gzip_decompress(codec.get(), bytes.data(), bytes.size(), text.data(), text.size(),
                                           &unpacked) != LIBDEFLATE_SUCCESS) {
    return fail(ErrorKind::kCorrupt, "{}: damaged or cut: it cannot be unpacked", name);
  }
  text.resize(unpacked);
  return text;
}

// A name that would break its line is left out: no C compiler makes one.
bool fits(std::string_view line, std::string_view name) {
  return line.size() + 1 + name.size() <= kLongestLine && name.find_first_of(kNoText) == std::string_view::npos;
}

std::string type_line(const TypeNode& node) {
  switch (node.kind) {
    case TypeNode::Kind::kStructure: return fmt::format("struct {}", node.size);
    case TypeNode::Kind::kEnum: return fmt::format("enum {} {:d}", node.size, node.is_signed);
    case TypeNode::Kind::kBase:
      return fmt::format("base {} {:d} {} {}", node.size, node.is_signed, node.bit_size, node.bit_offset);
    case TypeNode::Kind::kPointer: return fmt::format("pointer {} {}", node.size, node.target);
    case TypeNode::Kind::kArray: return fmt::format("array {} {}", node.target, node.count);
    case TypeNode::Kind::kWithoutSize: break;
  }
  return "opaque";
}

}  // namespace

std::string distilled_as_text(const DistilledFile& file) {
  std::string text = fmt::format("{}{}\n", kMagic, kVersion);
  const auto add = [&](std::string_view line, std::string_view name) {
    text += line;
    if (!name.empty() && fits(line, name)) {
      text += ' ';
      text += name;
    }
    text += '\n';
  };
  if (!file.build_id.empty()) add("build-id", file.build_id);
  if (!file.banner.empty()) add("banner", file.banner);
  add(fmt::format("machine {}", file.machine), {});
  add("order", file.byte_order == ByteOrder::kBig ? "big" : "little");
  add("from", file.origin);
  for (const DistilledType& type : file.types) {
    add(type_line(type.node), type.node.name);
    for (const RawMember& member : type.members) {
      if (member.bit_size > kWidestField) continue;  // of s390x's clock, 72 bits wide: nothing reads it
      add(fmt::format("member {} {} {}", member.bits, member.bit_size, member.type), member.name);
    }
  }
  for (const auto& [name, id] : file.names) add(fmt::format("name {}", id), name);
  for (const auto& [name, value] : file.enumerators) add(fmt::format("enumerator {}", value), name);
  for (const auto& [name, symbol] : file.symbols) {
    add(fmt::format("{} {:x}", symbol.is_offset ? "offset" : "address", symbol.value), name);
  }
  add(kEnd, {});
  return text;
}

std::vector<std::byte> write_distilled(const DistilledFile& file) {
  constexpr int kBestLevel = 12;
  const std::string text = distilled_as_text(file);
  const std::unique_ptr<libdeflate_compressor, FreeCompressor> codec(libdeflate_alloc_compressor(kBestLevel));
  std::vector<std::byte> bytes(codec ? libdeflate_gzip_compress_bound(codec.get(), text.size()) : 0);
  const std::size_t size =
      codec ? libdeflate_gzip_compress(codec.get(), text.data(), text.size(), bytes.data(), bytes.size()) : 0;
  bytes.resize(size);
  if (size != 0) return bytes;
  const auto plain = std::as_bytes(std::span(text));
  return {plain.begin(), plain.end()};
}

Result<std::shared_ptr<const DistilledFile>> read_distilled(const ByteSource& source) {
  if (source.size() > kMostPacked) return fail(ErrorKind::kLimit, "{}: too large for distilled types", source.name());
  std::vector<std::byte> bytes(source.size());
  TRY_CHECK(source.read_exactly(0, bytes));
  TRY_ASSIGN(const std::string text, unpack(bytes, source.name()));
  std::string_view rest = text;
  if (!rest.starts_with(kMagic)) return fail(ErrorKind::kNotFound, "{}: not a file of distilled types", source.name());
  auto file = std::make_shared<DistilledFile>();
  file->name = source.name();
  Reader reader(*file);
  for (std::size_t number = 1; !rest.empty(); ++number) {
    const std::size_t newline = rest.find('\n');
    if (newline == std::string_view::npos) break;
    const std::string_view line = rest.substr(0, newline);
    rest.remove_prefix(newline + 1);
    if (number == 1) {
      const auto version = parse_unsigned(line.substr(kMagic.size()), 10);
      if (version == kVersion) continue;
      return with_hint(fail(ErrorKind::kUnsupported, "{}: distilled types of version {}; this whyhung reads {}",
                            source.name(), printable(line.substr(kMagic.size(), 20)), kVersion),
                       "distil the kernel's vmlinux again");
    }
    if (!reader.take(line)) {
      return fail(ErrorKind::kCorrupt, "{}: damaged: line {} makes no sense", source.name(), number);
    }
  }
  if (!reader.ended()) return fail(ErrorKind::kTruncated, "{}: cut off: its end is missing", source.name());
  return file;
}

}  // namespace whyhung::debuginfo
