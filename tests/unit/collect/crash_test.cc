// SPDX-License-Identifier: GPL-2.0-or-later
// What ended a machine, told from the stack of the CPU that panicked: the kind, the code, and whom that code served.
#include "collect/crash.h"

#include <gtest/gtest.h>

#include "names/functions.h"

namespace whyhung::collect {
namespace {

using model::ContextKind;
using model::CrashKind;

struct Called {
  std::string function;
  std::string module;
};

// CPU 0 with an exception, from its innermost frame on, on top of what it interrupted.
model::Snapshot machine(const std::vector<Called>& exception, const std::vector<Called>& under,
                        ContextKind kind = ContextKind::kException) {
  model::Snapshot snapshot;
  model::Cpu& cpu = snapshot.cpus.emplace_back();
  for (const auto* frames : {&exception, &under}) {
    for (const Called& one : *frames) {
      model::CodeLocation location;
      location.function = one.function;
      location.module = one.module;
      location.meanings = names::meanings_of(one.function, one.module, names::Machine::kX86_64);
      cpu.stack.frames.push_back({static_cast<std::uint32_t>(snapshot.locations.size()), {}, 0});
      snapshot.locations.push_back(std::move(location));
    }
  }
  const auto size = static_cast<std::uint32_t>(exception.size());
  const auto all = static_cast<std::uint32_t>(cpu.stack.frames.size());
  cpu.contexts.push_back({kind, 0, size});
  if (size != all) cpu.contexts.push_back({ContextKind::kTask, size, all});
  return snapshot;
}

std::string told(const model::Snapshot& snapshot) {
  const auto crash = find_crash(snapshot, 0);
  if (!crash) return "nothing";
  const auto name = [&](std::uint32_t frame) {
    return snapshot.location(snapshot.cpus[0].stack.frames[frame]).function;
  };
  std::string text = fmt::format("{} at {}", model::name_of(crash->kind), name(crash->frame));
  if (crash->accused) text += " for " + name(*crash->accused);
  return text;
}

const std::vector<Called> kPageFault = {
    {"panic", ""}, {"oops_end", ""}, {"page_fault_oops", ""}, {"exc_page_fault", ""}, {"asm_exc_page_fault", ""}};
const std::vector<Called> kBug = {{"panic", ""},         {"oops_end", ""},       {"do_trap", ""},
                                  {"do_error_trap", ""}, {"exc_invalid_op", ""}, {"asm_exc_invalid_op", ""}};

TEST(Crash, TheCodeUnderTheExceptionDidIt) {
  EXPECT_EQ(told(machine(kPageFault, {{"set_gain", "m"}, {"kthread", ""}})),
            fmt::format("{} at set_gain", model::name_of(CrashKind::kPageFault)));
}

TEST(Crash, CodeThatDoesWhatItIsToldIsNotAccusedButItsCaller) {
  EXPECT_EQ(told(machine(kPageFault, {{"memcpy_erms", ""}, {"fill", "m"}, {"kthread", ""}})),
            fmt::format("{} at memcpy_erms for fill", model::name_of(CrashKind::kPageFault)));
  EXPECT_EQ(told(machine(kBug, {{"__list_del_entry_valid.cold", ""}, {"drop", "m"}, {"kthread", ""}})),
            fmt::format("{} at __list_del_entry_valid.cold for drop", model::name_of(CrashKind::kInvalidInstruction)));
  EXPECT_EQ(told(machine(kPageFault, {{"_raw_spin_lock", ""}, {"mutex_lock", ""}, {"use", "m"}})),
            fmt::format("{} at _raw_spin_lock for use", model::name_of(CrashKind::kPageFault)));
}

TEST(Crash, AFunctionOfAModuleIsNoServantForItsName) {
  EXPECT_EQ(told(machine(kPageFault, {{"memcpy_fast", "m"}, {"fill", "m"}})),
            fmt::format("{} at memcpy_fast", model::name_of(CrashKind::kPageFault)));
}

TEST(Crash, AJumpToWhereThereIsNoCodeIsThatOfWhoJumped) {
  EXPECT_EQ(told(machine(kPageFault, {{"", ""}, {"signal_fence", "m"}, {"kthread", ""}})),
            fmt::format("{} at  for signal_fence", model::name_of(CrashKind::kPageFault)));
}

TEST(Crash, WhereNobodyButServantsAreKnownTheCodeItselfStands) {
  EXPECT_EQ(told(machine(kPageFault, {{"memset", ""}})),
            fmt::format("{} at memset", model::name_of(CrashKind::kPageFault)));
}

TEST(Crash, AServantThatCallsPanicItselfIsNotExcused) {
  EXPECT_EQ(told(machine({{"panic", ""}, {"give_up", "m"}, {"kthread", ""}}, {}, ContextKind::kTask)),
            fmt::format("{} at give_up", model::name_of(CrashKind::kCalled)));
}

TEST(Crash, ADetectorOfHangsAndARequestAreTheirOwnKinds) {
  EXPECT_EQ(told(machine({{"panic", ""}, {"watchdog", ""}, {"kthread", ""}}, {}, ContextKind::kTask)),
            fmt::format("{} at kthread", model::name_of(CrashKind::kHangDetector)));
  EXPECT_EQ(told(machine({{"panic", ""}, {"sysrq_handle_crash", ""}, {"__handle_sysrq", ""}, {"write", ""}}, {},
                         ContextKind::kTask)),
            fmt::format("{} at write", model::name_of(CrashKind::kRequested)));
}

}  // namespace
}  // namespace whyhung::collect
