// SPDX-License-Identifier: GPL-2.0-or-later
// Progress of long work on a terminal: one line on standard error that is overwritten and wiped. Short runs show
// nothing.
#pragma once

#include <chrono>
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
  void clear();

 private:
  std::chrono::steady_clock::time_point start_;
  bool on_terminal_;
  bool shown_ = false;
};

}  // namespace whyhung::cli
