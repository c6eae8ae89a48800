// SPDX-License-Identifier: GPL-2.0-or-later
// CPUs that a watchdog, RCU or another CPU complains about: who keeps them, as far as their stacks say.
#include <algorithm>
#include <array>
#include <cmath>

#include "base/text.h"
#include "log/cpu_story.h"
#include "log/verdict.h"

namespace whyhung::log {
namespace {

using diagnose::Advice;
using diagnose::HangClass;
using model::Certainty;

class Cpus {
 public:
  Cpus(const Case& facts, const CpuStories& stories) : facts_(facts), stories_(stories) {
    for (const auto& [cpu, story] : stories_) {
      if (story.complaints != 0) accused_.push_back(&story);
      if (story.complaints != 0 && story.onset && (!verdict_.onset || *story.onset < *verdict_.onset))
        verdict_.onset = story.onset;
    }
    std::ranges::stable_sort(accused_, [](const CpuStory* a, const CpuStory* b) {
      if (a->onset && b->onset && std::abs(*a->onset - *b->onset) > 3) return *a->onset < *b->onset;
      return a->complaints > b->complaints;
    });
  }

  std::optional<Verdict> judge() {
    if (judge_spin_reports()) return verdict_;
    if (accused_.empty() && facts_.events->calls.empty() && readers().empty() && !starved_thread()) return std::nullopt;
    using Step = bool (Cpus::*)();
    constexpr std::array<Step, 9> kSteps = {&Cpus::judge_prints,    &Cpus::judge_code,    &Cpus::judge_calls,
                                            &Cpus::judge_readers,   &Cpus::judge_starved, &Cpus::judge_spinners,
                                            &Cpus::judge_real_time, &Cpus::judge_idle,    &Cpus::leave_open};
    for (const Step step : kSteps) {
      if ((this->*step)()) break;
    }
    return verdict_;
  }

 private:
  void say_complaints(const CpuStory& story) {
    for (const Complaint& complaint : story.told) {
      std::vector<Party> parties = {cpu_party(story.cpu)};
      if (story.pid) parties.push_back(task_party(*story.pid));
      Statement& said = verdict_.say(complaint.saying, parties, {complaint.line});
      said.number = complaint.number;
      said.a = story.function;
    }
    if (story.same_function >= 2) {
      Statement& said = verdict_.say(Saying::kSameFunction, {cpu_party(story.cpu)}, {story.last_line});
      said.a = story.function;
      said.number = story.same_function;
    }
    if (story.interrupts_off) verdict_.say(Saying::kInterruptsOff, {cpu_party(story.cpu)}, {story.last_line});
  }

  void accuse_cpu(const CpuStory& story) {
    Accused accused;
    if (story.in_interrupt) {
      accused.kind = story.in_softirq ? diagnose::CulpritKind::kSoftirq : diagnose::CulpritKind::kHardirq;
    } else {
      if (story.pid) accused = accuse(facts_, *story.pid, story.function, story.module);
      if (accused.comm.empty()) accused.comm = story.comm;
    }
    accused.function = story.function;
    accused.module = story.module;
    accused.cpu = story.cpu;
    accused.on_cpu = true;
    verdict_.accused.push_back(accused);
  }

  std::vector<std::uint32_t> readers() const {
    std::vector<std::uint32_t> pids;
    for (const Stall& stall : facts_.events->stalls)
      pids.insert(pids.end(), stall.readers.begin(), stall.readers.end());
    return pids;
  }

  const CpuStory* starved_thread() const {
    for (const Stall& stall : facts_.events->stalls) {
      if (!stall.thread_starved || !stall.thread_cpu || stall.thread_state.value_or(1) != 0) continue;
      const auto found = stories_.find(*stall.thread_cpu);
      if (found != stories_.end() && found->second.kind == ActivityKind::kCode) return &found->second;
    }
    return nullptr;
  }

  // The spinlock debugging code knows the owner.
  bool judge_spin_reports() {
    for (const SpinReport& report : facts_.events->spins) {
      const Subject* waiter = facts_.subject(report.waiter.pid);
      Statement& said =
          verdict_.say(Saying::kSpinOwner, {cpu_party(report.cpu), task_party(report.waiter.pid)}, {report.at.line});
      verdict_.onset = report.at.time;
      if (!report.owner) continue;
      said.a = report.owner->comm;
      Accused accused;
      accused.pid = report.owner->pid;
      accused.comm = report.owner->comm;
      accused.cpu = report.owner_cpu;
      accused.on_cpu = true;
      if (waiter != nullptr && waiter->activity) accused.function = waiter->activity->site;
      verdict_.accused.push_back(accused);
      return verdict_.settle(HangClass::kSpinlockDeadlock, Certainty::kPossible, Advice::kOrderSpinlocks);
    }
    verdict_.chain.clear();
    return false;
  }

  // A CPU that prints and of which nobody complains, while others wait to print, or for it to take an interrupt.
  const CpuStory* printer_behind() const {
    constexpr auto kPrinting =
        std::to_array<std::string_view>({"vprintk*", "printk*", "_printk*", "console_*", "__down_trylock_console_sem"});
    const auto waits = [&](ActivityKind kind, bool to_print) {
      return std::ranges::find_if(accused_, [&](const CpuStory* one) {
        return one->kind == kind && (!to_print || matches_any(kPrinting, one->site));
      });
    };
    const auto wants_to_print = waits(ActivityKind::kSpins, true);
    const auto asks = waits(ActivityKind::kWaitsForCpu, false);
    for (const auto& [cpu, story] : stories_) {
      if (story.kind != ActivityKind::kPrints || story.complaints != 0) continue;
      const bool deaf = story.interrupts_off && asks != accused_.end();
      if (wants_to_print == accused_.end() && !deaf) continue;
      return &story;
    }
    return nullptr;
  }

  bool judge_prints() {
    const auto prints = std::ranges::find(accused_, ActivityKind::kPrints, &CpuStory::kind);
    const CpuStory* printer = prints == accused_.end() ? printer_behind() : *prints;
    if (printer == nullptr) return false;
    const CpuStory& story = *printer;
    if (printer->complaints == 0) {
      for (const CpuStory* waiter : accused_) say_complaints(*waiter);
    }
    say_complaints(story);
    verdict_.say(Saying::kPrints, {cpu_party(story.cpu)}, {story.last_line}).a = story.function;
    std::uint64_t lost = 0;
    for (const Note& note : facts_.events->notes) {
      if (note.kind != NoteKind::kDropped && note.kind != NoteKind::kSuppressed) continue;
      lost += note.number;
      if (lost == note.number) verdict_.say(Saying::kLinesLost, {}, {note.at.line}).number = note.number;
    }
    Accused accused;
    accused.function = story.function;
    accused.cpu = story.cpu;
    accused.on_cpu = true;
    verdict_.accused.push_back(accused);
    const bool likely = story.same_function >= 2 || lost != 0;
    verdict_.beyond = Beyond::kConsoleStorm;
    verdict_.confidence = likely ? Certainty::kLikely : Certainty::kPossible;
    return true;
  }

  // Kernel code that runs on and on. With several such CPUs the earliest.
  bool judge_code() {
    const CpuStory* first = nullptr;
    for (const CpuStory* story : accused_) {
      if (story->kind != ActivityKind::kCode) continue;
      if (first == nullptr) first = story;
    }
    if (first == nullptr) return false;
    if (first->complaints == 1 && first->first_seconds > kLongSeconds) {
      verdict_.say(Saying::kLateFirst, {cpu_party(first->cpu)}, {first->last_line}).number = first->first_seconds;
      return verdict_.settle(HangClass::kUndetermined, Certainty::kPossible);
    }
    bool stopped = false;
    for (const auto& [cpu, story] : stories_) {
      if (story.complaints == 0 || story.kind != ActivityKind::kStopped) continue;
      stopped = true;
      verdict_.say(Saying::kStoppedForOthers, {cpu_party(cpu)}, {story.last_line});
    }
    say_complaints(*first);
    accuse_cpu(*first);
    const bool deaf = first->hard || first->deaf || first->interrupts_off;
    const std::size_t agreeing = std::max(first->same_function, first->kinds_of_complaint);
    const bool likely = agreeing >= 2 && !first->unsure;
    const Certainty confidence = likely ? Certainty::kLikely : Certainty::kPossible;
    if (stopped) return verdict_.settle(HangClass::kStopMachineStarved, confidence, Advice::kYieldInLoop);
    if (deaf) return verdict_.settle(HangClass::kIrqsOff, confidence, Advice::kShortenIrqOff);
    return verdict_.settle(HangClass::kCpuHog, confidence, Advice::kYieldInLoop);
  }

  // One CPU asked another, which does not answer.
  bool judge_calls() {
    const DeafCall* call = nullptr;
    for (const DeafCall& one : facts_.events->calls) {
      if (!one.ended) call = &one;
    }
    std::optional<std::uint32_t> target;
    if (call != nullptr) {
      target = call->target;
      Statement& said =
          verdict_.say(Saying::kUnanswered, {cpu_party(call->waiter), cpu_party(call->target)}, {call->at.line});
      said.number = call->nanoseconds / 1'000'000;
      said.a = call->function;
      if (!verdict_.onset && call->at.time)
        verdict_.onset = *call->at.time - static_cast<double>(call->nanoseconds) / 1e9;
    } else {
      for (const CpuStory* story : accused_) {
        if (story->deaf) target = story->cpu;
      }
    }
    if (!target) return false;
    const auto found = stories_.find(*target);
    if (found == stories_.end() || found->second.function.empty()) {
      if (found != stories_.end() && found->second.deaf)
        verdict_.say(Saying::kDeafCpu, {cpu_party(*target)}, {found->second.last_line});
      verdict_.say(Saying::kDeafNotShown, {cpu_party(*target)});
      if (call == nullptr) return verdict_.settle(HangClass::kIrqsOff, Certainty::kPossible, Advice::kShortenIrqOff);
      return verdict_.settle(HangClass::kIpiNotAnswered, Certainty::kPossible, Advice::kLookOutside);
    }
    const CpuStory& story = found->second;
    if (story.deaf) verdict_.say(Saying::kDeafCpu, {cpu_party(*target)}, {story.last_line});
    if (story.kind == ActivityKind::kFirmware) {
      verdict_.say(Saying::kInFirmware, {cpu_party(*target)}, {story.last_line}).a = story.function;
      accuse_cpu(story);
      return verdict_.settle(HangClass::kExternal, Certainty::kPossible, Advice::kLookOutside);
    }
    if (story.kind == ActivityKind::kIdle || story.kind == ActivityKind::kUserMode) {
      verdict_.say(Saying::kIdleStuck, {cpu_party(*target)}, {story.last_line});
      return verdict_.settle(HangClass::kExternal, Certainty::kPossible, Advice::kLookOutside);
    }
    if (story.kind == ActivityKind::kSpins) {
      verdict_.say(Saying::kSpins, {cpu_party(*target)}, {story.last_line}).a = story.site;
      verdict_.say(Saying::kSpinHolderNotShown).a = story.site;
      return verdict_.settle(HangClass::kUndetermined, Certainty::kPossible);
    }
    say_complaints(story);
    accuse_cpu(story);
    if (story.interrupts_off || story.hard)
      return verdict_.settle(HangClass::kIrqsOff, Certainty::kLikely, Advice::kShortenIrqOff);
    return verdict_.settle(call == nullptr ? HangClass::kIrqsOff : HangClass::kIpiNotAnswered,
                           story.shown_by_interrupt ? Certainty::kLikely : Certainty::kPossible,
                           Advice::kShortenIrqOff);
  }

  // Tasks that were preempted, or sleep, inside of rcu_read_lock().
  bool judge_readers() {
    for (const Stall& stall : facts_.events->stalls) {
      if (stall.readers.empty()) continue;
      const Subject* reader = nullptr;
      for (const std::uint32_t pid : stall.readers) {
        if (const Subject* one = facts_.subject(pid); one != nullptr && one->last && reader == nullptr) reader = one;
      }
      const std::uint32_t pid = reader != nullptr ? reader->pid : stall.readers.front();
      Statement& said = verdict_.say(Saying::kStalledReader, {task_party(pid)}, {stall.readers_line});
      said.number = stall.jiffies;
      std::string_view function;
      std::string_view module;
      if (reader != nullptr && reader->activity) {
        function = reader->activity->function;
        module = reader->activity->module;
      } else if (reader != nullptr && reader->sleep) {
        function = reader->sleep->site.empty() ? reader->sleep->function : reader->sleep->site;
        module = reader->sleep->module;
      }
      if (stall.at.time && !verdict_.onset) verdict_.onset = stall.at.time;
      verdict_.accused.push_back(accuse(facts_, pid, function, module));
      return verdict_.settle(HangClass::kRcuStall,
                             reader != nullptr && stall.readers.size() == 1 ? Certainty::kLikely : Certainty::kPossible,
                             Advice::kLeaveReadSection);
    }
    return false;
  }

  bool judge_starved() {
    const CpuStory* story = starved_thread();
    if (story == nullptr) return false;
    verdict_.say(Saying::kThreadStarved, {cpu_party(story->cpu)}, {story->last_line}).a = story->function;
    accuse_cpu(*story);
    const bool real_time =
        std::ranges::any_of(facts_.events->notes, [](const Note& note) { return note.kind == NoteKind::kRtThrottled; });
    return verdict_.settle(real_time ? HangClass::kRtHog : HangClass::kCpuHog, Certainty::kPossible,
                           Advice::kThrottleRealTime);
  }

  // CPUs that want a spinlock. Only when exactly one other is seen inside of what takes it is there somebody to name.
  bool judge_spinners() {
    const CpuStory* spinner = nullptr;
    for (const CpuStory* story : accused_) {
      const bool waits = story->kind == ActivityKind::kSpins || story->kind == ActivityKind::kWaitsForCpu ||
                         story->kind == ActivityKind::kStopped;
      if (waits && spinner == nullptr) spinner = story;
    }
    if (spinner == nullptr) return false;
    say_complaints(*spinner);
    const Saying saying = spinner->kind == ActivityKind::kSpins         ? Saying::kSpins
                          : spinner->kind == ActivityKind::kWaitsForCpu ? Saying::kWaitsForCpu
                                                                        : Saying::kStoppedForOthers;
    Statement& said = verdict_.say(saying, {cpu_party(spinner->cpu)}, {spinner->last_line});
    said.a = spinner->site;
    const CpuStory* holder = nullptr;
    std::size_t candidates = 0;
    for (const auto& [cpu, story] : stories_) {
      if (cpu == spinner->cpu || story.kind != ActivityKind::kCode) continue;
      // One that takes interrupts is not the one that does not answer.
      const bool inside = spinner->kind == ActivityKind::kSpins         ? story.contains(spinner->site)
                          : spinner->kind == ActivityKind::kWaitsForCpu ? !story.interrupts_on
                                                                        : true;
      if (!inside) continue;
      holder = &story;
      ++candidates;
    }
    if (candidates == 1) {
      say_complaints(*holder);
      accuse_cpu(*holder);
      if (spinner->kind == ActivityKind::kStopped)
        return verdict_.settle(HangClass::kStopMachineStarved, Certainty::kPossible, Advice::kYieldInLoop);
      const bool off = holder->interrupts_off || spinner->kind == ActivityKind::kWaitsForCpu;
      return verdict_.settle(off ? HangClass::kIrqsOff : HangClass::kCpuHog, Certainty::kPossible,
                             Advice::kShortenIrqOff);
    }
    if (spinner->kind == ActivityKind::kSpins) {
      verdict_.say(Saying::kSpinHolderNotShown).a = spinner->site;
    } else {
      verdict_.say(Saying::kOthersNotShown);
    }
    return verdict_.settle(HangClass::kUndetermined, Certainty::kPossible);
  }

  // A program that stays in user mode and above whose priority RCU's thread of that CPU does not come.
  bool judge_real_time() {
    const auto hog = std::ranges::find_if(accused_, [](const CpuStory* story) {
      return story->kind == ActivityKind::kUserMode && story->rcu_starved && story->pid.value_or(0) != 0;
    });
    if (hog == accused_.end()) return false;
    say_complaints(**hog);
    verdict_.say(Saying::kThreadStarved, {cpu_party((*hog)->cpu)}, {(*hog)->last_line});
    accuse_cpu(**hog);
    const bool throttled =
        std::ranges::any_of(facts_.events->notes, [](const Note& note) { return note.kind == NoteKind::kRtThrottled; });
    return verdict_.settle(HangClass::kRtHog, throttled ? Certainty::kLikely : Certainty::kPossible,
                           Advice::kThrottleRealTime);
  }

  // An idle CPU, or one in user mode, that does not answer: on a guest the host did not run it.
  bool judge_idle() {
    const bool all_idle = !accused_.empty() && std::ranges::all_of(accused_, [](const CpuStory* story) {
      return story->kind == ActivityKind::kIdle || story->kind == ActivityKind::kUserMode;
    });
    if (!all_idle) return false;
    for (const CpuStory* story : accused_)
      verdict_.say(Saying::kIdleStuck, {cpu_party(story->cpu)}, {story->last_line});
    return verdict_.settle(HangClass::kExternal, Certainty::kPossible, Advice::kLookOutside);
  }

  bool leave_open() {
    for (const CpuStory* story : accused_) {
      say_complaints(*story);
      if (verdict_.chain.size() > 6) break;
    }
    for (const CpuStory* story : accused_) {
      if (story->point_lost) verdict_.say(Saying::kPointLost, {cpu_party(story->cpu)}, {story->last_line});
      if (verdict_.chain.size() > 8) break;
    }
    verdict_.say(Saying::kOthersNotShown);
    return verdict_.settle(HangClass::kUndetermined, Certainty::kPossible);
  }

  const Case& facts_;
  const CpuStories& stories_;
  std::vector<const CpuStory*> accused_;
  Verdict verdict_;
};

}  // namespace

std::optional<Verdict> judge_cpus(const Case& facts, const CpuStories& stories) {
  return Cpus(facts, stories).judge();
}

}  // namespace whyhung::log
