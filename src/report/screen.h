// SPDX-License-Identifier: GPL-2.0-or-later
// The first screen: the answer in no more lines than a terminal shows at once. What it says is made once
// (first_screen.cc, log_screen.cc); a renderer lays it out. Its texts are sentences with marks (report/marks.h), every
// name in them is printable already.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

#include "report/style.h"

namespace whyhung::report {

// With the line of the next prompt they fill a terminal of 24 lines.
inline constexpr std::size_t kMostScreenLines = 23;
inline constexpr std::size_t kScreenWidth = 80;    // where nobody says how wide the terminal is
inline constexpr std::size_t kNarrowest = 40;      // what is narrower is broken by the terminal
inline constexpr std::size_t kWidestScreen = 120;  // longer lines are harder to read

enum class Status : std::uint8_t { kHung, kNotHung, kCrashed, kUndetermined };
std::string_view words_of(Status status);

struct Screen {
  struct Row {
    std::string label;
    std::string text;
    std::size_t most_lines = 1;
    bool may_go = false;  // when there is no room
  };
  struct Stack {
    std::string heading;
    std::vector<std::string> frames;  // innermost first
    std::size_t left_out = 0;         // more frames than these
  };

  Status status = Status::kUndetermined;
  std::string headline;
  std::string sureness;  // the class, and how sure it is
  std::vector<Row> rows;
  std::vector<Stack> stacks;  // side by side
  std::vector<Row> more_rows;
  std::vector<std::string> footer;  // pieces that go together where they fit
};

void write_screen(std::ostream& out, const Screen& screen, const Style& style, std::size_t width);

}  // namespace whyhung::report
