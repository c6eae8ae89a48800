// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/kallsyms_builder.h"

#include <algorithm>
#include <array>
#include <numeric>

namespace whyhung::test {
namespace {

// Tokens: all printable characters stand for themselves, and some numbers for frequent pieces.
std::array<std::string, 256> make_tokens(bool plain) {
  std::array<std::string, 256> tokens;
  for (unsigned c = '!'; c <= '~'; ++c) tokens[c] = std::string(1, static_cast<char>(c));
  if (plain) return tokens;
  const std::array<std::string, 8> pieces = {"Tinit_", "task", "_lock", "sys_", "Dkernel", "ing", "er", "Tdo_"};
  std::copy(pieces.begin(), pieces.end(), tokens.begin() + 200);
  return tokens;
}

std::vector<std::byte> compress(const std::string& text, const std::array<std::string, 256>& tokens) {
  std::vector<std::byte> bytes;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t best = static_cast<unsigned char>(text[at]);
    for (std::size_t token = 128; token < tokens.size(); ++token) {
      if (!tokens[token].empty() && text.compare(at, tokens[token].size(), tokens[token]) == 0) best = token;
    }
    bytes.push_back(static_cast<std::byte>(best));
    at += std::max<std::size_t>(tokens[best].size(), 1);
  }
  return bytes;
}

class Image {
 public:
  Image(std::uint64_t address, ByteOrder order) : address_(address), order_(order) {}
  template <std::integral T>
  void add(T value) {
    bytes_.resize(bytes_.size() + sizeof(T));
    store(bytes_.data() + bytes_.size() - sizeof(T), value, order_);
  }
  void add_bytes(const std::vector<std::byte>& more) { bytes_.insert(bytes_.end(), more.begin(), more.end()); }
  void add_byte(unsigned value) { bytes_.push_back(static_cast<std::byte>(value)); }
  VirtualAddress align(std::size_t to) {
    while ((address_ + bytes_.size()) % to != 0) add_byte(0);
    return here();
  }
  VirtualAddress here() const { return VirtualAddress(address_ + bytes_.size()); }
  std::vector<std::byte> take() { return std::move(bytes_); }

 private:
  std::uint64_t address_;
  ByteOrder order_;
  std::vector<std::byte> bytes_;
};

}  // namespace

debuginfo::KallsymsTables KallsymsBuilder::put(FakeMemory& memory, std::uint64_t address) const {
  const bool longs = layout_ == KallsymsLayout::kLongs || layout_ == KallsymsLayout::kPower;
  const bool late = layout_ == KallsymsLayout::kReordered || layout_ == KallsymsLayout::kPlaces;
  const std::size_t alignment = layout_ == KallsymsLayout::kPlaces ? 4 : layout_ == KallsymsLayout::kPower ? 256 : 8;
  const auto tokens = make_tokens(plain_tokens_);
  Image image(address, memory.byte_order());
  debuginfo::KallsymsTables tables;

  std::vector<std::byte> names;
  std::vector<std::uint32_t> markers;
  for (std::size_t i = 0; i < symbols_.size(); ++i) {
    if (i % 256 == 0) markers.push_back(static_cast<std::uint32_t>(names.size()));
    const auto compressed = compress(symbols_[i].type + symbols_[i].name, tokens);
    if (compressed.size() < 128 || plain_tokens_) {
      names.push_back(static_cast<std::byte>(compressed.size()));
    } else {
      names.push_back(static_cast<std::byte>((compressed.size() & 0x7f) | 0x80));
      names.push_back(static_cast<std::byte>(compressed.size() >> 7));
    }
    names.insert(names.end(), compressed.begin(), compressed.end());
  }
  std::vector<std::uint32_t> order(symbols_.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::uint32_t a, std::uint32_t b) { return symbols_[a].name < symbols_[b].name; });

  const auto add_offsets = [&] {
    tables.offsets = image.align(alignment);
    for (const KallsymsSymbol& symbol : symbols_) {
      std::uint64_t number = symbol.address - base_;
      if (layout_ == KallsymsLayout::kPlaces) number = symbol.address - image.here().value;
      if (per_cpu_absolute_) number = symbol.address < base_ ? symbol.address : base_ - 1 - symbol.address;
      image.add(static_cast<std::uint32_t>(number));
    }
    if (layout_ == KallsymsLayout::kPlaces) return;
    tables.relative_base = image.align(8);
    image.add(base_);
  };
  const auto add_order = [&] {
    image.align(alignment);
    for (const std::uint32_t index : order) {
      image.add_byte(index >> 16 & 0xff);
      image.add_byte(index >> 8 & 0xff);
      image.add_byte(index & 0xff);
    }
  };

  if (longs) {
    tables.addresses = image.align(alignment);
    for (const KallsymsSymbol& symbol : symbols_) image.add(symbol.address);
  } else if (!late) {
    add_offsets();
  }
  tables.symbol_count = image.align(alignment);
  if (longs) {
    image.add(std::uint64_t{symbols_.size()});
  } else {
    image.add(static_cast<std::uint32_t>(symbols_.size()));
  }
  tables.names = image.align(alignment);
  image.add_bytes(names);
  image.align(alignment);
  for (const std::uint32_t marker : markers) {
    if (longs) {
      image.add(std::uint64_t{marker});
    } else {
      image.add(marker);
    }
  }
  if (layout_ == KallsymsLayout::kOrderInside) add_order();
  tables.token_table = image.align(alignment);
  std::array<std::uint16_t, 256> index{};
  for (std::size_t token = 0; token < tokens.size(); ++token) {
    index[token] = static_cast<std::uint16_t>(image.here() - tables.token_table);
    for (const char c : tokens[token]) image.add_byte(static_cast<unsigned char>(c));
    image.add_byte(0);
  }
  tables.token_index = image.align(alignment);
  for (const std::uint16_t entry : index) image.add(entry);
  if (late) {
    add_offsets();
    add_order();
  }
  memory.put(address, image.take());
  return tables;
}

}  // namespace whyhung::test
