// SPDX-License-Identifier: GPL-2.0-or-later
// What the kernel said, as values: reports of its detectors, stacks, locks, devices, servers. Each with the line where
// it stands. Texts point into the decoded log.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "log/frame.h"
#include "log/record.h"

namespace whyhung::log {

struct Where {
  std::uint64_t line = 0;
  std::size_t index = 0;  // of the record
  std::optional<double> time;
};

// Why a stack was printed.
enum class DumpOrigin : std::uint8_t {
  kHungTask,
  kHolder,    // the kernel itself named it as holder of a lock
  kBlocked,   // sysrq-w: sleeps uninterruptibly
  kAllTasks,  // sysrq-t
  kFreezer,   // would not be frozen
  kRcu,       // a stall report shows it
  kSoftLockup,
  kHardLockup,
  kNmi,     // asked for by another report or by sysrq-l
  kWorker,  // of a stalled pool
  kOops,
  kWarning,
  kMemory,  // the OOM killer, a failed allocation
  kPanic,
  kDebugger,  // crash, drgn, /proc/PID/stack
  kOther,
};

struct Dump {
  DumpOrigin origin = DumpOrigin::kOther;
  Where at;
  std::string_view comm;
  std::optional<std::uint32_t> pid;
  std::optional<std::uint32_t> parent;
  std::optional<std::uint32_t> cpu;
  char state = '?';
  std::optional<std::uint64_t> flags;
  std::string_view work_queue;
  std::string_view work;   // function of the work that the worker runs
  std::string_view point;  // function at the program counter
  std::string_view point_module;
  std::optional<bool> interrupts_on;
  bool user_mode = false;
  bool idle = false;  // an idle thread, or skipped as idling
  bool is_running = false;
  bool mixed = false;  // another CPU's report began before this one had shown anything: whose lines follow is not known
  std::optional<double> seconds;  // how long its detector says that it has lasted
  std::vector<Frame> frames;      // innermost first
};

struct HungTask {
  Where at;
  NamedTask task;
  std::uint64_t seconds = 0;
  bool in_io = false;
  std::optional<std::size_t> dump;
};

enum class LockKind : std::uint8_t {
  kMutex,
  kRwSemaphore,
  kSemaphore,
  kPercpuRwSemaphore,
  kRtMutex,
  kSpinlock,
  kOther
};

struct Blocker {
  Where at;
  NamedTask waiter;
  std::optional<NamedTask> holder;  // nothing: the kernel did not find it
  LockKind kind = LockKind::kMutex;
  bool shared = false;              // the holder of an rw-semaphore is a reader
  std::optional<std::size_t> dump;  // of the holder
};

struct Lockup {
  Where at;
  bool hard = false;
  std::uint32_t cpu = 0;
  std::optional<std::uint64_t> seconds;
  std::optional<NamedTask> task;
  std::optional<std::size_t> dump;
  bool ended = false;  // "became unstuck"
};

struct StallCpu {
  std::uint32_t cpu = 0;
  std::string_view flags;
  bool deaf = false;  // an irq_work that was sent to it has waited for grace periods
  bool false_positive = false;
  bool idle = false;
  bool thread_starved = false;  // "rcuc=60012 jiffies(starved)"
  std::optional<std::uint64_t> ticks;
  std::optional<std::uint64_t> fqs;
  std::uint64_t line = 0;
};

struct Stall {
  Where at;
  std::string_view flavour;
  bool expedited = false;
  bool of_tasks = false;  // RCU-tasks
  bool self = false;
  bool ended = false;
  std::optional<std::uint64_t> jiffies;
  std::vector<StallCpu> cpus;
  std::vector<std::uint32_t> readers;  // pids of "Tasks blocked on …: P123"
  std::uint64_t readers_line = 0;
  bool thread_starved = false;
  bool timer_missing = false;
  std::optional<std::uint32_t> thread_cpu;
  std::optional<std::uint64_t> thread_state;
  std::vector<std::size_t> dumps;
};

struct DeafCall {
  Where at;
  std::uint32_t waiter = 0;
  std::uint32_t target = 0;
  std::uint64_t nanoseconds = 0;
  std::string_view function;
  bool ended = false;
};

struct PoolLockup {
  Where at;
  std::string_view cpus;
  std::uint64_t seconds = 0;
};

enum class WorkState : std::uint8_t { kInFlight, kPending, kInactive };

struct Work {
  std::uint64_t line = 0;
  std::size_t index = 0;
  WorkState state = WorkState::kPending;
  std::string_view queue;
  std::string_view pool;  // number of the pwq's pool
  std::string_view pool_cpus;
  std::optional<std::uint32_t> pid;
  std::string_view function;
  std::string_view module;
  std::optional<std::uint64_t> seconds;
  std::optional<std::uint32_t> barrier;  // task that waits for it in a flush
};

struct Pool {
  std::uint64_t line = 0;
  std::size_t index = 0;
  std::string_view number;
  std::string_view cpus;
  std::uint64_t hung = 0;
};

struct LockEntry {
  std::uint64_t line = 0;
  std::size_t index = 0;
  NamedTask task;
  std::uint64_t address = 0;
  std::string_view name;
  std::string_view taken_at;
};

enum class SplatKind : std::uint8_t { kCircular, kRecursive, kInconsistent, kAtomicSleep };

struct Splat {
  Where at;
  SplatKind kind = SplatKind::kCircular;
  NamedTask task;
  std::string_view wanted;
  std::string_view wanted_at;
  std::string_view held;
  std::string_view held_at;
  std::vector<std::string_view> functions;  // of the chain that it found before
};

// The spinlock debugging code names owner and waiter.
struct SpinReport {
  Where at;
  std::uint32_t cpu = 0;
  NamedTask waiter;
  std::optional<NamedTask> owner;
  std::optional<std::uint32_t> owner_cpu;
  bool recursion = false;
};

enum class DeviceKind : std::uint8_t { kStorage, kUsb, kGraphics, kNetwork };

struct DeviceTrouble {
  Where at;
  DeviceKind kind = DeviceKind::kStorage;
  std::string_view device;
  std::string_view text;
  bool interrupts_lost = false;  // commands complete when polled
  bool lasts = false;            // a state, in which it queues or fails all from then on, and no single command
};

enum class ServerKind : std::uint8_t { kNfs, kSmb, kCeph };

struct ServerTrouble {
  Where at;
  std::string_view server;
  bool answers = false;
  bool gave_up = false;  // the client did, and told its callers of an error
  ServerKind kind = ServerKind::kNfs;
};

enum class NoteKind : std::uint8_t {
  kOom,
  kAllocationFailed,
  kSuspend,
  kResume,
  kFreezeRefused,
  kFrozen,  // all tasks were frozen for a suspend
  kClock,   // the clock jumped or was judged wrong
  kLongInterrupt,
  kDropped,     // records lost
  kSuppressed,  // callbacks of one text suppressed
  kHung10,      // no more reports will come
  kOops,
  kPanic,
  kHangPanic,  // … that a detector of hangs asked for
  kRequestedCrash,
  kSysrqBlocked,
  kSysrqTasks,
  kSysrqCpus,
  kFileSystemFrozen,
  kFileSystemThawed,
  kDeviceKept,  // "waiting for eth0 to become free"
  kRtThrottled,
  kWorkHogs,
  kGuest,  // runs under a hypervisor
  kBoot,
  kLinkLost,
  kTaint,
  kRcuTasksOld,
  kGracePeriodOld,
  kFilesystemError,
  kLockdepOff,
};

struct Note {
  NoteKind kind = NoteKind::kBoot;
  Where at;
  std::string_view text;     // the line
  std::string_view subject;  // device, process, server, kind of grace period; may be empty
  std::uint64_t number = 0;
};

struct Events {
  std::vector<Dump> dumps;
  std::vector<HungTask> hung;
  std::vector<Blocker> blockers;
  std::vector<Lockup> lockups;
  std::vector<Stall> stalls;
  std::vector<DeafCall> calls;
  std::vector<PoolLockup> pool_lockups;
  std::vector<Work> works;
  std::vector<Pool> pools;
  std::vector<LockEntry> locks;
  std::vector<Splat> splats;
  std::vector<SpinReport> spins;
  std::vector<DeviceTrouble> devices;
  std::vector<ServerTrouble> servers;
  std::vector<Note> notes;
  std::string_view release;
  std::string_view hardware;
  std::string_view node_name;
  std::size_t recognised = 0;  // records that some family knew
};

}  // namespace whyhung::log
