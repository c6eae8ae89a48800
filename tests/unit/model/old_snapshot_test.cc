// SPDX-License-Identifier: GPL-2.0-or-later
// Snapshots of schema 1 had sentences for roles and ways of waiting, and facts by name: they are read as what they
// meant.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include <fmt/format.h>

#include "model/json.h"

namespace whyhung::model {
namespace {

std::string snapshot_text(std::string_view resources, std::string_view waits) {
  return fmt::format(
      R"({{"schema":"whyhung-snapshot-1","machine":{{"dump_file":"","dump_format":"","partial_dump":false,)"
      R"("incomplete_dump":false,"capsule":false,"symbols_from":"","types_from":"","architecture":"","node_name":"",)"
      R"("release":"","version":"","machine":"","load_average":[],"panic_message":"","preemption":""}},"locations":[],)"
      R"("cpus":[],"tasks":[],"modules":[],"resources":[{}],"waits":[{}],"stop_machine":[],"log":[],"gaps":[]}})",
      resources, waits);
}

Resource resource_with(std::string_view kind, std::string_view facts, std::string_view role = "owner") {
  const auto loaded = read_snapshot(snapshot_text(
      fmt::format(R"({{"address":"0x10","kind":"{}","name":"it","facts":[{}],"holders":[{{"who":{{"kind":"task",)"
                  R"("id":"0x20"}},"role":"{}","certainty":"likely","evidence":[]}}],"evidence":[]}})",
                  kind, facts, role),
      ""));
  if (!loaded) throw std::runtime_error(loaded.error().what);
  return loaded->resources.at(0);
}

std::string fact(std::string_view name, std::string_view value) {
  return fmt::format(R"({{"name":"{}","value":"{}"}})", name, value);
}

WaitHow how_of(std::string_view text) {
  const auto loaded = read_snapshot(snapshot_text(
      "", fmt::format(R"({{"waiter":{{"kind":"task","id":"0x20"}},"on":{{"kind":"resource","id":"0x10"}},"how":"{}",)"
                      R"("certainty":"certain","evidence":[]}})",
                      text)));
  if (!loaded) throw std::runtime_error(loaded.error().what);
  return loaded->waits.at(0).how;
}

TEST(OldSnapshot, RolesAreKnownByTheirSentences) {
  const auto role = [](std::string_view text) { return resource_with("mutex", "", text).holders.at(0).role; };
  EXPECT_EQ(role("owner"), HolderRole::kOwner);
  EXPECT_EQ(role("reader"), HolderRole::kReader);
  EXPECT_EQ(role("last holder"), HolderRole::kLastHolder);
  EXPECT_EQ(role("was handed the lock"), HolderRole::kHandedOver);
  EXPECT_EQ(role("holds it"), HolderRole::kSpins);
  EXPECT_EQ(role("must take part"), HolderRole::kMustTakePart);
  EXPECT_EQ(role("must run it"), HolderRole::kMustRun);
  EXPECT_EQ(role("executes it"), HolderRole::kExecutes);
  EXPECT_EQ(role("occupies the queue that may not execute more at a time"), HolderRole::kOccupiesQueue);
  EXPECT_EQ(role("occupies the pool that it waits in"), HolderRole::kOccupiesPool);
  EXPECT_EQ(role("executes work of the queue"), HolderRole::kExecutesQueue);
  EXPECT_EQ(role("must end"), HolderRole::kMustEnd);
  EXPECT_EQ(role("must park"), HolderRole::kMustPark);
  EXPECT_EQ(role("must make the thread"), HolderRole::kMustMakeThread);
  EXPECT_EQ(role("owes a quiescent state"), HolderRole::kOwesQuiescentState);
  EXPECT_EQ(role("runs a reader"), HolderRole::kRunsReader);
  EXPECT_EQ(role("was preempted as a reader"), HolderRole::kWasPreemptedReading);
  EXPECT_EQ(role("serves it"), HolderRole::kServes);
  EXPECT_EQ(role("looks it up"), HolderRole::kLooksUp);
  EXPECT_EQ(role("has been sent it and has not begun"), HolderRole::kHasNotBegun);
  EXPECT_EQ(role("has begun it and has not come to its end"), HolderRole::kHasNotEnded);
  EXPECT_EQ(role("does something else"), HolderRole::kOther);
}

TEST(OldSnapshot, WaysOfWaitingAreKnownByTheirSentences) {
  EXPECT_EQ(how_of("asked for the machine to be stopped").kind, WaitKind::kAskedForStop);
  EXPECT_EQ(how_of("waits for the stopper of a CPU").kind, WaitKind::kWaitsForStopper);
  EXPECT_EQ(how_of("spins in multi_cpu_stop").kind, WaitKind::kSpinsInStopMachine);
  EXPECT_EQ(how_of("sleeps at this word of its memory").kind, WaitKind::kSleepsAtWord);
  EXPECT_EQ(how_of("sleeps for it, which belongs to a futex with priority inheritance").kind,
            WaitKind::kSleepsAtFutexLock);
  EXPECT_EQ(how_of("sleeps until a page is read or written").kind, WaitKind::kSleepsForPage);
  EXPECT_EQ(how_of("sleeps until it is unlocked").kind, WaitKind::kSleepsForPageLock);
  EXPECT_EQ(how_of("sleeps until a buffer is read, written, or unlocked").kind, WaitKind::kSleepsForBuffer);
  EXPECT_EQ(how_of("sleeps until the file system is thawed").kind, WaitKind::kSleepsUntilThawed);
  EXPECT_EQ(how_of("sleeps until the name is looked up").kind, WaitKind::kSleepsForLookup);
  EXPECT_EQ(how_of("spins for it").kind, WaitKind::kSpins);
  EXPECT_EQ(how_of("waits in a way of its own").kind, WaitKind::kOther);
}

TEST(OldSnapshot, WhereOneWaitsAndInWhichModeIsReadFromTheSentence) {
  WaitHow how = how_of("sleeps for it in update [mutexes]");
  EXPECT_EQ(how.kind, WaitKind::kSleeps);
  EXPECT_EQ(how.function, "update");
  EXPECT_EQ(how.module, "mutexes");
  how = how_of("sleeps for it for writing in do_wait");
  EXPECT_EQ(how.mode, LockMode::kExclusive);
  EXPECT_EQ(how.function, "do_wait");
  EXPECT_EQ(how.module, "");
  EXPECT_EQ(how_of("sleeps for it for reading").mode, LockMode::kShared);
  how = how_of("sleeps for it (POSIX, shared)");
  EXPECT_EQ(how.family, FileLockFamily::kPosix);
  EXPECT_EQ(how.mode, LockMode::kShared);
  EXPECT_EQ(how_of("sleeps for it (flock, exclusive)").mode, LockMode::kExclusive);
  how = how_of("sleeps until its request LOOKUP is answered, which the server has not read yet");
  EXPECT_EQ(how.kind, WaitKind::kSleepsForAnswer);
  EXPECT_EQ(how.request, "LOOKUP");
  EXPECT_EQ(how.taken_up, false);
  EXPECT_EQ(how_of("sleeps until its request READ is answered, which the server has read").taken_up, true);
  EXPECT_EQ(how_of("sleeps until its call is answered (xprt_pending)").request, "xprt_pending");
  EXPECT_EQ(how_of("sleeps until its call is answered").kind, WaitKind::kSleepsForCall);
}

TEST(OldSnapshot, FactsOfLocks) {
  const Resource lock = resource_with("rw-semaphore", fact("waiters", "13") + "," + fact("readers", "2") + "," +
                                                          fact("writer", "no") + "," + fact("owner", "none"));
  const auto* facts = facts_of<LockFacts>(lock);
  ASSERT_NE(facts, nullptr);
  EXPECT_EQ(facts->waiters, 13u);
  EXPECT_EQ(facts->readers, 2u);
  EXPECT_EQ(facts->writer_holds, false);
  EXPECT_TRUE(facts->has_no_owner);
  EXPECT_EQ(facts->count, std::nullopt);
  EXPECT_EQ(facts_of<LockFacts>(resource_with("semaphore", fact("count", "-1")))->count, -1);
  EXPECT_TRUE(facts_of<LockFacts>(resource_with("rt-mutex", fact("futex", "yes")))->is_futex);
  const auto former =
      facts_of<LockFacts>(resource_with("mutex", fact("former pid", "77") + "," + fact("former comm", "gone") + "," +
                                                     fact("former start", "5000000000")))
          ->former;
  EXPECT_EQ(former, (FormerTask{77, "gone", 5'000'000'000}));
}

TEST(OldSnapshot, FactsOfOtherKinds) {
  EXPECT_EQ(
      *facts_of<CompletionFacts>(resource_with("completion", fact("done", "1") + "," + fact("ends by itself", "yes"))),
      (CompletionFacts{1, {}, true}));
  EXPECT_EQ(facts_of<WorkFacts>(resource_with("work-item", fact("workqueue", "events")))->workqueue, "events");
  EXPECT_EQ(facts_of<GracePeriodFacts>(resource_with("rcu-grace-period", fact("grace period", "0xfffffffffffffd29")))
                ->sequence,
            0xfffffffffffffd29);
  const Resource device =
      resource_with("device", fact("number", "253:1") + "," + fact("driver", "dm_blk_dops [dm_mod]") + "," +
                                  fact("mapped as", "data") + "," + fact("file system", "ext4") + "," +
                                  fact("suspended", "yes") + "," + fact("frozen", "completely"));
  const auto* facts = facts_of<DeviceFacts>(device);
  ASSERT_NE(facts, nullptr);
  EXPECT_EQ(facts->number, (DeviceNumber{253, 1}));
  EXPECT_EQ(facts->driver, "dm_blk_dops [dm_mod]");
  EXPECT_EQ(facts->mapped_as, "data");
  EXPECT_EQ(facts->file_system, "ext4");
  EXPECT_TRUE(facts->suspended);
  EXPECT_EQ(facts->frozen, FreezeLevel::kCompletely);
  EXPECT_EQ(*facts_of<ServerFacts>(resource_with("server", fact("kind", "RPC") + "," + fact("connected", "no"))),
            (ServerFacts{ServerKind::kRpc, false}));
  EXPECT_EQ(facts_of<FutexFacts>(resource_with("futex", fact("word", "0x2")))->word, 2u);
  EXPECT_EQ(*facts_of<FileLockFacts>(resource_with("file-lock", fact("kind", "flock, shared"))),
            (FileLockFacts{FileLockFamily::kFlock, LockMode::kShared}));
  EXPECT_TRUE(std::holds_alternative<std::monostate>(resource_with("spinlock", fact("done", "1")).facts));
}

TEST(OldSnapshot, WhatFunctionsMeanIsWorkedOutOnLoading) {
  std::string text = snapshot_text("", "");
  const auto put = [&](std::string_view mark, std::string_view with) {
    text.replace(text.find(mark), mark.size(), with);
  };
  put(R"("architecture":"")", R"("architecture":"s390x")");
  put(R"("locations":[])",
      R"("locations":[{"address":"0x1","function":"schedule","offset":"0x0","module":"","lines":[]},)"
      R"({"address":"0x2","function":"do_irq","offset":"0x0","module":"","lines":[]}])");
  const auto loaded = read_snapshot(text);
  ASSERT_TRUE(loaded) << loaded.error().what;
  EXPECT_TRUE(loaded->locations.at(0).meanings.has(names::Meaning::kWaits));
  EXPECT_TRUE(loaded->locations.at(1).meanings.empty()) << "it is another machine's entry";
}

TEST(OldSnapshot, EveryScenarioIsTheSameWhenItIsSavedAnew) {
  std::size_t count = 0;
  for (const auto& folder : std::filesystem::directory_iterator(WHYHUNG_SCENARIOS)) {
    std::ifstream file(folder.path() / "snapshot.json", std::ios::binary);
    if (!file) continue;
    const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    const auto loaded = read_snapshot(text);
    ASSERT_TRUE(loaded) << folder << ": " << loaded.error().what;
    for (const Wait& wait : loaded->waits) EXPECT_NE(wait.how.kind, WaitKind::kOther) << folder;
    for (const Resource& resource : loaded->resources) {
      for (const Holder& holder : resource.holders) EXPECT_NE(holder.role, HolderRole::kOther) << folder;
    }
    std::ostringstream saved;
    write_snapshot(saved, *loaded);
    EXPECT_EQ(*read_snapshot(saved.str()), *loaded) << folder;
    ++count;
  }
  EXPECT_GT(count, 100u);
}

TEST(OldSnapshot, WhatIsNotOfItsFormIsStillAnError) {
  const auto error = [](std::string_view resources, std::string_view waits) {
    const auto loaded = read_snapshot(snapshot_text(resources, waits));
    return loaded ? "loaded" : loaded.error().what;
  };
  EXPECT_NE(error("7", ""), "loaded");
  EXPECT_NE(error(R"({"address":"0x1","kind":"mutex","name":"","facts":7,"holders":[],"evidence":[]})", ""), "loaded");
  EXPECT_NE(error("", R"({"how":7})"), "loaded");
  EXPECT_EQ(error(R"({"address":"0x1","kind":"mutex","name":"","facts":[7,{},{"name":7,"value":8},{"name":"waiters"}],)"
                  R"("holders":[],"evidence":[]})",
                  ""),
            "loaded");
}

}  // namespace
}  // namespace whyhung::model
