// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/folded.h"

#include <algorithm>
#include <ostream>

#include <fmt/format.h>

#include "base/text.h"
#include "report/merged_stacks.h"

namespace whyhung::report {
namespace {

// A frame holds neither of the two characters that have a meaning.
std::string frame_of(const model::CodeLocation& location) {
  std::string text = location.function.empty() ? fmt::format("{:#x}", location.address) : printable(location.function);
  if (!location.module.empty()) text += "_[" + printable(location.module) + "]";
  std::ranges::replace(text, ';', ':');
  std::ranges::replace(text, ' ', '_');
  return text;
}

void write_stacks(std::ostream& out, const model::Snapshot& snapshot, const std::vector<MergedStack>& stacks) {
  for (const MergedStack& stack : stacks) {
    std::string line(words_of(stack.role));
    std::ranges::replace(line, ' ', '_');
    for (auto location = stack.locations.rbegin(); location != stack.locations.rend(); ++location) {
      line += ";" + frame_of(snapshot.locations.at(*location));
    }
    out << line << " " << stack.tasks.size() << "\n";
  }
}

}  // namespace

void write_folded(std::ostream& out, const model::Index& index, const diagnose::Diagnosis& diagnosis) {
  write_stacks(out, index.snapshot(), merge_stacks(index, diagnosis));
}

void write_folded(std::ostream& out, const model::Snapshot& snapshot) {
  write_stacks(out, snapshot, merge_stacks(snapshot));
}

}  // namespace whyhung::report
