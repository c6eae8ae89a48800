// SPDX-License-Identifier: GPL-2.0-or-later
// The grammar of a member's path, "a.b[1][2].c", shared by every source of types.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace whyhung::debuginfo {

struct PathStep {
  std::string_view name;
  std::vector<std::uint64_t> indexes;
};

// The steps of a path, which view into it; nothing when it is empty or malformed.
std::optional<std::vector<PathStep>> parse_member_path(std::string_view path);

// "struct foo" taken apart: the keyword without its space (empty when there is none) and the name.
struct TaggedName {
  std::string_view keyword;
  std::string_view name;
};
TaggedName parse_type_name(std::string_view text);

}  // namespace whyhung::debuginfo
