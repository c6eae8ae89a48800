// SPDX-License-Identifier: GPL-2.0-or-later
// ElfMemory: the loadable segments of a vmlinux file as if they were the crashed kernel's memory, before it ever ran.
// The kernel's own tables (kallsyms, BTF, ORC) can so be read from stock kernels without any dump. For tests and
// checks.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/memory_reader.h"
#include "base/result.h"

namespace whyhung::test {

class ElfMemory final : public VirtualMemory {
 public:
  static Result<std::unique_ptr<ElfMemory>> open(const std::string& path);

  ReadResult<void> read(VirtualAddress address, std::span<std::byte> out) const override;
  ByteOrder byte_order() const override { return order_; }

  // Address and size of a loaded section, empty when there is none.
  VirtualRange section(const std::string& name) const;
  // Every symbol of the symbol table that has one address or more, in file order.
  struct FileSymbol {
    std::string name;
    std::uint64_t address;
  };
  std::vector<FileSymbol> symbols() const;

  std::uint64_t reads() const { return reads_; }
  // Distinct 4 KB pages touched since the last call.
  std::size_t take_pages_touched() const;

 private:
  ElfMemory() = default;
  struct Segment {
    std::uint64_t begin;
    std::vector<std::byte> bytes;
  };
  struct Section {
    std::string name;
    std::uint32_t type = 0, link = 0;
    std::uint64_t flags = 0, address = 0, offset = 0, size = 0;
  };
  std::vector<std::byte> file_bytes(std::uint64_t offset, std::uint64_t size) const;
  void relocate(std::uint16_t machine);
  std::byte* at(std::uint64_t address, std::size_t size);

  int file_ = -1;
  ByteOrder order_ = ByteOrder::kLittle;
  std::vector<Segment> segments_;
  std::vector<Section> sections_;
  mutable std::uint64_t reads_ = 0;
  mutable std::vector<bool> touched_;

 public:
  ~ElfMemory() override;
  ElfMemory(const ElfMemory&) = delete;
  ElfMemory& operator=(const ElfMemory&) = delete;
};

}  // namespace whyhung::test
