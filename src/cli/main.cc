// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>
#include <exception>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "cli/analyze.h"
#include "cli/complain.h"
#include "cli/standard_output.h"
#include "shell/start.h"

namespace whyhung::cli {
namespace {

constexpr int kMisused = 2;

int answer(const Request& request) {
  if (const auto* options = std::get_if<AnalyzeOptions>(&request)) return analyze(*options);
  if (const auto* options = std::get_if<PackOptions>(&request)) return pack(*options);
  if (const auto* options = std::get_if<DistillOptions>(&request)) return distill(*options);
  if (const auto* options = std::get_if<CompletionOptions>(&request)) return completion(*options);
  if (const auto* options = std::get_if<ExplainOptions>(&request)) return explain(*options);
  if (const auto* answer = std::get_if<Answer>(&request)) {
    std::cout << answer->text;
    return 0;
  }
  const auto& misuse = std::get<Misuse>(request);
  complain(misuse.error, misuse.program);
  return kMisused;
}

}  // namespace
}  // namespace whyhung::cli

int main(int argc, char** argv) {
  using namespace whyhung::cli;
  try {
    const std::vector<std::string> words(argv + 1, argv + std::max(argc, 1));
    // Called by another name the program takes the arguments that crash takes.
    const std::string_view name = argc > 0 ? std::string_view(argv[0]) : std::string_view();
    const bool as_crash = name.substr(name.rfind('/') + 1) == "whyhung-crash";
    if (as_crash) return whyhung::shell::run(words, true);
    if (!words.empty() && words.front() == "shell") {
      return whyhung::shell::run({words.begin() + 1, words.end()}, false);
    }
    begin_output();
    return finish_output(answer(parse_command_line(argc, argv)));
  } catch (const std::exception& error) {
    // Nothing of ours throws; the standard library does when memory runs out.
    std::cerr << "whyhung: stopped: " << error.what() << "\n";
    return kMisused;
  }
}
