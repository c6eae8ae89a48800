// SPDX-License-Identifier: GPL-2.0-or-later
// The command line as a table: what help and completions are written from.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace whyhung::cli {

struct DescribedOption {
  std::vector<std::string> names;    // "-o", "--output"
  std::string value;                 // "FILE"; empty: it takes none
  std::vector<std::string> choices;  // the values that there are; empty: any
  std::string help;
};

struct DescribedCommand {
  std::string name;     // "pack"; empty: the program itself
  std::string help;     // one line
  std::string operand;  // "VMCORE…": what it works on
  std::string operand_help;
  std::vector<std::string> operand_choices;
  std::string notes;  // below the options: examples, exit status
  std::vector<DescribedOption> options;
};

// The program itself comes first.
std::vector<DescribedCommand> describe_command_line();

// The text of --help of one of them.
std::string help_of(const DescribedCommand& command, std::span<const DescribedCommand> all);

// What a command is called on the command line: "whyhung pack".
std::string program_name(const DescribedCommand& command);

}  // namespace whyhung::cli
