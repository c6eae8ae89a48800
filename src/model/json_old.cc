// SPDX-License-Identifier: GPL-2.0-or-later
#include "model/json_old.h"

#include <array>
#include <utility>

#include "model/json_fields.h"
#include "names/functions.h"

namespace whyhung::model {
namespace {

struct OldRole {
  std::string_view text;
  HolderRole role;
};
constexpr auto kRoles = std::to_array<OldRole>({
    {"owner", HolderRole::kOwner},
    {"reader", HolderRole::kReader},
    {"last holder", HolderRole::kLastHolder},
    {"was handed the lock", HolderRole::kHandedOver},
    {"holds it", HolderRole::kSpins},
    {"must take part", HolderRole::kMustTakePart},
    {"must run it", HolderRole::kMustRun},
    {"executes it", HolderRole::kExecutes},
    {"occupies the queue that may not execute more at a time", HolderRole::kOccupiesQueue},
    {"occupies the pool that it waits in", HolderRole::kOccupiesPool},
    {"executes work of the queue", HolderRole::kExecutesQueue},
    {"must end", HolderRole::kMustEnd},
    {"must park", HolderRole::kMustPark},
    {"must make the thread", HolderRole::kMustMakeThread},
    {"owes a quiescent state", HolderRole::kOwesQuiescentState},
    {"runs a reader", HolderRole::kRunsReader},
    {"was preempted as a reader", HolderRole::kWasPreemptedReading},
    {"serves it", HolderRole::kServes},
    {"looks it up", HolderRole::kLooksUp},
    {"has been sent it and has not begun", HolderRole::kHasNotBegun},
    {"has begun it and has not come to its end", HolderRole::kHasNotEnded},
});

struct OldHow {
  std::string_view text;
  WaitKind kind;
};
constexpr auto kHows = std::to_array<OldHow>({
    {"asked for the machine to be stopped", WaitKind::kAskedForStop},
    {"waits for the stopper of a CPU", WaitKind::kWaitsForStopper},
    {"spins in multi_cpu_stop", WaitKind::kSpinsInStopMachine},
    {"sleeps at this word of its memory", WaitKind::kSleepsAtWord},
    {"sleeps for it, which belongs to a futex with priority inheritance", WaitKind::kSleepsAtFutexLock},
    {"sleeps until a page is read or written", WaitKind::kSleepsForPage},
    {"sleeps until it is unlocked", WaitKind::kSleepsForPageLock},
    {"sleeps until a buffer is read, written, or unlocked", WaitKind::kSleepsForBuffer},
    {"sleeps until the file system is thawed", WaitKind::kSleepsUntilThawed},
    {"sleeps until the name is looked up", WaitKind::kSleepsForLookup},
});
// Those that go on with what is particular about the wait, or who waits where.
constexpr auto kBeginnings = std::to_array<OldHow>({
    {"sleeps until its request ", WaitKind::kSleepsForAnswer},
    {"sleeps until its call is answered", WaitKind::kSleepsForCall},
    {"sleeps for it", WaitKind::kSleeps},
    {"spins for it", WaitKind::kSpins},
});
constexpr auto kFreezes = std::to_array<std::pair<std::string_view, FreezeLevel>>({
    {"no", FreezeLevel::kNot},
    {"for writing", FreezeLevel::kWriting},
    {"for page faults", FreezeLevel::kPageFaults},
    {"for its own threads", FreezeLevel::kOwnThreads},
    {"completely", FreezeLevel::kCompletely},
});

// Takes `word` from the front of `text`, when it stands there.
bool takes(std::string_view& text, std::string_view word) {
  if (!text.starts_with(word)) return false;
  text.remove_prefix(word.size());
  return true;
}

// "flock, exclusive".
template <typename T>
void read_file_lock(std::string_view text, T& out) {
  if (takes(text, "flock, ")) {
    out.family = FileLockFamily::kFlock;
  } else if (takes(text, "POSIX, ")) {
    out.family = FileLockFamily::kPosix;
  } else {
    return;
  }
  out.mode = text == "shared" ? LockMode::kShared : LockMode::kExclusive;
}

// " in function [module]".
void read_place(std::string_view text, WaitHow& how) {
  if (!takes(text, " in ")) return;
  const std::size_t bracket = text.rfind(" [");
  how.function = text.substr(0, bracket);
  if (bracket != std::string_view::npos && text.ends_with(']')) {
    how.module = text.substr(bracket + 2, text.size() - bracket - 3);
  }
}

void read_particulars(std::string_view rest, WaitHow& how) {
  if (how.kind == WaitKind::kSleepsForAnswer) {
    const std::size_t end = rest.find(" is answered");
    how.request = rest.substr(0, end);
    if (end != std::string_view::npos) how.taken_up = !rest.ends_with("has not read yet");
  } else if (how.kind == WaitKind::kSleepsForCall) {
    if (rest.starts_with(" (") && rest.ends_with(')')) how.request = rest.substr(2, rest.size() - 3);
  } else {
    if (takes(rest, " for reading")) how.mode = LockMode::kShared;
    if (takes(rest, " for writing")) how.mode = LockMode::kExclusive;
    if (rest.starts_with(" (") && rest.ends_with(')')) return read_file_lock(rest.substr(2, rest.size() - 3), how);
    read_place(rest, how);
  }
}

WaitHow how_of(std::string_view text) {
  for (const OldHow& one : kHows) {
    if (one.text == text) return one.kind;
  }
  for (const OldHow& one : kBeginnings) {
    std::string_view rest = text;
    if (!takes(rest, one.text)) continue;
    WaitHow how = one.kind;
    read_particulars(rest, how);
    return how;
  }
  return text.starts_with("spins") ? WaitKind::kSpins : WaitKind::kOther;
}

HolderRole role_of(std::string_view text) {
  for (const OldRole& one : kRoles) {
    if (one.text == text) return one.role;
  }
  return HolderRole::kOther;
}

// The facts of a resource by their names.
class OldFacts {
 public:
  explicit OldFacts(const Json& list) : list_(list) {}
  std::string_view text(std::string_view name) const {
    for (const Json& fact : list_) {
      if (!fact.is_object() || !fact.contains("name") || !fact.contains("value") || fact["name"] != name) continue;
      const auto* value = fact["value"].get_ptr<const std::string*>();
      return value == nullptr ? std::string_view() : std::string_view(*value);
    }
    return {};
  }
  bool is(std::string_view name, std::string_view value) const { return text(name) == value; }
  std::optional<std::uint64_t> number(std::string_view name) const {
    return is_hex(text(name)) ? parse_unsigned(text(name).substr(2), 16) : parse_unsigned(text(name), 10);
  }
  std::optional<bool> answer(std::string_view name) const {
    if (text(name).empty()) return std::nullopt;
    return is(name, "yes");
  }

 private:
  static bool is_hex(std::string_view text) { return text.starts_with("0x"); }
  const Json& list_;
};

ResourceFacts lock_facts(const OldFacts& old) {
  LockFacts facts;
  facts.waiters = old.number("waiters");
  facts.readers = old.number("readers");
  facts.writer_holds = old.answer("writer");
  facts.count = parse_signed(old.text("count"), 10);
  facts.has_no_owner = old.is("owner", "none");
  facts.is_futex = old.is("futex", "yes");
  if (const auto pid = old.number("former pid"); pid && !old.text("former comm").empty()) {
    facts.former = {static_cast<std::uint32_t>(*pid), std::string(old.text("former comm")), old.number("former start")};
  }
  return facts;
}

CompletionFacts completion_facts(const OldFacts& old) {
  return {old.number("done"), old.number("waiters"), old.is("ends by itself", "yes")};
}

ResourceFacts device_facts(const OldFacts& old) {
  DeviceFacts facts;
  const std::string_view number = old.text("number");
  const std::size_t colon = std::min(number.find(':'), number.size());
  const auto major = parse_unsigned(number.substr(0, colon), 10);
  const auto minor = parse_unsigned(number.substr(std::min(colon + 1, number.size())), 10);
  if (major && minor) facts.number = {static_cast<std::uint32_t>(*major), static_cast<std::uint32_t>(*minor)};
  facts.driver = old.text("driver");
  facts.mapped_as = old.text("mapped as");
  facts.file_system = old.text("file system");
  facts.suspended = old.is("suspended", "yes");
  for (const auto& [text, level] : kFreezes) {
    if (old.is("frozen", text)) facts.frozen = level;
  }
  return facts;
}

ResourceFacts server_facts(const OldFacts& old) {
  ServerFacts facts;
  if (old.is("kind", "FUSE")) facts.kind = ServerKind::kFuse;
  if (old.is("kind", "RPC")) facts.kind = ServerKind::kRpc;
  facts.connected = old.answer("connected");
  return facts;
}

ResourceFacts facts_of(ResourceKind kind, const OldFacts& old) {
  switch (kind) {
    case ResourceKind::kMutex:
    case ResourceKind::kRwSemaphore:
    case ResourceKind::kSemaphore:
    case ResourceKind::kPercpuRwSemaphore:
    case ResourceKind::kRtMutex: return lock_facts(old);
    case ResourceKind::kCompletion: return completion_facts(old);
    case ResourceKind::kRcuGracePeriod: return GracePeriodFacts{completion_facts(old), old.number("grace period")};
    case ResourceKind::kWorkItem: return WorkFacts{completion_facts(old), std::string(old.text("workqueue"))};
    case ResourceKind::kDevice: return device_facts(old);
    case ResourceKind::kServer: return server_facts(old);
    case ResourceKind::kFutex: return FutexFacts{old.number("word")};
    case ResourceKind::kFileLock: {
      FileLockFacts facts;
      read_file_lock(old.text("kind"), facts);
      return facts;
    }
    case ResourceKind::kStopMachine:
    case ResourceKind::kStopWork:
    case ResourceKind::kSpinlock:
    case ResourceKind::kWaitQueue:
    case ResourceKind::kBitWait:
    case ResourceKind::kIpi:
    case ResourceKind::kWorkPool: return {};
  }
  return {};
}

// Calls `convert` for each object of the list `name`.
template <typename F>
void for_each(Json& json, const char* name, const F& convert) {
  if (!json.is_object() || !json.contains(name) || !json[name].is_array()) return;
  for (Json& one : json[name]) {
    if (one.is_object()) convert(one);
  }
}

const std::string* text_at(const Json& json, const char* name) {
  const auto found = json.find(name);
  return found == json.end() ? nullptr : found->get_ptr<const std::string*>();
}

void convert_resource(Json& resource) {
  for_each(resource, "holders", [](Json& holder) {
    if (const std::string* role = text_at(holder, "role")) holder["role"] = std::string(name_of(role_of(*role)));
  });
  const std::string* kind_name = text_at(resource, "kind");
  const auto kind = kind_name == nullptr ? std::nullopt : value_named<ResourceKind>(*kind_name);
  if (!kind || !resource.contains("facts") || !resource["facts"].is_array()) return;
  ResourceFacts facts = facts_of(*kind, OldFacts(resource["facts"]));
  if (std::holds_alternative<std::monostate>(facts)) {
    resource.erase("facts");
  } else {
    resource["facts"] = JsonWriter::to_json(facts);
  }
}

}  // namespace

void convert_old_element(std::string_view list, Json& element) {
  if (!element.is_object()) return;
  if (list == "resources") convert_resource(element);
  if (list != "waits") return;
  const std::string* text = text_at(element, "how");
  if (text == nullptr) return;
  WaitHow how = how_of(*text);
  element["how"] = JsonWriter::to_json(how);
}

void add_meanings(Snapshot& snapshot) {
  const names::Machine machine = names::machine_named(snapshot.machine.architecture);
  for (CodeLocation& location : snapshot.locations) {
    location.meanings = names::meanings_of(location.function, location.module, machine);
  }
}

}  // namespace whyhung::model
