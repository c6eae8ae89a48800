// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/inputs.h"

#include <algorithm>
#include <filesystem>

#include "base/nearest.h"
#include "cli/complain.h"
#include "cli/described.h"
#include "commands/command.h"
#include "session/find_dump.h"

namespace whyhung::cli {
namespace {

bool is_word(const std::string& name) {
  constexpr std::size_t kLongest = 20;
  return !name.empty() && name.size() <= kLongest &&
         std::ranges::all_of(name, [](char c) { return c >= 'a' && c <= 'z'; });
}

// Empty when it is nothing that one could mean.
std::string meant_by(const std::string& word) {
  if (word == "help" || word == "version") return fmt::format("whyhung --{}", word);
  const auto is_called_so = [&](const auto& one) { return word == one.name; };
  if (commands::find_command(word) != nullptr || std::ranges::any_of(commands::all_aliases(), is_called_so)) {
    return fmt::format("-c {}", word);
  }
  std::vector<std::string> names;
  for (const DescribedCommand& command : describe_command_line()) {
    if (!command.name.empty()) names.push_back(command.name);
  }
  const std::string_view name = nearest(word, names);
  return name.empty() ? std::string() : fmt::format("whyhung {}", name);
}

}  // namespace

Result<void> find_inputs(std::vector<std::string>& inputs) {
  if (inputs.empty()) {
    TRY_ASSIGN(std::string found, session::newest_dump_of(session::usual_dump_folders()));
    complain({ErrorKind::kNotFound, fmt::format("the newest dump is {}", found), {}});
    inputs.push_back(std::move(found));
  }
  for (const std::string& input : inputs) {
    std::error_code error;
    if (!is_word(input) || std::filesystem::exists(input, error)) continue;
    const std::string meant = meant_by(input);
    if (meant.empty()) continue;
    return with_hint(fail(ErrorKind::kUsage, "{}: there is no such file and no such command", input),
                     fmt::format("did you mean {}?", meant));
  }
  return {};
}

}  // namespace whyhung::cli
