// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>

#include <fmt/format.h>

#include "cli/described.h"

namespace whyhung::cli {
namespace {

constexpr std::size_t kWidth = 100;
constexpr std::size_t kColumn = 28;  // where explanations begin

std::string spelling(const DescribedOption& option) {
  std::string text;
  for (const std::string& name : option.names) text += (text.empty() ? "" : ", ") + name;
  return option.value.empty() ? text : text + " " + option.value;
}

// How many columns a text takes: "…" is one.
std::size_t columns(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0u) != 0x80u; }));
}

void add_row(std::string& text, const std::string& left, const std::string& right) {
  std::string line = "  " + left;
  const std::size_t used = columns(line);
  if (used + 2 > kColumn) {
    text += line + "\n";
    line.clear();
  }
  line.append(kColumn - std::min(kColumn, columns(line)), ' ');
  std::string_view rest = right;
  while (!rest.empty()) {
    std::string_view word = rest.substr(0, rest.find(' '));
    rest.remove_prefix(std::min(word.size() + 1, rest.size()));
    if (columns(line) + word.size() + 1 > kWidth) {
      text += line + "\n";
      line.assign(kColumn, ' ');
    }
    if (!line.ends_with(' ')) line += ' ';
    line += word;
  }
  text += line + "\n";
}

}  // namespace

std::string program_name(const DescribedCommand& command) {
  return command.name.empty() ? "whyhung" : "whyhung " + command.name;
}

std::string help_of(const DescribedCommand& command, std::span<const DescribedCommand> all) {
  const bool needs_output = std::ranges::any_of(
      command.options, [](const DescribedOption& option) { return std::ranges::count(option.names, "--output") != 0; });
  std::string text = fmt::format("{}: {}\n\nusage: {} [OPTIONS] {}{}\n", program_name(command), command.help,
                                 program_name(command), command.operand, needs_output ? " -o FILE" : "");
  if (command.name.empty()) {
    for (const DescribedCommand& one : all) {
      if (!one.name.empty()) text += fmt::format("       {} --help\n", program_name(one));
    }
  }
  text += "\n";
  add_row(text, command.operand, command.operand_help);
  text += "\nOptions:\n";
  for (const DescribedOption& option : command.options) add_row(text, spelling(option), option.help);
  if (command.name.empty()) {
    text += "\nOther things that it does:\n";
    for (const DescribedCommand& one : all) {
      if (!one.name.empty()) add_row(text, one.name, one.help);
    }
  }
  if (!command.notes.empty()) text += "\n" + command.notes;
  return text;
}

}  // namespace whyhung::cli
