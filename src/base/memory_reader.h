// SPDX-License-Identifier: GPL-2.0-or-later
// Reading the crashed machine's memory. A read either gives all bytes or a ReadFault that says why not: the reasons
// stay apart because they change the explanation ("makedumpfile left this page out" is not "the pointer is wild").
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "base/address.h"
#include "base/endian.h"
#include "base/result.h"

namespace whyhung {

enum class FaultKind : std::uint8_t {
  kNotMapped,    // no translation: the page tables of the crashed kernel have no entry for it
  kFilteredOut,  // the page existed, but makedumpfile left it out (in an ELF dump: or it was all zero)
  kBeyondDump,   // the dump says there is no such memory
  kTruncated,    // the page should be in the file, but the file was cut before it
  kCorrupt,      // the page's descriptor or its compressed bytes make no sense
  kIo,           // the operating system could not read the file
  kNoSuchField,  // this kernel's structure has no such member: there is nothing to read
};

// Plain words for a fault kind: "filtered out by makedumpfile", …
std::string_view describe(FaultKind kind);

struct ReadFault {
  FaultKind kind;
  std::uint64_t address;  // the first address that could not be read, of the kind that was asked for
  bool operator==(const ReadFault&) const = default;
};

// Cheap on failure too: unwinding and list walks fault as a matter of course.
template <typename T>
using ReadResult = tl::expected<T, ReadFault>;

inline Error to_error(const ReadFault& fault, std::string_view what) {
  return Error{ErrorKind::kUnreadable, fmt::format("{} at {:#x}: {}", what, fault.address, describe(fault.kind)), {}};
}

// Bytes at physical addresses. Implementations cache pages and are not thread-safe.
class PhysicalMemory {
 public:
  virtual ~PhysicalMemory() = default;
  // Fills all of `out`, which may cross pages, or faults.
  virtual ReadResult<void> read(PhysicalAddress address, std::span<std::byte> out) const = 0;
};

// Bytes at kernel virtual addresses, with the machine's byte order known.
class VirtualMemory {
 public:
  virtual ~VirtualMemory() = default;
  virtual ReadResult<void> read(VirtualAddress address, std::span<std::byte> out) const = 0;
  virtual ByteOrder byte_order() const = 0;

  template <std::integral T>
  ReadResult<T> read_integer(VirtualAddress address) const {
    std::byte bytes[sizeof(T)];
    if (auto done = read(address, bytes); !done) return tl::unexpected(done.error());
    return load<T>(bytes, byte_order());
  }
  ReadResult<std::uint8_t> read_u8(VirtualAddress address) const { return read_integer<std::uint8_t>(address); }
  ReadResult<std::uint16_t> read_u16(VirtualAddress address) const { return read_integer<std::uint16_t>(address); }
  ReadResult<std::uint32_t> read_u32(VirtualAddress address) const { return read_integer<std::uint32_t>(address); }
  ReadResult<std::uint64_t> read_u64(VirtualAddress address) const { return read_integer<std::uint64_t>(address); }
  ReadResult<VirtualAddress> read_pointer(VirtualAddress address) const {
    auto word = read_u64(address);
    if (!word) return tl::unexpected(word.error());
    return VirtualAddress(*word);
  }
  // An unsigned integer of 1, 2, 4 or 8 bytes, widened; any other size faults as corrupt.
  ReadResult<std::uint64_t> read_unsigned(VirtualAddress address, std::size_t size) const;
  // Text up to its NUL or to `limit` bytes, whichever comes first; raw, so escape it before it is shown.
  ReadResult<std::string> read_c_string(VirtualAddress address, std::size_t limit) const;
};

}  // namespace whyhung
