// SPDX-License-Identifier: GPL-2.0-or-later
// Addresses of the crashed machine. A virtual and a physical address are different types on purpose: mixing them up is
// the classic mistake of a dump reader, and here it does not compile. Neither is ever an address of this process.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace whyhung {

template <typename Tag>
struct Address {
  std::uint64_t value = 0;

  constexpr Address() = default;
  constexpr explicit Address(std::uint64_t address) : value(address) {}

  // Arithmetic wraps, as it does on the machine; readers bound what they reach through it.
  constexpr Address operator+(std::uint64_t bytes) const { return Address(value + bytes); }
  constexpr Address operator-(std::uint64_t bytes) const { return Address(value - bytes); }
  constexpr std::uint64_t operator-(Address other) const { return value - other.value; }
  constexpr Address& operator+=(std::uint64_t bytes) {
    value += bytes;
    return *this;
  }
  constexpr auto operator<=>(const Address&) const = default;
  constexpr bool is_null() const { return value == 0; }
  constexpr Address align_down(std::uint64_t power_of_two) const { return Address(value & ~(power_of_two - 1)); }
};

struct VirtualTag;
struct PhysicalTag;
using VirtualAddress = Address<VirtualTag>;
using PhysicalAddress = Address<PhysicalTag>;

// A half-open range [begin, end) of addresses.
template <typename A>
struct AddressRange {
  A begin;
  A end;
  constexpr bool contains(A address) const { return address >= begin && address < end; }
  constexpr std::uint64_t size() const { return end - begin; }
  constexpr bool empty() const { return end <= begin; }
};
using VirtualRange = AddressRange<VirtualAddress>;
using PhysicalRange = AddressRange<PhysicalAddress>;

}  // namespace whyhung

template <typename Tag>
struct std::hash<whyhung::Address<Tag>> {
  std::size_t operator()(whyhung::Address<Tag> address) const noexcept {
    return std::hash<std::uint64_t>{}(address.value >> 3);
  }
};
