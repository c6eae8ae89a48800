// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <string>

#include "base/text.h"

namespace whyhung::cli {
namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

report::Colour colour_of(ColourChoice choice) {
  const bool wanted =
      choice == ColourChoice::kAlways || (choice == ColourChoice::kAuto && environment("NO_COLOR").empty() &&
                                          environment("TERM") != "dumb" && ::isatty(STDOUT_FILENO) != 0);
  return wanted ? report::Colour::kTerminal : report::Colour::kNever;
}

std::optional<std::size_t> extent(const char* stated_by, unsigned short winsize::*measured) {
  if (const auto stated = parse_unsigned(environment(stated_by), 10); stated && *stated != 0) return *stated;
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.*measured == 0) return std::nullopt;
  return size.*measured;
}

// Only of a terminal on which a pager can work.
std::optional<std::size_t> rows() {
  if (!is_obedient_terminal(STDOUT_FILENO)) return std::nullopt;
  return extent("LINES", &winsize::ws_row);
}

// The first of them that says anything, as setlocale() does.
bool is_ascii_only() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    std::string locale = environment(name);
    if (locale.empty()) continue;
    std::ranges::transform(locale, locale.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return locale.find("utf-8") == std::string::npos && locale.find("utf8") == std::string::npos;
  }
  return true;
}

}  // namespace

Terminal describe_terminal(ColourChoice colour) {
  return {report::Style(colour_of(colour)), extent("COLUMNS", &winsize::ws_col), rows(), is_ascii_only()};
}

bool is_obedient_terminal(int descriptor) {
  const std::string kind = environment("TERM");
  return !kind.empty() && kind != "dumb" && ::isatty(descriptor) != 0;
}

}  // namespace whyhung::cli
