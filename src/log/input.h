// SPDX-License-Identifier: GPL-2.0-or-later
// Lines of a file, of standard input, of a compressed file; of a large one only those that may matter, so that memory
// stays bounded whatever its size.
#pragma once

#include <string>
#include <vector>

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
  void add(std::string_view line);
  InputLines take();

 private:
  void keep(std::uint64_t number, std::string_view line);
  void thin();
  void forget();

  InputLines out_;
  std::size_t first_ = 0;  // lines before it are forgotten
  std::size_t bytes_ = 0;
  std::uint64_t following_ = 0;  // lines that are kept because of one before
  std::vector<RawLine> recent_;  // the last lines that were not kept, as a ring
  std::size_t next_recent_ = 0;
};

// The first bytes, unpacked: enough to see what it is.
Result<std::string> read_beginning(const std::string& path);
// A file (plain, gzip), or "-" for standard input.
Result<InputLines> read_lines(const std::string& path);

}  // namespace whyhung::log
