// SPDX-License-Identifier: GPL-2.0-or-later
// FakeMachine: memory, types and symbols of a machine that never was, with words for writing structures by member name.
#pragma once

#include <stdexcept>

#include "kernel/fields.h"
#include "support/fake_symbols.h"
#include "support/fake_types.h"
#include "support/paged_memory.h"

namespace whyhung::test {

struct FakeMachine {
  FakeMachine() = default;
  explicit FakeMachine(std::string_view types_text, ByteOrder order = ByteOrder::kLittle)
      : memory(order), types(types_text) {}

  PagedMemory memory;
  FakeTypes types;
  FakeSymbols symbols;

  kernel::Access access() { return {memory, types, symbols}; }

  std::uint64_t address_of(std::string_view type, std::uint64_t base, std::string_view member) {
    const auto found = types.member(type, member);
    if (!found) throw std::invalid_argument(std::string(type) + "." + std::string(member));
    return base + found->offset;
  }
  void set(std::string_view type, std::uint64_t base, std::string_view member, std::uint64_t value) {
    const std::uint64_t at = address_of(type, base, member);
    memory.write_sized(at, value, types.member(type, member)->size);
  }
  void set_text(std::string_view type, std::uint64_t base, std::string_view member, std::string_view text) {
    memory.write_text(address_of(type, base, member), text);
  }
  // A circular list_head list: `head` and nodes, in that order.
  void link_list(std::uint64_t head, const std::vector<std::uint64_t>& nodes) {
    std::uint64_t last = head;
    for (const std::uint64_t node : nodes) {
      memory.write_u64(last, node);
      memory.write_u64(node + 8, last);
      last = node;
    }
    memory.write_u64(last, head);
    memory.write_u64(head + 8, last);
  }
};

}  // namespace whyhung::test
