// SPDX-License-Identifier: GPL-2.0-or-later
// Functions that give a spinlock back, or a lock for readers and writers that is spun for.
#pragma once

#include <string_view>

namespace whyhung::names {

// Whether a function of the kernel itself does; the name may have what compilers append.
bool releases_spinlock(std::string_view function);

}  // namespace whyhung::names
