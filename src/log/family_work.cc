// SPDX-License-Identifier: GPL-2.0-or-later
// Workqueues: stalled pools and the lists of works; the freezer's refusal, which uses the same lists.
#include "base/text.h"
#include "log/reader.h"

namespace whyhung::log {
namespace {

constexpr std::size_t kMostWorks = 20000;

std::string_view word_after(std::string_view text, std::string_view name) {
  const std::size_t at = text.find(name);
  if (at == std::string_view::npos) return {};
  std::string_view rest = text.substr(at + name.size());
  return take_word(rest);
}

// Works of one list: "16349:refill_work [bcachefs], 32331(RESCUER):fn for 5s", "3*fn [module], fn BAR(457)".
void read_works(Reader& reader, std::string_view list, WorkState state) {
  if (reader.work_queue.empty()) return;
  while (!list.empty() && reader.events().works.size() < kMostWorks) {
    const std::size_t comma = list.find(',');
    std::string_view one = trimmed(list.substr(0, comma));
    list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
    Work work;
    work.line = reader.record().line;
    work.index = reader.here().index;
    work.state = state;
    work.queue = reader.work_queue;
    work.pool = reader.pool;
    work.pool_cpus = reader.pool_cpus;
    if (state == WorkState::kInFlight) {
      const auto pid = take_number(one);
      take(one, "(RESCUER)");
      if (!pid || *pid > UINT32_MAX || !take(one, ":")) continue;
      work.pid = static_cast<std::uint32_t>(*pid);
    } else {
      std::string_view rest = one;
      if (take_number(rest) && take(rest, "*")) one = rest;
    }
    std::size_t length = 0;
    while (length < one.size() && is_symbol_char(one[length])) ++length;
    work.function = plain_name(one.substr(0, length));
    one.remove_prefix(length);
    if (const auto module = match(one, "[%w]")) work.module = module->text[0];
    if (const auto age = match(one, "for %ds")) work.seconds = age->number[0];
    if (const auto barrier = match(one, "BAR(%d)")) work.barrier = static_cast<std::uint32_t>(barrier->number[0]);
    if (!work.function.empty()) reader.events().works.push_back(work);
  }
}

std::string_view behind_colon(std::string_view text) {
  const std::size_t colon = text.find(':');
  return colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
}

}  // namespace

void read_pool_lockup(Reader& reader) {
  const std::string_view text = reader.text();
  const auto found = match(text, "stuck for %ds!");
  if (!found) return;
  PoolLockup lockup;
  lockup.at = reader.here();
  lockup.cpus = word_after(text, "cpus=");
  lockup.seconds = found->number[0];
  reader.events().pool_lockups.push_back(lockup);
  reader.close_dump();
}

void read_busy_list(Reader& reader) {
  reader.work_queue = {};
  reader.pool = {};
  reader.pool_cpus = {};
  reader.close_dump();
}

void read_queue(Reader& reader) {
  const auto found = match(reader.text(), "workqueue %w: flags=0x");
  if (!found || !reader.text().starts_with("workqueue ")) return;
  reader.work_queue = found->text[0];
  reader.pool = {};
  reader.pool_cpus = {};
}

void read_pool_of_queue(Reader& reader) {
  const auto found = match(reader.text(), "pwq %w:");
  if (!found) return;
  reader.pool = found->text[0];
  reader.pool_cpus = word_after(reader.text(), "cpus=");
}

void read_works_in_flight(Reader& reader) {
  read_works(reader, behind_colon(reader.text()), WorkState::kInFlight);
}

void read_works_pending(Reader& reader) {
  if (reader.text().starts_with("pending:")) read_works(reader, behind_colon(reader.text()), WorkState::kPending);
}

void read_works_inactive(Reader& reader) {
  const std::string_view text = reader.text();
  if (text.starts_with("inactive:") || text.starts_with("delayed:")) {
    read_works(reader, behind_colon(text), WorkState::kInactive);
  }
}

void read_pool(Reader& reader) {
  const std::string_view text = reader.text();
  const auto found = match(text, "hung=%ds");
  if (!found || !text.starts_with("pool ")) return;
  Pool pool;
  pool.line = reader.record().line;
  pool.index = reader.here().index;
  std::string_view number = text.substr(5);
  pool.number = number.substr(0, number.find(':'));
  pool.cpus = word_after(text, "cpus=");
  pool.hung = found->number[0];
  reader.events().pools.push_back(pool);
}

void read_busy_workers(Reader& reader) {
  reader.begin_list(DumpOrigin::kWorker);
}

// "Freezing user space processes failed after 20.002 seconds (1 tasks refusing to freeze, wq_busy=0):"
void read_freeze_refused(Reader& reader) {
  const std::string_view text = reader.text();
  if (text.find("Freezing") == std::string_view::npos) return;
  std::uint64_t tasks = 0;
  if (const auto found = match(text, "(%d tasks refusing")) tasks = found->number[0];
  std::string_view subject;
  if (const auto busy = match(text, "wq_busy=%d"); busy && busy->number[0] != 0) subject = "wq";
  reader.note(NoteKind::kFreezeRefused, subject, tasks);
  reader.begin_list(DumpOrigin::kFreezer);
}

void read_frozen(Reader& reader) {
  reader.note(NoteKind::kFrozen);
}

}  // namespace whyhung::log
