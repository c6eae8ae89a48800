// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/perfetto.h"

#include <algorithm>
#include <array>
#include <ostream>
#include <unordered_map>
#include <unordered_set>

#include <fmt/format.h>

#include "base/columns.h"
#include "base/text.h"
#include "report/brief.h"
#include "report/cpu_picture.h"
#include "report/json_context.h"
#include "report/json_values.h"
#include "report/marks.h"
#include "report/words.h"

namespace whyhung::report {
namespace {

using model::NodeId;

constexpr std::size_t kMostTasks = 5000;
constexpr std::size_t kMostLines = 5000;
constexpr std::size_t kMostFrames = 32;
constexpr std::size_t kLongestLine = 300;
// The viewers' processes: groups of tracks.
constexpr std::uint64_t kCpus = 1;
constexpr std::uint64_t kTasks = 2;
constexpr std::uint64_t kLog = 3;

Json time_of(std::uint64_t nanoseconds) {
  return static_cast<double>(nanoseconds) / 1000.0;
}

// Where something goes on: the track, and since when. It goes on until the dump.
struct Track {
  std::uint64_t group = 0;
  std::uint64_t number = 0;
  std::uint64_t since = 0;
};

class Writer {
 public:
  Writer(std::ostream& out, const model::Index& index, const diagnose::Diagnosis& diagnosis,
         std::span<const model::LogRecord> log)
      : out_(out),
        index_(index),
        snapshot_(index.snapshot()),
        diagnosis_(diagnosis),
        log_(log.subspan(log.size() - std::min(log.size(), kMostLines))) {
    end_ = snapshot_.machine.clock.value_or(0);
    if (end_ == 0 && !log_.empty()) end_ = log_.back().time;
  }

  void write(std::string_view title) {
    out_ << "{\"displayTimeUnit\":\"ms\",\n\"otherData\":" << line(about(title)) << ",\n\"traceEvents\":[";
    constexpr std::array<std::pair<std::uint64_t, std::string_view>, 3> kGroups = {
        {{kCpus, "CPUs"}, {kTasks, "tasks"}, {kLog, "kernel log"}}};
    for (const auto& [group, name] : kGroups) {
      name_track("process_name", group, 0, name);
      event({{"ph", "M"}, {"name", "process_sort_index"}, {"pid", group}, {"args", {{"sort_index", group}}}});
    }
    write_cpus();
    write_tasks();
    write_arrows();
    write_log();
    out_ << "\n]}\n";
  }

 private:
  static std::string line(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

  void event(const Json& json) {
    out_ << separator_ << line(json);
    separator_ = ",\n";
  }

  Json about(std::string_view title) const {
    Json json = {{"tool", tool_json()},
                 {"title", std::string(title)},
                 {"class", diagnose::name_of(diagnosis_.verdict)},
                 {"confidence", model::name_of(diagnosis_.confidence)},
                 {"release", printable(snapshot_.machine.release)}};
    if (const Json moment = moment_json(snapshot_.machine, end_); !moment.is_null()) json["end"] = moment;
    return json;
  }

  void name_track(std::string_view what, std::uint64_t group, std::uint64_t number, std::string_view name) {
    event({{"ph", "M"}, {"name", what}, {"pid", group}, {"tid", number}, {"args", {{"name", std::string(name)}}}});
  }

  void slice(const Track& track, std::string_view name, Json arguments) {
    event({{"ph", "X"},
           {"name", std::string(name)},
           {"pid", track.group},
           {"tid", track.number},
           {"ts", time_of(track.since)},
           {"dur", time_of(end_ - track.since)},
           {"args", std::move(arguments)}});
  }

  void point(std::uint64_t group, std::uint64_t number, std::uint64_t when, std::string_view name, Json arguments) {
    event({{"ph", "i"},
           {"s", "t"},
           {"name", std::string(name)},
           {"pid", group},
           {"tid", number},
           {"ts", time_of(when)},
           {"args", std::move(arguments)}});
  }

  Json frames_of(const model::StackTrace& stack) const {
    Json frames = Json::array();
    for (const model::StackFrame& frame : stack.frames) {
      if (frames.size() == kMostFrames) break;
      frames.push_back(brief_location(snapshot_.location(frame)));
    }
    return frames;
  }

  // Who has the CPU, in it where, and in it how long its watchdog has not run: each lies within the one before.
  void write_cpus() {
    for (const CpuPicture::Row& row : picture_cpus(index_, diagnosis_).rows) {
      name_track("thread_name", kCpus, row.cpu, fmt::format("CPU {}", row.cpu));
      const model::Cpu* cpu = index_.cpu(row.cpu);
      Json arguments = {{"bucket", diagnose::name_of(row.bucket)}};
      if (cpu != nullptr) arguments["stack"] = frames_of(cpu->stack);
      const std::string task = row.task.empty() ? "a task that is not known" : row.task;
      if (!row.held || end_ < *row.held) {
        point(kCpus, row.cpu, end_, task, std::move(arguments));
        continue;
      }
      Track track{kCpus, row.cpu, end_ - *row.held};
      slice(track, task, std::move(arguments));
      if (cpu != nullptr) {
        tracks_.emplace(model::cpu_node(row.cpu), track);
        tracks_.emplace(model::task_node(cpu->task), track);
      }
      if (!row.place.empty()) slice(track, plain(row.place), Json::object());
      const bool is_late = row.bucket == diagnose::CpuBucket::kCulprit || row.bucket == diagnose::CpuBucket::kVictim;
      if (is_late && row.watchdog && *row.watchdog <= end_) {
        track.since = std::max(track.since, end_ - *row.watchdog);
        slice(track, "the watchdog has not run", Json::object());
      }
    }
  }

  // Those that wait for something known, hold it, are accused, or sleep uninterruptibly.
  std::vector<const model::Task*> tasks_shown() const {
    std::unordered_set<std::uint64_t> wanted;
    for (const model::Wait& wait : snapshot_.waits) {
      if (wait.waiter.kind == model::NodeKind::kTask) wanted.insert(wait.waiter.id);
    }
    for (const model::Resource& resource : snapshot_.resources) {
      for (const model::Holder& holder : resource.holders) {
        if (holder.who.kind == model::NodeKind::kTask) wanted.insert(holder.who.id);
      }
    }
    for (const diagnose::Finding& finding : diagnosis_.findings) {
      for (const diagnose::Culprit& culprit : finding.culprits) wanted.insert(culprit.task);
    }
    std::vector<const model::Task*> shown;
    for (const model::Task& task : snapshot_.tasks) {
      if (shown.size() == kMostTasks) break;
      const bool is_stuck = task.state == model::TaskState::kUninterruptible;
      if ((is_stuck || wanted.contains(task.address)) && !task.is_idle_task) shown.push_back(&task);
    }
    return shown;
  }

  void write_tasks() {
    std::uint64_t number = 0;
    for (const model::Task* task : tasks_shown()) {
      // A task that runs is on the track of its CPU.
      if (tracks_.contains(model::task_node(task->address))) continue;
      name_track("thread_name", kTasks, ++number, brief_task(task->comm, task->pid));
      const model::Wait* wait = index_.wait_of(model::task_node(task->address));
      const std::uint64_t arrived = task->last_arrival.value_or(end_ + 1);
      const std::uint64_t since = wait != nullptr ? wait->since.value_or(arrived) : arrived;
      Json arguments = {{"state", model::name_of(task->state)}, {"stack", frames_of(task->stack)}};
      std::string name = fmt::format("{}", model::name_of(task->state));
      if (wait != nullptr) name = "waits for " + brief_node(index_, wait->on);
      if (since > end_) {
        point(kTasks, number, end_, name, std::move(arguments));
        continue;
      }
      const Track track{kTasks, number, since};
      slice(track, name, std::move(arguments));
      tracks_.emplace(model::task_node(task->address), track);
    }
  }

  // An arrow begins and ends within what its two ends do at that moment: when the later of them began it.
  void arrow(const Track& from, const Track& to, std::string_view name) {
    ++arrows_;
    const std::uint64_t when = std::max(from.since, to.since);
    const auto end = [&](const Track& track, std::string_view phase) {
      Json json = {{"ph", phase},        {"id", arrows_},       {"cat", "waits"},     {"name", std::string(name)},
                   {"pid", track.group}, {"tid", track.number}, {"ts", time_of(when)}};
      if (phase == "f") json["bp"] = "e";
      event(json);
    };
    end(from, "s");
    end(to, "f");
  }

  void write_arrows() {
    for (const model::Wait& wait : snapshot_.waits) {
      const auto from = tracks_.find(wait.waiter);
      const model::Resource* resource = index_.resource(wait.on);
      if (from == tracks_.end() || resource == nullptr) continue;
      for (const model::Holder& holder : resource->holders) {
        const auto to = tracks_.find(holder.who);
        const bool is_same =
            to != tracks_.end() && to->second.group == from->second.group && to->second.number == from->second.number;
        if (to == tracks_.end() || is_same) continue;
        arrow(from->second, to->second, brief_node(index_, wait.on));
        if (arrows_ == kMostTasks) return;
      }
    }
  }

  void write_log() {
    for (const model::LogRecord& record : log_) {
      Json arguments = {{"level", record.level}};
      if (!record.caller.empty()) arguments["caller"] = printable(record.caller);
      point(kLog, 0, record.time, cut_to(printable(record.text), kLongestLine), std::move(arguments));
    }
  }

  std::ostream& out_;
  const model::Index& index_;
  const model::Snapshot& snapshot_;
  const diagnose::Diagnosis& diagnosis_;
  std::span<const model::LogRecord> log_;
  std::uint64_t end_ = 0;
  std::uint64_t arrows_ = 0;
  const char* separator_ = "\n";
  std::unordered_map<NodeId, Track, model::NodeHash> tracks_;
};

}  // namespace

void write_perfetto(std::ostream& out, const model::Index& index, const diagnose::Diagnosis& diagnosis,
                    std::span<const model::LogRecord> log, std::string_view title) {
  Writer(out, index, diagnosis, log).write(title);
}

}  // namespace whyhung::report
