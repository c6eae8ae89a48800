// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/btf_builder.h"

#include <algorithm>

namespace whyhung::test {

std::uint32_t BtfBuilder::string(std::string_view text) {
  if (const auto known = string_offsets_.find(text); known != string_offsets_.end()) return known->second;
  if (text.empty()) {
    if (first_string_ != 0) return 0;
  }
  const std::uint32_t offset = end_string();
  strings_.append(text);
  strings_.push_back('\0');
  string_offsets_.emplace(text, offset);
  return offset;
}

std::uint32_t BtfBuilder::record(std::uint32_t kind, std::string_view name, std::uint32_t count, bool flag,
                                 std::uint32_t size_or_type, const std::vector<std::uint32_t>& words) {
  words_.push_back(string(name));
  words_.push_back((flag ? 1u << 31 : 0) | kind << 24 | count);
  words_.push_back(size_or_type);
  words_.insert(words_.end(), words.begin(), words.end());
  return next_id_++;
}

std::uint32_t BtfBuilder::integer(std::string_view name, std::uint32_t size, std::uint32_t encoding,
                                  std::uint32_t bits) {
  return record(1, name, 0, false, size, {encoding << 24 | (bits == 0 ? size * 8 : bits)});
}

std::uint32_t BtfBuilder::composite(std::uint32_t kind, std::string_view name, std::uint32_t size,
                                    const std::vector<BtfMember>& members) {
  const bool flag = std::any_of(members.begin(), members.end(), [](const auto& each) { return each.bit_size != 0; });
  std::vector<std::uint32_t> words;
  for (const BtfMember& member : members) {
    words.push_back(string(member.name));
    words.push_back(member.type);
    words.push_back(flag ? member.bit_size << 24 | member.bits : member.bits);
  }
  return record(kind, name, static_cast<std::uint32_t>(members.size()), flag, size, words);
}

std::uint32_t BtfBuilder::enumeration(std::string_view name, const std::vector<BtfEnumerator>& values, bool is_signed) {
  std::vector<std::uint32_t> words;
  for (const BtfEnumerator& value : values) {
    words.push_back(string(value.name));
    words.push_back(static_cast<std::uint32_t>(value.value));
  }
  return record(6, name, static_cast<std::uint32_t>(values.size()), is_signed, 4, words);
}

std::uint32_t BtfBuilder::enumeration64(std::string_view name, const std::vector<BtfEnumerator>& values) {
  std::vector<std::uint32_t> words;
  for (const BtfEnumerator& value : values) {
    words.push_back(string(value.name));
    words.push_back(static_cast<std::uint32_t>(value.value));
    words.push_back(static_cast<std::uint32_t>(static_cast<std::uint64_t>(value.value) >> 32));
  }
  return record(19, name, static_cast<std::uint32_t>(values.size()), false, 8, words);
}

std::uint32_t BtfBuilder::function_type(std::uint32_t result, const std::vector<std::uint32_t>& parameters) {
  std::vector<std::uint32_t> words;
  for (const std::uint32_t parameter : parameters) {
    words.push_back(0);
    words.push_back(parameter);
  }
  return record(13, "", static_cast<std::uint32_t>(parameters.size()), false, result, words);
}

std::uint32_t BtfBuilder::data_section(std::string_view name, const std::vector<BtfPlaced>& variables) {
  std::vector<std::uint32_t> words;
  for (const BtfPlaced& placed : variables) {
    words.insert(words.end(), {placed.variable, placed.offset, placed.size});
  }
  return record(15, name, static_cast<std::uint32_t>(variables.size()), false, 0, words);
}

std::vector<std::byte> BtfBuilder::build() const {
  const auto types = static_cast<std::uint32_t>(words_.size() * 4);
  const auto strings = static_cast<std::uint32_t>(strings_.size());
  const auto layout = static_cast<std::uint32_t>(layout_.size() * 4);
  std::vector<std::uint32_t> header = {0, layout == 0 ? 24u : 32u, 0, types, types, strings};
  if (layout != 0) header.insert(header.end(), {types + strings, layout});
  std::vector<std::byte> bytes(header.size() * 4);
  for (std::size_t i = 0; i < header.size(); ++i) store(bytes.data() + i * 4, header[i], order_);
  store(bytes.data(), std::uint16_t{0xeb9f}, order_);
  bytes[2] = std::byte{1};
  bytes[3] = std::byte{0};
  for (const std::uint32_t word : words_) {
    bytes.resize(bytes.size() + 4);
    store(bytes.data() + bytes.size() - 4, word, order_);
  }
  for (const char c : strings_) bytes.push_back(static_cast<std::byte>(c));
  for (const auto& [fixed, each] : layout_) bytes.insert(bytes.end(), {std::byte{fixed}, std::byte{each}, {}, {}});
  return bytes;
}

}  // namespace whyhung::test
