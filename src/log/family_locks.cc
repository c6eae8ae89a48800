// SPDX-License-Identifier: GPL-2.0-or-later
// lockdep: who holds or wants what, and the orders that it found wrong.
#include "log/reader.h"

namespace whyhung::log {
namespace {

constexpr std::size_t kMostEntries = 20000;

Splat& add_splat(Reader& reader, SplatKind kind) {
  Splat splat;
  splat.at = reader.here();
  splat.kind = kind;
  reader.events().splats.push_back(splat);
  reader.splat = reader.events().splats.size() - 1;
  reader.close_dump();
  reader.begin_list(DumpOrigin::kOther);
  reader.lock_owner.reset();
  return reader.events().splats.back();
}

// "ffffffff82a4b2e8 (module_mutex){+.+.}, at: p_create_database+0x186/0x2f0 [p_lkrg]", also "… {+.+.}-{3:3}, at: …".
struct Lock {
  std::uint64_t address = 0;
  std::string_view name;
  std::string_view taken_at;
};
std::optional<Lock> read_lock(std::string_view text) {
  text = trimmed_left(text);
  Lock lock;
  if (const auto address = take_hex(text)) lock.address = *address;
  const std::size_t open = text.find('(');
  const std::size_t close = text.find("){", open == std::string_view::npos ? 0 : open);
  if (open == std::string_view::npos || close == std::string_view::npos) return std::nullopt;
  lock.name = text.substr(open + 1, close - open - 1);
  while (lock.name.starts_with('(') || lock.name.starts_with('&')) lock.name.remove_prefix(1);
  lock.name = lock.name.substr(0, lock.name.find(')'));
  const std::size_t at = text.find("at: ");
  if (at != std::string_view::npos) {
    std::string_view place = trimmed_left(text.substr(at + 4));
    if (place.starts_with("[<")) place = trimmed_left(place.substr(std::min(place.find(']') + 1, place.size())));
    if (const auto frame = take_location(place)) lock.taken_at = frame->function;
  }
  return lock;
}

}  // namespace

// "1 lock held by insmod/3338:", "no locks held by foo/12."
void read_lock_count(Reader& reader) {
  const std::size_t at = reader.text().find("held by ");
  if (at == std::string_view::npos) return;
  std::string_view name = reader.text().substr(at + 8);
  while (name.ends_with(':') || name.ends_with('.')) name.remove_suffix(1);
  reader.lock_owner = split_task(name, '/');
  if (reader.lock_owner && !reader.all_locks) reader.close_dump();
}

void read_all_locks(Reader& reader) {
  reader.all_locks = true;
  reader.splat.reset();
  reader.close_dump();
}

// " #0: ffffffff82a2f1a8 (text_mutex){+.+.}, at: f+0x1/0x2"
void read_lock_entry(Reader& reader) {
  std::string_view text = reader.text();
  if (!reader.lock_owner || !take(text, "#") || !take_number(text) || !take(text, ":")) return;
  const auto lock = read_lock(text);
  if (!lock || reader.events().locks.size() >= kMostEntries) return;
  reader.events().locks.push_back(
      {reader.record().line, reader.here().index, *reader.lock_owner, lock->address, lock->name, lock->taken_at});
}

void read_circular(Reader& reader) {
  add_splat(reader, SplatKind::kCircular);
}

void read_recursive(Reader& reader) {
  add_splat(reader, SplatKind::kRecursive);
}

void read_inconsistent(Reader& reader) {
  add_splat(reader, SplatKind::kInconsistent);
}

void read_wanted_lock(Reader& reader) {
  if (!reader.splat) return;
  std::string_view name = reader.text().substr(0, reader.text().find(" is trying to acquire lock"));
  if (const auto task = split_task(name, '/')) reader.events().splats[*reader.splat].task = *task;
}

void read_held_lock(Reader& reader) {
  if (!reader.splat) return;
  Splat& splat = reader.events().splats[*reader.splat];
  const auto lock = read_lock(reader.text());
  if (!lock || lock->taken_at.empty() || reader.lock_owner) return;
  if (splat.wanted_at.empty()) {
    splat.wanted = lock->name;
    splat.wanted_at = lock->taken_at;
  } else if (splat.held_at.empty()) {
    splat.held = lock->name;
    splat.held_at = lock->taken_at;
  }
}

void read_chain_entry(Reader& reader) {
  if (reader.splat) reader.close_dump();
}

void read_atomic_sleep(Reader& reader) {
  add_splat(reader, SplatKind::kAtomicSleep);
}

void read_lockdep_off(Reader& reader) {
  reader.note(NoteKind::kLockdepOff);
}

}  // namespace whyhung::log
