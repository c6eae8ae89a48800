// SPDX-License-Identifier: GPL-2.0-or-later
// What two dumps of one bug have in common: the shape of the hang at its root. Other boots, other numbers of CPUs,
// other builds of a kernel and other machines give the same id where functions and modules have the same names.
#pragma once

#include <string>
#include <string_view>

#include "diagnose/finding.h"
#include "model/index.h"

namespace whyhung::report {

struct Signature {
  std::string id;     // "mutex-deadlock:1f2e3d4c5b6a"
  std::string title;  // "mutex-deadlock in update() [mutexes], of mutex cache_lock [mutexes]"
};

Signature signature_of(const model::Index& index, const diagnose::Finding& finding);
// Of a class and what signature_text() would say of it.
std::string signature_id(std::string_view class_name, std::string_view text);
// "f [module]", without what one compiler makes of a function's name.
std::string signature_place(std::string_view function, std::string_view module);

// What the id is made from, one fact a line: for those who want to see why two differ.
std::string signature_text(const model::Index& index, const diagnose::Finding& finding);

}  // namespace whyhung::report
