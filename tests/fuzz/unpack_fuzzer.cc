// SPDX-License-Identifier: GPL-2.0-or-later
// Any bytes as a gzip, xz, zstd or bzip2 stream: a sink that has had enough ends it, and how the bytes come makes no
// difference to what comes out.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/byte_text.h"
#include "base/unpack.h"
#include "fuzz/pieces.h"

namespace {

using namespace whyhung;

constexpr std::size_t kMost = std::size_t{1} << 20;

struct Unpacked {
  std::string text;
  bool good = true;
};

template <typename Feed>
Unpacked unpacked(Packing packing, Feed feed) {
  Unpacked out;
  const auto unpacker = make_unpacker(packing);
  const UnpackSink sink = [&](std::span<const std::byte> bytes) -> Result<void> {
    out.text += text_of(bytes.first(std::min(bytes.size(), kMost - out.text.size())));
    if (out.text.size() == kMost) return fail(ErrorKind::kLimit, "enough");
    return {};
  };
  feed([&](std::span<const std::byte> piece) { return out.good = unpacker->feed(piece, sink).has_value(); });
  if (out.good) out.good = unpacker->finish(sink).has_value();
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span<const std::byte> input(reinterpret_cast<const std::byte*>(data), size);
  if (input.empty()) return 0;
  const auto packing = packing_of(input.subspan(1));
  if (!packing) return 0;
  const Unpacked pieces = unpacked(*packing, [&](auto take) { fuzz::in_pieces(input, take); });
  const Unpacked whole = unpacked(*packing, [&](auto take) { take(input.subspan(1)); });
  if (pieces.good != whole.good) std::abort();
  if (whole.good && pieces.text != whole.text) std::abort();
  return 0;
}
