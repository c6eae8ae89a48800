// SPDX-License-Identifier: GPL-2.0-or-later
// The smallest pieces of sentences: tasks, CPUs, functions, resources, times. All that comes from the dump is made
// printable on its way in.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "diagnose/finding.h"
#include "model/index.h"

namespace whyhung::report {

// "rmmod (pid 127)".
std::string task_phrase(const model::Index& index, std::uint64_t task);
// "mutex alpha_lock [module]", "a mutex at 0x…".
std::string resource_phrase(const model::Index& index, std::uint64_t address);
// A task, a CPU or a resource.
std::string node_phrase(const model::Index& index, const model::NodeId& node);
// "kernel thread pmount_kthread (pid 115)", "a softirq on top of the idle task swapper/2 (pid 0)".
std::string culprit_phrase(const model::Index& index, const diagnose::Culprit& culprit);
// "pmount_kthread() [while1]".
std::string function_phrase(std::string_view function, std::string_view module);
std::string function_phrase(const diagnose::Place& place);
// The name of a function as others write it down, "nothing [while1]", with its parentheses: "nothing() [while1]".
std::string called(std::string_view name);
// A place after " in ", or nothing.
std::string in_place(const diagnose::Place& place);
// "CPUs 0, 1 and 3".
std::string cpus_phrase(const std::vector<std::uint32_t>& cpus);
std::string cpu_nodes_phrase(const std::vector<model::NodeId>& cpus);

// "12.8".
std::string seconds_text(std::uint64_t nanoseconds);
// `before`, the seconds and " s"; nothing when they are not known.
std::string seconds_after(std::string_view before, const std::optional<std::uint64_t>& nanoseconds);
// "s" for all numbers but one.
std::string_view plural(std::uint64_t count);

// "frozen", "uninterruptible".
std::string_view state_words(const diagnose::RestFacts& rest);
// How a task was made to stop: "stopped by a tracer".
std::string halt_phrase(const diagnose::RestFacts& rest);
// What a holder has to do with the resource, after "which": "executes it".
std::string_view role_words(model::HolderRole role);
// Whether it has the resource, as the owner of a lock does.
bool holds(model::HolderRole role);
// "sleeps for it for writing in update() [mutexes]".
std::string how_phrase(const model::WaitHow& how);

}  // namespace whyhung::report
