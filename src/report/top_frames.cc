// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/top_frames.h"

#include <algorithm>

#include <fmt/format.h>

#include "report/brief.h"
#include "report/words.h"

namespace whyhung::report {
namespace {

using model::Index;
using names::Meaning;

constexpr std::size_t kMostFrames = 12;

std::size_t first_of_sleeper(const model::Snapshot& snapshot, const model::StackTrace& stack) {
  std::size_t at = 0;
  while (at < stack.frames.size()) {
    const names::Meanings& code = snapshot.location(stack.frames[at]).meanings;
    if (!code.has(Meaning::kWaits) && !code.has(Meaning::kYields)) break;
    ++at;
  }
  if (at == stack.frames.size()) return 0;
  return at == 0 ? 0 : at - 1;
}

std::size_t first_of_cpu(const model::Cpu& cpu) {
  return cpu.activity ? cpu.contexts[*cpu.activity].first_frame : 0;
}

std::optional<Screen::Stack> frames_from(const model::Snapshot& snapshot, const model::StackTrace& stack,
                                         std::size_t first, std::string heading) {
  if (first >= stack.frames.size()) return std::nullopt;
  Screen::Stack out;
  out.heading = std::move(heading);
  for (std::size_t i = first; i < stack.frames.size() && out.frames.size() < kMostFrames; ++i) {
    out.frames.push_back(brief_location(snapshot.location(stack.frames[i])));
  }
  out.left_out = stack.frames.size() - first - out.frames.size();
  return out;
}

std::string heading_of(const Index& index, const model::Task& task) {
  std::string text = brief_task(task.comm, task.pid);
  if (const model::Cpu* cpu = index.cpu_of(task)) return text + fmt::format("  on CPU {}", cpu->number);
  const auto& clock = index.snapshot().machine.clock;
  if (task.queues_for_cpu()) return text + "  runnable";
  text += "  ";
  if (task.frozen) {
    text += "frozen";
  } else if (task.state == model::TaskState::kUninterruptible) {
    text += "blocked";
  } else if (task.state == model::TaskState::kInterruptible) {
    text += "asleep";
  } else {
    text += model::name_of(task.state);
  }
  if (clock && task.last_arrival && *task.last_arrival <= *clock) {
    text += fmt::format(" {} s", seconds_text(*clock - *task.last_arrival));
  }
  return text;
}

}  // namespace

std::optional<Screen::Stack> top_frames(const Index& index, const model::Task& task) {
  const model::Snapshot& snapshot = index.snapshot();
  if (const model::Cpu* cpu = index.cpu_of(task)) {
    return frames_from(snapshot, cpu->stack, first_of_cpu(*cpu), heading_of(index, task));
  }
  return frames_from(snapshot, task.stack, first_of_sleeper(snapshot, task.stack), heading_of(index, task));
}

std::optional<Screen::Stack> top_frames(const Index& index, const diagnose::Culprit& culprit) {
  const model::Task* task = index.task(culprit.task);
  if (task == nullptr) return std::nullopt;
  const model::Cpu* cpu = index.cpu_of(*task);
  if (cpu == nullptr) return top_frames(index, *task);
  const auto& frames = cpu->stack.frames;
  const auto accused = std::ranges::find(frames, culprit.location, &model::StackFrame::location);
  const bool is_on_stack = accused != frames.end() && !culprit.function.empty();
  const std::size_t first = is_on_stack ? static_cast<std::size_t>(accused - frames.begin()) : first_of_cpu(*cpu);
  return frames_from(index.snapshot(), cpu->stack, first, heading_of(index, *task));
}

}  // namespace whyhung::report
