// SPDX-License-Identifier: GPL-2.0-or-later
// Gap: a fact that could not be had, and why. Gaps travel with the snapshot into the report: what is unknown is said.
#pragma once

#include <string>

namespace whyhung {

struct Gap {
  std::string what;  // "registers of CPU 3", "types of the kernel"
  std::string why;   // "its crash note is empty: the CPU did not answer"
  bool operator==(const Gap&) const = default;
};

}  // namespace whyhung
