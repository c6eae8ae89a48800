// SPDX-License-Identifier: GPL-2.0-or-later
// Compressed files: gzip, xz, zstd and bzip2 streams, read from front to back. The bytes go to a sink as they come, so
// nothing is sized by what a file promises; the sink ends it when it has had enough.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/byte_source.h"

namespace whyhung {

enum class Packing : std::uint8_t { kGzip, kXz, kZstd, kBzip2 };

// How a file that begins so is packed; nothing when it is not, or in a way that is not read here.
std::optional<Packing> packing_of(std::span<const std::byte> head);
std::string_view name_of(Packing packing);

// Takes some bytes; an error ends the unpacking and is its result.
using UnpackSink = std::function<Result<void>(std::span<const std::byte>)>;

// A stream that is unpacked as it comes. kCorrupt when it makes no sense, kTruncated when it ends too early, kLimit
// when it wants more memory than is sane.
class Unpacker {
 public:
  virtual ~Unpacker() = default;
  virtual Result<void> feed(std::span<const std::byte> piece, const UnpackSink& sink) = 0;
  // The file is over: is the stream as well?
  virtual Result<void> finish(const UnpackSink& sink) = 0;
};
std::unique_ptr<Unpacker> make_unpacker(Packing packing);

// The whole of a file; the same errors. `progress` is told how many bytes of the packed file were read; may be empty.
Result<void> unpack(const ByteSource& packed, Packing packing, const UnpackSink& sink,
                    const std::function<void(std::uint64_t)>& progress);

// The whole of it in memory; kLimit when there are more than `limit` bytes.
Result<std::vector<std::byte>> unpack_to_memory(const ByteSource& packed, Packing packing, std::size_t limit);

}  // namespace whyhung
