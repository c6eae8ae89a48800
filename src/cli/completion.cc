// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/completion.h"

#include <iostream>

#include <fmt/format.h>

#include "cli/analyze.h"
#include "commands/command.h"

namespace whyhung::cli {
namespace {

constexpr std::string_view kTakesCommand = "COMMAND";  // the value of -c

std::string joined(const std::vector<std::string>& words, std::string_view between = " ") {
  std::string text;
  for (const std::string& word : words) {
    if (!text.empty()) text += between;
    text += word;
  }
  return text;
}

std::vector<std::string> names_of(std::span<const DescribedCommand> commands) {
  std::vector<std::string> names;
  for (const DescribedCommand& one : commands) {
    if (!one.name.empty()) names.push_back(one.name);
  }
  return names;
}

std::string replaced(std::string text, std::string_view what, std::string_view with) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size()) {
    text.replace(at, what.size(), with);
  }
  return text;
}

// The words that a value is chosen from; empty: a file.
std::vector<std::string> words_of(const DescribedOption& option, const std::vector<std::string>& crash_commands) {
  return option.value == kTakesCommand ? crash_commands : option.choices;
}

std::string bash(std::span<const DescribedCommand> commands, const std::vector<std::string>& crash_commands) {
  const std::string subcommands = joined(names_of(commands), "|");
  std::string text =
      "# bash completion of whyhung\n"
      "_whyhung() {\n"
      "  local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command= options= words= word\n"
      "  COMPREPLY=()\n"
      "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
      "    case $word in\n";
  text += fmt::format("      {}) command=$word; break ;;\n    esac\n  done\n  case $command:$before in\n", subcommands);
  for (const DescribedCommand& command : commands) {
    for (const DescribedOption& option : command.options) {
      if (option.value.empty()) continue;
      std::string pattern;
      for (const std::string& name : option.names) {
        pattern += fmt::format("{}{}:{}", pattern.empty() ? "" : "|", command.name, name);
      }
      const auto words = words_of(option, crash_commands);
      const std::string reply = words.empty() ? std::string("-f") : fmt::format("-W '{}'", joined(words));
      if (words.empty())
        pattern = fmt::format("{}) compopt -o filenames 2>/dev/null", pattern);
      else
        pattern += ") true";
      text += fmt::format("    {}; mapfile -t COMPREPLY < <(compgen {} -- \"$current\"); return ;;\n", pattern, reply);
    }
  }
  text += "  esac\n  case $command in\n";
  for (const DescribedCommand& command : commands) {
    std::vector<std::string> options;
    for (const DescribedOption& option : command.options) {
      options.insert(options.end(), option.names.begin(), option.names.end());
    }
    const auto words = command.name.empty() ? names_of(commands) : command.operand_choices;
    text += fmt::format("    '{}') options='{}' words='{}' ;;\n", command.name, joined(options), joined(words));
  }
  return text +
         "  esac\n"
         "  if [[ $current == -* ]]; then\n"
         "    mapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$current\")\n"
         "    return\n"
         "  fi\n"
         "  compopt -o filenames 2>/dev/null\n"
         "  # The program's own commands stand first; behind them, and in their place, stand files.\n"
         "  if [[ -n $command || COMP_CWORD -eq 1 ]]; then\n"
         "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
         "  fi\n"
         "  [[ -n $command && -n $words ]] || mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -f -- "
         "\"$current\")\n"
         "}\n"
         "complete -F _whyhung whyhung\n";
}

// Within single quotes of zsh, inside of brackets of _arguments.
std::string zsh_quoted(std::string text) {
  text = replaced(std::move(text), "\\", "\\\\");
  for (const char* special : {"[", "]", ":"}) text = replaced(std::move(text), special, std::string("\\") + special);
  return replaced(std::move(text), "'", "'\\''");
}

std::string zsh_option(const DescribedOption& option, const std::vector<std::string>& crash_commands) {
  const std::string repeats = option.value == kTakesCommand ? "*" : "";
  std::string text;
  for (const std::string& name : option.names) {
    const auto words = words_of(option, crash_commands);
    std::string value;
    if (!option.value.empty()) {
      value = fmt::format(":{}:{}", option.value, words.empty() ? "_files" : fmt::format("({})", joined(words)));
    }
    text += fmt::format(" \\\n        '{}{}[{}]{}'", repeats, name, zsh_quoted(option.help), value);
  }
  return text;
}

std::string zsh(std::span<const DescribedCommand> commands, const std::vector<std::string>& crash_commands) {
  const std::string subcommands = joined(names_of(commands), "|");
  std::string text =
      "#compdef whyhung\n"
      "# zsh completion of whyhung\n"
      "_whyhung_first() {\n";
  text += fmt::format("  _alternative 'commands:command:({})' 'files:dump:_files'\n}}\n\n_whyhung() {{\n",
                      joined(names_of(commands)));
  text += fmt::format("  case ${{words[(r)({})]}} in\n", subcommands);
  for (const DescribedCommand& command : commands) {
    text += fmt::format("    '{}')\n      _arguments -s", command.name);
    for (const DescribedOption& option : command.options) text += zsh_option(option, crash_commands);
    if (command.name.empty()) {
      text += " \\\n        '1: :_whyhung_first' '*: :_files'";
    } else {
      const std::string what =
          command.operand_choices.empty() ? "_files" : fmt::format("({})", joined(command.operand_choices));
      text += fmt::format(" \\\n        '1: :({})' '*: :{}'", command.name, what);
    }
    text += "\n      ;;\n";
  }
  return text + "  esac\n}\n\n_whyhung \"$@\"\n";
}

std::string fish_quoted(std::string text) {
  return replaced(replaced(std::move(text), "\\", "\\\\"), "'", "\\'");
}

std::string fish(std::span<const DescribedCommand> commands, const std::vector<std::string>& crash_commands) {
  const std::string subcommands = joined(names_of(commands));
  std::string text = "# fish completion of whyhung\n";
  for (const DescribedCommand& command : commands) {
    const std::string when = command.name.empty() ? fmt::format("not __fish_seen_subcommand_from {}", subcommands)
                                                  : fmt::format("__fish_seen_subcommand_from {}", command.name);
    if (!command.name.empty()) {
      text += fmt::format("complete -c whyhung -n __fish_use_subcommand -a {} -d '{}'\n", command.name,
                          fish_quoted(command.help));
    }
    if (!command.operand_choices.empty()) {
      text += fmt::format("complete -c whyhung -n '{}' -f -a '{}'\n", when, joined(command.operand_choices));
    }
    for (const DescribedOption& option : command.options) {
      std::string names;
      for (const std::string& name : option.names) {
        names += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
      }
      const auto words = words_of(option, crash_commands);
      std::string value;
      if (!words.empty()) {
        value = fmt::format(" -x -a '{}'", joined(words));
      } else if (!option.value.empty()) {
        value = " -r -F";
      }
      text += fmt::format("complete -c whyhung -n '{}'{}{} -d '{}'\n", when, names, value, fish_quoted(option.help));
    }
  }
  return text;
}

}  // namespace

std::string completion_for(Shell shell, std::span<const DescribedCommand> commands,
                           const std::vector<std::string>& crash_commands) {
  switch (shell) {
    case Shell::kBash: return bash(commands, crash_commands);
    case Shell::kZsh: return zsh(commands, crash_commands);
    case Shell::kFish: return fish(commands, crash_commands);
  }
  return {};
}

int completion(const CompletionOptions& options) {
  std::vector<std::string> crash_commands;
  for (const commands::Command* command : commands::all_commands()) crash_commands.emplace_back(command->name);
  for (const commands::Alias& alias : commands::all_aliases()) crash_commands.emplace_back(alias.name);
  std::cout << completion_for(options.shell, describe_command_line(), crash_commands);
  return 0;
}

}  // namespace whyhung::cli
