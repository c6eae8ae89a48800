// SPDX-License-Identifier: GPL-2.0-or-later
// StageClock: where the time and the memory of a run went, for --stats, and a place that progress reports hang on.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace whyhung {

class StageClock {
 public:
  struct Stage {
    std::string name;
    std::uint64_t cpu_nanoseconds = 0;
    std::uint64_t wall_nanoseconds = 0;
    std::uint64_t peak_resident_kilobytes = 0;  // of the whole process, at the end of the stage
  };
  // `announce` is told the name of each stage as it begins; may be empty.
  explicit StageClock(std::function<void(std::string_view)> announce = {}) : announce_(std::move(announce)) {}

  // Ends the running stage and begins the next. An empty name ends the last one.
  void enter(std::string_view name);
  const std::vector<Stage>& stages() const { return stages_; }

 private:
  std::function<void(std::string_view)> announce_;
  std::vector<Stage> stages_;
  bool running_ = false;
  std::uint64_t cpu_at_start_ = 0;
  std::uint64_t wall_at_start_ = 0;
};

}  // namespace whyhung
