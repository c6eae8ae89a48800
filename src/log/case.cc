// SPDX-License-Identifier: GPL-2.0-or-later
#include "log/case.h"

#include <algorithm>

#include "log/edges.h"

namespace whyhung::log {
namespace {

Subject& subject_at(Case& facts, const NamedTask& task, std::uint64_t line) {
  Subject& subject = facts.subjects[task.pid];
  subject.pid = task.pid;
  if (subject.comm.empty()) subject.comm = task.comm;
  if (subject.first_line == 0 || line < subject.first_line) subject.first_line = line;
  return subject;
}

bool is_of_a_hang(DumpOrigin origin) {
  return origin != DumpOrigin::kOops && origin != DumpOrigin::kWarning && origin != DumpOrigin::kMemory &&
         origin != DumpOrigin::kPanic;
}

// The index of the newest record that says that all tasks were frozen after all.
std::size_t last_frozen(const Events& events) {
  std::size_t last = 0;
  for (const Note& note : events.notes) {
    if (note.kind == NoteKind::kFrozen) last = note.at.index;
  }
  return last;
}

void add_dumps(Case& facts) {
  const Events& events = *facts.events;
  const std::size_t frozen = last_frozen(events);
  for (std::size_t i = 0; i < events.dumps.size(); ++i) {
    const Dump& dump = events.dumps[i];
    if (!dump.pid || *dump.pid == 0 || !is_of_a_hang(dump.origin)) continue;
    Subject& subject = subject_at(facts, {dump.comm, *dump.pid}, dump.at.line);
    if (subject.comm.empty()) subject.comm = dump.comm;
    subject.dumps.push_back(i);
    if (!dump.frames.empty()) subject.last = i;
    subject.is_kernel_thread |= dump.parent == 2u || !dump.work_queue.empty();
    const bool refuses = dump.origin == DumpOrigin::kFreezer && dump.at.index >= frozen;
    const bool listed = dump.origin == DumpOrigin::kBlocked || refuses;
    subject.is_stuck |= listed && dump.state != 'R';
    if (dump.origin == DumpOrigin::kDebugger && dump.seconds && *dump.seconds >= 30 && dump.state == 'D')
      subject.is_stuck = true;
  }
}

void add_reports(Case& facts) {
  for (const HungTask& report : facts.events->hung) {
    Subject& subject = subject_at(facts, report.task, report.at.line);
    ++subject.reports;
    subject.seconds = report.seconds;
    subject.is_stuck = true;
    if (report.at.time) {
      const double onset = *report.at.time - static_cast<double>(report.seconds);
      keep_earlier(subject.onset, onset);
      keep_earlier(facts.first_onset, onset);
      keep_later(facts.last_sign, report.at.time);
    }
  }
  for (const Lockup& lockup : facts.events->lockups) {
    if (!lockup.at.time) continue;
    keep_earlier(facts.first_onset, *lockup.at.time - static_cast<double>(lockup.seconds.value_or(10)));
    keep_later(facts.last_sign, lockup.at.time);
  }
  for (const PoolLockup& lockup : facts.events->pool_lockups) {
    if (lockup.at.time) keep_earlier(facts.first_onset, *lockup.at.time - static_cast<double>(lockup.seconds));
    keep_later(facts.last_sign, lockup.at.time);
  }
  for (const Stall& stall : facts.events->stalls) keep_later(facts.last_sign, stall.at.time);
  for (const DeafCall& call : facts.events->calls) keep_later(facts.last_sign, call.at.time);
}

// Lists of all tasks complain of nobody. Several that sleep uninterruptibly, or stand in a lock, count as stuck when
// no detector has spoken; one or two are what any busy machine shows.
void add_listed(Case& facts) {
  constexpr std::size_t kSeveral = 3;
  constexpr std::size_t kCrowd = 8;  // that wait for a disk or behind a journal, as on any busy machine
  if (!facts.events->hung.empty()) return;
  std::vector<Subject*> listed;
  for (auto& [pid, subject] : facts.subjects) {
    const Dump* dump = facts.dump_of(subject);
    if (dump == nullptr || subject.is_stuck || !subject.sleep) continue;
    const SleepKind kind = subject.sleep->kind;
    const bool says = kind != SleepKind::kWaitsForWork && kind != SleepKind::kUnknown && kind != SleepKind::kNap;
    const bool sleeps = dump->origin == DumpOrigin::kAllTasks && dump->state == 'D';
    if (sleeps || (dump->origin == DumpOrigin::kDebugger && says && dump->state != 'S')) listed.push_back(&subject);
  }
  const bool busy = facts.events->devices.empty() && std::ranges::all_of(listed, [&](const Subject* one) {
                      const Dump* dump = facts.dump_of(*one);
                      return dump->origin == DumpOrigin::kAllTasks && is_short_wait(one->sleep->kind);
                    });
  if (listed.size() < (busy ? kCrowd : kSeveral)) return;
  for (Subject* subject : listed) subject->is_stuck = true;
}

}  // namespace

const Subject* Case::subject(std::uint32_t pid) const {
  const auto found = subjects.find(pid);
  return found == subjects.end() ? nullptr : &found->second;
}

const Dump* Case::dump_of(const Subject& one) const {
  return one.last ? &events->dumps[*one.last] : nullptr;
}

Case make_case(const Events& events, std::span<const Record> records) {
  Case facts;
  facts.events = &events;
  facts.records = records;
  add_dumps(facts);
  add_reports(facts);
  for (const Blocker& blocker : events.blockers) {
    subject_at(facts, blocker.waiter, blocker.at.line).is_stuck = true;
    if (blocker.holder) subject_at(facts, *blocker.holder, blocker.at.line).named = true;
  }
  for (const Note& note : events.notes) {
    facts.guest |= note.kind == NoteKind::kGuest;
    facts.lost_lines |= note.kind == NoteKind::kDropped;
  }
  for (const std::string_view word : {"-microsoft-", "-azure", "-aws", "-gcp", "-WSL2"}) {
    facts.guest |= events.release.find(word) != std::string_view::npos;
  }
  for (const Record& record : records) keep_later(facts.end, record.when());
  for (auto& [pid, subject] : facts.subjects) {
    const Dump* dump = facts.dump_of(subject);
    if (dump == nullptr) continue;
    if (dump->is_running || dump->state == 'R') {
      subject.activity = activity_of(*dump);
    } else {
      subject.sleep = sleep_of(*dump);
    }
  }
  add_listed(facts);
  add_edges(facts);
  return facts;
}

}  // namespace whyhung::log
