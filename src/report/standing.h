// SPDX-License-Identifier: GPL-2.0-or-later
// The short answers of the first screen: why it hangs, what the blamed module is, what panicked and whether the
// kernel's own log says the same.
#pragma once

#include <string>

#include "diagnose/diagnose.h"
#include "model/index.h"

namespace whyhung::report {

std::string why_phrase(const model::Index& index, const diagnose::Finding& finding);
// "hanglab: out of tree, unsigned (taints OE), being unloaded"; empty when the kernel's own code is to blame.
std::string standing_phrase(const model::Snapshot& snapshot, const diagnose::Finding& finding);
// Empty when the kernel did not panic, as far as the dump tells.
std::string panic_phrase(const model::Index& index, const diagnose::Diagnosis& diagnosis);

}  // namespace whyhung::report
