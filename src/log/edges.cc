// SPDX-License-Identifier: GPL-2.0-or-later
#include "log/edges.h"

#include <algorithm>
#include <array>
#include <set>

#include "base/text.h"
#include "log/sleep_table.h"

namespace whyhung::log {
namespace {

constexpr std::size_t kLongestChain = 64;

SleepKind kind_of(LockKind kind) {
  switch (kind) {
    case LockKind::kRwSemaphore: return SleepKind::kRwSemaphore;
    case LockKind::kSemaphore: return SleepKind::kSemaphore;
    case LockKind::kPercpuRwSemaphore: return SleepKind::kPercpuRwSemaphore;
    case LockKind::kRtMutex: return SleepKind::kRtMutex;
    default: return SleepKind::kMutex;
  }
}

void add_named_holders(Case& facts) {
  for (const Blocker& blocker : facts.events->blockers) {
    Subject& waiter = facts.subjects[blocker.waiter.pid];
    if (!blocker.holder) {
      waiter.edge.reset();  // newer than what was said before
      continue;
    }
    const Source source = blocker.kind == LockKind::kSemaphore ? Source::kSemaphore : Source::kKernel;
    waiter.edge = Edge{blocker.holder->pid, source, kind_of(blocker.kind), blocker.at.line, {}};
  }
}

// lockdep's list: the last entry of a task that stands in a lock's slow path is wanted, what stands above is held.
void add_listed_holders(Case& facts) {
  const auto& all = facts.events->locks;
  if (all.empty()) return;
  // Only the newest list of each task counts.
  std::map<std::uint32_t, std::vector<const LockEntry*>> lists;
  for (const LockEntry& entry : all) {
    auto& list = lists[entry.task.pid];
    if (!list.empty() && entry.index > list.back()->index + 3) list.clear();
    list.push_back(&entry);
  }
  // Who has each lock in his list, and whether as what he waits for.
  std::map<std::uint64_t, std::vector<std::pair<std::uint32_t, bool>>> users;
  for (const auto& [pid, list] : lists) {
    const Subject* subject = facts.subject(pid);
    const bool waits = subject != nullptr && subject->sleep && is_lock(subject->sleep->kind);
    for (const LockEntry* entry : list) users[entry->address].emplace_back(pid, waits && entry == list.back());
  }
  for (auto& [pid, list] : lists) {
    const auto found = facts.subjects.find(pid);
    if (found == facts.subjects.end()) continue;
    Subject& waiter = found->second;
    if (waiter.edge || !waiter.sleep || !is_lock(waiter.sleep->kind)) continue;
    const LockEntry& wanted = *list.back();
    if (wanted.address == 0) continue;
    std::optional<std::uint32_t> holder;
    std::size_t holders = 0;
    for (const auto& [other, wants] : users[wanted.address]) {
      if (other == pid || wants) continue;
      if (holder != other) ++holders;
      holder = other;
    }
    const bool own =
        std::ranges::count(list, wanted.address, [](const LockEntry* entry) { return entry->address; }) > 1;
    if (own) {
      waiter.edge = Edge{pid, Source::kLockList, waiter.sleep->kind, wanted.line, wanted.name};
    } else if (holders == 1) {
      waiter.edge = Edge{*holder, Source::kLockList, waiter.sleep->kind, wanted.line, wanted.name};
      if (!facts.subjects.contains(*holder)) {
        Subject& added = facts.subjects[*holder];
        added.pid = *holder;
        added.comm = lists[*holder].front()->task.comm;
        added.first_line = lists[*holder].front()->line;
      }
      facts.subjects[*holder].named = true;
    }
  }
}

// Two tasks that stand at the places of a circular order that lockdep has described.
void add_predicted_holders(Case& facts) {
  for (const Splat& splat : facts.events->splats) {
    if (splat.kind != SplatKind::kCircular || splat.functions.empty()) continue;
    Subject* first = nullptr;
    Subject* second = nullptr;
    for (auto& [pid, subject] : facts.subjects) {
      const Dump* dump = facts.dump_of(subject);
      if (dump == nullptr || !subject.is_stuck || !subject.sleep || !is_lock(subject.sleep->kind) || subject.edge)
        continue;
      const std::string_view site = subject.sleep->site;
      const bool at_wanted =
          !splat.wanted_at.empty() && (site == splat.wanted_at || has_function(*dump, splat.wanted_at));
      const bool in_chain = std::ranges::find(splat.functions, site) != splat.functions.end();
      if (at_wanted && first == nullptr && (splat.task.pid == pid || site == splat.wanted_at)) {
        first = &subject;
      } else if (in_chain && !at_wanted && second == nullptr) {
        second = &subject;
      }
    }
    if (first == nullptr || second == nullptr) continue;
    first->edge = Edge{second->pid, Source::kSplat, first->sleep->kind, splat.at.line, splat.wanted};
    second->edge = Edge{first->pid, Source::kSplat, second->sleep->kind, splat.at.line, splat.held};
  }
}

// Locks whose users everybody knows: functions that take them, and functions that run with them held.
struct KnownLock {
  std::span<const std::string_view> takers;
  std::span<const std::string_view> inside;
};
constexpr auto kRtnlTakers = std::to_array<std::string_view>({
    "rtnl_lock*",
    "rtnetlink_rcv_msg",
    "__netlink_dump_start",
    "rtnl_dump*",
    "wiphy_unregister",
    "wiphy_register",
    "reg_check_chans_work",
    "reg_todo",
    "linkwatch_event",
    "addrconf_*_work",
    "register_netdev",
    "unregister_netdev",
    "dev_ioctl",
    "devinet_ioctl",
    "cleanup_net",
    "default_device_exit_batch",
    "igmp_*_ioctl",
    "ip_mc_*",
    "cfg80211_event_work",
    "cfg80211_shutdown_all_interfaces",
    "register_netdevice_notifier*",
    "netdev_run_todo",
    "dev_change_flags",
    "rtnl_newlink",
});
constexpr auto kRtnlInside = std::to_array<std::string_view>({
    "rtnetlink_rcv_msg",  "rtnl_newlink",       "__rtnl_newlink",
    "do_setlink*",        "rtnl_setlink",       "rtnl_dellink",
    "nl80211_*",          "__dev_close_many",   "__dev_open",
    "dev_change_flags",   "__dev_change_flags", "unregister_netdevice_many*",
    "register_netdevice", "inet6_rtm_*",        "inet_rtm_*",
    "tc_*_tfilter",       "tc_modify_qdisc",    "default_device_exit_batch",
    "linkwatch_do_dev",   "dev_ifsioc",
});
constexpr auto kKnownLocks = std::to_array<KnownLock>({{kRtnlTakers, kRtnlInside}});

const KnownLock* known_lock(const Subject& subject) {
  if (!subject.sleep || subject.sleep->kind != SleepKind::kMutex) return nullptr;
  for (const KnownLock& lock : kKnownLocks) {
    if (matches_any(lock.takers, subject.sleep->site)) return &lock;
  }
  return nullptr;
}

// Who has which function on his stack, entries that are sure only.
using Places = std::map<std::string_view, std::set<std::uint32_t>>;

Places places_of(const Case& facts) {
  Places places;
  for (const auto& [pid, subject] : facts.subjects) {
    const Dump* dump = facts.dump_of(subject);
    if (dump == nullptr) continue;
    for (const Frame& frame : dump->frames) {
      if (!frame.unsure) places[frame.function].insert(pid);
    }
  }
  return places;
}

// Who is inside of functions that run with the lock of `waiter` held, and does not wait for it himself. The search ends
// with the second: two say nothing.
std::vector<std::uint32_t> may_hold(const Case& facts, const Places& places, const Subject& waiter) {
  constexpr std::size_t kMostLookedAt = 64;  // of those that stand in one function
  std::vector<std::uint32_t> found;
  const KnownLock* lock = known_lock(waiter);
  const auto look_at = [&](const std::set<std::uint32_t>& pids) {
    std::size_t looked_at = 0;
    for (const std::uint32_t pid : pids) {
      if (found.size() > 1 || ++looked_at > kMostLookedAt) break;
      const Subject& candidate = facts.subjects.at(pid);
      // One that seems to sleep in the very function may want the lock as well: the entries that say so may be lost.
      const bool same =
          candidate.sleep &&
          ((is_lock(candidate.sleep->kind) && candidate.sleep->site == waiter.sleep->site) ||
           (candidate.sleep->kind == SleepKind::kUnknown && candidate.sleep->function == waiter.sleep->site));
      if (pid == waiter.pid || same || (lock != nullptr && known_lock(candidate) == lock)) continue;
      if (std::ranges::find(found, pid) == found.end()) found.push_back(pid);
    }
    if (looked_at > kMostLookedAt) found.assign(2, waiter.pid);  // a crowd
  };
  if (lock == nullptr) {
    const auto at = places.find(waiter.sleep->site);
    if (at != places.end() && !is_helper(waiter.sleep->site)) look_at(at->second);
    return found;
  }
  for (const auto& [function, pids] : places) {
    if (matches_any(lock->inside, function)) look_at(pids);
  }
  return found;
}

// Nobody is named: exactly one other task stands inside of the function that takes the lock.
void add_holders_by_position(Case& facts) {
  const Places places = places_of(facts);
  std::map<std::string_view, std::vector<std::uint32_t>> known;  // by where the lock is wanted
  for (auto& [pid, waiter] : facts.subjects) {
    if (waiter.edge || !waiter.is_stuck || !waiter.sleep || !is_lock(waiter.sleep->kind) ||
        waiter.sleep->site.empty()) {
      continue;
    }
    const auto [entry, is_new] = known.try_emplace(waiter.sleep->site);
    if (is_new) entry->second = may_hold(facts, places, waiter);
    if (entry->second.size() != 1 || entry->second.front() == pid) continue;
    waiter.edge =
        Edge{entry->second.front(), Source::kPosition, waiter.sleep->kind, waiter.sleep->line, waiter.sleep->site};
  }
}

// Workers that are stuck in a work, by what a task that flushes it knows of them.
struct StuckWorkers {
  std::map<std::string_view, std::set<std::uint32_t>> in_module;  // that stand in a module
  std::map<std::uint32_t, std::set<std::uint32_t>> behind;        // with a flusher's barrier queued behind their work
  std::map<std::uint32_t, std::set<std::uint32_t>> waiting_for;   // a task
};

StuckWorkers stuck_workers(const Case& facts) {
  StuckWorkers workers;
  const auto dump_of_stuck = [&](const Subject& worker) {
    const Dump* dump = worker.is_stuck ? facts.dump_of(worker) : nullptr;
    return dump == nullptr || dump->work.empty() ? nullptr : dump;
  };
  for (const auto& [pid, worker] : facts.subjects) {
    const Dump* dump = dump_of_stuck(worker);
    if (dump == nullptr) continue;
    for (const Frame& frame : dump->frames) {
      if (!frame.unsure && !frame.module.empty()) workers.in_module[frame.module].insert(pid);
    }
    if (worker.edge) workers.waiting_for[worker.edge->to].insert(pid);
  }
  for (const Work& work : facts.events->works) {
    // A barrier says for whom the work is waited, whether the worker was reported itself or only listed.
    const Subject* worker = work.barrier && work.pid ? facts.subject(*work.pid) : nullptr;
    const bool sleeps = worker != nullptr && worker->sleep && worker->sleep->kind != SleepKind::kWaitsForWork;
    if (sleeps || (worker != nullptr && dump_of_stuck(*worker) != nullptr))
      workers.behind[*work.barrier].insert(*work.pid);
  }
  return workers;
}

// Whose work a flusher waits for: who waits for the flusher himself, in the same module, or the only one that stands
// there or has the flusher's barrier behind his work.
std::optional<std::uint32_t> flushed_worker(const StuckWorkers& workers, const Subject& flusher) {
  const std::set<std::uint32_t> nobody;
  const auto pids_in = [&](const auto& map, const auto& key) -> const std::set<std::uint32_t>& {
    const auto found = map.find(key);
    return found == map.end() ? nobody : found->second;
  };
  const std::set<std::uint32_t>& near = pids_in(workers.in_module, flusher.sleep->module);
  for (const std::uint32_t pid : pids_in(workers.waiting_for, flusher.pid)) {
    if (pid != flusher.pid && near.contains(pid)) return pid;
  }
  std::set<std::uint32_t> candidates = pids_in(workers.behind, flusher.pid);
  candidates.erase(flusher.pid);
  for (const std::uint32_t pid : near) {
    if (candidates.size() > 1) break;
    if (pid != flusher.pid) candidates.insert(pid);
  }
  return candidates.size() == 1 ? std::optional(*candidates.begin()) : std::nullopt;
}

// A task that flushes a work waits for a worker: the one that runs a work of the same driver, or that waits for a lock
// which the flusher holds.
void add_flushed_workers(Case& facts) {
  StuckWorkers workers = stuck_workers(facts);
  for (auto& [pid, flusher] : facts.subjects) {
    if (flusher.edge || !flusher.sleep || flusher.sleep->kind != SleepKind::kFlushWork) continue;
    const auto worker = flushed_worker(workers, flusher);
    if (!worker) continue;
    flusher.edge = Edge{*worker, Source::kFlush, SleepKind::kFlushWork, flusher.sleep->line, flusher.sleep->site};
    // A flusher may be a worker too, whom another one flushes.
    workers.waiting_for[*worker].insert(pid);
  }
}

}  // namespace

std::optional<OwnLock> waits_for_own_lock(const Case& facts, const Subject& subject) {
  const Dump* dump = facts.dump_of(subject);
  if (dump == nullptr || !subject.sleep || !is_lock(subject.sleep->kind) || subject.sleep->site.empty())
    return std::nullopt;
  const std::string_view site = subject.sleep->site;
  bool passed = false;
  const KnownLock* lock = known_lock(subject);
  const auto is_wanted_by_others = [&] {
    return std::ranges::any_of(facts.subjects, [&](const auto& entry) {
      return entry.second.is_stuck && entry.first != subject.pid && known_lock(entry.second) == lock;
    });
  };
  for (const Frame& frame : dump->frames) {
    if (frame.unsure) continue;
    if (!passed) {
      passed = frame.function == site;
      continue;
    }
    if (frame.function == site && !is_helper(site) && !frame.module.empty()) return OwnLock{site, false};
    if (lock != nullptr && frame.function != "rtnetlink_rcv_msg" && matches_any(lock->inside, frame.function) &&
        is_wanted_by_others()) {
      return OwnLock{frame.function, true};
    }
  }
  return std::nullopt;
}

void add_edges(Case& facts) {
  add_named_holders(facts);
  add_listed_holders(facts);
  add_predicted_holders(facts);
  add_holders_by_position(facts);
  add_flushed_workers(facts);
}

std::vector<std::uint32_t> circle_from(const Case& facts, std::uint32_t pid) {
  std::vector<std::uint32_t> path;
  for (std::size_t i = 0; i < kLongestChain; ++i) {
    const auto found = std::ranges::find(path, pid);
    if (found != path.end()) return {found, path.end()};
    path.push_back(pid);
    const Subject* subject = facts.subject(pid);
    if (subject == nullptr || !subject->edge) return {};
    pid = subject->edge->to;
  }
  return {};
}

std::uint32_t end_of_chain(const Case& facts, std::uint32_t pid, std::vector<const Edge*>* edges) {
  std::set<std::uint32_t> seen;
  while (seen.insert(pid).second && seen.size() < kLongestChain) {
    const Subject* subject = facts.subject(pid);
    if (subject == nullptr || !subject->edge) break;
    if (edges != nullptr) edges->push_back(&*subject->edge);
    pid = subject->edge->to;
  }
  return pid;
}

}  // namespace whyhung::log
