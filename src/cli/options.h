// SPDX-License-Identifier: GPL-2.0-or-later
// What the user asked for on the command line.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "debuginfo/distilled.h"

namespace whyhung::cli {

enum class ColourChoice : std::uint8_t { kAuto, kAlways, kNever };
enum class Shell : std::uint8_t { kBash, kZsh, kFish };

// What is shown of the answer.
enum class View : std::uint8_t { kScreen, kFull, kJson, kMarkdown, kDot, kPlain, kFolded, kCrash, kDrgn };

// whyhung [OPTIONS] [VMCORE…]
struct AnalyzeOptions {
  std::vector<std::string> inputs;  // a dump, the parts of a split dump, or one saved snapshot; empty: the newest dump
  std::string vmlinux;
  std::string types;  // a file of distilled types, or a folder with such files
  bool json = false;
  bool full = false;
  bool markdown = false;
  bool dot = false;
  bool plain = false;
  bool folded = false;
  bool emit_crash = false;
  bool emit_drgn = false;
  bool redact = false;
  bool no_pager = false;
  bool stats = false;
  ColourChoice colour = ColourChoice::kAuto;
  std::vector<std::string> commands;  // -c: run these instead of the verdict
  std::string save_snapshot;          // files to write besides; empty: none
  std::string html;
  std::string svg;
  std::string perfetto;
  bool force = false;  // they may replace files

  View view() const {
    if (json) return View::kJson;
    if (markdown) return View::kMarkdown;
    if (dot) return View::kDot;
    if (plain) return View::kPlain;
    if (folded) return View::kFolded;
    if (emit_crash) return View::kCrash;
    if (emit_drgn) return View::kDrgn;
    return full ? View::kFull : View::kScreen;
  }
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

// whyhung completion SHELL
struct CompletionOptions {
  Shell shell = Shell::kBash;
};

// whyhung explain [WORD]
struct ExplainOptions {
  std::string word;  // empty: all that there is to explain
  bool no_pager = false;
};

// Help or the version is to be shown.
struct Answer {
  std::string text;
};

// The command line makes no sense.
struct Misuse {
  std::string program;  // "whyhung", "whyhung pack"
  Error error;
};

using Request =
    std::variant<AnalyzeOptions, PackOptions, DistillOptions, CompletionOptions, ExplainOptions, Answer, Misuse>;
Request parse_command_line(int argc, char** argv);

}  // namespace whyhung::cli
