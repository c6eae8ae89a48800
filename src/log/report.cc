// SPDX-License-Identifier: GPL-2.0-or-later
#include "log/report.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

namespace whyhung::log {
namespace {

using model::Certainty;

model::TaskState state_of(char letter) {
  switch (letter) {
    case 'R': return model::TaskState::kRunning;
    case 'S': return model::TaskState::kInterruptible;
    case 'D': return model::TaskState::kUninterruptible;
    case 'I': return model::TaskState::kIdle;
    case 'T': return model::TaskState::kStopped;
    case 't': return model::TaskState::kTraced;
    case 'P': return model::TaskState::kParked;
    case 'Z': return model::TaskState::kZombie;
    case 'X': return model::TaskState::kDead;
    default: return model::TaskState::kUnknown;
  }
}

class Maker {
 public:
  Maker(const Case& facts, const CpuStories& stories, const Verdict& verdict, const Origin& source, LogReport& report)
      : facts_(facts), stories_(stories), verdict_(verdict), source_(source), report_(report) {}

  void make() {
    make_machine();
    for (const auto& [pid, subject] : facts_.subjects) add_task(subject);
    for (const Accused& accused : verdict_.accused) {
      if (accused.pid && !facts_.subjects.contains(*accused.pid)) add_stranger(accused);
    }
    std::ranges::sort(report_.snapshot.tasks, {}, &model::Task::pid);
    for (const auto& [cpu, story] : stories_) add_cpu(story);
    make_gaps();
    report_.verdict = verdict_;
    if (report_.verdict.confidence == Certainty::kCertain) report_.verdict.confidence = Certainty::kLikely;
    cite();
    count();
  }

 private:
  void make_machine() {
    model::Machine& machine = report_.snapshot.machine;
    machine.dump_file = source_.name;
    machine.dump_format = source_.description;
    machine.release = facts_.events->release;
    machine.node_name = facts_.events->node_name;
    for (const Record& record : facts_.records) {
      if (record.uptime) machine.uptime = static_cast<std::uint64_t>(*record.uptime);
      if (record.wall && *record.wall > 315'532'800) machine.date = static_cast<std::int64_t>(*record.wall);
    }
    for (const Note& note : facts_.events->notes) {
      if (note.kind == NoteKind::kPanic || note.kind == NoteKind::kHangPanic) machine.panic_message = note.subject;
    }
  }

  std::uint32_t location_of(const Frame& frame) {
    const auto key = std::pair{std::string(frame.function), std::string(frame.module)};
    const auto [found, is_new] = locations_.try_emplace(key, report_.snapshot.locations.size());
    if (is_new) report_.snapshot.locations.push_back({0, key.first, frame.offset, key.second, {}, {}});
    return static_cast<std::uint32_t>(found->second);
  }

  model::StackTrace stack_of(const Dump& dump) {
    model::StackTrace stack;
    for (const Frame& frame : dump.frames) {
      model::StackFrame one;
      one.location = location_of(frame);
      one.origin = frame.unsure ? model::FrameOrigin::kScan : model::FrameOrigin::kCall;
      stack.frames.push_back(one);
    }
    stack.end = model::StackEndReason::kNotWalked;
    return stack;
  }

  void add_task(const Subject& subject) {
    model::Task task;
    task.address = address_of(subject.pid);
    task.pid = subject.pid;
    task.tgid = subject.pid;
    task.comm = subject.comm;
    task.is_kernel_thread = subject.is_kernel_thread;
    if (subject.is_stuck) task.state = model::TaskState::kUninterruptible;
    if (const Dump* dump = facts_.dump_of(subject)) {
      if (dump->state != '?') task.state = state_of(dump->state);
      if (dump->is_running) task.state = model::TaskState::kRunning;
      task.on_cpu = dump->is_running;
      task.cpu = dump->cpu;
      task.parent_pid = dump->parent.value_or(0);
      task.thread_function = dump->work;
      task.stack = stack_of(*dump);
    }
    report_.snapshot.tasks.push_back(std::move(task));
  }

  void add_stranger(const Accused& accused) {
    model::Task task;
    task.address = address_of(*accused.pid);
    task.pid = *accused.pid;
    task.tgid = *accused.pid;
    task.comm = accused.comm;
    task.cpu = accused.cpu;
    report_.snapshot.tasks.push_back(std::move(task));
  }

  void add_cpu(const CpuStory& story) {
    model::Cpu cpu;
    cpu.number = story.cpu;
    if (story.pid) cpu.task = address_of(*story.pid);
    cpu.in_user_mode = story.kind == ActivityKind::kUserMode;
    if (story.interrupts_off) cpu.interrupts_enabled = false;
    report_.snapshot.cpus.push_back(std::move(cpu));
  }

  void make_gaps() {
    for (const Note& note : facts_.events->notes) {
      if (note.kind == NoteKind::kDropped) {
        report_.snapshot.gaps.push_back(
            {fmt::format("lines of the log at line {}", note.at.line), "the kernel or the collector dropped them"});
      }
    }
    std::size_t bare = 0;
    for (const HungTask& report : facts_.events->hung) {
      bare += !report.dump || facts_.events->dumps[*report.dump].frames.empty() ? 1 : 0;
    }
    if (bare != 0) {
      report_.snapshot.gaps.push_back(
          {fmt::format("stacks of {} reports of blocked tasks", bare), "they are not in the log"});
    }
    report_.snapshot.gaps.push_back(
        {"tasks and CPUs that the log does not show", "a log tells only of those that the kernel complained about"});
  }

  void cite() {
    for (const Statement& statement : verdict_.chain) {
      for (const std::uint64_t line : statement.lines) {
        if (line != 0) report_.cited.try_emplace(line);
      }
    }
    for (const Record& record : facts_.records) {
      const auto found = report_.cited.find(record.line);
      if (found != report_.cited.end() && found->second.empty()) found->second = record.text;
    }
  }

  void count() {
    for (const auto& entry : facts_.subjects) {
      const Subject& subject = entry.second;
      const bool ordinary = subject.sleep && subject.sleep->kind == SleepKind::kWaitsForWork;
      if (subject.activity) {
        ++report_.running;
      } else if (ordinary && !subject.is_stuck) {
        ++report_.ordinary;
      } else if (subject.is_stuck) {
        ++report_.waiting;
      }
      const bool guilty = std::ranges::find(verdict_.accused, subject.pid, &Accused::pid) != verdict_.accused.end();
      if (subject.is_stuck && !guilty && is_explained(verdict_)) report_.victims.push_back(subject.pid);
    }
  }

  const Case& facts_;
  const CpuStories& stories_;
  const Verdict& verdict_;
  const Origin& source_;
  LogReport& report_;
  std::map<std::pair<std::string, std::string>, std::size_t> locations_;
};

}  // namespace

// Well away from 0, which means that no task is known.
std::uint64_t address_of(std::uint32_t pid) {
  return 0x10000 + static_cast<std::uint64_t>(pid);
}

std::string place_of(const LogReport& report, std::uint64_t line) {
  const SourceFile* file = nullptr;
  for (const SourceFile& one : report.files) {
    if (one.first_line <= line) file = &one;
  }
  if (file == nullptr) return fmt::format("line {}", line);
  return fmt::format("line {} of {}", line - file->first_line + file->number, file->name);
}

LogReport make_report(const Case& facts, const CpuStories& stories, const Verdict& verdict, const Origin& source) {
  LogReport report;
  Maker(facts, stories, verdict, source, report).make();
  return report;
}

}  // namespace whyhung::log
