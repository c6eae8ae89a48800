// SPDX-License-Identifier: GPL-2.0-or-later
// What the sentences ask of a chain: its links, their facts and nodes. A fact or node that a link lacks is a mistake of
// ours and shows as empty or 0.
#pragma once

#include <string>
#include <string_view>

#include "diagnose/finding.h"

namespace whyhung::report {

// The first link that states `claim`; null when there is none.
const diagnose::Link* first_link(const diagnose::Finding& finding, diagnose::Claim claim);
const diagnose::Link* last_link(const diagnose::Finding& finding, diagnose::Claim claim);
// A fact by its name, printable.
std::string fact(const diagnose::Link& link, std::string_view name);
// The id of a link's node.
std::uint64_t node(const diagnose::Link& link, std::size_t index);

}  // namespace whyhung::report
