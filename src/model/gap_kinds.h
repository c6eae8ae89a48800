// SPDX-License-Identifier: GPL-2.0-or-later
// What a gap means for a verdict. Gaps that bear on one have fixed names: who finds the gap uses the name, who judges
// asks what it means.
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "base/gap.h"

namespace whyhung::model {

enum class GapKind : unsigned char {
  kTasks,      // there may be tasks that are not in the snapshot: then nobody can say that nothing hangs
  kCpus,       // there may be CPUs that are not, or of which nothing is known: likewise
  kMemory,     // pages, layouts or names that were asked for: what lies there may be what is not explained
  kNearTypes,  // layouts are those of another build: nothing that rests on them is certain
};

inline constexpr std::string_view kGapTaskList = "list of tasks";
inline constexpr std::string_view kGapTasks = "tasks";
inline constexpr std::string_view kGapStructures = "structures of the kernel";  // members that every kernel has
inline constexpr std::string_view kGapVariables = "variables of the kernel";    // symbols that every kernel has
inline constexpr std::string_view kGapRunqueues = "runqueues";
inline constexpr std::string_view kGapMemory = "memory of the kernel";
inline constexpr std::string_view kGapTypes = "part of the kernel's types";
inline constexpr std::string_view kGapSymbols = "part of the kernel's symbols";
inline constexpr std::string_view kGapNearTypes = "types of another build";
inline constexpr std::string_view kGapOtherBoot = "VMCOREINFO of another boot";

// Nothing for gaps that no verdict needs.
inline std::optional<GapKind> kind_of(const Gap& gap) {
  struct Row {
    std::string_view what;
    GapKind kind;
  };
  constexpr std::array<Row, 10> kRows = {{{kGapTaskList, GapKind::kTasks},
                                          {kGapTasks, GapKind::kTasks},
                                          {kGapStructures, GapKind::kTasks},
                                          {kGapVariables, GapKind::kTasks},
                                          {kGapOtherBoot, GapKind::kTasks},
                                          {kGapRunqueues, GapKind::kCpus},
                                          {kGapMemory, GapKind::kMemory},
                                          {kGapTypes, GapKind::kMemory},
                                          {kGapSymbols, GapKind::kMemory},
                                          {kGapNearTypes, GapKind::kNearTypes}}};
  const auto* const found = std::ranges::find(kRows, std::string_view(gap.what), &Row::what);
  return found == kRows.end() ? std::nullopt : std::optional(found->kind);
}

}  // namespace whyhung::model
