// SPDX-License-Identifier: GPL-2.0-or-later
// Shell: runs lines, one after the other: commands with their output sent to the screen, a program or a file, and what
// only a shell has: history, aliases, repetition, files of lines.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "commands/command.h"
#include "commands/desk.h"
#include "session/session.h"
#include "shell/pager.h"

namespace whyhung::shell {

struct Settings {
  std::string prompt = "whyhung> ";
  bool is_interactive = false;  // somebody sits at a terminal
  bool is_safe = false;         // no line may run another program or write a file
};

class Shell {
 public:
  // `session` must outlive this.
  Shell(session::Session& session, Settings settings);

  // False when the line asked for the end.
  bool run_line(const std::string& text);
  // The lines of a file, each said before it is run; false when one asked for the end.
  bool run_file(const std::string& path);
  // The lines of a stream, likewise.
  bool run_stream(std::istream& in);

  bool any_failed() const { return any_failed_; }
  std::vector<std::string>& history() { return history_; }
  commands::Desk& desk() { return desk_; }
  session::Session& session() { return session_; }
  const Settings& settings() const { return settings_; }
  // Set by a signal: the command that runs comes to an end.
  static std::atomic<bool>& stop();

 private:
  bool run_parsed(const std::string& text, unsigned depth);
  bool run_command(const std::string& text, std::ostream& out);
  bool run_own(const std::string& word, const std::string& rest, std::ostream& out, unsigned depth, bool& ends);
  void run_program(const std::string& program);
  void complain(const Error& error);
  bool recall(const std::string& what, unsigned depth);

  session::Session& session_;
  Settings settings_;
  commands::Desk desk_;
  std::vector<std::string> history_;
  bool any_failed_ = false;
  unsigned files_ = 0;  // that are being run, one out of the other
};

// Names of what the shell itself does: "alias", "h", "q", "r", "repeat".
std::span<const std::string_view> own_commands();

}  // namespace whyhung::shell
