// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "commands/command.h"

namespace whyhung::commands {
namespace {

constexpr std::array<const Command*, 7> kCommands = {&kSys, &kPs, &kBt, &kForeach, &kLog, &kDis, &kMod};

std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> words;
  std::string word;
  for (const char c : line) {
    if (c != ' ' && c != '\t' && c != '\n') {
      word += c;
    } else if (!word.empty()) {
      words.push_back(std::move(word));
      word.clear();
    }
  }
  if (!word.empty()) words.push_back(std::move(word));
  return words;
}

}  // namespace

std::span<const Command* const> all_commands() {
  return kCommands;
}

Result<void> run_command(Context& context, std::string_view line) {
  std::vector<std::string> words = words_of(line);
  if (words.empty()) return fail(ErrorKind::kUsage, "the command is empty");
  const auto found = std::ranges::find_if(kCommands, [&](const Command* command) {
    return command->name == words.front() || (!command->alias.empty() && command->alias == words.front());
  });
  if (found == kCommands.end()) {
    std::string known;
    for (const Command* command : kCommands) known += fmt::format("{}{}", known.empty() ? "" : ", ", command->name);
    return with_hint(fail(ErrorKind::kUsage, "there is no command \"{}\"", words.front()),
                     fmt::format("the commands are {}", known));
  }
  if ((*found)->needs == Needs::kMachine && context.machine == nullptr) {
    Error error{ErrorKind::kNotFound, fmt::format("{} needs the machine's memory", (*found)->name), {}};
    if (context.lack != nullptr) error = {error.kind, error.what + ": " + context.lack->what, context.lack->hint};
    return fail(std::move(error));
  }
  words.erase(words.begin());
  return (*found)->run(context, words);
}

std::string json_entry(std::string_view line, const Result<void>& done, const std::string& output) {
  const std::string head = fmt::format("{{\"command\":{},", nlohmann::json(valid_utf8(line)).dump());
  if (!done) return head + fmt::format("\"error\":{}}}", nlohmann::json(valid_utf8(done.error().what)).dump());
  return head + fmt::format("\"output\":{}}}", output);
}

}  // namespace whyhung::commands
