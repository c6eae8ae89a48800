// SPDX-License-Identifier: GPL-2.0-or-later
// What a session can be opened on: one table, one line for each kind. To add a kind: a file of its own with a constant
// of type InputKind, and a line in input.cc.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/byte_source.h"
#include "base/stage_clock.h"
#include "collect/workbench.h"
#include "model/snapshot.h"
#include "target/target.h"

namespace whyhung::session {

// The files that were named, opened, and what was named besides.
struct Inputs {
  std::vector<std::shared_ptr<ByteSource>> files;  // at least one; their names are their paths
  std::string vmlinux;
  std::string types;
  std::string name;  // of the input, for people: the paths
};

// What came of them. `machine` refers to `target`.
struct Opened {
  std::unique_ptr<target::Target> target;       // null: no memory that could be read
  std::unique_ptr<collect::Workbench> machine;  // null: `lack` says why; holds the snapshot otherwise
  model::Snapshot snapshot;                     // when there is no machine
  Error lack{ErrorKind::kNotFound, {}, {}};
  std::vector<Error> notices;  // what was named and cannot be used, though the rest can
};

struct InputKind {
  std::string_view name;
  // Whether the first bytes of the first file are the beginning of such an input.
  bool (*is_one)(std::span<const std::byte> head);
  Result<Opened> (*open)(Inputs inputs, StageClock& clock);
};

// The kind of the files, by the bytes of the first. What no other kind claims is taken for a dump, whose reader says
// what it is instead.
Result<const InputKind*> kind_of(const Inputs& inputs);

extern const InputKind kSnapshotInput, kDumpInput;

}  // namespace whyhung::session
