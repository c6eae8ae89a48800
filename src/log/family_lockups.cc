// SPDX-License-Identifier: GPL-2.0-or-later
// The watchdogs' reports, backtraces of CPUs, calls that no CPU answered, and spinlocks that their debugging code
// knows.
#include "log/reader.h"

namespace whyhung::log {
namespace {

constexpr std::uint64_t kMostCpus = 65536;

// Two CPUs print at once, and nothing tells their lines apart.
bool is_unfinished(Reader& reader, std::uint64_t cpu) {
  constexpr std::size_t kAtOnce = 12;  // records
  Dump* before = reader.dump();
  const bool is_lockup =
      before != nullptr && (before->origin == DumpOrigin::kSoftLockup || before->origin == DumpOrigin::kHardLockup);
  if (!is_lockup || before->cpu == cpu || !before->frames.empty() || !before->point.empty()) return false;
  if (reader.here().index > before->at.index + kAtOnce) return false;
  before->mixed = true;
  return true;
}

Lockup& add_lockup(Reader& reader, std::uint64_t cpu, bool hard) {
  Lockup lockup;
  lockup.at = reader.here();
  lockup.cpu = static_cast<std::uint32_t>(cpu);
  lockup.hard = hard;
  reader.events().lockups.push_back(lockup);
  const std::size_t number = reader.events().lockups.size() - 1;
  reader.begin_list(DumpOrigin::kOther);
  reader.stall.reset();
  reader.lockup = number;
  const bool mixed = is_unfinished(reader, cpu);
  const std::size_t index = reader.open_dump(hard ? DumpOrigin::kHardLockup : DumpOrigin::kSoftLockup);
  reader.events().dumps[index].cpu = static_cast<std::uint32_t>(cpu);
  reader.events().dumps[index].is_running = true;
  reader.events().dumps[index].mixed = mixed;
  reader.events().lockups[number].dump = index;
  return reader.events().lockups[number];
}

}  // namespace

void read_soft_lockup(Reader& reader) {
  const auto found = match(reader.text(), "soft lockup - CPU#%d stuck for %ds! [%s");
  if (!found || found->number[0] >= kMostCpus) return;
  Lockup& lockup = add_lockup(reader, found->number[0], false);
  lockup.seconds = found->number[1];
  std::string_view name = found->text[0];
  name = name.substr(0, name.rfind(']'));
  const auto task = split_task(name);
  if (!task) return;
  lockup.task = task;
  Dump& dump = reader.events().dumps[*lockup.dump];
  dump.comm = task->comm;
  dump.pid = task->pid;
  dump.seconds = static_cast<double>(found->number[1]);
  dump.idle = task->pid == 0;  // "swapper/0" with pid 1 is the first task, which starts the machine
}

void read_hard_lockup(Reader& reader) {
  const std::string_view text = reader.text();
  if (text.find("Kernel panic") != std::string_view::npos) return;
  if (const auto found = match(text, "detected hard LOCKUP on cpu %d"); found && found->number[0] < kMostCpus) {
    add_lockup(reader, found->number[0], true);
  }
}

// powerpc's own watchdog.
void read_power_hard_lockup(Reader& reader) {
  const std::string_view text = reader.text();
  for (const std::string_view pattern : {"CPU %d self-detected hard LOCKUP", "CPU %d Hard LOCKUP", "CPU:%d Hard LOCKUP",
                                         "detected hard LOCKUP on other CPUs %d"}) {
    const auto found = match(text, pattern);
    if (!found || found->number[0] >= kMostCpus) continue;
    add_lockup(reader, found->number[0], true);
    return;
  }
}

void read_unstuck_cpu(Reader& reader) {
  const auto found = match(reader.text(), "CPU %d became unstuck");
  if (!found) return;
  for (Lockup& lockup : reader.events().lockups) lockup.ended |= lockup.cpu == found->number[0];
}

void read_nmi_backtrace(Reader& reader) {
  const auto found = match(reader.text(), "NMI backtrace for cpu %d");
  if (!found || found->number[0] >= kMostCpus) return;
  const std::size_t index = reader.open_dump(DumpOrigin::kNmi);
  Dump& dump = reader.events().dumps[index];
  dump.cpu = static_cast<std::uint32_t>(found->number[0]);
  dump.is_running = true;
  dump.idle = found->rest.find("skipped: idling") != std::string_view::npos;
  if (reader.stall) reader.events().stalls[*reader.stall].dumps.push_back(index);
  if (dump.idle) reader.close_dump();
}

void read_task_dump_for_cpu(Reader& reader) {
  const auto found = match(reader.text(), "Task dump for CPU %d");
  if (!found || found->number[0] >= kMostCpus) return;
  const std::size_t index = reader.open_dump(DumpOrigin::kRcu);
  reader.events().dumps[index].cpu = static_cast<std::uint32_t>(found->number[0]);
  if (reader.stall) reader.events().stalls[*reader.stall].dumps.push_back(index);
  reader.expect(DumpOrigin::kRcu);
}

void read_deaf_call(Reader& reader) {
  const auto found = match(reader.text(), "non-responsive CSD lock (#%d) on CPU#%d, waiting %d ns for CPU#%d %w");
  if (!found || found->number[1] >= kMostCpus || found->number[3] >= kMostCpus) return;
  DeafCall call;
  call.at = reader.here();
  call.waiter = static_cast<std::uint32_t>(found->number[1]);
  call.nanoseconds = found->number[2];
  call.target = static_cast<std::uint32_t>(found->number[3]);
  std::string_view function = found->text[0];
  call.function = plain_name(function.substr(0, function.find('+')));
  reader.events().calls.push_back(call);
}

void read_answered_call(Reader& reader) {
  const auto found = match(reader.text(), "got unstuck on CPU#%d");
  if (!found) return;
  for (DeafCall& call : reader.events().calls)
    call.ended |= call.waiter == found->number[0] || call.target == found->number[0];
}

// "BUG: spinlock lockup suspected on CPU#0, foo/123", "BUG: spinlock recursion on CPU#1, foo/123".
void read_spin_report(Reader& reader) {
  const std::string_view text = reader.text();
  auto found = match(text, "spinlock lockup suspected on CPU#%d, %s");
  if (!found) found = match(text, "spinlock lockup on CPU#%d, %s");
  const bool recursion = !found;
  if (!found) found = match(text, "spinlock recursion on CPU#%d, %s");
  if (!found || found->number[0] >= kMostCpus) return;
  std::string_view name = found->text[0];
  name = name.substr(0, name.find(','));
  const auto waiter = split_task(name, '/');
  if (!waiter) return;
  SpinReport report;
  report.at = reader.here();
  report.cpu = static_cast<std::uint32_t>(found->number[0]);
  report.waiter = *waiter;
  report.recursion = recursion;
  reader.events().spins.push_back(report);
  reader.spin = reader.events().spins.size() - 1;
}

void read_spin_owner(Reader& reader) {
  const auto found = match(reader.text(), ".owner: %s, .owner_cpu: %d");
  if (!found || !reader.spin) return;
  SpinReport& report = reader.events().spins[*reader.spin];
  const auto owner = split_task(found->text[0], '/');
  if (owner && owner->comm != "<none>") report.owner = owner;
  if (report.owner) report.owner_cpu = static_cast<std::uint32_t>(found->number[1]);
  reader.spin.reset();
}

}  // namespace whyhung::log
