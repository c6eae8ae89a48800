// SPDX-License-Identifier: GPL-2.0-or-later
#include "shell/prompt.h"

#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <iostream>

// Behind <cstdio>, which these headers need.
#include <readline/history.h>
#include <readline/readline.h>

#include "shell/completion.h"

namespace whyhung::shell {
namespace {

constexpr int kMostHistory = 5000;

// Readline calls back without a word of ours: what it needs has to stand here while the prompt runs.
Completion* completion_of_prompt = nullptr;
std::vector<std::string>* candidates_of_prompt = nullptr;

void on_interrupt(int) {
  Shell::stop().store(true);
}

// At the prompt Ctrl-C throws the line away.
int drop_line() {
  if (!Shell::stop().exchange(false)) return 0;
  rl_replace_line("", 0);
  rl_crlf();
  rl_on_new_line();
  rl_redisplay();
  return 0;
}

char* next_candidate(const char*, int state) {
  static std::size_t next = 0;
  if (state == 0) next = 0;
  if (candidates_of_prompt == nullptr || next >= candidates_of_prompt->size()) return nullptr;
  return ::strdup((*candidates_of_prompt)[next++].c_str());
}

char** complete(const char* word, int start, int) {
  rl_attempted_completion_over = 1;
  if (completion_of_prompt == nullptr || candidates_of_prompt == nullptr) return nullptr;
  std::string before(rl_line_buffer, static_cast<std::size_t>(start));
  // Behind a pipe or into a file nothing of ours is typed: names of files are.
  if (before.find('|') != std::string::npos || before.find('>') != std::string::npos) {
    rl_attempted_completion_over = 0;
    return nullptr;
  }
  *candidates_of_prompt = completion_of_prompt->candidates(before, word);
  if (candidates_of_prompt->size() == 1 && candidates_of_prompt->front().ends_with('.'))
    rl_completion_append_character = '\0';
  return rl_completion_matches(word, next_candidate);
}

// ~/.local/state/whyhung/history, its folders made; empty: there is no home.
std::string history_file() {
  const char* state = std::getenv("XDG_STATE_HOME");
  const char* home = std::getenv("HOME");
  std::filesystem::path folder;
  if (state != nullptr && state[0] == '/') {
    folder = state;
  } else if (home != nullptr && home[0] == '/') {
    folder = std::filesystem::path(home) / ".local/state";
  } else {
    return {};
  }
  folder /= "whyhung";
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return {};
  std::filesystem::permissions(folder, std::filesystem::perms::owner_all, error);
  return folder / "history";
}

}  // namespace

void catch_interrupts() {
  struct sigaction action {};
  action.sa_handler = on_interrupt;  // without SA_RESTART: a read at the prompt is to be interrupted
  ::sigaction(SIGINT, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

void run_prompt(Shell& shell) {
  Completion completion(shell);
  std::vector<std::string> candidates;
  completion_of_prompt = &completion;
  candidates_of_prompt = &candidates;
  rl_readline_name = "whyhung";
  rl_attempted_completion_function = complete;
  rl_completer_word_break_characters = " \t\n\"'|><;()&";
  rl_signal_event_hook = drop_line;
  using_history();
  stifle_history(kMostHistory);
  const std::string file = history_file();
  if (!file.empty()) read_history(file.c_str());
  for (int i = 0; i < history_length; ++i) {
    if (const HIST_ENTRY* entry = history_get(history_base + i)) shell.history().emplace_back(entry->line);
  }
  for (bool goes_on = true; goes_on;) {
    Shell::stop().store(false);
    char* typed = readline(shell.settings().prompt.c_str());
    if (typed == nullptr) {
      std::cout << "\n";
      break;
    }
    const std::string line(typed);
    std::free(typed);
    if (line.find_first_not_of(" \t") == std::string::npos) continue;
    if (shell.history().empty() || shell.history().back() != line) {
      add_history(line.c_str());
      shell.history().push_back(line);
    }
    goes_on = shell.run_line(line);
    if (Shell::stop().exchange(false)) std::cout << "\n";
    std::cout.flush();
  }
  if (!file.empty() && write_history(file.c_str()) == 0) {
    std::error_code error;
    std::filesystem::permissions(file, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write, error);
  }
  completion_of_prompt = nullptr;
  candidates_of_prompt = nullptr;
}

}  // namespace whyhung::shell
