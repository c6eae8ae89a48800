// SPDX-License-Identifier: GPL-2.0-or-later
// OutputFile: the one way in which this program writes files. A file appears under its name only when it is complete
// and on the disk. Until then it is a neighbour of another name, which disappears if anything goes wrong.
#pragma once

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <span>
#include <string>

#include "base/result.h"

namespace whyhung {

enum class Existing : std::uint8_t { kRefuse, kReplace };

class OutputFile {
 public:
  // Errors name the path: kIo when the folder cannot be written to, kUsage when `path` exists and may not be replaced,
  // or is one of the files that are being read: those are never replaced.
  static Result<OutputFile> create(const std::string& path, Existing existing, std::span<const std::string> inputs);
  OutputFile(OutputFile&& other) noexcept;
  OutputFile& operator=(OutputFile&&) = delete;
  ~OutputFile();

  Result<void> write(std::uint64_t offset, std::span<const std::byte> bytes);
  Result<void> read(std::uint64_t offset, std::span<std::byte> out) const;
  // Bytes that were not written are zero.
  Result<void> set_size(std::uint64_t size);
  // Readable by all that the process lets read its files; without this only by its owner.
  Result<void> allow_everybody();
  // Gives the file its name, after its bytes are on the disk.
  Result<void> commit();

 private:
  OutputFile(std::string path, std::string temporary, int descriptor, Existing existing);
  tl::unexpected<Error> failure(std::string_view action, int code) const;

  std::string path_;
  std::string temporary_;
  int descriptor_;
  Existing existing_;
};

// Writes a file of text with what `write` says.
Result<void> write_text_file(const std::string& path, Existing existing, std::span<const std::string> inputs,
                             const std::function<void(std::ostream&)>& write);

}  // namespace whyhung
