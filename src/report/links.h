// SPDX-License-Identifier: GPL-2.0-or-later
// Links of a finding's chain, for those who put them into words. What a link lacks is a defect of ours and shows as
// empty or 0.
#pragma once

#include "diagnose/finding.h"

namespace whyhung::report {

// The first link that states `claim`; null when there is none.
const diagnose::Link* first_link(const diagnose::Finding& finding, diagnose::Claim claim);
const diagnose::Link* last_link(const diagnose::Finding& finding, diagnose::Claim claim);
// The id of a link's node.
std::uint64_t node(const diagnose::Link& link, std::size_t index);

}  // namespace whyhung::report
