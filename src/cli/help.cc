// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>

#include <fmt/format.h>

#include "base/columns.h"
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

void add_row(std::string& text, const std::string& left, const std::string& right) {
  std::string line = "  " + left;
  if (columns_of(line) + 2 > kColumn) {
    text += line + "\n";
    line.clear();
  }
  line = padded(std::move(line), kColumn);
  const std::vector<std::string> lines = wrapped(right, kWidth - kColumn, LongWords::kKeep);
  for (const std::string& one : lines) {
    text += line + one + "\n";
    line.assign(kColumn, ' ');
  }
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
