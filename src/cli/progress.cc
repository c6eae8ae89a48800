// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <string>

#include <fmt/format.h>

#include "cli/terminal.h"

namespace whyhung::cli {

Progress::Progress() : start_(std::chrono::steady_clock::now()), on_terminal_(is_obedient_terminal(STDERR_FILENO)) {}

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

void Progress::show_share(std::string_view what, std::uint64_t done, std::uint64_t total) {
  constexpr auto kEach = std::chrono::milliseconds(200);
  constexpr std::size_t kWidth = 24;
  const auto now = std::chrono::steady_clock::now();
  if (!on_terminal_ || (shown_ && now - shown_at_ < kEach)) return;
  shown_at_ = now;
  std::string share = fmt::format("{}, {} MB", what, done >> 20);
  if (total != 0) {
    const double part = std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
    const auto filled = static_cast<std::size_t>(part * kWidth);
    share += fmt::format(" of {}  [{}{}] {:3.0f} %", total >> 20, std::string(filled, '#'),
                         std::string(kWidth - filled, ' '), part * 100);
  }
  show(share);
}

void Progress::clear() {
  if (!shown_) return;
  std::fputs("\r\x1b[K", stderr);
  std::fflush(stderr);
  shown_ = false;
}

}  // namespace whyhung::cli
