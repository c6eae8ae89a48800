// SPDX-License-Identifier: GPL-2.0-or-later
// Snapshot: the crashed machine as plain values. Everything that reads bytes produces one; everything that judges reads
// only this. It can be saved, loaded, compared and written by hand in a test.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/gap.h"
#include "model/cpu.h"
#include "model/crash.h"
#include "model/incident.h"
#include "model/stack.h"
#include "model/task.h"
#include "model/wait.h"

namespace whyhung::model {

// Texts are raw: escape before showing.
struct Machine {
  std::string dump_file;    // as the user named it
  std::string dump_format;  // "kdump-compressed (zstd)", …
  bool partial_dump = false;
  bool incomplete_dump = false;
  bool capsule = false;
  std::string symbols_from;  // "kallsyms in the dump"
  std::string types_from;    // "BTF in the dump"
  std::string architecture;
  std::string build_id;               // of the kernel, lower-case hexadecimal; empty: the dump names none
  std::optional<std::string> taints;  // letters as the kernel prints them; absent: not read
  std::string node_name, release, version, machine;
  std::optional<std::uint64_t> cpu_count;  // possible CPUs
  std::optional<std::uint64_t> online_cpu_count;
  std::optional<std::int64_t> date;         // wall clock at the dump, seconds since 1970
  std::optional<std::uint64_t> uptime;      // seconds
  std::vector<std::uint64_t> load_average;  // three values, in hundredths
  std::optional<std::uint64_t> task_count;
  std::optional<std::uint64_t> memory_bytes;
  std::optional<std::uint64_t> megahertz;  // of the processors, nominal
  std::string panic_message;               // the kernel's own last words; empty: no panic recorded
  std::optional<std::uint32_t> panic_cpu;
  std::optional<Complaint> complaint;               // the kernel's last complaint of a hang before it panicked
  std::optional<std::uint64_t> panic_task;          // address
  std::optional<Crash> crash;                       // what made it panic
  std::string preemption;                           // "none", "voluntary", "full", "lazy", "" unknown
  std::optional<std::uint64_t> watchdog_threshold;  // kernel.watchdog_thresh, seconds
  std::optional<std::uint64_t> hung_task_timeout;   // kernel.hung_task_timeout_secs; 0: the kernel does not look
  // What this kernel calls what evidence is taken from; absent: as most kernels do.
  std::optional<std::string> task_state_member;     // "task_struct.__state"
  std::optional<std::string> preempt_count_member;  // "__preempt_count"
  std::optional<std::uint64_t> clock;               // newest scheduler clock of any CPU at the dump, ns

  std::string_view task_state_name() const;
  std::string_view preempt_count_name() const;
  bool operator==(const Machine&) const = default;
};

struct LogRecord {
  std::uint64_t sequence = 0;
  std::uint64_t time = 0;  // nanoseconds since boot
  std::uint8_t level = 0;
  std::string caller;  // "T123" or "C0" where the kernel records it
  std::string text;    // raw
  bool operator==(const LogRecord&) const = default;
};

struct Module {
  std::string name;
  std::uint64_t address = 0;  // struct module
  std::uint64_t base = 0;
  std::uint64_t size = 0;
  std::string state;  // live, coming, going, unformed
  std::string taints;
  std::string version;  // of modules from elsewhere, where they name one
  bool operator==(const Module&) const = default;
};

struct Snapshot {
  Machine machine;
  std::vector<CodeLocation> locations;
  std::vector<Cpu> cpus;    // ascending number
  std::vector<Task> tasks;  // idle tasks first by CPU, then ascending pid
  std::vector<Module> modules;
  std::vector<Resource> resources;
  std::vector<Wait> waits;
  std::vector<StopMachineRequest> stop_machine;
  std::vector<Incident> incidents;  // oldest first
  std::vector<LogRecord> log;       // empty unless asked for; findings never rest on it where memory can be read
  std::vector<Gap> gaps;
  bool operator==(const Snapshot&) const = default;

  const Task* find_task(std::uint64_t address) const;
  const Cpu* find_cpu(std::uint32_t number) const;
  const Resource* find_resource(std::uint64_t address) const;
  // Adds a resource, or returns the one that is known at that address already.
  Resource& resource_at(std::uint64_t address, ResourceKind kind);
  const CodeLocation& location(const StackFrame& frame) const { return locations.at(frame.location); }
};

}  // namespace whyhung::model
