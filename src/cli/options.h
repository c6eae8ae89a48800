// SPDX-License-Identifier: GPL-2.0-or-later
// What the user asked for on the command line.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "debuginfo/distilled.h"

namespace whyhung::cli {

enum class ColourChoice : std::uint8_t { kAuto, kAlways, kNever };

// whyhung [OPTIONS] VMCORE…
struct AnalyzeOptions {
  std::vector<std::string> inputs;  // a dump, the parts of a split dump, or one saved snapshot
  std::string vmlinux;
  std::string types;  // a file of distilled types, or a folder with such files
  bool json = false;
  bool stats = false;
  ColourChoice colour = ColourChoice::kAuto;
  std::vector<std::string> commands;  // -c: run these instead of the verdict
  std::string save_snapshot;          // file to write the snapshot to; empty: none
};

// whyhung pack VMCORE -o FILE
struct PackOptions {
  std::vector<std::string> inputs;
  std::string vmlinux;
  std::string types;
  std::string output;
  bool force = false;
};

// whyhung distill VMLINUX -o FILE
struct DistillOptions {
  std::string vmlinux;
  debuginfo::TypesOf from = debuginfo::TypesOf::kAny;
  std::string output;
  bool force = false;
};

struct Stop {
  int exit_status;  // help or version was shown, or the command line makes no sense and that was said
};

std::variant<AnalyzeOptions, PackOptions, DistillOptions, Stop> parse_command_line(int argc, char** argv);

}  // namespace whyhung::cli
