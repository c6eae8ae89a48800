// SPDX-License-Identifier: GPL-2.0-or-later
#include "session/input.h"

#include <algorithm>
#include <array>

#include "session/file_kinds.h"

namespace whyhung::session {
namespace {

// The first that claims the bytes has them; a dump claims all.
constexpr std::array kKinds = {&kSnapshotInput, &kDumpInput};

}  // namespace

Result<const InputKind*> kind_of(const Inputs& inputs) {
  std::vector<std::byte> head(kHeadBytes);
  TRY_ASSIGN(const std::size_t count, inputs.files.front()->read_some(0, head));
  head.resize(count);
  return *std::ranges::find_if(kKinds, [&](const InputKind* kind) { return kind->is_one(head); });
}

}  // namespace whyhung::session
