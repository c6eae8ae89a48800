// SPDX-License-Identifier: GPL-2.0-or-later
// A CPU of the crashed machine: what ran on it, in which context, and what its own watchdogs had seen. Times are
// nanoseconds of the scheduler's clock.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/evidence.h"
#include "model/stack.h"

namespace whyhung::model {

// Where a CPU's registers come from, best first.
enum class RegisterSource : std::uint8_t {
  kCrashNote,      // the kernel's own per-CPU note, written when the CPU was stopped for the dump
  kPrstatus,       // a note of the dump file, matched to this CPU
  kReconstructed,  // from registers that an interrupt saved on a stack of this CPU
  kNone,
};

// What a piece of the CPU's stack was doing, innermost first: an NMI on top of an interrupt on top of a task.
enum class ContextKind : std::uint8_t { kTask, kSoftirq, kHardirq, kNmi, kException };

struct ContextSegment {
  ContextKind kind = ContextKind::kTask;
  std::uint32_t first_frame = 0;  // frames [first_frame, end_frame) of the CPU's stack
  std::uint32_t end_frame = 0;
  bool operator==(const ContextSegment&) const = default;
};

// The kernel's own wait for another CPU, with its own CPU held.
enum class BusyWait : std::uint8_t { kNone, kStopMachine, kIpi, kSpinlock, kOwnerSpin, kConsole, kCallback };

// Why the CPU's innermost code says nothing about the hang: it only serves the dump or the detector.
enum class DumpRole : std::uint8_t { kNone, kPanicked, kStoppedForDump, kDetecting };

struct StopperWork {
  std::uint64_t address = 0;
  std::string function;  // symbol of cpu_stop_work.fn
  std::uint64_t argument = 0;
  std::uint64_t done = 0;  // cpu_stop_done, 0: nobody waits
  bool operator==(const StopperWork&) const = default;
};

struct Stopper {
  std::uint64_t task = 0;  // task_struct of migration/N
  std::optional<bool> enabled;
  std::string running_function;      // cpu_stopper.fn, empty: none or not recorded by this kernel
  std::vector<StopperWork> pending;  // queued and not yet begun
  bool operator==(const Stopper&) const = default;
};

struct WatchdogState {
  std::optional<std::uint64_t> touch_seconds;  // watchdog_touch_ts: units of 2^30 ns; when the stopper last ran here
  std::optional<std::uint64_t> hrtimer_interrupts;
  std::optional<std::uint64_t> hrtimer_interrupts_seen;  // what the hard-lockup check saw last
  bool operator==(const WatchdogState&) const = default;
};

struct RunqueueState {
  std::optional<std::uint64_t> clock;
  std::optional<std::uint64_t> running_count;  // rq.nr_running
  std::optional<std::uint64_t> switch_count;   // rq.nr_switches
  std::uint64_t current_task = 0;
  std::uint64_t idle_task = 0;
  bool operator==(const RunqueueState&) const = default;
};

// Whether a loop's code can reach the scheduler: read from the code of all that it calls, as far as that could be
// followed.
enum class LoopYield : std::uint8_t { kNever, kUnknown, kMay };

// An exit of a loop: the branch and what decides it.
struct LoopExit {
  std::uint64_t branch = 0;
  std::string condition;   // "cmpb $0x0,0x3a31(%rip); je": the instructions that decide
  std::string depends_on;  // "memory 0xffffffffc0203010" or "register RBX"; empty when not found out
  std::optional<std::uint64_t> memory_address;
  std::string symbol;                  // of that memory, when there is one
  std::optional<std::uint64_t> value;  // as read from the dump
  bool operator==(const LoopExit&) const = default;
};

// The loop that a program counter stands in, read from the machine code.
struct Loop {
  std::uint32_t frame = 0;  // index of the stack frame whose code was read
  std::string function;
  std::string module;
  std::uint64_t begin = 0;                // lowest address of the loop's instructions
  std::uint64_t end = 0;                  // behind the highest
  std::vector<std::string> instructions;  // at most a screenful, disassembled
  std::vector<LoopExit> exits;
  bool has_unknown_flow = false;          // an indirect jump: exits may be missing
  std::vector<std::string> calls;         // functions called inside of the loop; "indirect" for unknown ones
  LoopYield yield = LoopYield::kUnknown;  // whether going round can let another task run
  bool operator==(const Loop&) const = default;
};

struct Cpu {
  std::uint32_t number = 0;
  std::optional<bool> online;
  std::uint64_t task = 0;  // current task's address; 0: unknown
  RegisterSource register_source = RegisterSource::kNone;
  std::vector<RegisterValue> registers;  // as saved; of the moment of the dump
  bool in_user_mode = false;             // the registers are those of user mode
  StackTrace stack;                      // across all its stacks
  std::vector<ContextSegment> contexts;  // innermost first
  DumpRole dump_role = DumpRole::kNone;
  // Index into `contexts` of what the CPU was doing when the dump or the detector got hold of it.
  std::optional<std::uint32_t> activity;
  BusyWait busy_wait = BusyWait::kNone;                 // that its activity is
  std::optional<bool> interrupts_enabled;               // in that activity
  std::optional<std::uint64_t> preempt_count;           // as it is in memory at the dump
  std::optional<std::uint32_t> activity_preempt_depth;  // preempt_disable depth of the activity alone
  std::optional<std::uint32_t> activity_softirq_depth;  // softirq byte of the activity alone
  std::optional<bool> need_resched;
  std::optional<std::uint64_t> softirq_pending;
  std::uint64_t softirq_daemon = 0;           // task of ksoftirqd/N
  std::optional<bool> function_call_pending;  // its call_single_queue is not empty: an IPI that it has not taken
  RunqueueState runqueue;
  std::optional<Stopper> stopper;
  WatchdogState watchdog;
  std::optional<Loop> loop;  // of the activity
  bool operator==(const Cpu&) const = default;
};

std::string_view name_of(RegisterSource source);
std::string_view name_of(ContextKind kind);
std::string_view name_of(DumpRole role);
std::string_view name_of(LoopYield yield);
std::string_view name_of(BusyWait wait);  // empty: none
std::span<const EnumName<RegisterSource>> words_of(RegisterSource);
std::span<const EnumName<ContextKind>> words_of(ContextKind);
std::span<const EnumName<DumpRole>> words_of(DumpRole);
std::span<const EnumName<LoopYield>> words_of(LoopYield);
std::span<const EnumName<BusyWait>> words_of(BusyWait);

}  // namespace whyhung::model
