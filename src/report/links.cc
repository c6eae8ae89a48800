// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/links.h"

#include <algorithm>

namespace whyhung::report {

const diagnose::Link* first_link(const diagnose::Finding& finding, diagnose::Claim claim) {
  const auto found = std::ranges::find(finding.chain, claim, &diagnose::Link::claim);
  return found == finding.chain.end() ? nullptr : &*found;
}

const diagnose::Link* last_link(const diagnose::Finding& finding, diagnose::Claim claim) {
  const diagnose::Link* last = nullptr;
  for (const diagnose::Link& link : finding.chain) {
    if (link.claim == claim) last = &link;
  }
  return last;
}

std::uint64_t node(const diagnose::Link& link, std::size_t index) {
  return index < link.nodes.size() ? link.nodes[index].id : 0;
}

}  // namespace whyhung::report
