// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/power_registers.h"

#include <algorithm>
#include <array>
#include <ostream>
#include <string_view>

#include <fmt/format.h>

#include "base/text.h"

namespace whyhung::report {
namespace {

struct Vector {
  std::uint64_t number;
  std::string_view name;
};
// Power ISA, Book III: interrupt vectors.
constexpr std::array<Vector, 18> kVectors = {{{0x100, "System Reset"},
                                              {0x200, "Machine Check"},
                                              {0x300, "Data Access"},
                                              {0x380, "Data SLB Access"},
                                              {0x400, "Instruction Access"},
                                              {0x480, "Instruction SLB Access"},
                                              {0x500, "Hardware Interrupt"},
                                              {0x600, "Alignment"},
                                              {0x700, "Program Check"},
                                              {0x800, "FPU Unavailable"},
                                              {0x900, "Decrementer"},
                                              {0x980, "Hypervisor Decrementer"},
                                              {0xa00, "Doorbell"},
                                              {0xc00, "System Call"},
                                              {0xd00, "Single Step"},
                                              {0xe80, "Hypervisor Doorbell"},
                                              {0xf00, "Performance Monitor"},
                                              {0x3000, "System Call Vectored"}}};

const model::RegisterValue* find(const std::vector<model::RegisterValue>& values, std::string_view name) {
  const auto found = std::ranges::find(values, name, &model::RegisterValue::name);
  return found == values.end() ? nullptr : &*found;
}

}  // namespace

bool are_power_registers(const std::vector<model::RegisterValue>& values) {
  return find(values, "NIP") != nullptr && find(values, "MSR") != nullptr;
}

void write_power_exception(std::ostream& out, const std::vector<model::RegisterValue>& values) {
  const model::RegisterValue* const trap = find(values, "TRAP");
  if (trap == nullptr || trap->value == 0) return;
  // The low bits are flags.
  constexpr std::uint64_t kFlags = 0xf;
  const std::uint64_t number = trap->value & ~kFlags;
  const auto known = std::ranges::find(kVectors, number, &Vector::number);
  const std::string_view name = known == kVectors.end() ? "Unknown Exception" : known->name;
  out << fmt::format(" {}  [{:x}] exception frame:\n", name, number);
}

void write_power_registers(std::ostream& out, const std::vector<model::RegisterValue>& values) {
  constexpr std::size_t kPerLine = 3;
  std::string line;
  std::size_t in_line = 0;
  for (const model::RegisterValue& one : values) {
    if (one.name == "TRAP") continue;
    const std::string label = printable(one.name) + ":";
    line += fmt::format("{} {:<4} {:016x}", in_line == 0 ? "" : "   ", label, one.value);
    if (++in_line < kPerLine) continue;
    out << line << "\n";
    line.clear();
    in_line = 0;
  }
  if (in_line != 0) out << line << "\n";
}

}  // namespace whyhung::report
