// SPDX-License-Identifier: GPL-2.0-or-later
// Pieces of JSON that the report and the commands share: a machine, a task, a stack as other programs want to read
// them. Addresses and raw words are strings "0x…": JSON numbers are exact only up to 2^53.
#pragma once

#include <nlohmann/json.hpp>

#include "model/snapshot.h"

namespace whyhung::report {

using Json = nlohmann::ordered_json;

std::string hex(std::uint64_t value);
Json machine_json(const model::Machine& machine);
Json task_json(const model::Task& task);
Json stack_json(const model::Snapshot& snapshot, const model::StackTrace& stack);
Json registers_json(const std::vector<model::RegisterValue>& registers);
Json location_json(const model::CodeLocation& location);

}  // namespace whyhung::report
