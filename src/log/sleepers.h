// SPDX-License-Identifier: GPL-2.0-or-later
// Tasks that sleep and are not woken: chains along the holders, and what stands at their ends.
#pragma once

#include <algorithm>
#include <map>
#include <string_view>
#include <vector>

#include "log/edges.h"
#include "log/verdict.h"

namespace whyhung::log {

class Sleepers {
 public:
  explicit Sleepers(const Case& facts);
  std::optional<Verdict> judge();

 private:
  void earlier(std::optional<double> onset);
  void say_blocked(const Subject& subject);
  void say_sleep(const Subject& subject);
  void say_edge(const Subject& waiter, const Edge& edge);
  const Dump* dump_of(std::uint32_t pid) const;
  void accuse_task(std::uint32_t pid);
  void accuse_thing(std::string_view thing, std::string_view function);
  bool find_circle();
  bool find_own_lock();
  bool find_named_holder();
  bool find_positioned_holder();
  bool judge_end(const Subject& start, std::uint32_t end);
  void say_chain(const Subject& start);
  bool judge_running_holder(const Subject& start, const Subject& holder, bool unsure);
  bool judge_sleeping_holder(const Subject& start, const Subject& holder, bool unsure);
  // The holder waits for a lock itself, and who has that one is not in the log.
  bool open_at(const Subject& holder);
  static bool is_device(SleepKind kind);
  void say_those(const std::vector<const Subject*>& tasks);
  bool find_frozen();
  bool find_server();
  bool in_time(const Where& at) const;
  // Complaints of a device before the onset, and a task that waits for such a device.
  bool find_device();
  // Nothing complains, but all that is waited for lies below the block layer or in a device.
  bool find_stuck_io();
  // Who writes pages out is stuck himself, in something that is not I/O.
  bool writers_wait() const;
  bool others_are_victims() const;
  bool find_grace_period();
  bool find_kept_device();
  bool find_reclaim();
  // A worker that waits for works to end, from inside of a work of the same queue or driver.
  bool find_self_flush();
  void say_not_shown(SleepKind kind);
  void leave_open(bool any_stack);

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

  const Case& facts_;
  std::vector<const Subject*> stuck_;
  Verdict verdict_;
  const Subject* root_ = nullptr;  // the end of the chain that is being judged
  const Subject* chain_start_ = nullptr;
  bool weak_ = false;  // that chain has a link that is only inferred
};

}  // namespace whyhung::log
