// SPDX-License-Identifier: GPL-2.0-or-later
// ByteSource: bytes at an offset, whatever holds them (a file, memory, later a server). Dump formats read through it
// and never through a mapping: a mapping makes resident whatever is near the bytes that are read.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace whyhung {

struct SourceRange {
  std::uint64_t offset;
  std::uint64_t length;
};

class ByteSource {
 public:
  virtual ~ByteSource() = default;

  // Fills `out` from `offset` and returns how many bytes were there: fewer than asked for only at the end.
  virtual Result<std::size_t> read_some(std::uint64_t offset, std::span<std::byte> out) const = 0;
  virtual std::uint64_t size() const = 0;
  // How messages call it: a path, "memory", …
  virtual const std::string& name() const = 0;
  // A hint that these bytes will be wanted soon. Never fails and may do nothing.
  virtual void prefetch(std::span<const SourceRange> ranges) const { (void)ranges; }
  // Bytes that were asked of the layer below so far, for --stats.
  virtual std::uint64_t bytes_read() const { return 0; }

  // All of `out`, or kTruncated with the offset.
  Result<void> read_exactly(std::uint64_t offset, std::span<std::byte> out) const;
};

// Opens a regular file or block device for reading. Errors name the path and the reason (missing, a directory, no
// permission, …) with a hint.
Result<std::shared_ptr<ByteSource>> open_file_source(const std::string& path);

// Bytes in memory, owned. For tests, fuzzing and for parts of a dump that are used as if they were a file.
std::shared_ptr<ByteSource> make_memory_source(std::vector<std::byte> bytes, std::string name = "memory");

}  // namespace whyhung
