// SPDX-License-Identifier: GPL-2.0-or-later
// What a log comes to: a class, who is to blame, the statements that it rests on. Never more than likely.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "diagnose/finding.h"
#include "log/cpu_story.h"
#include "log/saying.h"

namespace whyhung::log {

// A task by its pid, or a CPU by its number.
struct Party {
  bool is_cpu = false;
  std::uint32_t number = 0;
};

struct Statement {
  Saying saying;
  std::vector<Party> parties;
  std::string a;
  std::string b;
  std::optional<std::uint64_t> number;
  model::Certainty certainty = model::Certainty::kLikely;
  std::vector<std::uint64_t> lines;
};

struct Accused {
  std::optional<std::uint32_t> pid;
  std::string comm;
  std::optional<std::uint32_t> cpu;
  std::string function;
  std::string module;
  std::string thing;  // a device or server: "nvme0", "nas-2"
  bool on_cpu = false;
  diagnose::CulpritKind kind = diagnose::CulpritKind::kTask;  // a handler has no task
};

// What only logs come to, besides the classes of hangs.
enum class Beyond : std::uint8_t {
  kNothing,
  kConsoleStorm,  // printing itself keeps a CPU or a lock
  kCrashed,       // no hang: the kernel ran into a fault of its own
};

struct Verdict {
  Statement& say(Saying saying, std::vector<Party> parties = {}, std::vector<std::uint64_t> lines = {});
  // Says how it ends. True, so that a judge can end with it.
  bool settle(diagnose::HangClass how, model::Certainty sure, std::optional<diagnose::Advice> advised = {});

  diagnose::HangClass hang_class = diagnose::HangClass::kUndetermined;
  Beyond beyond = Beyond::kNothing;  // when set, it counts instead of hang_class
  model::Certainty confidence = model::Certainty::kPossible;
  std::vector<Accused> accused;
  std::vector<Statement> chain;
  std::vector<diagnose::Advice> advice;
  std::optional<double> onset;
};

std::string_view class_name(const Verdict& verdict);
// Neither none nor undetermined.
bool is_explained(const Verdict& verdict);

// --- judges; each looks for one thing and finds nothing when it is not there ---
std::optional<Verdict> judge_time(const Case& facts, const CpuStories& stories);  // time stood still
std::optional<Verdict> judge_over(const Case& facts);                             // it has ended
std::optional<Verdict> judge_crash(const Case& facts);
std::optional<Verdict> judge_cpus(const Case& facts, const CpuStories& stories);  // lockups, stalls, unanswered calls
std::optional<Verdict> judge_sleepers(const Case& facts);
std::optional<Verdict> judge_pools(const Case& facts);  // stalled workqueues

// All of them, in the order in which they may speak.
Verdict judge(const Case& facts, const CpuStories& stories);

// The last server that had ceased to respond by then and has not been heard of since; null when there is none.
// Only of one kind, when it is given.
const ServerTrouble* silent_server(const Case& facts, std::optional<double> by = {},
                                   std::optional<ServerKind> kind = {});
// The same at the end of the log; not one whose client gave up while the log went on: that is an error, and no hang.
const ServerTrouble* awaited_server(const Case& facts);

// --- helpers for judges ---
inline Party cpu_party(std::uint32_t cpu) {
  return {true, cpu};
}
inline Party task_party(std::uint32_t pid) {
  return {false, pid};
}
Accused accuse(const Case& facts, std::uint32_t pid, std::string_view function, std::string_view module);

}  // namespace whyhung::log
