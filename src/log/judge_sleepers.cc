// SPDX-License-Identifier: GPL-2.0-or-later
// Tasks that sleep and are not woken: chains along the holders, and what stands at their ends.
#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include <fmt/format.h>

#include "log/edges.h"
#include "log/verdict.h"

namespace whyhung::log {
namespace {

using diagnose::Advice;
using diagnose::HangClass;
using model::Certainty;

constexpr double kBefore = 120;  // seconds after the onset within which a device's complaint still counts as its cause
constexpr std::size_t kMostTold = 6;

class Sleepers {
 public:
  explicit Sleepers(const Case& facts) : facts_(facts) {
    for (const auto& [pid, subject] : facts.subjects) {
      if (subject.is_stuck) stuck_.push_back(&subject);
    }
    std::ranges::stable_sort(stuck_, [](const Subject* a, const Subject* b) {
      if (a->onset && b->onset && std::abs(*a->onset - *b->onset) > 2) return *a->onset < *b->onset;
      return a->first_line < b->first_line;
    });
  }

  std::optional<Verdict> judge() {
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

 private:
  void earlier(std::optional<double> onset) {
    if (onset && (!verdict_.onset || *onset < *verdict_.onset)) verdict_.onset = onset;
  }

  Statement& say(Saying saying, std::vector<Party> parties = {}, std::vector<std::uint64_t> lines = {}) {
    Statement& added = verdict_.chain.emplace_back();
    added.saying = saying;
    added.parties = std::move(parties);
    added.lines = std::move(lines);
    return added;
  }

  void say_blocked(const Subject& subject) {
    if (subject.reports != 0) {
      Statement& said = say(Saying::kBlocked, {task_party(subject.pid)}, {subject.first_line});
      said.number = subject.seconds;
    } else {
      say(Saying::kListedBlocked, {task_party(subject.pid)}, {subject.first_line});
    }
  }

  void say_sleep(const Subject& subject) {
    if (!subject.sleep) return;
    Statement& said = say(Saying::kSleepsIn, {task_party(subject.pid)}, {subject.sleep->line});
    said.a = subject.sleep->function;
    said.b = subject.sleep->site;
  }

  void say_edge(const Subject& waiter, const Edge& edge) {
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
    Statement& said = say(kind(), {task_party(waiter.pid), task_party(edge.to)}, {edge.line});
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

  const Dump* dump_of(std::uint32_t pid) const {
    const Subject* subject = facts_.subject(pid);
    return subject == nullptr ? nullptr : facts_.dump_of(*subject);
  }

  void accuse_task(std::uint32_t pid) {
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

  void accuse_thing(std::string_view thing, std::string_view function) {
    Accused accused;
    accused.thing = thing;
    accused.function = function;
    verdict_.accused.push_back(accused);
  }

  bool settle(HangClass hang_class, Certainty confidence, Advice advice) {
    verdict_.hang_class = hang_class;
    verdict_.confidence = confidence;
    verdict_.advice.push_back(advice);
    return true;
  }

  // --- a circle of waits ---
  bool find_circle() {
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
      for (const std::uint32_t pid : circle) parties.push_back(task_party(pid));
      say(Saying::kCircle, parties);
      const Certainty confidence = inferred ? Certainty::kPossible : Certainty::kLikely;
      if (flush) return settle(HangClass::kWorkqueueFlushDeadlock, confidence, Advice::kOrderLocks);
      if (circle.size() == 1) return settle(HangClass::kSelfDeadlock, confidence, Advice::kTakeOnce);
      return settle(mutexes ? HangClass::kMutexDeadlock : HangClass::kMixedLockCycle, confidence, Advice::kOrderLocks);
    }
    return false;
  }

  // --- a lock that the task's own path has taken ---
  bool find_own_lock() {
    for (const Subject* subject : stuck_) {
      if (subject->edge && subject->edge->source != Source::kPosition) continue;
      const auto own = waits_for_own_lock(facts_, *subject);
      if (!own) continue;
      say_blocked(*subject);
      say_sleep(*subject);
      Statement& said = say(Saying::kOwnLock, {task_party(subject->pid)}, {subject->sleep->line});
      said.a = own->taken_in;
      said.b = subject->sleep->site;
      said.certainty = Certainty::kPossible;
      verdict_.accused.push_back(accuse(facts_, subject->pid, own->taken_in, {}));
      return settle(HangClass::kSelfDeadlock, Certainty::kPossible, Advice::kTakeOnce);
    }
    return false;
  }

  // --- somebody whom the kernel or lockdep names holds the lock ---
  bool find_named_holder() {
    return follow([](const Edge& edge) { return edge.source != Source::kPosition && edge.source != Source::kFlush; });
  }
  bool find_positioned_holder() {
    return follow([](const Edge&) { return true; });
  }

  template <typename Wanted>
  bool follow(Wanted wanted) {
    // The end that most chains come to.
    std::map<std::uint32_t, std::size_t> ends;
    std::map<std::uint32_t, const Subject*> starts;
    for (const Subject* subject : stuck_) {
      std::vector<const Edge*> edges;
      const std::uint32_t end = end_of_chain(facts_, subject->pid, &edges);
      if (edges.empty() || !std::ranges::any_of(edges, [&](const Edge* edge) { return wanted(*edge); })) continue;
      ++ends[end];
      starts.try_emplace(end, subject);
    }
    if (ends.empty()) return false;
    const auto best = std::ranges::max_element(ends, {}, [](const auto& entry) { return entry.second; });
    return judge_end(*starts[best->first], best->first);
  }

  bool judge_end(const Subject& start, std::uint32_t end) {
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

  void say_chain(const Subject& start) {
    say_blocked(start);
    const Subject* at = &start;
    for (std::size_t i = 0; i < kMostTold && at != nullptr && at->edge; ++i) {
      say_edge(*at, *at->edge);
      at = facts_.subject(at->edge->to);
    }
  }

  bool judge_running_holder(const Subject& start, const Subject& holder, bool unsure) {
    say_chain(start);
    Statement& said = say(Saying::kHolderRuns, {task_party(holder.pid)}, {holder.activity->line});
    said.a = holder.activity->function;
    std::size_t same = 0;
    for (const std::size_t index : holder.dumps) {
      const Activity other = activity_of(facts_.events->dumps[index]);
      same += other.kind == ActivityKind::kCode && other.function == holder.activity->function ? 1 : 0;
    }
    accuse_task(holder.pid);
    verdict_.accused.back().on_cpu = true;
    if (same >= 2) {
      Statement& twice = say(Saying::kSameFunction, {task_party(holder.pid)}, {holder.activity->line});
      twice.a = holder.activity->function;
      twice.number = same;
    }
    const bool position = unsure && start.edge->source == Source::kPosition;
    return settle(HangClass::kCpuHog, same >= 2 && !position ? Certainty::kLikely : Certainty::kPossible,
                  Advice::kReleaseInLoop);
  }

  bool judge_sleeping_holder(const Subject& start, const Subject& holder, bool unsure) {
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
    Statement& said = say(Saying::kHolderSleeps, {task_party(holder.pid)}, {holder.sleep->line});
    said.a = holder.sleep->site.empty() ? holder.sleep->function : holder.sleep->site;
    accuse_task(holder.pid);
    const bool shown = holder.sleep && !holder.sleep->unsure;
    return settle(HangClass::kLockHeldBySleeper, unsure || !shown ? Certainty::kPossible : Certainty::kLikely,
                  Advice::kDontSleepWithLock);
  }

  // The holder waits for a lock itself, and who has that one is not in the log.
  bool open_at(const Subject& holder) {
    verdict_.hang_class = HangClass::kUndetermined;
    verdict_.confidence = Certainty::kPossible;
    say_not_shown(holder.sleep->kind);
    return true;
  }

  static bool is_device(SleepKind kind) {
    return kind == SleepKind::kBlockIo || kind == SleepKind::kPage || kind == SleepKind::kUsb ||
           kind == SleepKind::kGraphics;
  }

  // Tasks whose own wait is of such a kind: the end of the chain that is followed, or all that are stuck.
  template <typename Fits>
  std::vector<const Subject*> those(Fits fits) const {
    std::vector<const Subject*> found;
    if (root_ != nullptr) {
      if (root_->sleep && fits(*root_)) found.push_back(root_);
      return found;
    }
    for (const Subject* subject : stuck_) {
      if (subject->sleep && fits(*subject)) found.push_back(subject);
    }
    return found;
  }

  void say_those(const std::vector<const Subject*>& tasks) {
    if (root_ != nullptr && chain_start_ != nullptr) say_chain(*chain_start_);
    std::size_t told = 0;
    for (const Subject* subject : tasks) {
      if (told++ == 3) break;
      if (root_ == nullptr) say_blocked(*subject);
      say_sleep(*subject);
    }
  }

  bool find_frozen() {
    const auto tasks = those([](const Subject& one) { return one.sleep->kind == SleepKind::kFrozenFileSystem; });
    if (tasks.empty()) return false;
    std::uint64_t frozen = 0;
    for (const Note& note : facts_.events->notes) {
      if (note.kind == NoteKind::kFileSystemFrozen) frozen = note.at.line;
      if (note.kind == NoteKind::kFileSystemThawed) frozen = 0;
    }
    say_those(tasks);
    Statement& said = say(Saying::kFrozenFileSystem, {task_party(tasks.front()->pid)});
    if (frozen != 0) said.lines.push_back(frozen);
    accuse_thing("a frozen file system", tasks.front()->sleep->site);
    const bool likely = (frozen != 0 || tasks.size() >= 2) && !weak_;
    return settle(HangClass::kIoStuck, likely ? Certainty::kLikely : Certainty::kPossible, Advice::kResumeDevice);
  }

  bool find_server() {
    const auto tasks = those([](const Subject& one) { return is_server(one.sleep->kind); });
    if (tasks.empty()) return false;
    const ServerTrouble* silent = nullptr;
    for (const ServerTrouble& trouble : facts_.events->servers) {
      if (!trouble.answers && in_time(trouble.at)) silent = &trouble;
      if (trouble.answers && silent != nullptr && trouble.server == silent->server) silent = nullptr;
    }
    say_those(tasks);
    const SleepKind kind = tasks.front()->sleep->kind;
    if (silent != nullptr && kind != SleepKind::kFuse) {
      say(Saying::kServerSilent, {}, {silent->at.line}).a = silent->server;
      accuse_thing(silent->server, {});
      return settle(HangClass::kServerGone, weak_ ? Certainty::kPossible : Certainty::kLikely, Advice::kLookAtServer);
    }
    constexpr auto kNames = [](SleepKind of) {
      switch (of) {
        case SleepKind::kFuse: return "a FUSE file system";
        case SleepKind::kSmb: return "an SMB server";
        case SleepKind::kCeph: return "a Ceph server";
        case SleepKind::kPlan9: return "a 9P server";
        default: return "an NFS server";
      }
    };
    accuse_thing(kNames(kind), tasks.front()->sleep->function);
    return settle(HangClass::kServerGone, Certainty::kPossible, Advice::kLookAtServer);
  }

  bool in_time(const Where& at) const { return !verdict_.onset || !at.time || *at.time <= *verdict_.onset + kBefore; }

  // Complaints of a device before the onset, and a task that waits for such a device.
  bool find_device() {
    const auto fits = [](const Subject& one) { return is_device(one.sleep->kind); };
    auto tasks = those(fits);
    if (tasks.empty() && root_ == nullptr) {
      tasks = those([](const Subject& one) {
        return one.sleep->kind == SleepKind::kJournal || one.sleep->kind == SleepKind::kWriteback;
      });
    }
    if (tasks.empty()) return false;
    const bool graphics = tasks.front()->sleep->kind == SleepKind::kGraphics;
    std::map<std::string_view, std::vector<const DeviceTrouble*>> by_device;
    for (const DeviceTrouble& trouble : facts_.events->devices) {
      if (trouble.device.empty() || trouble.kind == DeviceKind::kNetwork || !in_time(trouble.at)) continue;
      if ((trouble.kind == DeviceKind::kGraphics) != graphics) continue;
      by_device[trouble.device].push_back(&trouble);
    }
    if (by_device.empty()) return false;
    const auto worst = std::ranges::max_element(by_device, {}, [](const auto& entry) { return entry.second.size(); });
    say_those(tasks);
    const auto& troubles = worst->second;
    Statement& said = say(Saying::kDeviceSays, {}, {troubles.front()->at.line});
    said.a = worst->first;
    said.number = troubles.size();
    if (troubles.size() > 1) said.lines.push_back(troubles.back()->at.line);
    if (std::ranges::any_of(troubles, &DeviceTrouble::interrupts_lost)) {
      say(Saying::kInterruptsLost, {}, {troubles.front()->at.line}).a = worst->first;
    }
    accuse_thing(worst->first, tasks.front()->sleep->site);
    return settle(HangClass::kIoStuck, weak_ ? Certainty::kPossible : Certainty::kLikely, Advice::kLookBelow);
  }

  // Nothing complains, but all that is waited for lies below the block layer or in a device.
  bool find_stuck_io() {
    const auto tasks = those([](const Subject& one) { return is_device(one.sleep->kind) && !one.sleep->in_reclaim; });
    if (tasks.empty()) return false;
    const bool only_pages =
        std::ranges::all_of(tasks, [](const Subject* one) { return one->sleep->kind == SleepKind::kPage; });
    if (only_pages && root_ == nullptr && writers_wait()) return false;
    if (root_ == nullptr && !others_are_victims()) return false;
    say_those(tasks);
    const Sleep& sleep = *tasks.front()->sleep;
    const char* thing = sleep.kind == SleepKind::kUsb        ? "a USB controller or device"
                        : sleep.kind == SleepKind::kGraphics ? "a graphics processor"
                                                             : "a block device";
    accuse_thing(thing, sleep.site.empty() ? sleep.function : sleep.site);
    return settle(HangClass::kIoStuck, Certainty::kPossible, Advice::kLookBelow);
  }

  // Who writes pages out is stuck himself, in something that is not I/O.
  bool writers_wait() const {
    return std::ranges::any_of(stuck_, [&](const Subject* one) {
      const Dump* dump = facts_.dump_of(*one);
      return dump != nullptr && one->sleep && !is_device(one->sleep->kind) &&
             (has_function(*dump, "wb_workfn") || has_function(*dump, "do_writepages"));
    });
  }

  bool others_are_victims() const {
    return std::ranges::all_of(stuck_, [&](const Subject* one) {
      if (!one->sleep) return true;
      const SleepKind kind = one->sleep->kind;
      return is_device(kind) || waits_for_others(kind) || kind == SleepKind::kWaitsForWork ||
             kind == SleepKind::kFlushWork;
    });
  }

  bool find_grace_period() {
    const auto tasks = those([](const Subject& one) { return one.sleep->kind == SleepKind::kGracePeriod; });
    if (tasks.empty()) return false;
    const Note* old = nullptr;
    for (const Note& note : facts_.events->notes) {
      if (note.kind == NoteKind::kGracePeriodOld) old = &note;
    }
    say_those(tasks);
    if (old != nullptr) {
      Statement& said = say(Saying::kGracePeriodOld, {}, {old->at.line});
      said.a = old->subject;
      said.number = old->number;
      say(Saying::kExitingNotShown);
    }
    return settle(HangClass::kRcuStall, old != nullptr && !weak_ ? Certainty::kLikely : Certainty::kPossible,
                  Advice::kLeaveReadSection);
  }

  bool find_kept_device() {
    const Note* kept = nullptr;
    for (const Note& note : facts_.events->notes) {
      if (note.kind == NoteKind::kDeviceKept) kept = &note;
    }
    if (kept == nullptr) return false;
    say_those(those([](const Subject& one) { return one.sleep->kind == SleepKind::kNetDevice; }));
    say(Saying::kDeviceKept, {}, {kept->at.line}).a = kept->subject;
    accuse_thing(kept->subject, "netdev_run_todo");
    return settle(HangClass::kNeverCompleted, Certainty::kPossible, Advice::kComplete);
  }

  bool find_reclaim() {
    const auto tasks = those([](const Subject& one) { return one.sleep->in_reclaim; });
    if (tasks.empty()) return false;
    say_those(tasks);
    const Subject& first = *tasks.front();
    Statement& said = say(Saying::kReclaims, {task_party(first.pid)}, {first.sleep->line});
    said.a = first.sleep->reclaim_site;
    const bool memory = std::ranges::any_of(facts_.events->notes, [](const Note& note) {
      return note.kind == NoteKind::kOom || note.kind == NoteKind::kAllocationFailed;
    });
    const std::string_view function = first.sleep->reclaim_site.empty() ? first.sleep->site : first.sleep->reclaim_site;
    verdict_.accused.push_back(accuse(facts_, first.pid, function, first.sleep->module));
    return settle(HangClass::kMemoryReclaimStall, memory && !weak_ ? Certainty::kLikely : Certainty::kPossible,
                  Advice::kDontWaitInReclaim);
  }

  // A worker that waits for works to end, from inside of a work of the same queue or driver.
  bool find_self_flush() {
    for (const Subject* subject : stuck_) {
      const Dump* dump = facts_.dump_of(*subject);
      if (dump == nullptr || dump->work.empty() || !subject->sleep || subject->sleep->kind != SleepKind::kFlushWork)
        continue;
      const bool own =
          has_function(*dump, "process_one_work") && !dump->work_queue.empty() && subject->sleep->site == dump->work;
      if (!own) continue;
      say_blocked(*subject);
      say_sleep(*subject);
      accuse_task(subject->pid);
      return settle(HangClass::kWorkqueueFlushDeadlock, Certainty::kPossible, Advice::kEndWork);
    }
    return false;
  }

  void say_not_shown(SleepKind kind) {
    const Saying saying = kind == SleepKind::kJournal ? Saying::kHandleNotShown : Saying::kHolderNotShown;
    Statement& said = say(saying);
    said.number = facts_.subjects.size();
  }

  void leave_open(bool any_stack) {
    verdict_.hang_class = HangClass::kUndetermined;
    verdict_.confidence = Certainty::kPossible;
    std::size_t told = 0;
    for (const Subject* subject : stuck_) {
      if (told++ == 3) break;
      say_blocked(*subject);
      say_sleep(*subject);
    }
    if (!any_stack) {
      say(Saying::kNoStacks).number = stuck_.size();
      return;
    }
    const bool journal = std::ranges::any_of(
        stuck_, [](const Subject* one) { return one->sleep && one->sleep->function == "jbd2_journal_wait_updates"; });
    say_not_shown(journal ? SleepKind::kJournal : SleepKind::kMutex);
  }

  const Case& facts_;
  std::vector<const Subject*> stuck_;
  Verdict verdict_;
  const Subject* root_ = nullptr;  // the end of the chain that is being judged
  const Subject* chain_start_ = nullptr;
  bool weak_ = false;  // that chain has a link that is only inferred
};

}  // namespace

std::optional<Verdict> judge_sleepers(const Case& facts) {
  return Sleepers(facts).judge();
}

}  // namespace whyhung::log
