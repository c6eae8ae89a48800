// SPDX-License-Identifier: GPL-2.0-or-later
// Where a piece of evidence is found again: what its words, written for people, say to a debugger.
#pragma once

#include <optional>
#include <string>

#include "diagnose/finding.h"
#include "model/index.h"

namespace whyhung::report {

struct Place {
  enum class Kind : std::uint8_t {
    kByHand,  // no command says it
    kMember,  // `member` of a `type` at `address`
    kPerCpu,  // the variable `member` of `cpu`, or, where `type` is not empty, that member of the variable `variable`
    kWord,    // 32 bits at `address`
    kObject,  // a whole `type` at `address`: there is no one value
    kTaskStack,  // a function on the stack of the task at `address`
    kCpuStack,   // a function on the stack of `cpu`
    kCode,       // instructions from `address` on
  };
  Kind kind = Kind::kByHand;
  std::string type;
  std::string member;
  std::string variable;
  std::uint64_t address = 0;
  std::uint32_t cpu = 0;
};

Place place_of(const model::Index& index, const diagnose::Link& link, const model::Evidence& evidence);

// What a record should hold, as far as a program can compare it.
struct Expected {
  std::optional<std::int64_t> number;
  std::string word;  // an enumerator, a function's name, a text
};
Expected expected_of(const model::Evidence& evidence);

}  // namespace whyhung::report
