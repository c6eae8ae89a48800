// SPDX-License-Identifier: GPL-2.0-or-later
#include "debuginfo/kallsyms_names.h"

#include <algorithm>
#include <bitset>

#include "base/byte_reader.h"

namespace whyhung::debuginfo {
namespace {

constexpr std::uint32_t kMostSymbols = 1u << 22;  // kernels have 100,000 to 300,000
constexpr std::uint64_t kBlock = 256;             // names between two markers
// KSYM_NAME_LEN is 128 and, since v6.1 (b8a94bfb3395), 512; a name may be as long as that when nothing in it repeats.
constexpr std::uint32_t kLongestRecord = 2 + 512;
constexpr std::size_t kLongestToken = 512;
constexpr std::size_t kLongestText = 1024;
constexpr std::size_t kIndexBytes = 512;
constexpr std::size_t kLongestTokenTable = 0x10000 + 128;
constexpr std::size_t kOrderBytes = 3;

VirtualRange names_range(const KallsymsNames::Place& place) {
  // The token table comes after the names in every kernel, so they end before it.
  const std::uint64_t most = std::uint64_t{place.count} * kLongestRecord;
  const std::uint64_t before_tokens = place.token_table > place.names ? place.token_table - place.names : most;
  return {place.names, place.names + std::min(most, before_tokens)};
}

// Refuses by length and last character what cannot be among the names looked for.
class NameFilter {
 public:
  explicit NameFilter(std::span<const std::string> names) {
    for (const std::string& name : names) {
      if (!name.empty()) bits_.set(key(name.size(), name.back()));
    }
  }
  bool may_be(std::size_t length, char last) const { return bits_.test(key(length, last)); }

 private:
  static std::size_t key(std::size_t length, char last) {
    return (length * 127 + static_cast<unsigned char>(last)) % kBits;
  }
  static constexpr std::size_t kBits = 8192;
  std::bitset<kBits> bits_;
};

}  // namespace

KallsymsNames::KallsymsNames(const VirtualMemory& memory, const Place& place)
    : memory_(&memory), place_(place), names_(memory, names_range(place), {12, 4}) {}

Result<KallsymsNames> KallsymsNames::open(const VirtualMemory& memory, const Place& place) {
  if (place.count == 0 || place.count > kMostSymbols) {
    return fail(ErrorKind::kCorrupt, "kallsyms: {} symbols are not a kernel's", place.count);
  }
  KallsymsNames names(memory, place);
  TRY_CHECK(names.read_tokens());
  names.find_markers();
  if (names.markers_.empty() && names.fault()) return fail(to_error(*names.fault(), "kallsyms names"));
  if (names.markers_.empty()) {
    return fail(ErrorKind::kCorrupt, "kallsyms: the names at {:#x} cannot be walked", place.names.value);
  }
  return names;
}

Result<void> KallsymsNames::read_tokens() {
  std::array<std::byte, kIndexBytes> index;
  if (auto done = memory_->read(place_.token_index, index); !done) {
    return fail(to_error(done.error(), "kallsyms token index"));
  }
  ByteReader reader(index, memory_->byte_order());
  std::array<std::uint16_t, 256> starts;
  for (std::uint16_t& start : starts) start = reader.u16();
  // The index follows its table; where it does not, the last token is taken to be short.
  std::uint64_t size = place_.token_index - place_.token_table;
  if (place_.token_index <= place_.token_table || size > kLongestTokenTable) size = std::uint64_t{starts.back()} + 64;
  token_text_.resize(size);
  const auto bytes = std::as_writable_bytes(std::span(token_text_));
  if (auto done = memory_->read(place_.token_table, bytes); !done) {
    return fail(to_error(done.error(), "kallsyms token table"));
  }
  for (std::size_t token = 0; token < tokens_.size(); ++token) {
    ByteReader text(bytes, memory_->byte_order());
    text.seek(starts[token]);
    tokens_[token] = text.c_string();
    if (!text.ok() || tokens_[token].size() > kLongestToken) {
      return fail(ErrorKind::kCorrupt, "kallsyms: token {} begins or ends outside of its table", token);
    }
  }
  return {};
}

std::vector<KallsymsNames::MarkerGuess> KallsymsNames::marker_guesses() const {
  const std::uint64_t blocks = (place_.count + kBlock - 1) / kBlock;
  std::vector<MarkerGuess> guesses;
  // Tables are aligned to 8 bytes, or to 4 (seen in 7.2): what lies between them is padding of fewer bytes than that.
  for (const VirtualAddress end : {place_.token_table, place_.token_table - 4}) {
    const VirtualAddress order = (end - kOrderBytes * place_.count).align_down(4);
    for (const VirtualAddress before_order : {order, order - 4}) {
      guesses.push_back({before_order - 4 * blocks, 4, order});
    }
  }
  guesses.push_back({place_.token_table - 4 * blocks, 4, std::nullopt});
  guesses.push_back({place_.token_table - 4 * blocks - 4, 4, std::nullopt});
  // v4.20 (80ffbaa5b1bd): markers shrank from longs to 32 bits.
  guesses.push_back({place_.token_table - 8 * blocks, 8, std::nullopt});
  return guesses;
}

std::optional<std::vector<std::uint32_t>> KallsymsNames::read_markers(const MarkerGuess& guess) const {
  const std::size_t blocks = (place_.count + kBlock - 1) / kBlock;
  std::vector<std::byte> bytes(blocks * guess.width);
  // The first word tells most wrong guesses from the right one.
  const auto first = memory_->read_unsigned(guess.address, guess.width);
  if (!first || *first != 0 || !memory_->read(guess.address, bytes)) return std::nullopt;
  ByteReader reader(bytes, memory_->byte_order());
  std::vector<std::uint32_t> markers;
  std::uint64_t last = 0;
  for (std::size_t block = 0; block < blocks; ++block) {
    const std::uint64_t marker = guess.width == 4 ? reader.u32() : reader.u64();
    const std::uint64_t step = marker - last;
    if (block != 0 && (marker < last || step < 2 * kBlock || step > kBlock * kLongestRecord)) return std::nullopt;
    if (marker >= names_.size()) return std::nullopt;
    markers.push_back(static_cast<std::uint32_t>(marker));
    last = marker;
  }
  return markers;
}

KallsymsNames::Evidence KallsymsNames::block_evidence(std::uint32_t block, const std::vector<std::uint32_t>& markers) {
  std::uint64_t offset = markers[block];
  for (std::uint32_t i = 0; i < kBlock; ++i) {
    const auto record = record_at(offset);
    if (!record) return names_.at(offset).empty() && offset < names_.size() ? Evidence::kNone : Evidence::kAgainst;
    offset = record->next();
  }
  return offset == markers[block + 1] ? Evidence::kFor : Evidence::kAgainst;
}

bool KallsymsNames::markers_fit(const std::vector<std::uint32_t>& markers, Lengths lengths) {
  lengths_ = lengths;
  const auto whole_blocks = static_cast<std::uint32_t>(markers.size() - 1);
  if (whole_blocks == 0) return true;
  bool supported = false;
  for (const std::uint32_t block : {0u, whole_blocks / 2, whole_blocks - 1}) {
    const Evidence evidence = block_evidence(block, markers);
    if (evidence == Evidence::kAgainst) return false;
    supported = supported || evidence == Evidence::kFor;
  }
  return supported;
}

void KallsymsNames::find_markers() {
  Lengths right_lengths = Lengths::kUpToTwoBytes;
  for (const MarkerGuess& guess : marker_guesses()) {
    const auto markers = read_markers(guess);
    if (!markers) continue;
    // v6.1 (73bbb94466fd): a length of 128 or more takes two bytes; distributions took this back to older kernels.
    if (!markers_fit(*markers, Lengths::kUpToTwoBytes) && !markers_fit(*markers, Lengths::kOneByte)) continue;
    markers_ = *markers;
    right_lengths = lengths_;
    if (!guess.order || use_order_at(*guess.order)) break;
  }
  lengths_ = right_lengths;
  if (markers_.empty()) build_markers();
}

void KallsymsNames::build_markers() {
  std::uint64_t offset = 0;
  for (std::uint32_t index = 0; index < place_.count; ++index) {
    if (index % kBlock == 0) markers_.push_back(static_cast<std::uint32_t>(offset));
    const auto record = record_at(offset);
    if (!record) {
      markers_.clear();
      return;
    }
    offset = record->next();
  }
}

std::optional<KallsymsNames::Record> KallsymsNames::record_at(std::uint64_t offset) {
  const auto first = names_.at(offset);
  if (first.empty()) return std::nullopt;
  const auto low = std::to_integer<std::uint32_t>(first[0]);
  Record record{offset + 1, low};
  if (lengths_ == Lengths::kUpToTwoBytes && (low & 0x80) != 0) {
    const auto second = first.size() > 1 ? first.subspan(1) : names_.at(offset + 1);
    if (second.empty()) return std::nullopt;
    record.count = (low & 0x7f) | std::to_integer<std::uint32_t>(second[0]) << 7;
    record.tokens = offset + 2;
  }
  if (record.count == 0 || record.count > kLongestRecord || record.next() > names_.size()) return std::nullopt;
  return record;
}

std::optional<KallsymsNames::Record> KallsymsNames::record(std::uint32_t index) {
  if (index >= place_.count || index / kBlock >= markers_.size()) return std::nullopt;
  std::uint64_t offset = markers_[index / kBlock];
  for (std::uint32_t skipped = 0; skipped < index % kBlock; ++skipped) {
    const auto passed = record_at(offset);
    if (!passed) return std::nullopt;
    offset = passed->next();
  }
  return record_at(offset);
}

std::span<const std::byte> KallsymsNames::tokens_of(const Record& record) {
  const auto bytes = names_.at(record.tokens);
  if (bytes.size() >= record.count) return bytes.first(record.count);
  split_.resize(record.count);
  if (!names_.copy(record.tokens, split_)) return {};
  return split_;
}

std::optional<std::string> KallsymsNames::expand(const Record& record) {
  std::string text;
  for (const std::byte token : tokens_of(record)) {
    text += tokens_[std::to_integer<std::size_t>(token)];
    if (text.size() > kLongestText) return std::nullopt;
  }
  if (text.empty()) return std::nullopt;
  return text;
}

std::optional<std::string> KallsymsNames::decode(std::uint32_t index) {
  const auto found = record(index);
  return found ? expand(*found) : std::nullopt;
}

std::optional<std::uint32_t> KallsymsNames::ordered(std::uint32_t rank) {
  // v6.2 (60443c88f3a8): kallsyms_seqs_of_names, three bytes each, the highest first on every machine.
  std::array<std::byte, kOrderBytes> bytes;
  if (!order_->copy(std::uint64_t{rank} * kOrderBytes, bytes)) return std::nullopt;
  const std::uint32_t index = std::to_integer<std::uint32_t>(bytes[0]) << 16 |
                              std::to_integer<std::uint32_t>(bytes[1]) << 8 | std::to_integer<std::uint32_t>(bytes[2]);
  if (index >= place_.count) return std::nullopt;
  return index;
}

std::optional<std::string> KallsymsNames::ordered_name(std::uint32_t rank) {
  const auto index = ordered(rank);
  auto text = index ? decode(*index) : std::nullopt;
  if (text) text->erase(0, 1);
  return text;
}

bool KallsymsNames::use_order_at(VirtualAddress address) {
  order_.emplace(*memory_, VirtualRange{address, address + kOrderBytes * place_.count}, MemoryWindow::Shape{8, 6});
  // What a search would look at first: cheap, and no other table survives it.
  constexpr std::uint32_t kSamples = 4;
  std::optional<std::string> last;
  std::optional<std::uint32_t> last_index;
  std::uint32_t compared = 0;
  for (std::uint32_t sample = 0; sample <= kSamples; ++sample) {
    const auto rank = static_cast<std::uint32_t>(std::uint64_t{place_.count - 1} * sample / kSamples);
    const auto index = ordered(rank);
    const bool repeated = index == last_index && place_.count > kSamples;
    auto name = ordered_name(rank);
    if (!index || repeated || (name && last && *name < *last)) {
      order_.reset();
      return false;
    }
    last_index = index;
    if (!name) continue;  // its page may be missing, which says nothing about the order
    ++compared;
    last = std::move(name);
  }
  if (2 * compared < kSamples) order_.reset();
  return order_.has_value();
}

std::optional<std::vector<std::uint32_t>> KallsymsNames::find(std::string_view name, std::size_t limit) {
  std::uint32_t low = 0;
  std::uint32_t high = place_.count;
  while (low < high) {
    const std::uint32_t middle = low + (high - low) / 2;
    const auto text = ordered_name(middle);
    if (!text) return std::nullopt;
    if (*text < name) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  std::vector<std::uint32_t> indexes;
  for (; low < place_.count && indexes.size() < limit && ordered_name(low) == name; ++low) {
    indexes.push_back(*ordered(low));
  }
  std::sort(indexes.begin(), indexes.end());
  return indexes;
}

std::vector<std::vector<std::uint32_t>> KallsymsNames::find_by_pass(std::span<const std::string> names,
                                                                    std::size_t limit) {
  const NameFilter filter(names);
  std::vector<std::vector<std::uint32_t>> found(names.size());
  for (std::uint64_t block = 0; block < markers_.size(); ++block) {
    // A page that is missing costs the names of its block only.
    std::uint64_t offset = markers_[block];
    const std::uint64_t end = std::min<std::uint64_t>(place_.count, (block + 1) * kBlock);
    for (std::uint64_t index = block * kBlock; index < end; ++index) {
      const auto record = record_at(offset);
      if (!record) break;
      offset = record->next();
      std::size_t length = 0;
      const auto tokens = tokens_of(*record);
      for (const std::byte token : tokens) length += tokens_[std::to_integer<std::size_t>(token)].size();
      if (tokens.empty() || length < 2) continue;
      const std::string_view last = tokens_[std::to_integer<std::size_t>(tokens.back())];
      if (last.empty() || !filter.may_be(length - 1, last.back())) continue;
      const auto text = expand(*record);
      if (!text) continue;
      const auto name = std::lower_bound(names.begin(), names.end(), text->substr(1));
      if (name == names.end() || text->compare(1, std::string::npos, *name) != 0) continue;
      auto& indexes = found[static_cast<std::size_t>(name - names.begin())];
      if (indexes.size() < limit) indexes.push_back(static_cast<std::uint32_t>(index));
    }
  }
  return found;
}

}  // namespace whyhung::debuginfo
