// SPDX-License-Identifier: GPL-2.0-or-later
// Any bytes as a tar archive: files begin and end in turn, none has more bytes than its header says, and how the bytes
// come makes no difference.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/byte_text.h"
#include "base/tar.h"
#include "fuzz/pieces.h"

namespace {

using namespace whyhung;

class Told final : public TarVisitor {
 public:
  Result<void> begin_file(const TarHeader& file) override {
    if (inside_) std::abort();
    inside_ = true;
    left_ = file.size;
    text_ += file.name + '\n';
    return {};
  }
  Result<void> file_bytes(std::span<const std::byte> bytes) override {
    if (!inside_ || bytes.size() > left_) std::abort();
    left_ -= bytes.size();
    text_ += text_of(bytes);
    return {};
  }
  Result<void> end_file() override {
    if (!inside_) std::abort();
    inside_ = false;
    return {};
  }
  const std::string& text() const { return text_; }

 private:
  bool inside_ = false;
  std::uint64_t left_ = 0;
  std::string text_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span<const std::byte> input(reinterpret_cast<const std::byte*>(data), size);
  if (input.empty()) return 0;
  is_tar(input);
  Told pieces;
  TarReader reader(pieces);
  bool good = true;
  fuzz::in_pieces(input, [&](std::span<const std::byte> piece) { return good = reader.feed(piece).has_value(); });
  if (good) good = reader.finish().has_value();
  Told whole;
  TarReader at_once(whole);
  const bool whole_good = at_once.feed(input.subspan(1)).has_value() && at_once.finish().has_value();
  if (good != whole_good || pieces.text() != whole.text()) std::abort();
  return 0;
}
