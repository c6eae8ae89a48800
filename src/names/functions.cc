// SPDX-License-Identifier: GPL-2.0-or-later
#include "names/functions.h"

#include <algorithm>

#include "names/rows.h"

namespace whyhung::names {
namespace {

bool fits(std::string_view pattern, std::string_view name) {
  if (pattern.ends_with('*')) return name.starts_with(pattern.substr(0, pattern.size() - 1));
  if (pattern.starts_with('*')) return name.ends_with(pattern.substr(1));
  return pattern == name;
}

bool is_on(const Row& row, Machine machine) {
  return (static_cast<std::uint8_t>(row.machines) & static_cast<std::uint8_t>(machine)) != 0;
}

auto all_rows() {
  return std::to_array({entry_rows(), crash_rows(), dump_rows(), spin_rows(), scheduler_rows(), wait_rows()});
}

}  // namespace

Machine machine_named(std::string_view architecture) {
  if (architecture == "x86_64") return Machine::kX86_64;
  if (architecture == "arm64") return Machine::kArm64;
  if (architecture.starts_with("ppc64")) return Machine::kPpc64;
  if (architecture == "riscv64") return Machine::kRiscv64;
  return architecture == "s390x" ? Machine::kS390x : Machine::kAny;
}

Meanings meanings_of(std::string_view function, std::string_view module, Machine machine) {
  Meanings meanings;
  const std::string_view name = base_name(function);
  if (name.empty()) return meanings;
  for (const std::span<const Row> rows : all_rows()) {
    for (const Row& row : rows) {
      const bool counts = (module.empty() || row.in_modules) && is_on(row, machine);
      if (counts && fits(row.pattern, name)) meanings.add(row.meaning);
    }
  }
  return meanings;
}

bool means(std::string_view function, Meaning meaning) {
  const std::string_view name = base_name(function);
  return std::ranges::any_of(all_rows(), [&](std::span<const Row> rows) {
    return std::ranges::any_of(rows, [&](const Row& row) { return row.meaning == meaning && fits(row.pattern, name); });
  });
}

std::string_view base_name(std::string_view function) {
  // A leading dot belongs to the name (ppc64 ELFv1); what compilers append starts at a later one.
  const std::size_t dot = function.find('.', 1);
  return dot == std::string_view::npos ? function : function.substr(0, dot);
}

}  // namespace whyhung::names
