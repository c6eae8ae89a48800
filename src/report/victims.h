// SPDX-License-Identifier: GPL-2.0-or-later
// Whom a hang hurts: who waited first, and all of them counted so that the numbers add up.
#pragma once

#include <optional>
#include <string>

#include "diagnose/diagnose.h"
#include "model/index.h"

namespace whyhung::report {

struct FirstWaiter {
  const model::Task* task = nullptr;  // null: nobody is known to wait
  const model::Wait* wait = nullptr;  // null: it could run and waits for a CPU
  std::optional<std::uint64_t> age;
};
// Who asked for what cannot be done; else who has waited longest.
FirstWaiter first_waiter(const model::Index& index, const diagnose::Finding& finding);
std::string first_waiter_phrase(const model::Index& index, const diagnose::Finding& finding, const FirstWaiter& waiter);

// "14 of 77 tasks: 11 wait for a CPU, 3 spin on their CPUs; 4 CPUs: 1 culprit, 3 victims; among them init (1), sshd
// (50)".
std::string stuck_phrase(const model::Index& index, const diagnose::Diagnosis& diagnosis);
// What all tasks and CPUs do, where nothing hangs.
std::string all_counted_phrase(const model::Index& index, const diagnose::Diagnosis& diagnosis);
// The tasks that sleep uninterruptibly without an explanation, longest first; empty when there are none.
std::string unexplained_phrase(const model::Index& index, const diagnose::Diagnosis& diagnosis, std::size_t most);

// Words that people say for the buckets of the accounting.
std::string_view bucket_words(diagnose::TaskBucket bucket);
std::string_view bucket_words(diagnose::CpuBucket bucket, bool several);

}  // namespace whyhung::report
