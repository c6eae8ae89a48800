// SPDX-License-Identifier: GPL-2.0-or-later
// Any bytes as a file with logs in it, wrapped as reports of support tools are: streams, archives, reports in each
// other. How the bytes come makes no difference to the lines that are found.
#include <cstdint>
#include <cstdlib>
#include <string>

#include <fmt/format.h>

#include "fuzz/pieces.h"
#include "log/unwrap.h"

namespace {

using namespace whyhung;

// A file that is packed by some hundred times takes long, and says nothing new.
constexpr std::uint64_t kMostUnpacked = std::uint64_t{8} << 20;

template <typename Feed>
std::string found(Feed feed, bool& done) {
  log::Sources sources;
  log::Volume volume;
  log::Unwrap unwrap(sources, volume, "input");
  done = true;
  feed([&](std::span<const std::byte> piece) {
    volume.packed += piece.size();
    done = unwrap.feed(piece).has_value() && volume.unpacked < kMostUnpacked;
    return done;
  });
  if (done) done = unwrap.finish().has_value();
  std::string text;
  for (const log::TextSource& source : sources.take()) {
    text += fmt::format("{} {} {}\n", source.name, source.first_line_in_file, source.input.total);
    for (const log::RawLine& line : source.input.lines) text += fmt::format("{} {}\n", line.number, line.text);
  }
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span<const std::byte> input(reinterpret_cast<const std::byte*>(data), size);
  if (input.empty()) return 0;
  bool pieces_done = false;
  bool whole_done = false;
  const std::string pieces = found([&](auto take) { fuzz::in_pieces(input, take); }, pieces_done);
  const std::string whole = found([&](auto take) { take(input.subspan(1)); }, whole_done);
  if (pieces_done && whole_done && pieces != whole) std::abort();
  return 0;
}
