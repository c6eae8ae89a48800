// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/progress.h"

#include <unistd.h>

#include <cstdio>
#include <string>

#include <fmt/format.h>

namespace whyhung::cli {

Progress::Progress() : start_(std::chrono::steady_clock::now()), on_terminal_(::isatty(STDERR_FILENO) != 0) {}

void Progress::show(std::string_view what) {
  constexpr auto kPatience = std::chrono::milliseconds(300);
  const auto elapsed = std::chrono::steady_clock::now() - start_;
  if (!on_terminal_ || elapsed < kPatience) return;
  const double seconds = std::chrono::duration<double>(elapsed).count();
  const std::string line = fmt::format("\r\x1b[K{:5.1f} s  {} …", seconds, what);
  std::fwrite(line.data(), 1, line.size(), stderr);
  std::fflush(stderr);
  shown_ = true;
}

void Progress::clear() {
  if (!shown_) return;
  std::fputs("\r\x1b[K", stderr);
  std::fflush(stderr);
  shown_ = false;
}

}  // namespace whyhung::cli
