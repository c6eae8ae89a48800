// SPDX-License-Identifier: GPL-2.0-or-later
#include "debuginfo/member_path.h"

#include "base/text.h"

namespace whyhung::debuginfo {
namespace {

std::optional<PathStep> parse_step(std::string_view text) {
  PathStep step;
  const std::size_t bracket = text.find('[');
  step.name = text.substr(0, bracket);
  if (step.name.empty() || step.name.find(']') != std::string_view::npos) return std::nullopt;
  while (text.size() > step.name.size()) {
    const std::size_t open = text.rfind('[');
    if (open == std::string_view::npos || text.back() != ']') return std::nullopt;
    const auto index = parse_unsigned(text.substr(open + 1, text.size() - open - 2), 10);
    if (!index) return std::nullopt;
    step.indexes.insert(step.indexes.begin(), *index);
    text = text.substr(0, open);
  }
  return step;
}

}  // namespace

std::optional<std::vector<PathStep>> parse_member_path(std::string_view path) {
  std::vector<PathStep> steps;
  while (true) {
    const std::size_t dot = path.find('.');
    auto step = parse_step(path.substr(0, dot));
    if (!step) return std::nullopt;
    steps.push_back(std::move(*step));
    if (dot == std::string_view::npos) return steps;
    path.remove_prefix(dot + 1);
  }
}

TaggedName parse_type_name(std::string_view text) {
  for (const std::string_view keyword : {"struct", "union", "enum"}) {
    if (text.size() > keyword.size() && text.starts_with(keyword) && text[keyword.size()] == ' ') {
      return {keyword, text.substr(keyword.size() + 1)};
    }
  }
  return {{}, text};
}

}  // namespace whyhung::debuginfo
