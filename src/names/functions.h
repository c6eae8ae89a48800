// SPDX-License-Identifier: GPL-2.0-or-later
// The functions of the kernel that mean something, each named once, by meaning and by machine.
#pragma once

#include <cstdint>
#include <string_view>

#include "names/meaning.h"

namespace whyhung::names {

// The machines on which a function has its meaning: entry code of one may be anything on another.
enum class Machine : std::uint8_t {
  kX86_64 = 1,
  kArm64 = 2,
  kPpc64 = 4,
  kRiscv64 = 8,
  kS390x = 16,
  kAny = 31,
};
constexpr Machine operator|(Machine a, Machine b) {
  return static_cast<Machine>(static_cast<std::uint8_t>(a) | static_cast<std::uint8_t>(b));
}
// By the name that an architecture has here ("x86_64", "ppc64le"). One that is not known could be any.
Machine machine_named(std::string_view architecture);

// All that a function means. Those of modules mean nothing, but for the few whose own structures prove what they are
// about. The name may have what compilers append.
Meanings meanings_of(std::string_view function, std::string_view module, Machine machine);

// Whether a function of the kernel itself has that meaning on some machine.
bool means(std::string_view function, Meaning meaning);

// A function's name without what compilers append: ".isra.0", ".constprop.0", ".cold", ".part.3".
std::string_view base_name(std::string_view function);

}  // namespace whyhung::names
