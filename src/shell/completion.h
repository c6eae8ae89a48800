// SPDX-License-Identifier: GPL-2.0-or-later
// What a line that is being typed may go on with: commands, options, types and their members, symbols, modules, tasks.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "shell/shell.h"

namespace whyhung::shell {

class Completion {
 public:
  explicit Completion(Shell& shell) : shell_(shell) {}
  // All that `word` may become, where `before` stands in front of it on the line; sorted, each once, at most some
  // thousand.
  std::vector<std::string> candidates(std::string_view before, std::string_view word);

 private:
  void add(std::string_view candidate);
  void add_commands();
  void add_options(const commands::Command& command);
  void add_types();
  void add_members(std::string_view type);
  void add_symbols();
  void add_modules();
  void add_tasks();

  Shell& shell_;
  std::string word_;
  std::string prefix_;  // put before what is added
  std::vector<std::string> found_;
  std::vector<std::string> symbols_;  // all names, sorted; read at the first question
};

}  // namespace whyhung::shell
