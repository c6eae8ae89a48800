// SPDX-License-Identifier: GPL-2.0-or-later
// How the tables give themselves away (scripts/kallsyms.c writes them):
//   the token table  every character that is in a name is a token of its own, so the texts "0", "1" … "9" follow each
//   other the token index  256 ascending 16-bit offsets into it, behind it the markers      ascending offsets from 0
//   on, right before the token table or, in v6.2 to v6.4 and kernels that took the
//                    change back, before the order of names, three bytes for each, that lies between
//   the names        before the markers, so that hopping over 256 of them leads from marker to marker
//   their number     before the names
//   the addresses    before that number; since v6.5 (404bad70fcf7) behind the token index
// Each begins at a multiple of 8 bytes, of 4 since 7.x. Up to v5.x the assembler was told ".align 8", which on POWER
// means a multiple of 2^8.
#include "debuginfo/kallsyms_scan.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/byte_reader.h"

namespace whyhung::debuginfo {
namespace {

constexpr std::string_view kDigits(
    "0\0"
    "1\0"
    "2\0"
    "3\0"
    "4\0"
    "5\0"
    "6\0"
    "7\0"
    "8\0"
    "9\0",
    20);
constexpr std::uint64_t kLargestImage = std::uint64_t{1} << 30;
constexpr std::size_t kChunk = 65536;
constexpr std::size_t kPage = 4096;
constexpr std::size_t kMostHits = 4096;
constexpr std::size_t kIndexEntries = 256;
constexpr std::size_t kIndexBytes = 2 * kIndexEntries;
// The tokens from '0' on are some 800 bytes.
constexpr std::size_t kTokensAfterDigits = 4096;
constexpr std::uint64_t kBlock = 256;
constexpr std::uint64_t kWideAlignment = 256;  // of each table, on POWER
constexpr std::uint64_t kLongestBlock = kBlock * (2 + 512);
constexpr std::uint32_t kMostBlocks = 1u << 14;
// What one search may cost altogether, however many false starts an image offers. A real one takes under a tenth of it.
constexpr std::uint64_t kMostSteps = std::uint64_t{1} << 25;
constexpr unsigned kMostOpenings = 64;

// The bytes before `end`, as far down as there are addresses.
VirtualRange below(VirtualAddress end, std::uint64_t size) {
  return {end - std::min(size, end.value), end};
}

struct Tokens {
  VirtualAddress table;
  VirtualAddress index;
};

// Where names could begin, told by the number before them.
struct Candidate {
  VirtualAddress names;
  VirtualAddress count_place;
  std::uint64_t count;
  std::uint64_t alignment = 8;
};

class Scan {
 public:
  Scan(const VirtualMemory& memory, std::span<const KnownSymbol> known) : memory_(memory), known_(known) {}

  // Looks at everything that `hit`, the address of a run of digits, could be part of.
  std::shared_ptr<Kallsyms> examine(VirtualAddress hit);
  // Searches and examines; returns at the first success.
  std::shared_ptr<Kallsyms> search(VirtualRange image, const ScanProgress& progress);

 private:
  // False once the search has cost too much.
  bool spend() { return steps_left_ != 0 && steps_left_-- != 0; }
  std::optional<Tokens> find_index(VirtualAddress hit);
  std::vector<std::uint64_t> markers_before(VirtualAddress end, std::uint64_t width);
  std::shared_ptr<Kallsyms> examine_markers(const Tokens& tokens, VirtualAddress end, unsigned width);
  std::shared_ptr<Kallsyms> examine_behind_order(const Tokens& tokens);
  VirtualAddress end_of_padded_markers(VirtualAddress table);
  std::vector<Candidate> candidates(VirtualAddress markers, const std::vector<std::uint64_t>& values);
  std::shared_ptr<Kallsyms> open(const Tokens& tokens, const Candidate& candidate);
  std::vector<std::byte> read_what_is_there(VirtualAddress begin, std::uint64_t size) const;

  const VirtualMemory& memory_;
  std::span<const KnownSymbol> known_;
  std::uint64_t steps_left_ = kMostSteps;
  unsigned openings_left_ = kMostOpenings;
};

std::optional<Tokens> Scan::find_index(VirtualAddress hit) {
  MemoryWindow window(memory_, {hit, hit + kTokensAfterDigits + kIndexBytes}, {9, 4});
  const ByteOrder order = memory_.byte_order();
  std::array<std::byte, kIndexBytes> bytes;
  for (std::uint64_t offset = hit.value % 2; offset < kTokensAfterDigits && spend(); offset += 2) {
    // Most places are no index by these three words.
    const auto first = window.integer<std::uint16_t>(offset, order);
    if (!first || *first != 0) continue;
    const auto zero = window.integer<std::uint16_t>(offset + std::uint64_t{2} * '0', order);
    const auto nine = window.integer<std::uint16_t>(offset + std::uint64_t{2} * '9', order);
    if (!zero || !nine || *nine - *zero != 2 * ('9' - '0') || !window.copy(offset, bytes)) continue;
    std::array<std::uint16_t, kIndexEntries> index;
    ByteReader reader(bytes, order);
    for (std::uint16_t& entry : index) entry = reader.u16();
    if (!std::is_sorted(index.begin(), index.end(), std::less_equal<>())) continue;
    const Tokens tokens{hit - index['0'], hit + offset};
    if (tokens.index > tokens.table && tokens.index - tokens.table > index.back()) return tokens;
  }
  return std::nullopt;
}

std::vector<std::uint64_t> Scan::markers_before(VirtualAddress end, std::uint64_t width) {
  const VirtualRange range = below(end, width * kMostBlocks);
  MemoryWindow window(memory_, range, {12, 1});
  std::vector<std::uint64_t> backwards;
  for (std::uint32_t block = 1; width * block <= range.size() && spend(); ++block) {
    const std::uint64_t offset = range.size() - width * block;
    const auto narrow = window.integer<std::uint32_t>(offset, memory_.byte_order());
    const auto wide = width == 8 ? window.integer<std::uint64_t>(offset, memory_.byte_order()) : std::nullopt;
    if (!narrow || (width == 8 && !wide)) return {};
    const std::uint64_t value = wide ? *wide : *narrow;
    if (!backwards.empty()) {
      const std::uint64_t step = backwards.back() - value;
      if (value > backwards.back() || step < 2 * kBlock || step > kLongestBlock) return {};
    }
    backwards.push_back(value);
    if (value == 0) {
      std::reverse(backwards.begin(), backwards.end());
      return backwards;
    }
  }
  return {};
}

std::vector<Candidate> Scan::candidates(VirtualAddress markers, const std::vector<std::uint64_t>& values) {
  constexpr std::size_t kMostCandidates = 64;
  std::vector<Candidate> found;
  // The last block holds at least one name of at least two bytes, and ends before the markers.
  const VirtualAddress last = (markers - values.back() - 2).align_down(4);
  const VirtualRange range = below(last, kLongestBlock + kWideAlignment);
  MemoryWindow window(memory_, range, {12, 1});
  const auto fits = [&](std::uint64_t count) {
    return count <= values.size() * kBlock && count > (values.size() - 1) * kBlock;
  };
  const bool little = memory_.byte_order() == ByteOrder::kLittle;
  const auto word_before = [&](std::uint64_t offset) -> std::uint64_t {
    return offset < 4 ? 0 : window.integer<std::uint32_t>(offset - 4, memory_.byte_order()).value_or(0);
  };
  // Downwards: the lower of the two words before the names is the upper one of the next place.
  std::uint64_t offset = range.size() & ~std::uint64_t{3};
  for (std::uint64_t upper = word_before(offset); offset >= 4 && found.size() < kMostCandidates && spend();
       offset -= 4) {
    const VirtualAddress names = range.begin + offset;
    const std::uint64_t lower = word_before(offset - 4);
    // Aligned to 8 bytes: a long, or 32 bits and padding. Since 7.x aligned to 4: 32 bits right before the names.
    const std::uint64_t wide = little ? upper << 32 | lower : lower << 32 | upper;
    const std::uint64_t far =
        names.value % kWideAlignment != 0 || offset < kWideAlignment
            ? 0
            : window.integer<std::uint64_t>(offset - kWideAlignment, memory_.byte_order()).value_or(0);
    if (upper == 0 && lower == 0 && fits(far)) {
      found.push_back({names, names - kWideAlignment, far, kWideAlignment});
    } else if (names.value % 8 == 0 && fits(wide)) {
      found.push_back({names, names - 8, wide});
    } else if (names.value % 8 == 0 && fits(lower)) {
      found.push_back({names, names - 8, lower});
    } else if (fits(upper)) {
      found.push_back({names, names - 4, upper});
    }
    upper = lower;
  }
  return found;
}

std::shared_ptr<Kallsyms> Scan::open(const Tokens& tokens, const Candidate& candidate) {
  const std::uint64_t offset_bytes = 4 * candidate.count;
  const std::uint64_t padded_bytes = (offset_bytes + 7) & ~std::uint64_t{7};
  const std::uint64_t alignment = candidate.alignment;
  KallsymsTables before{candidate.names, tokens.table, tokens.index, candidate.count_place, {}, {}, {}};
  KallsymsTables behind = before;
  before.relative_base = candidate.count_place - alignment;
  before.offsets = (*before.relative_base - padded_bytes).align_down(alignment);
  before.addresses = (candidate.count_place - 8 * candidate.count).align_down(alignment);
  behind.offsets = tokens.index + kIndexBytes;
  behind.relative_base = *behind.offsets + padded_bytes;
  for (const KallsymsTables& tables : {before, behind}) {
    if (openings_left_ == 0) return nullptr;
    --openings_left_;
    if (auto opened = Kallsyms::open(memory_, tables, known_)) return *opened;
  }
  return nullptr;
}

std::shared_ptr<Kallsyms> Scan::examine_markers(const Tokens& tokens, VirtualAddress end, unsigned width) {
  const auto markers = markers_before(end, width);
  if (markers.empty()) return nullptr;
  for (const Candidate& candidate : candidates(end - width * markers.size(), markers)) {
    if (auto opened = open(tokens, candidate)) return opened;
  }
  return nullptr;
}

std::shared_ptr<Kallsyms> Scan::examine_behind_order(const Tokens& tokens) {
  constexpr std::uint64_t kLongestOrder = std::uint64_t{3} << 20;
  const VirtualAddress top = tokens.table.align_down(4);
  const VirtualRange range = below(top, kLongestOrder);
  MemoryWindow window(memory_, range, {12, 1});
  // From the two words before `end` on, downwards: could they be the last two markers?
  for (std::uint64_t end = range.size() & ~std::uint64_t{3}; end >= 8 && spend(); end -= 4) {
    const auto last = window.integer<std::uint32_t>(end - 4, memory_.byte_order());
    if (!last) {
      // Not a word of this page can be read.
      end = std::max<std::uint64_t>(end - std::min(end, (range.begin.value + end - 4) % kPage), 4);
      continue;
    }
    const auto before = window.integer<std::uint32_t>(end - 8, memory_.byte_order());
    if (!before || *last < *before || *last - *before < 2 * kBlock || *last - *before > kLongestBlock) continue;
    const auto markers = markers_before(range.begin + end, 4);
    // So many markers go with so many names, and these with the size of the order, give or take the padding.
    const std::uint64_t names = (range.size() - end) / 3;
    const std::uint64_t most = markers.size() * kBlock;
    if (markers.empty() || names > most + 8 || names + kBlock + 8 < most) continue;
    if (auto opened = examine_markers(tokens, range.begin + end, 4)) return opened;
  }
  return nullptr;
}

// Where the markers end when up to 256 bytes of padding follow them: behind the last word that is not zero.
VirtualAddress Scan::end_of_padded_markers(VirtualAddress table) {
  const VirtualRange range = below(table, kWideAlignment);
  MemoryWindow window(memory_, range, {12, 1});
  for (std::uint64_t end = range.size(); end >= 8 && spend(); end -= 8) {
    const auto word = window.integer<std::uint64_t>(end - 8, memory_.byte_order());
    if (!word || *word != 0) return range.begin + end;
  }
  return range.begin;
}

std::shared_ptr<Kallsyms> Scan::examine(VirtualAddress hit) {
  const auto tokens = find_index(hit);
  if (!tokens) return nullptr;
  if (tokens->table.value % kWideAlignment == 0) {
    if (auto opened = examine_markers(*tokens, end_of_padded_markers(tokens->table), 8)) return opened;
  }
  // v4.20 (80ffbaa5b1bd): markers shrank from longs to 32 bits. Up to seven bytes of padding may follow them.
  for (const unsigned width : {8u, 4u}) {
    for (const std::uint64_t padding : {0, 4}) {
      if (auto opened = examine_markers(*tokens, (tokens->table - padding).align_down(4), width)) return opened;
    }
  }
  return examine_behind_order(*tokens);
}

std::vector<std::byte> Scan::read_what_is_there(VirtualAddress begin, std::uint64_t size) const {
  std::vector<std::byte> bytes(size);
  if (memory_.read(begin, bytes)) return bytes;
  for (std::uint64_t offset = 0; offset < size;) {
    const std::uint64_t count = std::min<std::uint64_t>(kPage - (begin.value + offset) % kPage, size - offset);
    const auto part = std::span(bytes).subspan(offset, count);
    if (!memory_.read(begin + offset, part)) std::fill(part.begin(), part.end(), std::byte{0});
    offset += count;
  }
  return bytes;
}

std::shared_ptr<Kallsyms> Scan::search(VirtualRange image, const ScanProgress& progress) {
  const std::uint64_t total = std::min(image.size(), kLargestImage);
  std::size_t hits = 0;
  for (std::uint64_t done = 0; done < total && hits < kMostHits; done += kChunk) {
    if (progress) progress(done, total);
    // A run that begins in this chunk may end in the next.
    const auto bytes = read_what_is_there(image.begin + done, std::min(kChunk + kDigits.size(), total - done));
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    for (std::size_t at = text.find(kDigits); at < kChunk && hits < kMostHits; at = text.find(kDigits, at + 1)) {
      ++hits;
      if (auto opened = examine(image.begin + done + at)) return opened;
    }
  }
  return nullptr;
}

}  // namespace

Result<std::shared_ptr<Kallsyms>> find_kallsyms(const VirtualMemory& memory, VirtualRange image,
                                                std::span<const KnownSymbol> known, const ScanProgress& progress) {
  if (image.empty() || known.empty()) {
    return fail(ErrorKind::kUsage, "kallsyms cannot be searched for without a range and a known symbol");
  }
  if (auto found = Scan(memory, known).search(image, progress)) return found;
  return with_hint(
      fail(ErrorKind::kNotFound, "no kallsyms tables between {:#x} and {:#x}", image.begin.value, image.end.value),
      "give a vmlinux for the symbols");
}

}  // namespace whyhung::debuginfo
