// SPDX-License-Identifier: GPL-2.0-or-later
// What the links of a chain state besides whom they speak of: one type for each group of claims (finding.h says which
// has which). Times are nanoseconds.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "model/cpu.h"
#include "model/crash.h"
#include "model/task.h"
#include "model/wait.h"

namespace whyhung::diagnose {

// A function of the machine; both empty: not known.
struct Place {
  std::string function;
  std::string module;  // empty: the kernel itself
};

// A request to stop the machine.
struct StopFacts {
  static constexpr std::string_view kName = "stop";
  std::string function;
  std::string state;
  std::uint32_t threads = 0;
  std::uint32_t missing = 0;
};

// What a CPU is busy with.
struct OccupantFacts {
  static constexpr std::string_view kName = "occupant";
  Place place;
  model::ContextKind context = model::ContextKind::kTask;
  std::optional<std::uint64_t> held;
};

struct DepthFacts {
  static constexpr std::string_view kName = "depth";
  std::uint32_t depth = 0;
};

struct PreemptionFacts {
  static constexpr std::string_view kName = "preemption";
  std::string model;  // as Machine::preemption
};

struct ClockFacts {
  static constexpr std::string_view kName = "clock";
  std::optional<std::uint64_t> age;
  std::optional<std::uint64_t> threshold;  // after which the kernel itself complains
};

struct LoopFacts {
  static constexpr std::string_view kName = "loop";
  Place place;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  model::LoopYield yield = model::LoopYield::kUnknown;
  std::optional<model::LoopExit> exit;
};

struct CallFacts {
  static constexpr std::string_view kName = "call";
  std::string function;  // empty: not known
};

struct WaitFacts {
  static constexpr std::string_view kName = "wait";
  model::WaitHow how;
  std::optional<std::uint64_t> age;
};

struct HeldFacts {
  static constexpr std::string_view kName = "held";
  model::HolderRole role = model::HolderRole::kOwner;
  bool is_former = false;  // what the lock names is not who holds it
};

// A task that does not come to what others wait for.
struct RestFacts {
  static constexpr std::string_view kName = "rest";
  Place place;
  model::TaskState state = model::TaskState::kUnknown;
  bool is_frozen = false;
  std::uint64_t idle = 0;  // since it ran last
};

enum class GoneHow : std::uint8_t { kAbsent, kExited, kReused };
struct GoneFacts {
  static constexpr std::string_view kName = "gone";
  GoneHow how = GoneHow::kAbsent;
  std::optional<model::FormerTask> former;
  std::optional<std::uint64_t> later;  // how much after the wait the task began that has its address now
};

struct StarvationFacts {
  static constexpr std::string_view kName = "starvation";
  std::uint64_t queued = 0;
  std::uint64_t others = 0;  // that starve beside it
};

struct ThrottleFacts {
  static constexpr std::string_view kName = "throttle";
  std::string group;  // empty: not known
  std::uint64_t quota = 0;
  std::uint64_t period = 0;
};

// How the scheduler weighs a task of the fair class.
struct Weight {
  bool is_idle_policy = false;
  std::optional<std::int64_t> nice;
};
struct PreferenceFacts {
  static constexpr std::string_view kName = "preference";
  std::uint64_t others = 0;  // runnable on that CPU besides
  Weight running;
  Weight starved;
};

enum class SilenceHow : std::uint8_t { kNobody, kRemote, kStopped, kSleeps };
struct SilenceFacts {
  static constexpr std::string_view kName = "silence";
  SilenceHow how = SilenceHow::kNobody;
  std::optional<bool> connected;  // of another machine
  std::optional<RestFacts> task;  // of the process that serves
};

struct SilentDeviceFacts {
  static constexpr std::string_view kName = "device";
  model::DeviceFacts device;
};

struct RealTimeFacts {
  static constexpr std::string_view kName = "real-time";
  std::uint32_t policy = 0;
  std::int32_t priority = 0;
  bool in_user_mode = false;
};

struct ReclaimFacts {
  static constexpr std::string_view kName = "reclaim";
  std::string reclaim;  // the kernel's own function
  Place place;          // whom it called
};

struct LostFacts {
  static constexpr std::string_view kName = "lost-wakeup";
  std::optional<std::uint64_t> done;
  std::optional<std::int64_t> count;
};

// What ended the machine, where it was no hang.
struct CrashFacts {
  static constexpr std::string_view kName = "crash";
  model::CrashKind kind = model::CrashKind::kCalled;
  Place place;
  std::string message;         // the kernel's last words, raw
  std::optional<Place> inner;  // where it happened, in code that `place` called and that only serves; empty: in `place`
  std::optional<std::uint32_t> frame;    // of that CPU's stack; its registers are those that the exception saved
  std::vector<std::string> code;         // the instructions around it
  std::optional<std::uint32_t> code_at;  // which of them did it
  std::optional<std::uint64_t> address;  // of the memory that it meant
};

// A task that an Oops ended, as the log names it.
struct KilledFacts {
  static constexpr std::string_view kName = "killed";
  std::uint32_t pid = 0;
  std::string comm;
  Place place;
  std::uint64_t time = 0;  // since boot
};

using LinkFacts =
    std::variant<std::monostate, StopFacts, OccupantFacts, DepthFacts, PreemptionFacts, ClockFacts, LoopFacts,
                 CallFacts, WaitFacts, HeldFacts, RestFacts, GoneFacts, StarvationFacts, ThrottleFacts, PreferenceFacts,
                 SilenceFacts, SilentDeviceFacts, RealTimeFacts, ReclaimFacts, LostFacts, CrashFacts, KilledFacts>;

std::string_view name_of(GoneHow how);
std::string_view name_of(SilenceHow how);

}  // namespace whyhung::diagnose
