// SPDX-License-Identifier: GPL-2.0-or-later
// What the kernel's log saw of the holders of locks: one that slept with a spinlock held; and those whose holder was
// killed by an Oops: it never came to release them, and its task_struct may be another's by now.
#pragma once

#include "diagnose/detector.h"

namespace whyhung::diagnose {

// The Oops that ended the task which held `lock`; null: there is none of which that can be said. It came before all who
// wait, its task is no more, and its registers held the lock's address.
const model::Incident* killed_holder(const Case& facts, const model::Resource& lock);

}  // namespace whyhung::diagnose
