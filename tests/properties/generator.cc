// SPDX-License-Identifier: GPL-2.0-or-later
#include "properties/generator.h"

#include <algorithm>
#include <map>

#include "support/wait_builder.h"

namespace whyhung::test {
namespace {

using diagnose::HangClass;
using model::ResourceKind;
using model::TaskState;

constexpr std::uint64_t kFirstLock = 0xffff'ffff'c000'2000;
constexpr std::uint32_t kFirstPid = 100;
constexpr double kYoungest = 0.02;  // seconds

// How a task that waits for no lock spends its time.
enum class Life { kRuns, kNaps, kHalted, kAsleep, kGone, kLoops };
constexpr Life kHealthyLives[] = {Life::kRuns, Life::kNaps};

struct Person {
  std::uint32_t pid = 0;
  Life life = Life::kNaps;
  int wants = -1;  // a lock's number; -1: none
  double age = 0;  // of what it does now, seconds
  std::uint32_t cpu = 0;
};

struct Lock {
  std::uint64_t address = 0;
  ResourceKind kind = ResourceKind::kMutex;
  std::size_t owner = 0;
};

class Maker {
 public:
  explicit Maker(Random& random) : random_(random) {}

  MadeMachine make() {
    cpus_ = static_cast<std::uint32_t>(between(2, 8));
    preempts_ = one_in(2);
    machine_.builder.preemption(preempts_ ? "full" : "voluntary");
    make_people();
    make_locks();
    find_circles();
    spread_the_truth();
    build();
    return std::move(machine_);
  }

 private:
  int between(int least, int most) { return std::uniform_int_distribution<int>(least, most)(random_); }
  double seconds(double least, double most) { return std::uniform_real_distribution<double>(least, most)(random_); }
  bool one_in(int times) { return between(1, times) == 1; }

  void make_people() {
    people_.resize(static_cast<std::size_t>(between(3, 30)));
    for (std::size_t i = 0; i < people_.size(); ++i) {
      people_[i].pid = kFirstPid + static_cast<std::uint32_t>(i);
      people_[i].life = kHealthyLives[between(0, 1)];
      people_[i].age = seconds(kYoungest, 0.3);
    }
    // Most machines are well, or have one thing wrong.
    constexpr Life kIll[] = {Life::kHalted, Life::kAsleep, Life::kGone, Life::kLoops};
    for (int wrongs = between(-1, 2); wrongs > 0; --wrongs) {
      Person& person = people_[static_cast<std::size_t>(between(0, static_cast<int>(people_.size()) - 1))];
      person.life = kIll[between(0, 3)];
      // A loop that the scheduler may interrupt hangs nothing by itself.
      if (person.life == Life::kLoops && preempts_) person.life = Life::kHalted;
      person.age = seconds(3, 45);
    }
    share_cpus();
  }

  // One CPU for each that loops, then for those that run; for whom none is left, it does something else.
  void share_cpus() {
    std::uint32_t next = 0;
    for (const auto& [life, without_cpu] : {std::pair{Life::kLoops, Life::kHalted}, {Life::kRuns, Life::kNaps}}) {
      for (Person& person : people_) {
        if (person.life != life) continue;
        if (next < cpus_) {
          person.cpu = next++;
        } else {
          person.life = without_cpu;
        }
      }
    }
  }

  void make_locks() {
    locks_.resize(static_cast<std::size_t>(between(1, 6)));
    for (std::size_t i = 0; i < locks_.size(); ++i) {
      locks_[i].address = kFirstLock + i * 0x40;
      locks_[i].kind = one_in(3) ? ResourceKind::kRwSemaphore : ResourceKind::kMutex;
      locks_[i].owner = static_cast<std::size_t>(between(0, static_cast<int>(people_.size()) - 1));
    }
    for (Person& person : people_) {
      const bool is_busy = person.life == Life::kRuns || person.life == Life::kNaps;
      if (is_busy && one_in(2)) person.wants = between(0, static_cast<int>(locks_.size()) - 1);
    }
  }

  const Person* next_of(const Person& person) const {
    return person.wants < 0 ? nullptr : &people_[locks_[static_cast<std::size_t>(person.wants)].owner];
  }

  // Whom a person waits for in the end; null: it is in a circle, or waits for one.
  const Person* end_of(const Person& person) const {
    const Person* at = &person;
    for (std::size_t steps = 0; at->wants >= 0; at = next_of(*at)) {
      if (++steps > people_.size()) return nullptr;
    }
    return at;
  }

  void find_circles() {
    for (Person& person : people_) {
      if (person.wants < 0) continue;
      std::set<ResourceKind> kinds;
      const Person* at = &person;
      std::size_t steps = 0;
      do {
        kinds.insert(locks_[static_cast<std::size_t>(at->wants)].kind);
        at = next_of(*at);
        ++steps;
      } while (at->wants >= 0 && at != &person && steps <= people_.size());
      if (at != &person) continue;
      circular_.insert(person.pid);
      if (steps == 1) {
        machine_.truth.classes.insert(HangClass::kSelfDeadlock);
      } else if (kinds == std::set{ResourceKind::kMutex}) {
        machine_.truth.classes.insert(HangClass::kMutexDeadlock);
      } else {
        machine_.truth.classes.insert(HangClass::kMixedLockCycle);
      }
    }
  }

  // Waits that end at somebody who moves are young; the others go back to when it all began.
  void spread_the_truth() {
    for (Person& person : people_) {
      if (person.wants < 0) continue;
      const Person* end = end_of(person);
      const bool ends = end != nullptr && (end->life == Life::kRuns || end->life == Life::kNaps);
      person.age = ends ? seconds(kYoungest, 0.4) : seconds(32, 50);
      if (ends) continue;
      if (end == nullptr) continue;
      switch (end->life) {
        case Life::kHalted: add_root(*end, {HangClass::kHolderFrozen}); break;
        case Life::kAsleep: add_root(*end, {HangClass::kLockHeldBySleeper}); break;
        case Life::kGone: add_root(*end, {HangClass::kLockHeldByExitedTask, HangClass::kLockLeaked}); break;
        case Life::kLoops: add_root(*end, {HangClass::kCpuHog, HangClass::kLockHeldBySleeper}); break;
        case Life::kRuns:
        case Life::kNaps: break;
      }
    }
    for (const Person& person : people_)
      if (person.life == Life::kLoops) add_root(person, {HangClass::kCpuHog});
    for (const std::uint32_t pid : circular_) add_root(people_[pid - kFirstPid], {});
  }

  void add_root(const Person& person, std::set<HangClass> classes) {
    roots_.insert(person.pid);
    machine_.truth.classes.merge(classes);
  }

  void build() {
    SnapshotBuilder& b = machine_.builder;
    for (std::uint32_t cpu = 0; cpu < cpus_; ++cpu) b.cpu(cpu).idles();
    for (const Person& person : people_) {
      std::string does = "waits";
      if (person.wants < 0) does = live(person);
      if (person.wants >= 0)
        add_waiter(b, person.pid, locks_[static_cast<std::size_t>(person.wants)].address, person.age);
      machine_.story += std::to_string(person.pid) + " " + does +
                        (person.wants < 0 ? "" : " for lock " + std::to_string(person.wants)) + " " +
                        std::to_string(person.age) + " s; ";
    }
    for (std::size_t i = 0; i < locks_.size(); ++i) {
      const Person& owner = people_[locks_[i].owner];
      machine_.story += "lock " + std::to_string(i) + " of " + std::to_string(owner.pid) + "; ";
      add_resource(b, locks_[i].address, locks_[i].kind, owner.pid);
    }
    for (const std::uint32_t pid : roots_) machine_.truth.roots.insert(b.address_of(pid));
    for (const Person& person : people_) {
      if (person.life != Life::kGone) continue;
      const std::uint64_t address = b.address_of(person.pid);
      std::erase_if(b.snapshot().tasks, [&](const model::Task& task) { return task.address == address; });
    }
  }

  // A task that waits for no lock, and what is to be said of it.
  std::string live(const Person& person) {
    SnapshotBuilder& b = machine_.builder;
    switch (person.life) {
      case Life::kRuns:
        b.cpu(person.cpu).runs(person.pid, "worker").frames({"copy_page", "do_fault", "entry_SYSCALL_64"});
        b.cpu(person.cpu).held_for(0.01).interrupts(true);
        return "runs";
      case Life::kLoops:
        b.cpu(person.cpu).runs(person.pid, "spinner").frames({"poll_forever [driver]", "kthread", "ret_from_fork"});
        b.cpu(person.cpu).held_for(person.age + 30).interrupts(true);
        b.cpu(person.cpu).loop("poll_forever [driver]", model::LoopYield::kNever);
        b.task(person.pid).is_kernel_thread = true;
        return "loops";
      case Life::kHalted: add_sleeper(b, person.pid, person.age + 50).state = TaskState::kStopped; return "is stopped";
      case Life::kAsleep:
        add_sleeper(b, person.pid, person.age + 50).state =
            one_in(2) ? TaskState::kInterruptible : TaskState::kUninterruptible;
        return "sleeps";
      case Life::kGone: b.task(person.pid); return "has gone";
      case Life::kNaps: add_sleeper(b, person.pid, person.age).state = TaskState::kInterruptible; return "naps";
    }
    return {};
  }

  Random& random_;
  MadeMachine machine_;
  std::uint32_t cpus_ = 1;
  bool preempts_ = false;
  std::vector<Person> people_;
  std::vector<Lock> locks_;
  std::set<std::uint32_t> circular_;
  std::set<std::uint32_t> roots_;
};

}  // namespace

MadeMachine make_machine(Random& random) {
  return Maker(random).make();
}

}  // namespace whyhung::test
