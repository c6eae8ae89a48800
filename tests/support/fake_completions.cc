// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/fake_completions.h"

namespace whyhung::test {
namespace {

constexpr std::uint64_t kCompletions = 0xffffffff85000000;
constexpr std::uint64_t kCompletionSize = 0x40;

constexpr std::string_view kTypes =
    "completion 32: done@0:4 wait.task_list@16:16\n"
    "swait_queue 24: task@0:8 task_list@8:16\n"
    "kthread 128: exited@64:32 parked@96:32";

// The type of a waiter's record, with the members that name its task and link it.
struct Record {
  std::string_view type, task, list;
};
Record record_type(FakeMachine& machine) {
  if (machine.types.size_of("swait_queue")) return {"swait_queue", "task", "task_list"};
  if (machine.types.size_of("wait_queue_entry")) return {"wait_queue_entry", "private", "entry"};
  return {"__wait_queue", "private", "task_list"};
}

}  // namespace

FakeCompletion::FakeCompletion(FakeKernel& kernel, std::uint64_t address) : kernel_(kernel), address_(address) {
  kernel_.machine.memory.touch(address);
  kernel_.machine.link_list(address_ + 16, {});
}

FakeCompletion& FakeCompletion::done(std::uint64_t count) {
  kernel_.machine.set("completion", address_, "done", count);
  return *this;
}

std::uint64_t FakeCompletion::links_of(std::uint64_t record) {
  const Record type = record_type(kernel_.machine);
  return kernel_.machine.address_of(type.type, record, type.list);
}

void FakeCompletion::write_record(std::uint32_t pid, std::uint64_t record) {
  const Record type = record_type(kernel_.machine);
  kernel_.machine.set(type.type, record, type.task, kernel_.task(pid));
}

FakeCompletion& FakeCompletion::waited_for_by(std::uint32_t pid, std::vector<FakeFrame> callers) {
  callers.insert(callers.begin(), {"__schedule", "schedule", "schedule_timeout", "__wait_for_common"});
  kernel_.sleep(pid, std::move(callers));
  write_record(pid, record_of(pid));
  waiters_.push_back(links_of(record_of(pid)));
  kernel_.machine.link_list(address_ + 16, waiters_);
  return *this;
}

void FakeCompletion::leave_record(std::uint32_t pid, std::uint64_t record) {
  write_record(pid, record);
  kernel_.machine.link_list(links_of(record), {});
}

FakeCompletions::FakeCompletions(FakeKernel& kernel) : kernel_(kernel) {
  kernel_.machine.types.add(kTypes);
}

FakeCompletion& FakeCompletions::make(std::string_view name) {
  const std::uint64_t address = kCompletions + kCompletionSize * all_.size();
  if (!name.empty()) kernel_.name_variable(name, address, kCompletionSize);
  return at(address);
}

FakeCompletion& FakeCompletions::of_thread(std::uint32_t pid, std::string_view member) {
  return at(kernel_.machine.address_of("kthread", FakeKernel::kthread_of(kernel_.task(pid)), member));
}

void FakeCompletions::use_full_queues(std::string_view type) {
  const bool is_old = type == "__wait_queue";
  kernel_.machine.types.remove("swait_queue").remove("completion", "wait.task_list");
  // The head was named task_list before v4.13.
  kernel_.machine.types.add(is_old ? "completion 32: wait.task_list@16:16" : "completion 32: wait.head@16:16");
  kernel_.machine.types.add(is_old ? "__wait_queue 40: private@8:8 task_list@24:16"
                                   : "wait_queue_entry 40: private@8:8 entry@24:16");
}

}  // namespace whyhung::test
