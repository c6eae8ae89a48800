// SPDX-License-Identifier: GPL-2.0-or-later
// Functions of the kernel whose presence on a stack tells what a CPU is about: entry code, the path of a panic, busy
// waits, the scheduler. Only the kernel's own functions are asked about here, never a module's.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace whyhung::kernel {

// What the entry code at the outer end of a piece of stack was entered for.
enum class EntryKind : std::uint8_t { kNmi, kHardirq, kException, kSystemCall };
std::optional<EntryKind> entry_kind(std::string_view function);

// The first instructions of an exception, before anything is saved.
bool is_just_entering(std::string_view function);

// The function that runs softirqs.
bool runs_softirqs(std::string_view function);

// Part of what a CPU does because somebody panicked or a dump is taken.
// kStoppedIfOffline: code that serves all IPIs, the one that stops a CPU among them; the CPU then takes itself off the
// mask of those that are online.
enum class DumpCode : std::uint8_t { kPanic, kStoppedByPanic, kStoppedIfOffline, kDetector };
std::optional<DumpCode> dump_code(std::string_view function);

// Loops in which the kernel waits for another CPU with its own CPU held.
enum class BusyWait : std::uint8_t { kStopMachine, kIpi, kSpinlock, kOwnerSpin, kConsole };
std::optional<BusyWait> busy_wait(std::string_view function);
std::string_view name_of(BusyWait wait);

// The function that calls a kernel thread's own, and what it calls besides.
bool starts_kernel_thread(std::string_view function);
bool precedes_thread_function(std::string_view function);

// Calling it gives other tasks a chance to run.
bool may_yield(std::string_view function);

// A return in disguise: the thunks that replace `ret` on CPUs with speculation bugs.
bool is_return_thunk(std::string_view function);

// A function's name without what compilers append: ".isra.0", ".constprop.0", ".cold", ".part.3".
std::string_view base_name(std::string_view function);

}  // namespace whyhung::kernel
