// SPDX-License-Identifier: GPL-2.0-or-later
#include "shell/completion.h"

#include <algorithm>
#include <array>

#include "commands/all_symbols.h"

namespace whyhung::shell {
namespace {

constexpr std::size_t kMost = 4000;

constexpr auto kWantTypes = std::to_array<std::string_view>({"struct", "union", "whatis", "*"});
constexpr auto kWantTasks =
    std::to_array<std::string_view>({"bt", "ps", "set", "task", "foreach", "why", "files", "vm", "sig", "locks"});
constexpr auto kWantModules = std::to_array<std::string_view>({"mod"});

bool contains(std::span<const std::string_view> names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

}  // namespace

void Completion::add(std::string_view candidate) {
  if (found_.size() >= kMost || !candidate.starts_with(word_)) return;
  found_.push_back(prefix_ + std::string(candidate));
}

void Completion::add_commands() {
  for (const commands::Command* command : commands::all_commands()) add(command->name);
  for (const commands::Alias& alias : commands::all_aliases()) add(alias.name);
  for (const auto& [name, line] : shell_.desk().aliases) add(name);
  for (const std::string_view own : own_commands()) add(own);
}

void Completion::add_options(const commands::Command& command) {
  for (const commands::Option& option : command.options) {
    if (option.name.starts_with('/')) {
      add(option.name);
    } else {
      add((option.name.size() == 1 ? "-" : "--") + std::string(option.name));
    }
  }
}

void Completion::add_types() {
  if (shell_.session().machine() == nullptr) return;
  for (debuginfo::DeclarationSource* source : shell_.desk().types().sources()) {
    source->visit_names([&](std::string_view name) {
      add(name);
      return found_.size() < kMost;
    });
  }
}

void Completion::add_members(std::string_view type) {
  if (shell_.session().machine() == nullptr) return;
  const auto found = shell_.desk().types().find(type);
  if (!found) return;
  auto& declarations = shell_.desk().types().declarations(*found);
  std::vector<std::uint64_t> pending = {declarations.resolved_id(found->id)};
  for (std::size_t i = 0; i < pending.size() && i < 64; ++i) {
    for (const debuginfo::RawMember& member : declarations.members_of(pending[i])) {
      if (!member.name.empty()) add(member.name);
      if (member.name.empty()) pending.push_back(declarations.resolved_id(member.type));
    }
  }
}

void Completion::add_symbols() {
  // Of one letter there are too many to be of use.
  if (shell_.session().machine() == nullptr || word_.size() < 2) return;
  if (symbols_.empty()) {
    commands::visit_symbols(*shell_.session().machine(), [&](const debuginfo::Symbol& symbol) {
      symbols_.push_back(symbol.name);
      return true;
    });
    std::ranges::sort(symbols_);
  }
  for (auto at = std::ranges::lower_bound(symbols_, word_); at != symbols_.end() && at->starts_with(word_); ++at)
    add(*at);
}

void Completion::add_modules() {
  for (const model::Module& module : shell_.session().snapshot().modules) add(module.name);
}

void Completion::add_tasks() {
  for (const model::Task& task : shell_.session().snapshot().tasks) {
    add(task.comm);
    add(std::to_string(task.pid));
  }
}

std::vector<std::string> Completion::candidates(std::string_view before, std::string_view word) {
  found_.clear();
  prefix_.clear();
  word_ = word;
  std::vector<std::string> words = commands::split_words(before).value_or(std::vector<std::string>());
  if (words.empty()) {
    add_commands();
    if (word_.starts_with('*')) {
      prefix_ = "*";
      word_.erase(0, 1);
      add_types();
    }
  } else {
    const commands::Command* command = commands::find_command(words.front());
    // Behind foreach's choice another command has options of its own.
    for (const std::string& one : words) {
      if (words.front() == "foreach" && commands::find_command(one) != nullptr) command = commands::find_command(one);
    }
    const std::size_t dot = word_.find_last_of(".,");
    if (word_.starts_with('-') || word_.starts_with('/')) {
      if (command != nullptr) add_options(*command);
    } else if (contains(kWantTypes, words.front()) && dot != std::string::npos) {
      const std::string type = word_.substr(0, word_.find('.'));
      prefix_ = word_.substr(0, dot + 1);
      word_.erase(0, dot + 1);
      add_members(type);
    } else if (contains(kWantTypes, words.front()) && words.size() == 1) {
      add_types();
      if (words.front() == "whatis") add_symbols();
    } else if (words.front() == "help") {
      add_commands();
    } else if (contains(kWantTasks, words.front())) {
      add_tasks();
      if (words.front() == "foreach") add_commands();
    } else if (contains(kWantModules, words.front()) || words.back() == "-m") {
      add_modules();
    } else {
      add_symbols();
    }
  }
  std::ranges::sort(found_);
  found_.erase(std::unique(found_.begin(), found_.end()), found_.end());
  return found_;
}

}  // namespace whyhung::shell
