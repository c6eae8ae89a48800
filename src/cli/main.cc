// SPDX-License-Identifier: GPL-2.0-or-later
#include <exception>
#include <iostream>

#include "cli/analyze.h"

int main(int argc, char** argv) {
  using namespace whyhung::cli;
  std::ios::sync_with_stdio(false);
  try {
    const auto request = parse_command_line(argc, argv);
    if (const auto* options = std::get_if<AnalyzeOptions>(&request)) return analyze(*options);
    if (const auto* options = std::get_if<PackOptions>(&request)) return pack(*options);
    if (const auto* options = std::get_if<DistillOptions>(&request)) return distill(*options);
    return std::get<Stop>(request).exit_status;
  } catch (const std::exception& error) {
    // Nothing of ours throws; the standard library does when memory runs out.
    std::cerr << "whyhung: stopped: " << error.what() << "\n";
    return 2;
  }
}
