// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "log/verdict.h"

namespace whyhung::log {
namespace {

using diagnose::Advice;
using diagnose::HangClass;
using model::Certainty;

constexpr double kSlack = 15;  // seconds: a CPU that is kept and the tasks that wait for it begin about at once

}  // namespace

std::string_view class_name(const Verdict& verdict) {
  switch (verdict.beyond) {
    case Beyond::kConsoleStorm: return "console-storm";
    case Beyond::kCrashed: return "crashed";
    case Beyond::kNothing: break;
  }
  return diagnose::name_of(verdict.hang_class);
}

bool is_explained(const Verdict& verdict) {
  return verdict.beyond != Beyond::kNothing ||
         (verdict.hang_class != HangClass::kNone && verdict.hang_class != HangClass::kUndetermined);
}

Accused accuse(const Case& facts, std::uint32_t pid, std::string_view function, std::string_view module) {
  Accused accused;
  accused.pid = pid;
  accused.function = function;
  accused.module = module;
  if (const Subject* subject = facts.subject(pid)) {
    accused.comm = subject->comm;
    if (const Dump* dump = facts.dump_of(*subject)) accused.cpu = dump->cpu;
  }
  return accused;
}

Statement& Verdict::say(Saying saying, std::vector<Party> parties, std::vector<std::uint64_t> lines) {
  Statement& added = chain.emplace_back();
  added.saying = saying;
  added.parties = std::move(parties);
  added.lines = std::move(lines);
  return added;
}

bool Verdict::settle(HangClass how, Certainty sure, std::optional<Advice> advised) {
  hang_class = how;
  confidence = sure;
  if (advised) advice.push_back(*advised);
  return true;
}

const ServerTrouble* silent_server(const Case& facts, std::optional<double> by, std::optional<ServerKind> kind) {
  std::map<std::string_view, const ServerTrouble*> silent;
  for (const ServerTrouble& trouble : facts.events->servers) {
    if (kind && trouble.kind != *kind) continue;
    if (trouble.answers) {
      silent.erase(trouble.server);
    } else if (!(by && trouble.at.time && *trouble.at.time > *by)) {
      silent[trouble.server] = &trouble;
    }
  }
  const auto last = std::ranges::max_element(silent, {}, [](const auto& entry) { return entry.second->at.index; });
  return last == silent.end() ? nullptr : last->second;
}

const ServerTrouble* awaited_server(const Case& facts) {
  constexpr double kGoesOn = 400;  // seconds
  const ServerTrouble* silent = silent_server(facts);
  const bool over =
      silent != nullptr && silent->gave_up && silent->at.time && facts.end && *facts.end > *silent->at.time + kGoesOn;
  return over ? nullptr : silent;
}

// An Oops or a panic that no detector of hangs asked for.
std::optional<Verdict> judge_crash(const Case& facts) {
  const Events& events = *facts.events;
  const Note* crash = nullptr;
  for (const Note& note : events.notes) {
    const bool is_crash = note.kind == NoteKind::kOops || note.kind == NoteKind::kPanic;
    if (is_crash && crash == nullptr) crash = &note;
  }
  if (crash == nullptr) return std::nullopt;
  const bool requested = std::ranges::any_of(events.notes, [&](const Note& note) {
    return note.kind == NoteKind::kRequestedCrash && note.at.index <= crash->at.index + 40;
  });
  if (requested) return std::nullopt;
  // What hung before it is the story; the panic is how it ended.
  if (crash->at.time && facts.first_onset && *facts.first_onset < *crash->at.time - 1) return std::nullopt;
  if (!crash->at.time && (!events.hung.empty() || !events.lockups.empty())) return std::nullopt;
  Verdict verdict;
  verdict.beyond = Beyond::kCrashed;
  verdict.confidence = Certainty::kLikely;
  verdict.onset = crash->at.time;
  Statement& said = verdict.say(crash->kind == NoteKind::kOops ? Saying::kOops : Saying::kPanics, {}, {crash->at.line});
  said.a = crash->kind == NoteKind::kOops ? crash->text : crash->subject;
  const DumpOrigin wanted = crash->kind == NoteKind::kOops ? DumpOrigin::kOops : DumpOrigin::kPanic;
  for (const Dump& dump : events.dumps) {
    if (dump.origin != wanted) continue;
    const Activity activity = activity_of(dump);
    Accused accused;
    if (activity.in_interrupt) {
      accused.kind = activity.in_softirq ? diagnose::CulpritKind::kSoftirq : diagnose::CulpritKind::kHardirq;
    } else {
      accused.pid = dump.pid;
      accused.comm = dump.comm;
    }
    accused.cpu = dump.cpu;
    accused.function = dump.point.empty() ? activity.function : dump.point;
    accused.module = dump.point.empty() ? activity.module : dump.point_module;
    accused.on_cpu = true;
    if (crash->kind == NoteKind::kOops) verdict.accused.push_back(accused);
    if (dump.pid) said.parties.push_back(task_party(*dump.pid));
    break;
  }
  return verdict;
}

// A pool of workers that does not come on, and no CPU or sleeping task that says why.
std::optional<Verdict> judge_pools(const Case& facts) {
  const Events& events = *facts.events;
  if (events.pool_lockups.empty()) return std::nullopt;
  const PoolLockup& lockup = events.pool_lockups.front();
  Verdict verdict;
  if (lockup.at.time) verdict.onset = *lockup.at.time - static_cast<double>(lockup.seconds);
  Statement& said = verdict.say(Saying::kStalledPool, {}, {lockup.at.line});
  said.a = lockup.cpus;
  said.number = lockup.seconds;
  std::set<std::string_view> stuck_pools;  // by their CPUs
  for (const PoolLockup& one : events.pool_lockups) stuck_pools.insert(one.cpus);
  std::vector<const Work*> running;
  for (const Work& work : events.works) {
    if (work.state != WorkState::kInFlight || !work.pid || !stuck_pools.contains(work.pool_cpus)) continue;
    running.push_back(&work);
    verdict.say(Saying::kWorkInFlight, {task_party(*work.pid)}, {work.line}).a = work.function;
  }
  if (running.empty()) {
    verdict.say(Saying::kOthersNotShown);
    return verdict;
  }
  verdict.settle(HangClass::kWorkqueueStall, Certainty::kPossible, Advice::kEndWork);
  Accused accused = accuse(facts, *running.front()->pid, running.front()->function, running.front()->module);
  for (const Dump& dump : events.dumps) {
    if (dump.origin != DumpOrigin::kWorker || dump.pid != accused.pid || dump.frames.empty()) continue;
    verdict.confidence = Certainty::kLikely;
  }
  verdict.accused.push_back(accused);
  return verdict;
}

namespace {

bool finds(const std::optional<Verdict>& verdict) {
  return verdict && is_explained(*verdict);
}

// Of what CPUs and what sleepers say, the earlier; a CPU that is kept explains tasks that wait from then on.
Verdict earliest(std::optional<Verdict> cpus, std::optional<Verdict> sleepers, std::optional<Verdict> pools) {
  if (!finds(sleepers) && finds(pools) && !finds(cpus)) return *pools;
  if (cpus && sleepers) {
    const bool much_later = cpus->onset && sleepers->onset && *cpus->onset > *sleepers->onset + kSlack;
    if (finds(cpus) && (!much_later || !finds(sleepers))) return *cpus;
    if (finds(sleepers)) return *sleepers;
    return much_later ? *sleepers : *cpus;
  }
  if (finds(cpus)) return *cpus;
  if (finds(sleepers)) return *sleepers;
  if (cpus) return *cpus;
  if (sleepers) return *sleepers;
  if (pools) return *pools;
  return {};
}

constexpr std::size_t kMostShown = 3;

Verdict judge_in_order(const Case& facts, const CpuStories& stories) {
  if (auto crash = judge_crash(facts)) return *crash;
  if (auto time = judge_time(facts, stories)) return *time;
  if (auto over = judge_over(facts)) return *over;
  auto cpus = judge_cpus(facts, stories);
  auto sleepers = judge_sleepers(facts);
  auto pools = judge_pools(facts);
  if (cpus || sleepers || pools) return earliest(std::move(cpus), std::move(sleepers), std::move(pools));
  Verdict nothing;
  // Who waits for a server can be killed, and so is in no report of blocked tasks.
  if (const ServerTrouble* silent = awaited_server(facts)) {
    nothing.accused.push_back({});
    nothing.accused.back().thing = silent->server;
    nothing.say(Saying::kServerSilent, {}, {silent->at.line}).a = silent->server;
    nothing.settle(HangClass::kServerGone, Certainty::kPossible, Advice::kLookAtServer);
    return nothing;
  }
  for (const auto& [pid, subject] : facts.subjects) {
    if (nothing.chain.size() == kMostShown) break;
    const Dump* dump = facts.dump_of(subject);
    if (dump == nullptr || dump->origin != DumpOrigin::kDebugger || !subject.sleep) continue;
    Statement& sleeps = nothing.say(Saying::kSleepsIn, {task_party(pid)}, {subject.sleep->line});
    sleeps.a = subject.sleep->function;
    sleeps.b = subject.sleep->site;
  }
  // A grace period that is old, a device that is kept: said by the kernel and nobody waits yet.
  Statement& said = nothing.say(Saying::kOthersNotShown);
  for (const Note& note : facts.events->notes) {
    if (note.kind == NoteKind::kGracePeriodOld) {
      nothing.hang_class = HangClass::kRcuStall;
      said.saying = Saying::kGracePeriodOld;
      said.a = note.subject;
      said.number = note.number;
      said.lines = {note.at.line};
    } else if (note.kind == NoteKind::kDeviceKept) {
      nothing.hang_class = HangClass::kNeverCompleted;
      said.saying = Saying::kDeviceKept;
      said.a = note.subject;
      said.lines = {note.at.line};
    } else if (note.kind == NoteKind::kFreezeRefused) {
      said.saying = Saying::kRefusedOnly;
      said.lines = {note.at.line};
    }
  }
  return nothing;
}

}  // namespace

Verdict judge(const Case& facts, const CpuStories& stories) {
  Verdict verdict = judge_in_order(facts, stories);
  if (!facts.disordered || verdict.accused.empty()) return verdict;
  // Lines that do not belong together were taken for a report.
  verdict.accused.clear();
  verdict.beyond = Beyond::kNothing;
  verdict.settle(HangClass::kUndetermined, Certainty::kPossible);
  verdict.say(Saying::kOrderLost);
  return verdict;
}

}  // namespace whyhung::log
