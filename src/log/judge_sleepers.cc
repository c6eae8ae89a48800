// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>
#include <array>
#include <cmath>

#include "base/text.h"
#include "log/sleepers.h"

namespace whyhung::log {

using diagnose::Advice;
using diagnose::HangClass;
using model::Certainty;

namespace {

constexpr std::size_t kMostTold = 6;

}  // namespace

Sleepers::Sleepers(const Case& facts) : facts_(facts) {
  for (const auto& [pid, subject] : facts.subjects) {
    if (subject.is_stuck) stuck_.push_back(&subject);
  }
  std::ranges::stable_sort(stuck_, [](const Subject* a, const Subject* b) {
    if (a->onset && b->onset && std::abs(*a->onset - *b->onset) > 2) return *a->onset < *b->onset;
    return a->first_line < b->first_line;
  });
}

std::optional<Verdict> Sleepers::judge() {
  if (stuck_.empty()) return std::nullopt;
  for (const Subject* subject : stuck_) earlier(subject->onset);
  const bool any_stack = std::ranges::any_of(stuck_, [](const Subject* one) { return one->last.has_value(); });
  using Step = bool (Sleepers::*)();
  constexpr std::array<Step, 12> kSteps = {
      &Sleepers::find_circle,       &Sleepers::find_own_lock,    &Sleepers::find_named_holder,
      &Sleepers::find_frozen,       &Sleepers::find_server,      &Sleepers::find_device,
      &Sleepers::find_grace_period, &Sleepers::find_kept_device, &Sleepers::find_reclaim,
      &Sleepers::find_self_flush,   &Sleepers::find_stuck_io,    &Sleepers::find_positioned_holder};
  for (const Step step : kSteps) {
    if (any_stack && (this->*step)()) return verdict_;
  }
  leave_open(any_stack);
  return verdict_;
}

void Sleepers::earlier(std::optional<double> onset) {
  if (onset && (!verdict_.onset || *onset < *verdict_.onset)) verdict_.onset = onset;
}

void Sleepers::say_blocked(const Subject& subject) {
  if (subject.reports != 0) {
    Statement& said = verdict_.say(Saying::kBlocked, {task_party(subject.pid)}, {subject.first_line});
    said.number = subject.seconds;
  } else {
    verdict_.say(Saying::kListedBlocked, {task_party(subject.pid)}, {subject.first_line});
  }
}

void Sleepers::say_sleep(const Subject& subject) {
  if (!subject.sleep) return;
  Statement& said = verdict_.say(Saying::kSleepsIn, {task_party(subject.pid)}, {subject.sleep->line});
  said.a = subject.sleep->function;
  said.b = subject.sleep->site;
}

void Sleepers::say_edge(const Subject& waiter, const Edge& edge) {
  const auto kind = [&] {
    switch (edge.source) {
      case Source::kKernel: return Saying::kKernelNamesHolder;
      case Source::kSemaphore: return Saying::kLastHolder;
      case Source::kLockList: return Saying::kListedHolder;
      case Source::kSplat: return Saying::kPredicted;
      case Source::kPosition: return Saying::kInsideTaker;
      case Source::kFlush: return Saying::kWorkOfFlush;
    }
    return Saying::kKernelNamesHolder;
  };
  Statement& said = verdict_.say(kind(), {task_party(waiter.pid), task_party(edge.to)}, {edge.line});
  said.a = edge.text;
  if (edge.source == Source::kKernel) {
    said.a = edge.lock == SleepKind::kRwSemaphore ? "rw-semaphore" : "mutex";
  }
  if (edge.source == Source::kFlush) {
    if (const Dump* dump = dump_of(edge.to)) said.a = dump->work;
  }
  if (edge.source == Source::kPosition || edge.source == Source::kFlush || edge.source == Source::kSemaphore) {
    said.certainty = Certainty::kPossible;
  }
}

const Dump* Sleepers::dump_of(std::uint32_t pid) const {
  const Subject* subject = facts_.subject(pid);
  return subject == nullptr ? nullptr : facts_.dump_of(*subject);
}

void Sleepers::accuse_task(std::uint32_t pid) {
  const Subject* subject = facts_.subject(pid);
  std::string_view function;
  std::string_view module;
  if (subject != nullptr && subject->sleep) {
    function = subject->sleep->site.empty() ? subject->sleep->function : subject->sleep->site;
    module = subject->sleep->module;
  } else if (subject != nullptr && subject->activity) {
    function = subject->activity->function;
    module = subject->activity->module;
  }
  verdict_.accused.push_back(accuse(facts_, pid, function, module));
}

void Sleepers::accuse_thing(std::string_view thing, std::string_view function) {
  // Threads that only hand on what others ask for: their functions say nothing of a device.
  constexpr auto kOffices =
      std::to_array<std::string_view>({"jbd2_*", "kjournald*", "xfsaild*", "wb_*", "txg_*", "kswapd*"});
  Accused accused;
  accused.thing = thing;
  if (!matches_any(kOffices, function)) accused.function = function;
  verdict_.accused.push_back(accused);
}

bool Sleepers::find_circle() {
  for (const Subject* start : stuck_) {
    const auto circle = circle_from(facts_, start->pid);
    if (circle.empty()) continue;
    bool inferred = false;
    bool flush = false;
    bool mutexes = true;
    say_blocked(*facts_.subject(circle.front()));
    for (const std::uint32_t pid : circle) {
      const Subject& one = *facts_.subject(pid);
      inferred |= one.edge->source == Source::kPosition || one.edge->source == Source::kFlush ||
                  one.edge->source == Source::kSemaphore;
      flush |= one.edge->source == Source::kFlush;
      mutexes &= one.edge->lock == SleepKind::kMutex;
      say_edge(one, *one.edge);
      accuse_task(pid);
    }
    std::vector<Party> parties;
    parties.reserve(circle.size());
    for (const std::uint32_t pid : circle) parties.push_back(task_party(pid));
    verdict_.say(Saying::kCircle, parties);
    const Certainty confidence = inferred ? Certainty::kPossible : Certainty::kLikely;
    if (flush) return verdict_.settle(HangClass::kWorkqueueFlushDeadlock, confidence, Advice::kOrderLocks);
    if (circle.size() == 1) return verdict_.settle(HangClass::kSelfDeadlock, confidence, Advice::kTakeOnce);
    return verdict_.settle(mutexes ? HangClass::kMutexDeadlock : HangClass::kMixedLockCycle, confidence,
                           Advice::kOrderLocks);
  }
  return false;
}

bool Sleepers::find_own_lock() {
  for (const Subject* subject : stuck_) {
    if (subject->edge && subject->edge->source != Source::kPosition) continue;
    const auto own = waits_for_own_lock(facts_, *subject);
    if (!own) continue;
    say_blocked(*subject);
    say_sleep(*subject);
    Statement& said = verdict_.say(Saying::kOwnLock, {task_party(subject->pid)}, {subject->sleep->line});
    said.a = own->taken_in;
    said.b = subject->sleep->site;
    said.certainty = Certainty::kPossible;
    verdict_.accused.push_back(accuse(facts_, subject->pid, own->taken_in, {}));
    return verdict_.settle(HangClass::kSelfDeadlock, Certainty::kPossible, Advice::kTakeOnce);
  }
  return false;
}

bool Sleepers::find_named_holder() {
  return follow([](const Edge& edge) { return edge.source != Source::kPosition && edge.source != Source::kFlush; });
}

bool Sleepers::find_positioned_holder() {
  return follow([](const Edge&) { return true; });
}

bool Sleepers::judge_end(const Subject& start, std::uint32_t end) {
  const Subject* holder = facts_.subject(end);
  if (holder == nullptr) return false;
  std::vector<const Edge*> edges;
  end_of_chain(facts_, start.pid, &edges);
  const bool unsure = std::ranges::any_of(edges, [](const Edge* edge) {
    return edge->source == Source::kPosition || edge->source == Source::kFlush || edge->source == Source::kSemaphore;
  });
  if (holder->activity && holder->activity->kind == ActivityKind::kCode)
    return judge_running_holder(start, *holder, unsure);
  if (!holder->sleep) return false;
  return judge_sleeping_holder(start, *holder, unsure);
}

void Sleepers::say_chain(const Subject& start) {
  say_blocked(start);
  const Subject* at = &start;
  for (std::size_t i = 0; i < kMostTold && at != nullptr && at->edge; ++i) {
    say_edge(*at, *at->edge);
    at = facts_.subject(at->edge->to);
  }
}

bool Sleepers::judge_running_holder(const Subject& start, const Subject& holder, bool unsure) {
  say_chain(start);
  Statement& said = verdict_.say(Saying::kHolderRuns, {task_party(holder.pid)}, {holder.activity->line});
  said.a = holder.activity->function;
  std::size_t same = 0;
  for (const std::size_t index : holder.dumps) {
    const Activity other = activity_of(facts_.events->dumps[index]);
    same += other.kind == ActivityKind::kCode && other.function == holder.activity->function ? 1 : 0;
  }
  accuse_task(holder.pid);
  verdict_.accused.back().on_cpu = true;
  if (same >= 2) {
    Statement& twice = verdict_.say(Saying::kSameFunction, {task_party(holder.pid)}, {holder.activity->line});
    twice.a = holder.activity->function;
    twice.number = same;
  }
  const bool position = unsure && start.edge->source == Source::kPosition;
  return verdict_.settle(HangClass::kCpuHog, same >= 2 && !position ? Certainty::kLikely : Certainty::kPossible,
                         Advice::kReleaseInLoop);
}

bool Sleepers::judge_sleeping_holder(const Subject& start, const Subject& holder, bool unsure) {
  const SleepKind kind = holder.sleep->kind;
  if (waits_for_others(kind)) {
    if (unsure) return false;
    say_chain(start);
    say_sleep(holder);
    return open_at(holder);
  }
  root_ = &holder;
  chain_start_ = &start;
  weak_ = unsure;
  const std::array<std::pair<bool, bool (Sleepers::*)()>, 5> kEnds = {{
      {kind == SleepKind::kFrozenFileSystem, &Sleepers::find_frozen},
      {is_server(kind), &Sleepers::find_server},
      {kind == SleepKind::kGracePeriod, &Sleepers::find_grace_period},
      {kind == SleepKind::kNetDevice, &Sleepers::find_kept_device},
      {is_device(kind), &Sleepers::find_device},
  }};
  for (const auto& [applies, step] : kEnds) {
    if (applies && (this->*step)()) return true;
  }
  if (holder.sleep->in_reclaim && find_reclaim()) return true;
  if (is_device(kind) && find_stuck_io()) return true;
  root_ = nullptr;
  say_chain(start);
  Statement& said = verdict_.say(Saying::kHolderSleeps, {task_party(holder.pid)}, {holder.sleep->line});
  said.a = holder.sleep->site.empty() ? holder.sleep->function : holder.sleep->site;
  accuse_task(holder.pid);
  std::vector<const Edge*> edges;
  end_of_chain(facts_, start.pid, &edges);
  if (!edges.empty() && edges.back()->source == Source::kFlush) {
    return verdict_.settle(HangClass::kWorkqueueStall, Certainty::kPossible, Advice::kEndWork);
  }
  const bool shown = holder.sleep && !holder.sleep->unsure;
  return verdict_.settle(HangClass::kLockHeldBySleeper, unsure || !shown ? Certainty::kPossible : Certainty::kLikely,
                         Advice::kDontSleepWithLock);
}

bool Sleepers::open_at(const Subject& holder) {
  say_not_shown(holder.sleep->kind);
  return verdict_.settle(HangClass::kUndetermined, Certainty::kPossible);
}

void Sleepers::say_those(const std::vector<const Subject*>& tasks) {
  if (root_ != nullptr && chain_start_ != nullptr) say_chain(*chain_start_);
  std::size_t told = 0;
  for (const Subject* subject : tasks) {
    if (told++ == 3) break;
    if (root_ == nullptr) say_blocked(*subject);
    say_sleep(*subject);
  }
}

void Sleepers::say_not_shown(SleepKind kind) {
  const Saying saying = kind == SleepKind::kJournal ? Saying::kHandleNotShown : Saying::kHolderNotShown;
  Statement& said = verdict_.say(saying);
  said.number = facts_.subjects.size();
}

void Sleepers::leave_open(bool any_stack) {
  verdict_.settle(HangClass::kUndetermined, Certainty::kPossible);
  std::size_t told = 0;
  for (const Subject* subject : stuck_) {
    if (told++ == 3) break;
    say_blocked(*subject);
    say_sleep(*subject);
  }
  if (!any_stack) {
    verdict_.say(Saying::kNoStacks).number = stuck_.size();
    return;
  }
  const bool journal = std::ranges::any_of(
      stuck_, [](const Subject* one) { return one->sleep && one->sleep->function == "jbd2_journal_wait_updates"; });
  say_not_shown(journal ? SleepKind::kJournal : SleepKind::kMutex);
}

std::optional<Verdict> judge_sleepers(const Case& facts) {
  return Sleepers(facts).judge();
}

}  // namespace whyhung::log
