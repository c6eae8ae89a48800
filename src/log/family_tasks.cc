// SPDX-License-Identifier: GPL-2.0-or-later
// hung_task, its blocker lines, and the headers of printed tasks in all their forms.
#include <algorithm>
#include <array>

#include "base/text.h"
#include "log/reader.h"

namespace whyhung::log {
namespace {

constexpr std::string_view kStates = "RSDTtXZPIKWNx";

// A number behind "name" with blanks between or not: "pid: 1403", "pid:1403".
std::optional<std::uint64_t> number_after(std::string_view text, std::string_view name) {
  const std::size_t at = text.find(name);
  if (at == std::string_view::npos) return std::nullopt;
  std::string_view rest = trimmed_left(text.substr(at + name.size()));
  return rest.starts_with("0x") ? take_hex(rest) : take_number(rest);
}

void add_blocker(Reader& reader, LockKind kind, const Match& found, bool shared) {
  Blocker blocker;
  blocker.at = reader.here();
  blocker.waiter = found.task[0];
  blocker.holder = found.task[1];
  blocker.kind = kind;
  blocker.shared = shared;
  reader.events().blockers.push_back(blocker);
  reader.blocker = reader.events().blockers.size() - 1;
  reader.expect(DumpOrigin::kHolder);
}

// "kworker/u64:3:339 is": the word before the lock that is not part of the name.
std::string_view without_verb(std::string_view text) {
  for (const std::string_view verb : {" <reader>", " <writer>", " is"}) {
    if (text.ends_with(verb)) text.remove_suffix(verb.size());
  }
  return text;
}

// The task that a new header is about is given to the report that awaits it.
void attach(Reader& reader, std::size_t index) {
  const Dump& dump = reader.events().dumps[index];
  if (dump.origin == DumpOrigin::kHungTask && reader.hung) {
    HungTask& report = reader.events().hung[*reader.hung];
    if (report.task.pid == dump.pid) report.dump = index;
    reader.events().dumps[index].seconds = static_cast<double>(report.seconds);
    reader.hung.reset();
  }
  if (dump.origin == DumpOrigin::kHolder && reader.blocker) {
    Blocker& blocker = reader.events().blockers[*reader.blocker];
    if (blocker.holder && blocker.holder->pid == dump.pid) blocker.dump = index;
    reader.blocker.reset();
  }
  if (reader.stall && (dump.origin == DumpOrigin::kRcu || dump.origin == DumpOrigin::kOther)) {
    reader.events().stalls[*reader.stall].dumps.push_back(index);
  }
}

}  // namespace

void read_hung_task(Reader& reader) {
  auto found = match(reader.text(), "INFO: task %t blocked for more than %d seconds");
  bool in_io = false;
  if (!found) {
    found = match(reader.text(), "INFO: task %t blocked in I/O wait for more than %d seconds");
    in_io = found.has_value();
  }
  if (!found) return;
  reader.close_dump();
  HungTask report;
  report.at = reader.here();
  report.task = found->task[0];
  report.seconds = found->number[0];
  report.in_io = in_io;
  reader.events().hung.push_back(report);
  reader.begin_list(DumpOrigin::kOther);
  reader.hung = reader.events().hung.size() - 1;
  reader.expect(DumpOrigin::kHungTask);
}

void read_mutex_blocker(Reader& reader) {
  const std::string_view text = reader.text();
  const auto found = match(text, "INFO: task %t is blocked on a mutex likely owned by task %s");
  if (!found) return;
  std::string_view name = found->text[0];
  if (name.ends_with('.')) name.remove_suffix(1);
  const auto owner = split_task(name);
  if (!owner) return;
  Match both = *found;
  both.task[1] = *owner;
  add_blocker(reader, LockKind::kMutex, both, false);
}

void read_semaphore_blocker(Reader& reader) {
  const auto found = match(reader.text(), "INFO: task %s blocked on a semaphore likely last held by task %s");
  if (!found) return;
  const auto waiter = split_task(without_verb(found->text[0]));
  std::string_view name = found->text[1];
  if (name.ends_with('.')) name.remove_suffix(1);
  const auto owner = split_task(name);
  if (!waiter || !owner) return;
  Match both = *found;
  both.task = {*waiter, *owner, {}};
  add_blocker(reader, LockKind::kSemaphore, both, false);
}

void read_rw_semaphore_blocker(Reader& reader) {
  const auto found = match(reader.text(), "INFO: task %s blocked on an rw-semaphore likely owned by task %s");
  if (!found) return;
  const auto waiter = split_task(without_verb(without_verb(found->text[0])));
  std::string_view name = found->text[1];
  if (name.ends_with('.')) name.remove_suffix(1);
  const bool shared = name.ends_with("<reader>");
  const auto owner = split_task(without_verb(name));
  if (!waiter || !owner) return;
  Match both = *found;
  both.task = {*waiter, *owner, {}};
  add_blocker(reader, LockKind::kRwSemaphore, both, shared);
}

void read_unknown_blocker(Reader& reader) {
  const auto found = match(reader.text(), "INFO: task %s blocked on %s, but the");
  if (!found) return;
  const auto waiter = split_task(without_verb(without_verb(found->text[0])));
  if (!waiter) return;
  Blocker blocker;
  blocker.at = reader.here();
  blocker.waiter = *waiter;
  blocker.kind = found->text[1].find("rw-sem") != std::string_view::npos  ? LockKind::kRwSemaphore
                 : found->text[1].find("mutex") != std::string_view::npos ? LockKind::kMutex
                                                                          : LockKind::kSemaphore;
  reader.events().blockers.push_back(blocker);
}

void read_task_header(Reader& reader) {
  const std::string_view text = reader.text();
  const std::size_t start = text.find("task:");
  const std::size_t state = text.find(" state:");
  if (start == std::string_view::npos || state == std::string_view::npos || state < start) return;
  const std::string_view comm = trimmed(text.substr(start + 5, state - start - 5));
  const std::string_view rest = text.substr(state + 7);
  const auto pid = number_after(rest, " pid:");
  const std::size_t index = reader.open_dump(reader.take_expected());
  Dump& dump = reader.events().dumps[index];
  dump.comm = comm;
  dump.state = rest.empty() || kStates.find(rest.front()) == std::string_view::npos ? '?' : rest.front();
  dump.is_running = rest.find("running task") != std::string_view::npos;
  if (pid) dump.pid = static_cast<std::uint32_t>(*pid);
  if (const auto parent = number_after(rest, "ppid:")) dump.parent = static_cast<std::uint32_t>(*parent);
  dump.flags = number_after(rest, " flags:");
  attach(reader, index);
}

// "iwd             D    0  1200      1 0x000041a0", with the saved program counter behind the state until 4.x.
bool read_old_task_header(Reader& reader) {
  const std::string_view text = reader.text();
  const std::size_t flags_at = text.rfind(" 0x");
  if (flags_at == std::string_view::npos || text.size() - flags_at < 11 || text.size() - flags_at > 19) return false;
  std::string_view flags_text = text.substr(flags_at + 1);
  const auto flags = take_hex(flags_text);
  if (!flags || !flags_text.empty()) return false;
  std::array<std::string_view, 5> words;  // from the right: parent, pid, stack, program counter or "task", state or …
  std::string_view rest = text.substr(0, flags_at);
  std::array<std::string_view, 6> before;  // what is left of each word
  for (std::size_t i = 0; i < words.size(); ++i) {
    while (!rest.empty() && is_blank(rest.back())) rest.remove_suffix(1);
    const std::size_t blank = rest.find_last_of(" \t");
    words[i] = blank == std::string_view::npos ? rest : rest.substr(blank + 1);
    rest = blank == std::string_view::npos ? std::string_view() : rest.substr(0, blank);
    before[i] = rest;
  }
  const auto parent = parse_unsigned(words[0], 10);
  const auto pid = parse_unsigned(words[1], 10);
  if (!parent || !pid || !parse_unsigned(words[2], 10) || *pid > UINT32_MAX || *parent > UINT32_MAX) return false;
  const auto is_state = [](std::string_view word) {
    return !word.empty() && word.size() <= 2 && kStates.find(word.front()) != std::string_view::npos;
  };
  std::string_view comm;
  char state = '?';
  bool running = false;
  if (is_state(words[3])) {
    state = words[3].front();
    comm = before[3];
  } else if (is_state(words[4])) {
    state = words[4].front();
    comm = before[4];
  } else if (words[3] == "task" && words[4] == "running") {
    running = true;
    state = 'R';
    comm = trimmed(before[4]);
    if (comm.ends_with(" R")) comm.remove_suffix(2);
  } else {
    return false;
  }
  comm = trimmed(comm);
  if (comm.empty()) return false;
  const std::size_t index = reader.open_dump(reader.take_expected());
  Dump& dump = reader.events().dumps[index];
  dump.comm = comm;
  dump.state = state;
  dump.is_running = running;
  dump.pid = static_cast<std::uint32_t>(*pid);
  dump.parent = static_cast<std::uint32_t>(*parent);
  dump.flags = flags;
  attach(reader, index);
  return true;
}

// crash's "PID: 1234  TASK: ffff…  CPU: 2  COMMAND: "foo"", also as ps -m prints it: "[0 00:02:03.004] [UN]  PID: …".
void read_debugger_header(Reader& reader) {
  const std::string_view text = reader.text();
  const std::size_t start = text.find("PID: ");
  constexpr std::string_view kCommand = "COMMAND: ";
  constexpr std::string_view kComm = "COMM: ";  // of scripts for drgn
  const std::size_t long_name = text.find(kCommand);
  const std::size_t command = long_name != std::string_view::npos ? long_name : text.find(kComm);
  if (start == std::string_view::npos || command == std::string_view::npos || command < start) return;
  const auto pid = number_after(text, "PID: ");
  if (!pid || *pid > UINT32_MAX) return;
  std::string_view comm =
      trimmed(text.substr(command + (long_name != std::string_view::npos ? kCommand : kComm).size()));
  comm = comm.substr(0, comm.find("  "));
  if (comm.starts_with('"')) comm.remove_prefix(1);
  comm = comm.substr(0, comm.rfind('"'));
  const std::size_t index = reader.open_dump(DumpOrigin::kDebugger);
  Dump& dump = reader.events().dumps[index];
  dump.comm = comm;
  dump.pid = static_cast<std::uint32_t>(*pid);
  if (const auto cpu = number_after(text, "CPU: ")) dump.cpu = static_cast<std::uint32_t>(*cpu);
  const std::string_view lead = text.substr(0, start);
  for (const auto& [mark, state] : {std::pair{"[UN]", 'D'}, {"[IN]", 'S'}, {"[RU]", 'R'}, {"[ID]", 'I'}}) {
    if (lead.find(mark) != std::string_view::npos) dump.state = state;
  }
  std::string_view age = trimmed_left(lead);
  if (!take(age, "[")) return;
  age = trimmed_left(age);
  const auto days = take_number(age);
  if (!days || !take_blanks(age)) return;
  const auto hours = take_number(age);
  if (!hours || !take(age, ":")) return;
  const auto minutes = take_number(age);
  if (!minutes || !take(age, ":")) return;
  const auto seconds = take_number(age);
  if (seconds) dump.seconds = static_cast<double>(*days * 86400 + *hours * 3600 + *minutes * 60 + *seconds);
}

// drgn's "prog.stack_trace(1201)".
void read_drgn_header(Reader& reader) {
  const auto found = match(reader.text(), "stack_trace(%d)");
  if (!found || found->number[0] > UINT32_MAX) return;
  reader.events().dumps[reader.open_dump(DumpOrigin::kDebugger)].pid = static_cast<std::uint32_t>(found->number[0]);
}

// The panic that a watchdog asked for, on the stack that crash shows: that CPU's lockup, without its line.
bool add_panic_of_watchdog(Reader& reader, const Dump& dump) {
  const auto has = [&](std::string_view name) {
    return std::ranges::any_of(dump.frames, [&](const Frame& frame) { return frame.function == name; });
  };
  const bool hard = has("watchdog_overflow_callback") || has("watchdog_hardlockup_check");
  if (!dump.cpu || !(has("panic") || has("nmi_panic")) || !(hard || has("watchdog_timer_fn"))) return false;
  Lockup lockup;
  lockup.at = dump.at;
  lockup.hard = hard;
  lockup.cpu = *dump.cpu;
  if (dump.pid) lockup.task = NamedTask{dump.comm, *dump.pid};
  lockup.dump = reader.dump_index();
  reader.events().lockups.push_back(lockup);
  return true;
}

// crash's "    [exception RIP: f+14]": behind it stands what an NMI or interrupt has interrupted.
void read_interrupted(Reader& reader) {
  Dump* dump = reader.dump();
  const auto found = match(reader.text(), "[exception RIP: %s+");
  constexpr auto kNmi = std::to_array<std::string_view>(
      {"crash_nmi_callback", "end_repeat_nmi", "exc_nmi", "asm_exc_nmi", "do_nmi", "nmi", "nmi_handle"});
  const auto is_nmi = [&](const Frame& frame) { return std::ranges::find(kNmi, frame.function) != kNmi.end(); };
  // One that sleeps in a page fault has such a line too.
  if (dump == nullptr || !found || !dump->point.empty()) return;
  const bool watched = add_panic_of_watchdog(reader, *dump);
  if (!watched && std::ranges::none_of(dump->frames, is_nmi)) return;
  dump->point = plain_name(found->text[0]);
  dump->is_running = true;
  dump->idle = dump->pid == 0u;
  dump->frames.clear();
}

// "==> /proc/1234/stack <==", "# cat /proc/1234/stack".
void read_stack_file(Reader& reader) {
  const auto found = match(reader.text(), "/proc/%d/");
  if (!found || reader.text().find("/stack") == std::string_view::npos) return;
  auto pid = found->number[0];
  if (const auto thread = match(reader.text(), "/task/%d/stack")) pid = thread->number[0];
  const std::size_t index = reader.open_dump(DumpOrigin::kDebugger);
  reader.events().dumps[index].pid = static_cast<std::uint32_t>(pid);
}

void read_work_of_task(Reader& reader) {
  Dump* dump = reader.dump();
  const auto found = match(reader.text(), "Workqueue: %w %s");
  if (dump == nullptr || !found) return;
  dump->work_queue = found->text[0];
  std::string_view function = found->text[1];
  dump->work = plain_name(take_word(function));
}

void read_sysrq(Reader& reader) {
  const std::string_view text = reader.text();
  const auto says = [&](std::string_view words) { return text.find(words) != std::string_view::npos; };
  if (says("HELP :")) return;
  if (says("Show Blocked State") || says("show-blocked-tasks")) {
    reader.begin_list(DumpOrigin::kBlocked);
    reader.note(NoteKind::kSysrqBlocked);
  } else if (says("Show State")) {
    reader.begin_list(DumpOrigin::kAllTasks);
    reader.note(NoteKind::kSysrqTasks);
  } else if (says("Show backtrace of all active CPUs")) {
    reader.begin_list(DumpOrigin::kNmi);
    reader.note(NoteKind::kSysrqCpus);
  } else if (says("Trigger a crash") || says("Crash")) {
    reader.note(NoteKind::kRequestedCrash);
  }
}

}  // namespace whyhung::log
