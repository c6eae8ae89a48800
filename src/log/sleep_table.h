// SPDX-License-Identifier: GPL-2.0-or-later
// Names of kernel functions, by what they say on a stack.
#pragma once

#include <span>
#include <string_view>

#include "log/sleep.h"

namespace whyhung::log {

// A name, or with a trailing '*' the beginning of names.
struct KnownFunction {
  std::string_view pattern;
  SleepKind kind;
};

std::span<const KnownFunction> lock_functions();      // the innermost function decides
std::span<const KnownFunction> refining_functions();  // any function on the way up decides, innermost first
std::span<const std::string_view> scheduler_functions();
std::span<const std::string_view> generic_waits();  // wait_for_completion and the like: the caller is what counts
std::span<const std::string_view> helper_functions();
std::span<const std::string_view> detector_functions();
std::span<const std::string_view> spin_functions();
std::span<const std::string_view> ipi_functions();
std::span<const std::string_view> console_functions();
std::span<const std::string_view> firmware_functions();
std::span<const std::string_view> interrupt_functions();  // that call handlers, softirqs and timers
std::span<const std::string_view> reclaim_functions();

}  // namespace whyhung::log
