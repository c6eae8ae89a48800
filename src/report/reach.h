// SPDX-License-Identifier: GPL-2.0-or-later
// Where the cause of a hang lies: who is to be called.
#pragma once

#include <cstdint>

#include "diagnose/finding.h"

namespace whyhung::report {

enum class Lies : std::uint8_t { kInKernelCode, kInPrograms, kInSettings, kOutside, kNowhere };

Lies where_lies(diagnose::HangClass hang_class);

}  // namespace whyhung::report
