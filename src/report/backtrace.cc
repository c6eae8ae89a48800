// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/backtrace.h"

#include <algorithm>
#include <array>
#include <ostream>

#include <fmt/format.h>

#include "base/text.h"
#include "report/power_registers.h"

namespace whyhung::report {
namespace {

std::string function_text(const model::CodeLocation& location) {
  if (location.function.empty()) return "(no symbol)";
  return printable(location.function);
}

std::string module_text(const model::CodeLocation& location) {
  return location.module.empty() ? std::string() : fmt::format(" [{}]", printable(location.module));
}

std::string_view stack_name(model::ContextKind kind) {
  switch (kind) {
    case model::ContextKind::kNmi: return "NMI exception stack";
    case model::ContextKind::kException: return "exception stack";
    case model::ContextKind::kHardirq:
    case model::ContextKind::kSoftirq: return "IRQ stack";
    case model::ContextKind::kTask: return "other stack";
  }
  return "other stack";
}

// How far below a frame's stack pointer the number stands that crash prints for it: on x86_64 the slot of the return
// address, on arm64 the frame's own record, on ppc64le, riscv64 and s390x the frame itself.
struct SlotDistance {
  std::string_view architecture;
  std::uint64_t bytes;
};
constexpr std::array<SlotDistance, 5> kSlotDistances = {
    {{"x86_64", 8}, {"arm64", 0}, {"ppc64le", 0}, {"riscv64", 0}, {"s390x", 0}}};

std::uint64_t slot_distance(std::string_view architecture) {
  const auto found = std::ranges::find(kSlotDistances, architecture, &SlotDistance::architecture);
  return found == kSlotDistances.end() ? kSlotDistances.front().bytes : found->bytes;
}

class BacktraceWriter {
 public:
  BacktraceWriter(std::ostream& out, const model::Snapshot& snapshot, const model::Task& task,
                  const model::StackTrace& stack, const model::Cpu* cpu, const BacktraceStyle& style)
      : out_(out), snapshot_(snapshot), task_(task), stack_(stack), cpu_(cpu), style_(style) {}

  void write() {
    out_ << fmt::format("PID: {:<8} TASK: {:016x}  CPU: {:<4} COMMAND: \"{}\"\n", task_.pid, task_.address,
                        task_.cpu ? std::to_string(*task_.cpu) : "?", printable(task_.comm));
    if (cpu_ != nullptr) write_cpu_registers();
    for (std::uint32_t i = 0; i < stack_.frames.size(); ++i) write_frame(i);
    write_registers_of(static_cast<std::uint32_t>(stack_.frames.size()));
    write_end();
  }

  // Three a line, in the order that crash's users know.
  void write_registers(const std::vector<model::RegisterValue>& values);

 private:
  bool on_task_stack(const model::StackFrame& frame) const {
    return task_.stack_size == 0 || (frame.sp >= task_.stack_base && frame.sp - task_.stack_base <= task_.stack_size);
  }

  void write_cpu_registers() {
    // Where panic() saved them no exception happened: the first frame says as much.
    if (cpu_->dump_role == model::DumpRole::kPanicked && !cpu_->in_user_mode && !cpu_->registers.empty() &&
        cpu_->register_source != model::RegisterSource::kReconstructed && stack_begins_in_dump_code()) {
      return;
    }
    if (cpu_->registers.empty()) {
      out_ << "    (registers were not saved)\n";
      return;
    }
    if (cpu_->register_source == model::RegisterSource::kReconstructed) {
      out_ << "    (registers were not saved for the dump; these are what the last interrupt found)\n";
    }
    if (cpu_->in_user_mode) {
      write_registers(cpu_->registers);
      out_ << "    (in user mode)\n";
    } else if (!stack_.frames.empty() && stack_.frames.front().origin == model::FrameOrigin::kRegisters) {
      const model::CodeLocation& location = snapshot_.location(stack_.frames.front());
      if (are_power_registers(cpu_->registers)) {
        write_power_registers(out_, cpu_->registers);
        write_power_location(location);
        return;
      }
      write_exception(location, cpu_->registers);
    }
  }

  // The CPU saved its own registers on its way into the dump, and was not interrupted for it.
  bool stack_begins_in_dump_code() const {
    if (stack_.frames.empty() || stack_.frames.front().origin != model::FrameOrigin::kRegisters) return false;
    const std::string& function = snapshot_.location(stack_.frames.front()).function;
    return function == "__crash_kexec" || function == "machine_kexec" || function == "crash_setup_regs";
  }

  void write_exception(const model::CodeLocation& location, const std::vector<model::RegisterValue>& values) {
    if (has(values, "PSTATE")) {
      write_arm64_registers(
          values, fmt::format("  [{}+{}]{}", function_text(location), location.offset, module_text(location)));
      return;
    }
    if (are_power_registers(values)) {
      write_registers(values);
      write_power_location(location);
      return;
    }
    write_interrupted(location, has(values, "epc") ? "EPC" : has(values, "PSW") ? "PSW" : "RIP");
    write_registers(values);
  }

  // crash's " [NIP  : multi_cpu_stop+252]".
  void write_power_location(const model::CodeLocation& location) {
    out_ << fmt::format(" [NIP  : {}+{}]{}\n", function_text(location), location.offset, module_text(location));
  }

  void write_interrupted(const model::CodeLocation& location, std::string_view program_counter = "RIP") {
    out_ << fmt::format("    [exception {}: {}+{}]{}\n", program_counter, function_text(location), location.offset,
                        module_text(location));
  }

  void write_registers_of(std::uint32_t frame) {
    for (const model::FrameRegisters& registers : stack_.registers) {
      if (registers.frame == frame) write_registers(registers.values);
    }
  }

  static bool has(const std::vector<model::RegisterValue>& values, std::string_view name) {
    return std::ranges::find(values, name, &model::RegisterValue::name) != values.end();
  }

  // In crash's order for arm64: from X29 downwards.
  void write_arm64_registers(const std::vector<model::RegisterValue>& values, std::string_view place) {
    const auto value = [&](std::string_view name) {
      const auto found = std::ranges::find(values, name, &model::RegisterValue::name);
      return found == values.end() ? std::string("(not known)     ") : fmt::format("{:016x}", found->value);
    };
    const auto pstate = std::ranges::find(values, std::string_view("PSTATE"), &model::RegisterValue::name);
    out_ << fmt::format("     PC: {}{}\n     LR: {}\n     SP: {}  PSTATE: {:08x}\n", value("PC"), place, value("LR"),
                        value("SP"), pstate->value);
    if (!has(values, "X0")) return;
    for (int number = 29; number >= 0; --number) {
      const std::string name = fmt::format("X{}", number);
      const bool begins = (29 - number) % 3 == 0;
      out_ << fmt::format("{}{:>{}}: {}{}", begins ? "    " : "  ", name, 3, value(name), number % 3 == 0 ? "\n" : "");
    }
  }

  void write_plain_registers(const std::vector<model::RegisterValue>& values) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      out_ << fmt::format("{}{:>8}: {:016x}{}", i % 3 == 0 ? " " : "", printable(values[i].name), values[i].value,
                          i % 3 == 2 || i + 1 == values.size() ? "\n" : "");
    }
  }

  void write_saved_state(std::uint32_t index, const model::CodeLocation& location) {
    const auto saved = std::ranges::find(stack_.registers, index, &model::FrameRegisters::frame);
    if (saved == stack_.registers.end()) {
      write_interrupted(location);
    } else {
      write_exception(location, saved->values);
    }
  }

  // What the exception before left at the same place is an exception frame in its own right there.
  bool is_earlier_power_frame(std::uint32_t index, const model::StackFrame& frame) const {
    if (frame.origin != model::FrameOrigin::kEarlierInterrupt) return false;
    const auto saved = std::ranges::find(stack_.registers, index, &model::FrameRegisters::frame);
    return saved != stack_.registers.end() && are_power_registers(saved->values);
  }

  void write_frame(std::uint32_t index) {
    const model::StackFrame& frame = stack_.frames[index];
    const model::CodeLocation& location = snapshot_.location(frame);
    if (index != 0 && (frame.origin == model::FrameOrigin::kException || is_earlier_power_frame(index, frame))) {
      write_saved_state(index, location);
    }
    if (index != 0 && on_task_stack(frame) && !on_task_stack(stack_.frames[index - 1])) {
      out_ << fmt::format("--- <{}> ---\n", stack_name(context_of(index - 1)));
    }
    std::string remark;
    if (frame.origin == model::FrameOrigin::kScan) remark = "  (found by scanning for the call)";
    if (frame.origin == model::FrameOrigin::kFramePointer) remark = "  (guessed by frame pointer)";
    if (frame.origin == model::FrameOrigin::kLinkRegister) remark = "  (from the link register)";
    if (frame.origin == model::FrameOrigin::kEarlierInterrupt) remark = "  (where the interrupt before found it)";
    // The slot that holds the return address stands just below the caller's stack pointer.
    const bool is_interrupted = frame.origin == model::FrameOrigin::kException ||
                                (frame.origin == model::FrameOrigin::kRegisters && cpu_ != nullptr);
    const std::uint64_t slot = is_interrupted ? frame.sp : frame.sp - slot_distance(snapshot_.machine.architecture);
    out_ << fmt::format("{:>3} [{:016x}] {}{} at {:016x}{}{}\n", fmt::format("#{}", index), slot,
                        function_text(location), offset_text(location), location.address, module_text(location),
                        remark);
    write_lines(location);
    if (style_.words) out_ << style_.words(index == 0 ? frame.sp : slot, end_of_frame(index));
  }

  std::string offset_text(const model::CodeLocation& location) const {
    if (style_.offsets == FrameOffsets::kHide || location.function.empty()) return {};
    return style_.offsets == FrameOffsets::kDecimal ? fmt::format("+{}", location.offset)
                                                    : fmt::format("+{:#x}", location.offset);
  }

  // Up to where the words of a frame reach: to the next frame on the same stack, or to the end of the task's.
  std::uint64_t end_of_frame(std::uint32_t index) const {
    const model::StackFrame& frame = stack_.frames[index];
    const std::uint64_t end = task_.stack_base + task_.stack_size;
    if (index + 1 >= stack_.frames.size()) return on_task_stack(frame) && task_.stack_size != 0 ? end : frame.sp;
    const std::uint64_t next = stack_.frames[index + 1].sp - slot_distance(snapshot_.machine.architecture);
    return on_task_stack(frame) == on_task_stack(stack_.frames[index + 1]) && next > frame.sp ? next : frame.sp;
  }

  void write_lines(const model::CodeLocation& location) {
    if (style_.lines == SourceLines::kHide) return;
    for (std::size_t i = 0; i < location.lines.size(); ++i) {
      const model::SourceLine& line = location.lines[i];
      const bool is_inlined = i + 1 < location.lines.size();
      out_ << fmt::format("    {}: {}{}\n", printable(line.file), line.line,
                          is_inlined ? fmt::format("  ({}, inlined)", printable(line.function)) : "");
    }
  }

  model::ContextKind context_of(std::uint32_t frame) const {
    if (cpu_ == nullptr) return model::ContextKind::kHardirq;
    for (const model::ContextSegment& segment : cpu_->contexts) {
      if (frame >= segment.first_frame && frame < segment.end_frame) return segment.kind;
    }
    return model::ContextKind::kHardirq;
  }

  void write_end() {
    switch (stack_.end) {
      case model::StackEndReason::kUserMode:
      case model::StackEndReason::kOutermost: return;
      case model::StackEndReason::kNotWalked:
        if (task_.state == model::TaskState::kZombie || task_.state == model::TaskState::kDead) {
          out_ << "    (no stack: the task has exited)\n";
        }
        return;
      case model::StackEndReason::kNoRegisters:
      case model::StackEndReason::kNoUnwindData:
      case model::StackEndReason::kUnreadable:
      case model::StackEndReason::kNotCode:
      case model::StackEndReason::kNoProgress:
      case model::StackEndReason::kTooDeep:
        out_ << fmt::format("    (the stack ends here: {}{}{})\n", model::name_of(stack_.end),
                            stack_.end_detail.empty() ? "" : ", ", printable(stack_.end_detail));
    }
  }

  std::ostream& out_;
  const model::Snapshot& snapshot_;
  const model::Task& task_;
  const model::StackTrace& stack_;
  const model::Cpu* cpu_;
  const BacktraceStyle& style_;
};

void BacktraceWriter::write_registers(const std::vector<model::RegisterValue>& values) {
  const auto find = [&](std::string_view name) {
    const auto found = std::ranges::find(values, name, &model::RegisterValue::name);
    return found == values.end() ? std::string("(not known)     ") : fmt::format("{:016x}", found->value);
  };
  if (has(values, "PSTATE")) {
    write_arm64_registers(values, {});
    return;
  }
  if (are_power_registers(values)) {
    write_power_exception(out_, values);
    write_power_registers(out_, values);
    return;
  }
  const auto flags = std::ranges::find(values, std::string_view("RFLAGS"), &model::RegisterValue::name);
  if (flags == values.end()) {
    write_plain_registers(values);
    return;
  }
  out_ << fmt::format("    RIP: {}  RSP: {}  RFLAGS: {:08x}\n", find("RIP"), find("RSP"), flags->value);
  if (std::ranges::find(values, std::string_view("RAX"), &model::RegisterValue::name) == values.end()) return;
  out_ << fmt::format("    RAX: {}  RBX: {}  RCX: {}\n", find("RAX"), find("RBX"), find("RCX"));
  out_ << fmt::format("    RDX: {}  RSI: {}  RDI: {}\n", find("RDX"), find("RSI"), find("RDI"));
  out_ << fmt::format("    RBP: {}   R8: {}   R9: {}\n", find("RBP"), find("R8"), find("R9"));
  out_ << fmt::format("    R10: {}  R11: {}  R12: {}\n", find("R10"), find("R11"), find("R12"));
  out_ << fmt::format("    R13: {}  R14: {}  R15: {}\n", find("R13"), find("R14"), find("R15"));
  const auto selector = [&](std::string_view name) {
    const auto found = std::ranges::find(values, name, &model::RegisterValue::name);
    return found == values.end() ? 0 : found->value;
  };
  out_ << fmt::format("    ORIG_RAX: {}  CS: {:04x}  SS: {:04x}\n", find("ORIG_RAX"), selector("CS"), selector("SS"));
}

}  // namespace

void write_backtrace(std::ostream& out, const model::Snapshot& snapshot, const model::Task& task,
                     const model::StackTrace& stack, const model::Cpu* cpu, SourceLines lines) {
  BacktraceStyle style;
  style.lines = lines;
  write_backtrace(out, snapshot, task, stack, cpu, style);
}

void write_backtrace(std::ostream& out, const model::Snapshot& snapshot, const model::Task& task,
                     const model::StackTrace& stack, const model::Cpu* cpu, const BacktraceStyle& style) {
  BacktraceWriter(out, snapshot, task, stack, cpu, style).write();
}

void write_saved_registers(std::ostream& out, const std::vector<model::RegisterValue>& values) {
  const model::Snapshot nothing;
  const model::Task nobody;
  const model::StackTrace empty;
  BacktraceWriter(out, nothing, nobody, empty, nullptr, {}).write_registers(values);
}

}  // namespace whyhung::report
