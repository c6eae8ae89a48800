// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/pager.h"

#include <sys/wait.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>

#include "base/pager_program.h"

namespace whyhung::cli {
namespace {

constexpr int kNoSuchCommand = 127;  // by the shell
constexpr int kCannotRun = 126;

// While somebody reads: the pager may end before it has all, and an interrupt is meant for it.
class Patience {
 public:
  Patience() : pipe_(std::signal(SIGPIPE, SIG_IGN)), interrupt_(std::signal(SIGINT, SIG_IGN)) {}
  Patience(const Patience&) = delete;
  Patience& operator=(const Patience&) = delete;
  ~Patience() {
    std::signal(SIGPIPE, pipe_);
    std::signal(SIGINT, interrupt_);
  }

 private:
  void (*pipe_)(int);
  void (*interrupt_)(int);
};

}  // namespace

bool show_in_pager(std::string_view text) {
  // -F: nothing to read on: it ends. -R: colours. -X: what was shown stays.
  const std::string command = pager_program("-FRX");
  if (command.empty()) return false;
  // For a less that somebody chose without saying how.
  ::setenv("LESS", "FRX", 0);
  std::cout.flush();
  std::FILE* pager = ::popen(command.c_str(), "w");
  if (pager == nullptr) return false;
  const Patience patience;  // the pager itself has the signals as they were
  (void)std::fwrite(text.data(), 1, text.size(), pager);
  const int status = ::pclose(pager);
  if (status == -1 || !WIFEXITED(status)) return true;
  return WEXITSTATUS(status) != kNoSuchCommand && WEXITSTATUS(status) != kCannotRun;
}

}  // namespace whyhung::cli
