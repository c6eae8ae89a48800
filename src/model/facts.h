// SPDX-License-Identifier: GPL-2.0-or-later
// What detectors of one kind of resource want to know of it besides: numbers as numbers, and what was not read absent.
// Each alternative names itself for JSON.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "base/enum_names.h"

namespace whyhung::model {

enum class LockMode : std::uint8_t { kShared, kExclusive };
enum class FileLockFamily : std::uint8_t { kFlock, kPosix };
enum class ServerKind : std::uint8_t { kFuse, kRpc, kUserfault };
// How far a file system is frozen (struct sb_writers).
enum class FreezeLevel : std::uint8_t { kNot, kWriting, kPageFaults, kOwnThreads, kCompletely };

std::string_view name_of(LockMode mode);
std::string_view name_of(FileLockFamily family);
std::string_view name_of(ServerKind kind);
std::string_view name_of(FreezeLevel level);
std::span<const EnumName<LockMode>> words_of(LockMode);
std::span<const EnumName<FileLockFamily>> words_of(FileLockFamily);
std::span<const EnumName<ServerKind>> words_of(ServerKind);
std::span<const EnumName<FreezeLevel>> words_of(FreezeLevel);

// What is left of a task that exited, in memory that was not used again.
struct FormerTask {
  std::uint32_t pid = 0;
  std::string comm;
  std::optional<std::uint64_t> start_time;  // CLOCK_MONOTONIC nanoseconds
  bool operator==(const FormerTask&) const = default;
};

// Mutexes, rw_semaphores, semaphores, rt_mutexes.
struct LockFacts {
  static constexpr std::string_view kName = "lock";
  std::optional<std::uint64_t> waiters;
  std::optional<std::uint64_t> readers;
  std::optional<bool> writer_holds;
  std::optional<std::int64_t> count;  // of a semaphore: slots that are free
  bool has_no_owner = false;          // its record of an owner was read and names nobody
  bool is_futex = false;              // it belongs to a futex with priority inheritance
  std::optional<FormerTask> former;   // the owner that it names has exited
  bool operator==(const LockFacts&) const = default;
};

struct CompletionFacts {
  static constexpr std::string_view kName = "completion";
  std::optional<std::uint64_t> done;
  std::optional<std::uint64_t> waiters;
  bool ends_by_itself = false;  // a timeout, hardware or user space ends the wait
  bool operator==(const CompletionFacts&) const = default;
};

// A work item or all of a workqueue; those who wait do so at a completion.
struct WorkFacts {
  static constexpr std::string_view kName = "work";
  CompletionFacts completion;
  std::string workqueue;  // empty: not known
  bool operator==(const WorkFacts&) const = default;
};

struct GracePeriodFacts {
  static constexpr std::string_view kName = "grace-period";
  CompletionFacts completion;
  std::optional<std::uint64_t> sequence;
  bool operator==(const GracePeriodFacts&) const = default;
};

struct DeviceNumber {
  std::uint32_t major = 0;
  std::uint32_t minor = 0;
  bool operator==(const DeviceNumber&) const = default;
};

// A disk, or a file system that is frozen together with what is known of its disk.
struct DeviceFacts {
  static constexpr std::string_view kName = "device";
  std::optional<DeviceNumber> number;
  std::string driver;       // symbol of its operations
  std::string mapped_as;    // the device mapper's name for it
  std::string file_system;  // type of the one whose pages are waited for
  bool suspended = false;
  std::optional<FreezeLevel> frozen;  // present: the resource is a file system
  bool operator==(const DeviceFacts&) const = default;
};

struct ServerFacts {
  static constexpr std::string_view kName = "server";
  std::optional<ServerKind> kind;
  std::optional<bool> connected;  // of another machine
  bool operator==(const ServerFacts&) const = default;
};

struct FutexFacts {
  static constexpr std::string_view kName = "futex";
  std::optional<std::uint64_t> word;
  bool operator==(const FutexFacts&) const = default;
};

struct FileLockFacts {
  static constexpr std::string_view kName = "file-lock";
  std::optional<FileLockFamily> family;
  std::optional<LockMode> mode;
  bool operator==(const FileLockFacts&) const = default;
};

// Nothing, for kinds of which nothing besides is known.
using ResourceFacts = std::variant<std::monostate, LockFacts, CompletionFacts, WorkFacts, GracePeriodFacts, DeviceFacts,
                                   ServerFacts, FutexFacts, FileLockFacts>;

}  // namespace whyhung::model
