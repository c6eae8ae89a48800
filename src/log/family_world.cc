// SPDX-License-Identifier: GPL-2.0-or-later
// What else the kernel and its helpers say around a hang: panics, memory, clocks, suspend, lost lines.
#include <algorithm>
#include <array>

#include "log/reader.h"

namespace whyhung::log {
namespace {

bool says(Reader& reader, std::string_view words) {
  return reader.text().find(words) != std::string_view::npos;
}

}  // namespace

void read_panic(Reader& reader) {
  const auto found = match(reader.text(), "Kernel panic - not syncing: %s");
  if (!found || says(reader, "end Kernel panic")) return;
  const std::string_view why = found->text[0];
  constexpr std::array<std::string_view, 8> kHangs = {"softlockup", "soft lockup", "hard LOCKUP", "Hard LOCKUP",
                                                      "hung_task",  "RCU Stall",   "workqueue",   "LOCKUP"};
  const auto is_in = [&](std::string_view word) { return why.find(word) != std::string_view::npos; };
  NoteKind kind = NoteKind::kPanic;
  if (std::ranges::any_of(kHangs, is_in)) kind = NoteKind::kHangPanic;
  if (is_in("sysrq triggered crash") || is_in("sysrq-triggered crash")) kind = NoteKind::kRequestedCrash;
  reader.note(kind, why);
  reader.next_cpu_line = DumpOrigin::kPanic;
  reader.close_dump();
}

void read_oops(Reader& reader) {
  constexpr std::array<std::string_view, 6> kOthers = {"soft lockup",       "workqueue lockup",        "spinlock",
                                                       "sleeping function", "scheduling while atomic", "Kernel panic"};
  if (std::ranges::any_of(kOthers, [&](std::string_view word) { return says(reader, word); })) return;
  // "traps: a[123] general protection fault ip:…" is a program's own fault.
  if (says(reader, "traps: ") || (says(reader, "Internal error: ") && !reader.text().starts_with("Internal error: ")))
    return;
  reader.note(NoteKind::kOops);
  reader.next_cpu_line = DumpOrigin::kOops;
  reader.close_dump();
}

void read_warning(Reader& reader) {
  if (!says(reader, " at ")) return;
  reader.note(NoteKind::kTaint);
  reader.next_cpu_line = DumpOrigin::kWarning;
  reader.close_dump();
}

void read_end_of_trace(Reader& reader) {
  reader.close_dump();
  reader.splat.reset();
}

void read_oom(Reader& reader) {
  if (says(reader, "invoked oom-killer")) {
    reader.next_cpu_line = DumpOrigin::kMemory;
    reader.close_dump();
    reader.begin_list(DumpOrigin::kMemory);
  }
  reader.note(NoteKind::kOom);
}

void read_allocation_failure(Reader& reader) {
  reader.next_cpu_line = DumpOrigin::kMemory;
  reader.close_dump();
  reader.note(NoteKind::kAllocationFailed);
}

void read_suspend(Reader& reader) {
  reader.note(NoteKind::kSuspend);
}

void read_resume(Reader& reader) {
  reader.note(NoteKind::kResume);
}

void read_clock(Reader& reader) {
  reader.note(NoteKind::kClock);
}

void read_long_interrupt(Reader& reader) {
  const auto found = match(reader.text(), "hrtimer: interrupt took %d ns");
  if (found) reader.note(NoteKind::kLongInterrupt, {}, found->number[0]);
}

void read_dropped(Reader& reader) {
  std::uint64_t count = 0;
  if (const auto found = match(reader.text(), "** %d printk messages dropped")) count = found->number[0];
  if (const auto found = match(reader.text(), "Missed %d kernel messages")) count = found->number[0];
  reader.note(NoteKind::kDropped, {}, count);
}

void read_suppressed(Reader& reader) {
  const auto found = match(reader.text(), "%w: %d callbacks suppressed");
  reader.note(NoteKind::kSuppressed, found ? found->text[0] : std::string_view(), found ? found->number[0] : 0);
}

void read_no_more_reports(Reader& reader) {
  reader.note(NoteKind::kHung10);
}

void read_rt_throttled(Reader& reader) {
  reader.note(NoteKind::kRtThrottled);
}

// "unregister_netdevice: waiting for eth0 to become free. Usage count = 1"
void read_device_kept(Reader& reader) {
  const auto found = match(reader.text(), "waiting for %w to become free");
  if (found) reader.note(NoteKind::kDeviceKept, found->text[0]);
}

void read_freeze(Reader& reader) {
  const bool thaws = says(reader, "thaw") || says(reader, "unfreez");
  reader.note(thaws ? NoteKind::kFileSystemThawed : NoteKind::kFileSystemFrozen);
}

void read_thaw(Reader& reader) {
  reader.note(NoteKind::kFileSystemThawed);
}

void read_guest(Reader& reader) {
  if (says(reader, "bare hardware")) return;
  reader.note(NoteKind::kGuest);
}

void read_version(Reader& reader) {
  auto found = match(reader.text(), "Linux version %w");
  if (!found) return;
  reader.note(NoteKind::kBoot);
  reader.events().release = found->text[0];
}

void read_link_lost(Reader& reader) {
  reader.note(NoteKind::kLinkLost);
}

void read_file_system_error(Reader& reader) {
  reader.note(NoteKind::kFilesystemError);
}

void read_work_hogs(Reader& reader) {
  const auto found = match(reader.text(), "workqueue: %w hogged CPU");
  reader.note(NoteKind::kWorkHogs, found ? found->text[0] : std::string_view());
}

}  // namespace whyhung::log
