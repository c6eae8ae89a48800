// SPDX-License-Identifier: GPL-2.0-or-later
// BtfBuilder: BTF made record by record, as pahole would or as an enemy would. Ids count up from `first_id` in the
// order of the calls; a type may name ids that come later.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/endian.h"

namespace whyhung::test {

struct BtfMember {
  std::string name;
  std::uint32_t type;
  std::uint32_t bits;          // offset from the start of the structure
  std::uint32_t bit_size = 0;  // set for any member: the structure gets the kind flag
};
struct BtfEnumerator {
  std::string name;
  std::int64_t value;
};
struct BtfPlaced {
  std::uint32_t variable;
  std::uint32_t offset;
  std::uint32_t size;
};

class BtfBuilder {
 public:
  explicit BtfBuilder(ByteOrder order = ByteOrder::kLittle, std::uint32_t first_id = 1, std::uint32_t first_string = 0)
      : order_(order), next_id_(first_id), first_string_(first_string) {
    if (first_string == 0) string("");
  }

  // Encoding bits are BTF_INT_SIGNED 1, BTF_INT_CHAR 2, BTF_INT_BOOL 4.
  std::uint32_t integer(std::string_view name, std::uint32_t size, std::uint32_t encoding = 0, std::uint32_t bits = 0);
  std::uint32_t pointer(std::uint32_t type) { return record(2, "", 0, false, type, {}); }
  std::uint32_t array(std::uint32_t type, std::uint32_t count) { return record(3, "", 0, false, 0, {type, 0, count}); }
  std::uint32_t structure(std::string_view name, std::uint32_t size, const std::vector<BtfMember>& members) {
    return composite(4, name, size, members);
  }
  std::uint32_t union_of(std::string_view name, std::uint32_t size, const std::vector<BtfMember>& members) {
    return composite(5, name, size, members);
  }
  std::uint32_t enumeration(std::string_view name, const std::vector<BtfEnumerator>& values, bool is_signed = false);
  std::uint32_t forward(std::string_view name) { return record(7, name, 0, false, 0, {}); }
  std::uint32_t type_definition(std::string_view name, std::uint32_t type) {
    return record(8, name, 0, false, type, {});
  }
  std::uint32_t volatile_of(std::uint32_t type) { return record(9, "", 0, false, type, {}); }
  std::uint32_t const_of(std::uint32_t type) { return record(10, "", 0, false, type, {}); }
  std::uint32_t restrict_of(std::uint32_t type) { return record(11, "", 0, false, type, {}); }
  std::uint32_t function(std::string_view name, std::uint32_t type) { return record(12, name, 1, false, type, {}); }
  std::uint32_t function_type(std::uint32_t result, const std::vector<std::uint32_t>& parameters);
  std::uint32_t variable(std::string_view name, std::uint32_t type) { return record(14, name, 0, false, type, {1}); }
  std::uint32_t data_section(std::string_view name, const std::vector<BtfPlaced>& variables);
  std::uint32_t floating(std::string_view name, std::uint32_t size) { return record(16, name, 0, false, size, {}); }
  std::uint32_t decl_tag(std::string_view name, std::uint32_t type) { return record(17, name, 0, false, type, {0}); }
  std::uint32_t type_tag(std::string_view name, std::uint32_t type) { return record(18, name, 0, false, type, {}); }
  std::uint32_t enumeration64(std::string_view name, const std::vector<BtfEnumerator>& values);
  // Anything at all: the words after the twelve bytes may contradict `count`.
  std::uint32_t record(std::uint32_t kind, std::string_view name, std::uint32_t count, bool flag,
                       std::uint32_t size_or_type, const std::vector<std::uint32_t>& words);

  std::uint32_t string(std::string_view text);
  std::uint32_t next_id() const { return next_id_; }
  std::uint32_t end_string() const { return first_string_ + static_cast<std::uint32_t>(strings_.size()); }

  // Sizes of kinds from 0 on, as {fixed bytes, bytes for each}: makes the header 32 bytes long and adds that section.
  void set_layout(std::vector<std::pair<std::uint8_t, std::uint8_t>> layout) { layout_ = std::move(layout); }
  std::vector<std::byte> build() const;

 private:
  std::uint32_t composite(std::uint32_t kind, std::string_view name, std::uint32_t size,
                          const std::vector<BtfMember>& members);

  ByteOrder order_;
  std::uint32_t next_id_;
  std::uint32_t first_string_;
  std::vector<std::uint32_t> words_;
  std::string strings_;
  std::map<std::string, std::uint32_t, std::less<>> string_offsets_;
  std::vector<std::pair<std::uint8_t, std::uint8_t>> layout_;
};

}  // namespace whyhung::test
