// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/stacks.h"

#include <algorithm>
#include <array>
#include <functional>

#include "unwind/taken_return.h"

namespace whyhung::collect {
namespace {

model::FrameOrigin origin_of(unwind::FrameSource source) {
  switch (source) {
    case unwind::FrameSource::kRegisters: return model::FrameOrigin::kRegisters;
    case unwind::FrameSource::kCall: return model::FrameOrigin::kCall;
    case unwind::FrameSource::kException: return model::FrameOrigin::kException;
    case unwind::FrameSource::kLinkRegister: return model::FrameOrigin::kLinkRegister;
    case unwind::FrameSource::kScan: return model::FrameOrigin::kScan;
    case unwind::FrameSource::kFramePointer: return model::FrameOrigin::kFramePointer;
    case unwind::FrameSource::kEarlierInterrupt: return model::FrameOrigin::kEarlierInterrupt;
  }
  return model::FrameOrigin::kCall;
}

model::StackEndReason end_of(unwind::StackEnd end) {
  switch (end) {
    case unwind::StackEnd::kUserMode: return model::StackEndReason::kUserMode;
    case unwind::StackEnd::kOutermost: return model::StackEndReason::kOutermost;
    case unwind::StackEnd::kNoRegisters: return model::StackEndReason::kNoRegisters;
    case unwind::StackEnd::kNoUnwindData: return model::StackEndReason::kNoUnwindData;
    case unwind::StackEnd::kUnreadable: return model::StackEndReason::kUnreadable;
    case unwind::StackEnd::kNotCode: return model::StackEndReason::kNotCode;
    case unwind::StackEnd::kNoProgress: return model::StackEndReason::kNoProgress;
    case unwind::StackEnd::kTooDeep: return model::StackEndReason::kTooDeep;
  }
  return model::StackEndReason::kNotWalked;
}

using Locate = std::function<std::uint32_t(VirtualAddress shown, VirtualAddress lookup)>;

model::StackTrace trace_of(const arch::Architecture& architecture, const unwind::Stack& stack, StackDetail detail,
                           const Locate& locate) {
  model::StackTrace trace;
  trace.end = end_of(stack.end);
  trace.end_detail = stack.end_detail;
  trace.frames.reserve(stack.frames.size());
  for (const unwind::Frame& frame : stack.frames) {
    const auto index = static_cast<std::uint32_t>(trace.frames.size());
    trace.frames.push_back({locate(frame.pc, frame.lookup_address()), origin_of(frame.source), frame.sp.value});
    const bool worth_keeping =
        frame.source == unwind::FrameSource::kException || frame.source == unwind::FrameSource::kEarlierInterrupt;
    if (detail == StackDetail::kFramesAndRegisters && worth_keeping && frame.registers) {
      const auto at = frame.saved_at ? std::optional(frame.saved_at->value) : std::nullopt;
      trace.registers.push_back({index, at, to_model(architecture, *frame.registers)});
    }
  }
  if (detail == StackDetail::kFramesAndRegisters && stack.user_registers) {
    const auto at = stack.user_registers_at ? std::optional(stack.user_registers_at->value) : std::nullopt;
    trace.registers.push_back(
        {static_cast<std::uint32_t>(trace.frames.size()), at, to_model(architecture, *stack.user_registers)});
  }
  return trace;
}

// The walk from where a switched-out task stands; what kept it from beginning goes into the trace.
model::StackTrace walk_sleeping_task(Workbench& bench, VirtualAddress task, StackDetail detail, const Locate& locate) {
  model::StackTrace trace;
  if (!bench.target.unwinder) {
    trace.end = model::StackEndReason::kNoUnwindData;
    return trace;
  }
  const auto start = bench.switch_frames.read(bench.access, bench.tasks, task);
  if (!start) {
    trace.end = model::StackEndReason::kUnreadable;
    trace.end_detail = to_error(start.error(), "switched-out registers").what;
    return trace;
  }
  return trace_of(*bench.target.architecture, bench.target.unwinder->walk({start->registers, start->pc_is_exact, task}),
                  detail, locate);
}

// What Clang appends to a static function's name where the whole kernel is optimised at once.
std::string_view without_link_time_suffix(std::string_view name) {
  return name.substr(0, name.find(".llvm."));
}

}  // namespace

std::vector<model::RegisterValue> to_model(const arch::Architecture& architecture, const arch::RegisterSet& registers) {
  std::vector<model::RegisterValue> values;
  for (std::size_t i = 0; i < architecture.register_names.size(); ++i) {
    if (const auto value = registers.get(i)) values.push_back({std::string(architecture.register_names[i]), *value});
  }
  return values;
}

model::StackTrace to_model(Workbench& bench, const unwind::Stack& stack, StackDetail detail) {
  return trace_of(*bench.target.architecture, stack, detail,
                  [&](VirtualAddress shown, VirtualAddress lookup) { return bench.locate(shown, lookup); });
}

model::StackTrace stack_of_sleeping_task(Workbench& bench, VirtualAddress task, StackDetail detail) {
  return walk_sleeping_task(bench, task, detail,
                            [&](VirtualAddress shown, VirtualAddress lookup) { return bench.locate(shown, lookup); });
}

model::StackTrace stack_of_sleeping_task(Workbench& bench, VirtualAddress task, StackDetail detail,
                                         std::vector<model::CodeLocation>& places) {
  return walk_sleeping_task(bench, task, detail, [&](VirtualAddress shown, VirtualAddress lookup) {
    places.push_back(place_at(bench, shown, lookup));
    return static_cast<std::uint32_t>(places.size() - 1);
  });
}

model::CodeLocation place_at(const Workbench& bench, VirtualAddress shown, VirtualAddress lookup) {
  model::CodeLocation location;
  location.address = shown.value;
  if (const auto symbol = bench.access.symbols.find_covering(lookup)) {
    location.function = without_link_time_suffix(symbol->symbol.name);
    location.offset = shown - symbol->symbol.address;
    location.module = symbol->symbol.module;
  } else if (const kernel::LoadedModule* module = bench.module_of(lookup)) {
    location.module = module->name;
  }
  return location;
}

std::vector<model::SourceLine> lines_at(Workbench& bench, VirtualAddress address) {
  std::vector<model::SourceLine> lines;
  if (!bench.target.lines || !bench.target.lines->available()) return lines;
  for (const debuginfo::SourceFrame& one : bench.target.lines->at(address)) {
    lines.push_back({one.function, one.file, static_cast<std::uint32_t>(std::max(one.line, 0))});
  }
  return lines;
}

void note_taken_returns(Workbench& bench) {
  const auto count = std::ranges::count_if(bench.snapshot.tasks, [](const model::Task& task) {
    return task.stack.end_detail.starts_with(unwind::kReturnTaken);
  });
  if (count == 0) return;
  bench.gap(fmt::format("stacks of {} task{}", count, count == 1 ? "" : "s"),
            "function_graph or a return probe took return addresses from them, and what it noted is not in the dump");
}

}  // namespace whyhung::collect
