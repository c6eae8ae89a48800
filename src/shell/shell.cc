// SPDX-License-Identifier: GPL-2.0-or-later
#include "shell/shell.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <iostream>

#include "base/text.h"
#include "shell/line.h"

namespace whyhung::shell {
namespace {

constexpr unsigned kDeepest = 16;  // files that name files, repetitions of repetitions
constexpr std::size_t kLongestLine = 1u << 16;
constexpr std::array<std::string_view, 7> kOwn = {"exit", "h", "history", "q", "quit", "r", "repeat"};

// The first word, and what stands behind it.
std::pair<std::string, std::string> split_first(const std::string& text) {
  const std::size_t end = text.find_first_of(" \t");
  if (end == std::string::npos) return {text, {}};
  const std::size_t rest = text.find_first_not_of(" \t", end);
  return {text.substr(0, end), rest == std::string::npos ? std::string() : text.substr(rest)};
}

// Without the quotation marks around it.
std::string unquoted(const std::string& text) {
  if (text.size() >= 2 && (text.front() == '"' || text.front() == '\'') && text.back() == text.front()) {
    return text.substr(1, text.size() - 2);
  }
  return text;
}

}  // namespace

std::span<const std::string_view> own_commands() {
  return kOwn;
}

std::atomic<bool>& Shell::stop() {
  static std::atomic<bool> asked{false};
  return asked;
}

Shell::Shell(session::Session& session, Settings settings)
    : session_(session), settings_(std::move(settings)), desk_(session.machine()) {
  desk_.allows_shell = !settings_.is_safe;
}

void Shell::complain(const Error& error) {
  any_failed_ = true;
  std::cout.flush();
  std::fflush(stdout);
  std::cerr << error.what << "\n";
  if (!error.hint.empty()) std::cerr << "  " << error.hint << "\n";
  std::cerr.flush();
}

bool Shell::run_line(const std::string& text) {
  stop().store(false);
  return run_parsed(text, 0);
}

bool Shell::run_parsed(const std::string& text, unsigned depth) {
  if (depth > kDeepest || text.size() > kLongestLine) {
    complain({ErrorKind::kUsage, depth > kDeepest ? "lines call each other too deep" : "the line is too long", {}});
    return true;
  }
  const auto line = parse_line(text);
  if (!line) {
    complain(line.error());
    return true;
  }
  const bool runs_program = line->kind == Line::Kind::kEscape || line->sink != Line::Sink::kScreen;
  if (runs_program && settings_.is_safe) {
    complain({ErrorKind::kUsage, "--safe: no other programs are run, and no files are written", {}});
    return true;
  }
  switch (line->kind) {
    case Line::Kind::kNothing: return true;
    case Line::Kind::kEscape: run_program(line->text); return true;
    case Line::Kind::kInputFile: return run_file(line->text);
    case Line::Kind::kRepeatLast: return recall("", depth);
    case Line::Kind::kRecall: return recall(line->text, depth);
    case Line::Kind::kCommand: break;
  }
  const auto run_on = [&](std::streambuf& buffer) {
    std::ostream out(&buffer);
    const auto [word, rest] = split_first(line->text);
    bool ends = false;
    if (!run_own(word, rest, out, depth, ends)) run_command(line->text, out);
    out.flush();
    return !ends;
  };
  if (line->sink == Line::Sink::kScreen) {
    Pager pager(settings_.is_interactive && desk_.scrolls ? Paging::kWhenLong : Paging::kNever);
    return run_on(pager);
  }
  if (line->sink == Line::Sink::kPipe) {
    PipeBuffer pipe(line->target);
    if (pipe.is_open()) return run_on(pipe);
    complain({ErrorKind::kIo, fmt::format("{}: cannot be run", printable(line->target)), {}});
    return true;
  }
  std::ofstream file(unquoted(line->target), line->sink == Line::Sink::kAppend ? std::ios::app : std::ios::trunc);
  const bool goes_on = file ? run_on(*file.rdbuf()) : true;
  file.flush();
  if (!file) complain({ErrorKind::kIo, fmt::format("{}: cannot be written", printable(line->target)), {}});
  return goes_on;
}

bool Shell::run_command(const std::string& text, std::ostream& out) {
  commands::Context context{
      session_.snapshot(), session_.machine(), session_.lack(), out, commands::Format::kText, &desk_, &stop()};
  const auto done = commands::run_command(context, text);
  out.flush();
  if (!done) complain(done.error());
  return done.has_value();
}

// What the shell does itself. False when it is no command of the shell's.
bool Shell::run_own(const std::string& word, const std::string& rest, std::ostream& out, unsigned depth, bool& ends) {
  if (word == "q" || word == "quit" || word == "exit") {
    ends = true;
    return true;
  }
  if (word == "h" || word == "history") {
    for (std::size_t i = 0; i < history_.size(); ++i) out << fmt::format("[{}] {}\n", i + 1, printable(history_[i]));
    return true;
  }
  if (word == "r") {
    ends = !recall(rest, depth);
    return true;
  }
  if (word == "repeat") {
    auto [option, line] = split_first(rest);
    unsigned seconds = 0;
    if (option.starts_with('-')) {
      seconds = static_cast<unsigned>(parse_unsigned(std::string_view(option).substr(1), 10).value_or(1));
    } else {
      line = rest;
    }
    if (line.empty()) {
      complain({ErrorKind::kUsage, "repeat wants a command: repeat -2 runq", {}});
      return true;
    }
    // A dump does not change: once more shows the same, until Ctrl-C where somebody sits there, and once in a script.
    do {
      ends = !run_parsed(line, depth + 1);
      if (settings_.is_interactive && !stop().load()) ::sleep(std::max(1u, std::min(seconds, 3600u)));
    } while (settings_.is_interactive && !ends && !stop().load());
    return true;
  }
  // What the shell itself understands cannot be another line.
  const auto [name, meaning] = split_first(rest);
  if (word != "alias" || meaning.empty() || std::ranges::find(kOwn, name) == kOwn.end()) return false;
  complain({ErrorKind::kUsage, fmt::format("{} is a command: no alias can be called so", printable(name)), {}});
  return true;
}

void Shell::run_program(const std::string& program) {
  std::cout.flush();
  std::fflush(stdout);
  const char* shell = std::getenv("SHELL");
  const std::string line = program.empty() ? std::string(shell != nullptr ? shell : "/bin/sh") : program;
  if (std::system(line.c_str()) == -1) complain({ErrorKind::kIo, "the program cannot be run", {}});
}

// A line of the history: the last one, one by its number, or the newest that begins so.
bool Shell::recall(const std::string& what, unsigned depth) {
  // The line that asks is the newest itself.
  std::size_t end = history_.size();
  if (end > 0 && (history_[end - 1].starts_with("r") || history_[end - 1].starts_with("!"))) --end;
  const auto number = parse_unsigned(what, 10);
  std::optional<std::string> found;
  if (number && *number >= 1 && *number <= end) found = history_[*number - 1];
  for (std::size_t i = end; !found && !number && i-- > 0;) {
    if (history_[i].starts_with(what)) found = history_[i];
  }
  if (!found) {
    complain({ErrorKind::kNotFound,
              what.empty() ? "the history is empty"
                           : fmt::format("no line of the history is or begins with {}", printable(what)),
              {}});
    return true;
  }
  std::cout << *found << "\n";
  std::cout.flush();
  return run_parsed(*found, depth + 1);
}

bool Shell::run_file(const std::string& path) {
  std::ifstream file(unquoted(path));
  if (!file) {
    complain({ErrorKind::kIo, fmt::format("{}: cannot be opened", printable(path)), {}});
    return true;
  }
  return run_stream(file);
}

bool Shell::run_stream(std::istream& in) {
  if (files_ >= kDeepest) {
    complain({ErrorKind::kUsage, "files of lines name each other in a circle", {}});
    return true;
  }
  ++files_;
  bool goes_on = true;
  for (std::string line; goes_on && std::getline(in, line);) {
    const std::size_t begin = line.find_first_not_of(" \t\r");
    if (begin == std::string::npos || line[begin] == '#') continue;
    if (line.ends_with('\r')) line.pop_back();
    std::cout << settings_.prompt << printable(line) << "\n";
    std::cout.flush();
    goes_on = run_line(line);
    if (goes_on) std::cout << "\n";
  }
  std::cout.flush();
  --files_;
  return goes_on;
}

}  // namespace whyhung::shell
