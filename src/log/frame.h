// SPDX-License-Identifier: GPL-2.0-or-later
// One entry of a printed stack, in the writing of every architecture and tool.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "log/scan.h"

namespace whyhung::log {

enum class FrameContext : std::uint8_t { kTask, kInterrupt, kNmi };

struct Frame {
  std::string_view function;  // without .constprop.0, .isra.0, .part.0, .cold
  std::string_view module;
  std::uint64_t offset = 0;
  bool unsure = false;  // "? f", "(unreliable)": on the stack, but perhaps left over
  FrameContext context = FrameContext::kTask;
  std::uint64_t line = 0;
};

struct ParsedFrame {
  Frame frame;
  std::string_view inner;  // arm32's "(inner) from [<…>] (frame+…)": what `frame` called
};

// A whole line that is an entry of a stack, and nothing else.
std::optional<ParsedFrame> parse_frame(std::string_view text);

// "f+0x12/0x34 [module]" at the front of `text`.
std::optional<Frame> take_location(std::string_view& text);

// Without the suffixes that compilers add.
std::string_view plain_name(std::string_view function);

}  // namespace whyhung::log
