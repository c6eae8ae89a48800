// SPDX-License-Identifier: GPL-2.0-or-later
// What stands at the end of a chain of waits: a device, a server, a frozen file system, RCU, memory.
#include <algorithm>
#include <array>

#include "base/text.h"
#include "log/disk_name.h"
#include "log/sleepers.h"

namespace whyhung::log {

using diagnose::Advice;
using diagnose::HangClass;
using model::Certainty;

namespace {

constexpr double kBefore = 120;  // seconds after the onset within which a device's complaint still counts as its cause
constexpr double kOld = 900;     // seconds before the onset: a state that began earlier is another story
// A command that failed longer before the onset is another story too: those who wait began to do so later, unless a
// thread of that very disk waits. The onset may be two minutes earlier than what hung_task says.
constexpr double kStale = 180;

bool is_of_waiting_thread(std::string_view device, const std::vector<const Subject*>& stuck) {
  const auto troubled = disk_name(device);
  return troubled && std::ranges::any_of(stuck, [&](const Subject* one) {
           const auto served = disk_of_thread(one->comm);
           return served && may_be_same(*served, *troubled);
         });
}

// Whether tasks that hang can wait for that device, as far as the names of threads of file systems tell.
bool may_be_waited_for(std::string_view device, const Case& facts, const std::vector<const Subject*>& stuck) {
  const auto troubled = disk_name(device);
  if (!troubled) return true;
  // Drives without a medium complain on any healthy machine.
  if (troubled->family == "fd" || troubled->family == "sr") {
    constexpr auto kDrivers = std::to_array<std::string_view>({"sr_*", "cdrom_*", "floppy_*", "fd_*"});
    return std::ranges::any_of(stuck, [&](const Subject* one) {
      const Dump* dump = facts.dump_of(*one);
      return dump != nullptr && std::ranges::any_of(dump->frames, [&](const Frame& frame) {
               return !frame.unsure && matches_any(kDrivers, frame.function);
             });
    });
  }
  bool names_others = false;
  for (const Subject* one : stuck) {
    const auto served = disk_of_thread(one->comm);
    if (!served) continue;
    if (may_be_same(*served, *troubled)) return true;
    names_others = true;
  }
  return !names_others;
}

}  // namespace

bool Sleepers::is_device(SleepKind kind) {
  return kind == SleepKind::kBlockIo || kind == SleepKind::kPage || kind == SleepKind::kUsb ||
         kind == SleepKind::kGraphics;
}

bool Sleepers::find_frozen() {
  const auto tasks = those([](const Subject& one) { return one.sleep->kind == SleepKind::kFrozenFileSystem; });
  if (tasks.empty()) return false;
  std::uint64_t frozen = 0;
  for (const Note& note : facts_.events->notes) {
    if (note.kind == NoteKind::kFileSystemFrozen) frozen = note.at.line;
    if (note.kind == NoteKind::kFileSystemThawed) frozen = 0;
  }
  say_those(tasks);
  Statement& said = verdict_.say(Saying::kFrozenFileSystem, {task_party(tasks.front()->pid)});
  if (frozen != 0) said.lines.push_back(frozen);
  accuse_thing("a frozen file system", tasks.front()->sleep->site);
  const bool likely = (frozen != 0 || tasks.size() >= 2) && !weak_;
  return verdict_.settle(HangClass::kIoStuck, likely ? Certainty::kLikely : Certainty::kPossible,
                         Advice::kResumeDevice);
}

bool Sleepers::find_server() {
  const auto tasks = those([](const Subject& one) { return is_server(one.sleep->kind); });
  if (tasks.empty()) return false;
  const auto by = verdict_.onset ? std::optional(*verdict_.onset + kBefore) : std::nullopt;
  const SleepKind kind = tasks.front()->sleep->kind;
  const auto client = [](SleepKind waits) -> std::optional<ServerKind> {
    switch (waits) {
      case SleepKind::kNfs: return ServerKind::kNfs;
      case SleepKind::kSmb: return ServerKind::kSmb;
      case SleepKind::kCeph: return ServerKind::kCeph;
      default: return std::nullopt;
    }
  }(kind);
  const ServerTrouble* silent = client ? silent_server(facts_, by, client) : nullptr;
  say_those(tasks);
  if (silent != nullptr) {
    verdict_.say(Saying::kServerSilent, {}, {silent->at.line}).a = silent->server;
    accuse_thing(silent->server, {});
    return verdict_.settle(HangClass::kServerGone, weak_ ? Certainty::kPossible : Certainty::kLikely,
                           Advice::kLookAtServer);
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
  return verdict_.settle(HangClass::kServerGone, Certainty::kPossible, Advice::kLookAtServer);
}

bool Sleepers::in_time(const Where& at) const {
  return !verdict_.onset || !at.time || *at.time <= *verdict_.onset + kBefore;
}

bool Sleepers::find_device() {
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
  std::erase_if(by_device, [&](const auto& entry) {
    const auto last = entry.second.back()->at.time;
    const bool lasts = std::ranges::any_of(entry.second, &DeviceTrouble::lasts);
    const double oldest = lasts || is_of_waiting_thread(entry.first, stuck_) ? kOld : kStale;
    const bool is_old = verdict_.onset && last && *last < *verdict_.onset - oldest;
    return is_old || !may_be_waited_for(entry.first, facts_, stuck_);
  });
  if (by_device.empty()) return false;
  const auto worst = std::ranges::max_element(by_device, {}, [](const auto& entry) { return entry.second.size(); });
  say_those(tasks);
  const auto& troubles = worst->second;
  Statement& said = verdict_.say(Saying::kDeviceSays, {}, {troubles.front()->at.line});
  said.a = worst->first;
  said.number = troubles.size();
  if (troubles.size() > 1) said.lines.push_back(troubles.back()->at.line);
  if (std::ranges::any_of(troubles, &DeviceTrouble::interrupts_lost)) {
    verdict_.say(Saying::kInterruptsLost, {}, {troubles.front()->at.line}).a = worst->first;
  }
  accuse_thing(worst->first, tasks.front()->sleep->site);
  return verdict_.settle(HangClass::kIoStuck, weak_ ? Certainty::kPossible : Certainty::kLikely, Advice::kLookBelow);
}

bool Sleepers::find_stuck_io() {
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
  return verdict_.settle(HangClass::kIoStuck, Certainty::kPossible, Advice::kLookBelow);
}

bool Sleepers::writers_wait() const {
  return std::ranges::any_of(stuck_, [&](const Subject* one) {
    const Dump* dump = facts_.dump_of(*one);
    return dump != nullptr && one->sleep && !is_device(one->sleep->kind) &&
           (has_function(*dump, "wb_workfn") || has_function(*dump, "do_writepages"));
  });
}

bool Sleepers::others_are_victims() const {
  return std::ranges::all_of(stuck_, [&](const Subject* one) {
    if (!one->sleep) return true;
    const SleepKind kind = one->sleep->kind;
    return is_device(kind) || waits_for_others(kind) || kind == SleepKind::kWaitsForWork ||
           kind == SleepKind::kFlushWork;
  });
}

bool Sleepers::find_grace_period() {
  const auto tasks = those([](const Subject& one) { return one.sleep->kind == SleepKind::kGracePeriod; });
  if (tasks.empty()) return false;
  const Note* old = nullptr;
  for (const Note& note : facts_.events->notes) {
    if (note.kind == NoteKind::kGracePeriodOld) old = &note;
  }
  say_those(tasks);
  if (old != nullptr) {
    Statement& said = verdict_.say(Saying::kGracePeriodOld, {}, {old->at.line});
    said.a = old->subject;
    said.number = old->number;
    verdict_.say(Saying::kExitingNotShown);
  }
  return verdict_.settle(HangClass::kRcuStall, old != nullptr && !weak_ ? Certainty::kLikely : Certainty::kPossible,
                         Advice::kLeaveReadSection);
}

bool Sleepers::find_kept_device() {
  const Note* kept = nullptr;
  for (const Note& note : facts_.events->notes) {
    if (note.kind == NoteKind::kDeviceKept) kept = &note;
  }
  // Such a line may stand in a log for days and keep nobody: somebody must wait for the device, or for who does.
  constexpr auto kBehind =
      std::to_array<std::string_view>({"rtnl_lock*", "copy_net_ns", "cleanup_net", "netdev_run_todo",
                                       "register_netdevice_notifier*", "rtnetlink_rcv_msg"});
  const bool concerns = std::ranges::any_of(stuck_, [&](const Subject* one) {
    const Dump* dump = facts_.dump_of(*one);
    return dump != nullptr && std::ranges::any_of(dump->frames, [&](const Frame& frame) {
             return !frame.unsure && matches_any(kBehind, frame.function);
           });
  });
  if (kept == nullptr || !concerns) return false;
  say_those(those([](const Subject& one) { return one.sleep->kind == SleepKind::kNetDevice; }));
  verdict_.say(Saying::kDeviceKept, {}, {kept->at.line}).a = kept->subject;
  accuse_thing(kept->subject, "netdev_run_todo");
  return verdict_.settle(HangClass::kNeverCompleted, Certainty::kPossible, Advice::kComplete);
}

bool Sleepers::find_reclaim() {
  const auto tasks = those([](const Subject& one) { return one.sleep->in_reclaim; });
  if (tasks.empty()) return false;
  say_those(tasks);
  // Who is only made to wait until others have freed some is a victim of it.
  const auto stuck_there = std::ranges::find_if(tasks, [](const Subject* one) {
    return one->sleep->kind != SleepKind::kReclaimThrottle && one->sleep->kind != SleepKind::kDirtyThrottle;
  });
  const Subject& first = stuck_there == tasks.end() ? *tasks.front() : **stuck_there;
  Statement& said = verdict_.say(Saying::kReclaims, {task_party(first.pid)}, {first.sleep->line});
  said.a = first.sleep->reclaim_site;
  const bool memory = std::ranges::any_of(facts_.events->notes, [&](const Note& note) {
    const bool is_near = !verdict_.onset || !note.at.time || *note.at.time >= *verdict_.onset - kOld;
    return is_near && (note.kind == NoteKind::kOom || note.kind == NoteKind::kAllocationFailed);
  });
  const std::string_view function = first.sleep->reclaim_site.empty() ? first.sleep->site : first.sleep->reclaim_site;
  if (stuck_there != tasks.end()) verdict_.accused.push_back(accuse(facts_, first.pid, function, first.sleep->module));
  return verdict_.settle(HangClass::kMemoryReclaimStall, memory && !weak_ ? Certainty::kLikely : Certainty::kPossible,
                         Advice::kDontWaitInReclaim);
}

bool Sleepers::find_self_flush() {
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
    return verdict_.settle(HangClass::kWorkqueueFlushDeadlock, Certainty::kPossible, Advice::kEndWork);
  }
  return false;
}

}  // namespace whyhung::log
