// SPDX-License-Identifier: GPL-2.0-or-later
// RCU's stall reports, of all flavours and ages.
#include <algorithm>

#include "base/text.h"
#include "log/reader.h"

namespace whyhung::log {
namespace {

constexpr std::size_t kMostCpusOfStall = 4096;

Stall& add_stall(Reader& reader, std::string_view flavour) {
  Stall stall;
  stall.at = reader.here();
  stall.flavour = flavour;
  reader.events().stalls.push_back(stall);
  reader.begin_list(DumpOrigin::kRcu);
  reader.lockup.reset();
  reader.close_dump();
  reader.stall = reader.events().stalls.size() - 1;
  return reader.events().stalls.back();
}

Stall* current(Reader& reader) {
  return reader.stall ? &reader.events().stalls[*reader.stall] : nullptr;
}

// "{ 1 3}", "{ 0-... P123 }", "{0}": CPUs and tasks that old kernels and expedited ones put between braces.
void read_set(Stall& stall, std::string_view set, std::uint64_t line) {
  while (stall.cpus.size() < kMostCpusOfStall) {
    set = trimmed_left(set);
    const std::string_view word = take_word(set);
    if (word.empty()) return;
    std::string_view rest = word;
    if (take(rest, "P")) {
      if (const auto pid = take_number(rest)) {
        stall.readers.push_back(static_cast<std::uint32_t>(*pid));
        stall.readers_line = line;
      }
    } else if (const auto cpu = take_number(rest)) {
      StallCpu one;
      one.cpu = static_cast<std::uint32_t>(*cpu);
      one.line = line;
      if (take(rest, "-")) one.flags = rest;
      stall.cpus.push_back(one);
    }
  }
}

void read_braces(Stall& stall, std::string_view text, std::uint64_t line) {
  const std::size_t open = text.find('{');
  const std::size_t close = text.find('}', open);
  if (open == std::string_view::npos || close == std::string_view::npos) return;
  read_set(stall, text.substr(open + 1, close - open - 1), line);
}

void read_duration(Stall& stall, std::string_view text) {
  if (const auto found = match(text, "t=%d jiffies")) stall.jiffies = found->number[0];
}

}  // namespace

void read_stall(Reader& reader) {
  const std::string_view text = reader.text();
  auto found = match(text, "INFO: %w detected stalls on CPUs/tasks:");
  const bool self = !found;
  if (!found) found = match(text, "INFO: %w self-detected stall on CPU");
  if (!found) return;
  Stall& stall = add_stall(reader, found->text[0]);
  stall.self = self;
  read_braces(stall, text, reader.record().line);
  read_duration(stall, text);
}

void read_old_stall(Reader& reader) {
  const auto found = match(reader.text(), "INFO: %w detected stall on CPU %d (t=%d jiffies)");
  if (!found) return;
  Stall& stall = add_stall(reader, found->text[0]);
  stall.jiffies = found->number[1];
  StallCpu one;
  one.cpu = static_cast<std::uint32_t>(found->number[0]);
  one.line = reader.record().line;
  stall.cpus.push_back(one);
}

void read_expedited_stall(Reader& reader) {
  const std::string_view text = reader.text();
  const auto found = match(text, "INFO: %w detected expedited stalls on CPUs/tasks:");
  if (!found) return;
  Stall& stall = add_stall(reader, found->text[0]);
  stall.expedited = true;
  read_braces(stall, text, reader.record().line);
  if (const auto age = match(text, "} %d jiffies")) stall.jiffies = age->number[0];
}

// "3-...!: (0 ticks this GP) idle=9fe/0/0x0 softirq=16931/16931 fqs=0  (false positive?)"
void read_stalled_cpu(Reader& reader) {
  Stall* stall = current(reader);
  const auto found = match(reader.text(), "(%d %s) ");
  std::string_view text = reader.text();
  take(text, "rcu:");
  text = trimmed_left(text);
  const auto cpu = take_number(text);
  if (stall == nullptr || !cpu || *cpu > UINT32_MAX || stall->cpus.size() >= kMostCpusOfStall) return;
  StallCpu one;
  one.cpu = static_cast<std::uint32_t>(*cpu);
  one.line = reader.record().line;
  if (take(text, "-")) {
    one.flags = text.substr(0, text.find(':'));
    one.deaf = one.flags.size() >= 4 && is_digit(one.flags[3]);
  }
  if (found && found->text[0].starts_with("tick")) one.ticks = found->number[0];
  if (const auto fqs = match(reader.text(), "fqs=%d")) one.fqs = fqs->number[0];
  if (const auto idle = match(reader.text(), "idle=%x/%d/%x")) one.idle = idle->number[1] == 0 && idle->number[2] == 0;
  one.thread_starved = reader.text().find("jiffies(starved)") != std::string_view::npos;
  one.false_positive = reader.text().find("false positive") != std::string_view::npos;
  if (const auto same = std::ranges::find(stall->cpus, one.cpu, &StallCpu::cpu); same != stall->cpus.end()) {
    *same = one;
  } else {
    stall->cpus.push_back(one);
  }
}

void read_stall_duration(Reader& reader) {
  Stall* stall = current(reader);
  if (stall != nullptr && !stall->jiffies) read_duration(*stall, reader.text());
}

// "Tasks blocked on level-0 rcu_node (CPUs 0-7): P123 P456/1:b..l"
void read_stalled_tasks(Reader& reader) {
  Stall* stall = current(reader);
  if (stall == nullptr) return;
  std::string_view text = reader.text();
  const std::size_t close = text.find("):");
  if (close == std::string_view::npos) return;
  read_set(*stall, text.substr(close + 2), reader.record().line);
}

void read_starved_thread(Reader& reader) {
  const std::string_view text = reader.text();
  Stall* stall = current(reader);
  if (stall == nullptr || text.find("kthread") == std::string_view::npos) return;
  stall->thread_starved = true;
  if (const auto state = match(text, "->state=%x")) stall->thread_state = state->number[0];
  if (const auto cpu = match(text, "->cpu=%d")) stall->thread_cpu = static_cast<std::uint32_t>(cpu->number[0]);
}

void read_missing_timer(Reader& reader) {
  if (Stall* stall = current(reader)) stall->timer_missing = true;
}

void read_ended_stall(Reader& reader) {
  if (Stall* stall = current(reader)) stall->ended = true;
}

void read_tasks_stall(Reader& reader) {
  const auto found = match(reader.text(), "INFO: %w detected stalls on tasks:");
  if (!found) return;
  Stall& stall = add_stall(reader, found->text[0]);
  stall.of_tasks = true;
}

void read_tasks_holdout(Reader& reader) {
  if (Stall* stall = current(reader); stall != nullptr && stall->of_tasks) stall->readers_line = reader.record().line;
}

// "…rcu_tasks grace period number 177 (since boot) gp_state: … is 76741 jiffies old."
void read_old_grace_period(Reader& reader) {
  const std::string_view text = reader.text();
  const auto found = match(text, "is %d jiffies old");
  if (!found) return;
  const std::size_t at = text.find(" grace period number");
  std::string_view before = text.substr(0, at == std::string_view::npos ? 0 : at);
  if (const std::size_t blank = before.rfind(' '); blank != std::string_view::npos) before.remove_prefix(blank + 1);
  reader.note(NoteKind::kGracePeriodOld, before, found->number[0]);
}

}  // namespace whyhung::log
