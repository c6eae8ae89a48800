// SPDX-License-Identifier: GPL-2.0-or-later
// Progress of long work on a terminal: one line on standard error that is overwritten and wiped. Short runs show
// nothing.
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

namespace whyhung::cli {

class Progress {
 public:
  Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress() { clear(); }

  // Shows what is being done, once the run has lasted long enough to make one wonder.
  void show(std::string_view what);
  // The same with a bar: how many of all bytes are done. With a total of 0, which is not known, only their number.
  void show_share(std::string_view what, std::uint64_t done, std::uint64_t total);
  void clear();

 private:
  std::chrono::steady_clock::time_point start_;
  bool on_terminal_;
  bool shown_ = false;
  std::chrono::steady_clock::time_point shown_at_;
};

}  // namespace whyhung::cli
