// SPDX-License-Identifier: GPL-2.0-or-later
// Lines of a file, of standard input, of whatever is wrapped in them; of a large one only those that may matter, so
// that memory stays bounded whatever its size.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/gap.h"
#include "base/result.h"
#include "log/record.h"

namespace whyhung::log {

struct InputLines {
  std::vector<RawLine> lines;
  std::uint64_t total = 0;     // lines of the file
  bool thinned = false;        // lines that say nothing of a hang were left out
  bool forgot_oldest = false;  // even of the others there were too many
};

// Takes lines one by one and keeps what a judge will want: all while they are few, then those with a known word, the
// lines around them, and the last ones.
class LineKeeper {
 public:
  static constexpr std::size_t kMostBytes = 12u << 20;
  static constexpr std::size_t kLongestLine = 65536;  // what goes beyond is cut

  explicit LineKeeper(std::size_t most_bytes = kMostBytes) : most_bytes_(most_bytes) {}
  void add(std::string_view line);
  std::size_t bytes() const { return bytes_; }
  InputLines take();

 private:
  void keep(std::uint64_t number, std::string_view line);
  void thin();
  void forget();

  std::size_t most_bytes_;
  InputLines out_;
  std::size_t first_ = 0;  // lines before it are forgotten
  std::size_t bytes_ = 0;
  std::uint64_t following_ = 0;  // lines that are kept because of one before
  std::vector<RawLine> recent_;  // the last lines that were not kept, as a ring
  std::size_t next_recent_ = 0;
};

// One text: a file, a member of an archive, a section of one.
struct TextSource {
  std::string name;  // below the input; empty where the input is the text
  std::uint64_t first_line_in_file = 1;
  InputLines input;
};

struct Input {
  std::vector<TextSource> sources;
  bool wrapped = false;   // an archive, a report of a support tool, a folder
  std::vector<Gap> gaps;  // what could not be read of it
};

// Is told now and then how many bytes of the input were read; may be empty.
using ReadWatch = std::function<void(std::uint64_t bytes)>;

// A file (plain, gzip, xz, zstd, bzip2, an archive of such, a report of apport), or "-" for standard input.
Result<Input> read_input(const std::string& path, const ReadWatch& watch = {});
Result<Input> read_folder(const std::string& folder, const ReadWatch& watch = {});

// The first bytes, unpacked: enough to see what it is.
Result<std::string> read_beginning(const std::string& path);

}  // namespace whyhung::log
