// SPDX-License-Identifier: GPL-2.0-or-later
// TypesPack: distilled types of many kernels in one piece. Kernels of a series differ little, so their texts are packed
// together; an index in front says what there is. docs/distilled-types.md describes the format.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "debuginfo/distilled.h"

namespace whyhung::debuginfo {

class TypesPack {
 public:
  struct Entry {
    std::string release;        // utsname.release
    std::string build_id;       // lower-case hexadecimal; empty: not known
    std::uint16_t machine = 0;  // ELF's e_machine
    std::string name;           // of the file that it was made of
    std::size_t block = 0;
    std::size_t offset = 0;  // of its text in the unpacked block
    std::size_t size = 0;
  };

  // Reads the index only. `bytes` must outlive the result. kCorrupt or kTruncated when the index makes no sense.
  static Result<TypesPack> open(std::span<const std::byte> bytes);
  std::span<const Entry> entries() const { return entries_; }
  Result<std::shared_ptr<const DistilledFile>> read(const Entry& entry) const;

  // The bytes of a pack. Files without a release are left out.
  static Result<std::vector<std::byte>> write(std::span<const std::shared_ptr<const DistilledFile>> files);

 private:
  struct Block {
    std::size_t offset = 0;  // behind the index
    std::size_t packed = 0;
    std::size_t unpacked = 0;
  };
  std::span<const std::byte> data_;  // behind the index
  std::vector<Block> blocks_;
  std::vector<Entry> entries_;
};

// utsname.release of a file: what its banner says, else what it states to be made of ("BTF of 5.4.0-1029-aws"); empty:
// nothing.
std::string release_of(const DistilledFile& file);
void state_release(DistilledFile& file, std::string_view release);

// The lines of a file before they are packed.
std::string distilled_as_text(const DistilledFile& file);

}  // namespace whyhung::debuginfo
