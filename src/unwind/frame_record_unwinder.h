// SPDX-License-Identifier: GPL-2.0-or-later
// The unwinder of arm64, by frame records.
#pragma once

#include "unwind/unwinders.h"

namespace whyhung::unwind {

Result<std::unique_ptr<Unwinder>> make_frame_record_unwinder(const UnwindInputs& inputs);

}  // namespace whyhung::unwind
