// SPDX-License-Identifier: GPL-2.0-or-later
// tar archives, read from front to back as they come: POSIX.1's ustar and pax forms and GNU's. Nothing is kept but the
// name of the file that is being read.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>

#include "base/result.h"

namespace whyhung {

inline constexpr std::size_t kTarBlock = 512;

struct TarHeader {
  std::string name;
  std::uint64_t size = 0;
  char type = '0';
  bool is_file() const { return type == '0' || type == '\0' || type == '7'; }
};

// Whether a file that begins so is an archive.
bool is_tar(std::span<const std::byte> head);
// Nothing for a block that is no header: its sum is wrong.
std::optional<TarHeader> parse_tar_header(std::span<const std::byte> block);

// Is told of the files of an archive one by one.
class TarVisitor {
 public:
  virtual ~TarVisitor() = default;
  virtual Result<void> begin_file(const TarHeader& file) = 0;
  virtual Result<void> file_bytes(std::span<const std::byte> bytes) = 0;
  virtual Result<void> end_file() = 0;
};

class TarReader {
 public:
  explicit TarReader(TarVisitor& visitor) : visitor_(visitor) {}
  // kCorrupt where a header makes no sense.
  Result<void> feed(std::span<const std::byte> bytes);
  // kTruncated when the archive ends inside of a file.
  Result<void> finish();

 private:
  enum class Part : std::uint8_t { kHeader, kFile, kLongName, kExtended, kOther, kPadding, kOver };
  Result<void> take_header();
  Result<void> end_part();

  TarVisitor& visitor_;
  Part part_ = Part::kHeader;
  std::array<std::byte, kTarBlock> header_{};
  std::size_t header_bytes_ = 0;
  std::uint64_t left_ = 0;
  std::size_t padding_ = 0;
  std::string text_;       // a long name, or pax records
  std::string next_name_;  // of the file whose header comes next
  std::optional<std::uint64_t> next_size_;
};

}  // namespace whyhung
