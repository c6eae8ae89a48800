// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/pager.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>

namespace whyhung::cli {
namespace {

constexpr int kNoSuchCommand = 127;  // by the shell
constexpr int kCannotRun = 126;

bool is_in_path(const std::string& program) {
  const char* path = std::getenv("PATH");
  std::string_view rest = path == nullptr ? std::string_view("/usr/bin:/bin") : std::string_view(path);
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(':'), rest.size());
    if (::access((std::string(rest.substr(0, end)) + "/" + program).c_str(), X_OK) == 0) return true;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return false;
}

// Empty: none. A variable that is set and empty asks for none, as with git.
std::string pager_command() {
  for (const char* name : {"WHYHUNG_PAGER", "PAGER"}) {
    const char* value = std::getenv(name);
    if (value == nullptr) continue;
    return std::string_view(value) == "cat" ? std::string() : std::string(value);
  }
  // -F: nothing to read on: it ends. -R: colours. -X: what was shown stays.
  return is_in_path("less") ? "less -FRX" : "";
}

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
  const std::string command = pager_command();
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
