// SPDX-License-Identifier: GPL-2.0-or-later
// Session: one hung machine under examination, from its files to its diagnosis, which are opened, collected and judged
// once. Whatever asks about a machine (a report, commands, a capsule, a benchmark) asks a session.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/stage_clock.h"
#include "diagnose/diagnose.h"
#include "session/input.h"

namespace whyhung::session {

struct Request {
  // A dump, the parts of a split dump, or one saved snapshot. A folder is the newest dump in it, and a vmlinux that
  // stands among them is taken for `vmlinux`, as crash does.
  std::vector<std::string> inputs;
  std::string vmlinux;  // empty: look beside the dump and where such files usually lie
  std::string types;
};

class Session {
 public:
  // Opens and collects. Fails when nothing at all can be said of the input; a machine whose inside cannot be read is a
  // session without a machine. `announce` is told the name of each stage as it begins.
  static Result<std::unique_ptr<Session>> open(const Request& request,
                                               std::function<void(std::string_view)> announce = {});
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  const model::Snapshot& snapshot() const { return opened_.machine ? opened_.machine->snapshot : opened_.snapshot; }
  // Made at the first call.
  const diagnose::Diagnosis& diagnosis();

  // The machine's memory and structures; null for a saved snapshot and for a dump whose inside cannot be read.
  collect::Workbench* machine() { return opened_.machine.get(); }
  // The opened dump; null when there is none.
  target::Target* target() { return opened_.target.get(); }
  // Why there is no machine; nothing when there is one.
  const Error* lack() const { return opened_.machine ? nullptr : &opened_.lack; }
  // The files that were opened: of a folder the dump that was chosen, of a vmlinux nothing.
  const std::vector<std::string>& paths() const { return paths_; }
  // What is to be said at once: which dump of a folder was chosen, and what was named and cannot be used.
  const std::vector<Error>& notices() const { return notices_; }
  // Where the time went. Whoever does something long with the session enters a stage of his own.
  StageClock& clock() { return clock_; }

 private:
  explicit Session(std::function<void(std::string_view)> announce) : clock_(std::move(announce)) {}

  Result<Inputs> open_inputs(const Request& request);

  StageClock clock_;
  std::vector<std::string> paths_;
  std::vector<Error> notices_;
  Opened opened_;
  std::optional<diagnose::Diagnosis> diagnosis_;
};

// All files, opened for reading. The error names the first that cannot be, and why.
Result<std::vector<std::shared_ptr<ByteSource>>> open_files(const std::vector<std::string>& paths);

}  // namespace whyhung::session
