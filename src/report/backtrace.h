// SPDX-License-Identifier: GPL-2.0-or-later
// A stack as users of crash read it without thinking: "#0 [stack address] function at address [module]", exception
// frames with their registers, and a mark where one stack goes over into another. What crash would not say follows in
// words: how a frame was found when it was not by unwind data, and why a stack ends when it ends early.
#pragma once

#include <functional>
#include <iosfwd>
#include <string>
#include <vector>

#include "model/snapshot.h"

namespace whyhung::report {

enum class SourceLines : std::uint8_t { kHide, kShow };

// The heading and the frames of one task. `cpu` is the CPU that runs it, or null. Source lines stand below their frame,
// as far as the snapshot has them: inlined functions first.
void write_backtrace(std::ostream& out, const model::Snapshot& snapshot, const model::Task& task,
                     const model::StackTrace& stack, const model::Cpu* cpu, SourceLines lines);

enum class FrameOffsets : std::uint8_t { kHide, kDecimal, kHexadecimal };

struct BacktraceStyle {
  SourceLines lines = SourceLines::kHide;
  FrameOffsets offsets = FrameOffsets::kHide;  // how far into its function a frame is
  // Lines with the words of the stack from one address to another, for below each frame; null: none.
  std::function<std::string(std::uint64_t begin, std::uint64_t end)> words = nullptr;
};
void write_backtrace(std::ostream& out, const model::Snapshot& snapshot, const model::Task& task,
                     const model::StackTrace& stack, const model::Cpu* cpu, const BacktraceStyle& style);

// Registers that an exception saved, in the order that users of crash know on that machine.
void write_saved_registers(std::ostream& out, const std::vector<model::RegisterValue>& values);

}  // namespace whyhung::report
