// SPDX-License-Identifier: GPL-2.0-or-later
// One line typed at the prompt, taken apart: the command, and where its output goes.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace whyhung::shell {

struct Line {
  enum class Kind : std::uint8_t {
    kNothing,     // empty, or a comment
    kCommand,     // a command of ours
    kEscape,      // "!ls": a program of the user's shell
    kInputFile,   // "<file": lines to run
    kRepeatLast,  // "!!"
    kRecall,      // "!12", "!bt": a line of the history
  };
  enum class Sink : std::uint8_t { kScreen, kPipe, kFile, kAppend };
  Kind kind = Kind::kNothing;
  std::string text;  // the command, the program, the file, the history's number or beginning
  Sink sink = Sink::kScreen;
  std::string target;  // the program behind "|", the file behind ">" or ">>"
};

// "|" and ">" count outside of quotation marks and parentheses only; "->" is C's, ">=" and "||" are too. kUsage when
// nothing stands behind one of them.
Result<Line> parse_line(std::string_view text);

}  // namespace whyhung::shell
