// SPDX-License-Identifier: GPL-2.0-or-later
// A small kernel whose structures a test lays out, and commands that are run on it.
#pragma once

#include <gtest/gtest.h>

#include <sstream>

#include "collect/collect.h"
#include "commands/command.h"
#include "commands/desk.h"
#include "support/fake_kernel.h"

namespace whyhung::commands {

inline constexpr std::uint64_t kPlace = 0xffff888600000000;  // 128 KB of zeros

class MemoryTest : public testing::Test {
 protected:
  MemoryTest() : kernel_(2) {
    kernel_.add_task(7, "sleeper");
    for (std::uint64_t at = 0; at < 0x20000; at += 8) kernel_.machine.memory.write_u64(kPlace + at, 0);
  }
  // The machine is opened when the first command is run: until then it can be changed.
  std::string output(std::string_view line, Format format = Format::kText) {
    if (!bench_) {
      auto made = collect::Workbench::create(kernel_.target);
      if (!made) throw std::runtime_error(made.error().what);
      bench_ = *std::move(made);
      StageClock clock;
      collect::collect_snapshot(*bench_, "vmcore", clock);
      desk_.emplace(bench_.get());
    }
    std::ostringstream out;
    Context context{bench_->snapshot, bench_.get(), nullptr, out, format, &*desk_};
    const auto done = run_command(context, line);
    return done ? out.str() : "error: " + done.error().what;
  }
  void types(std::string_view text) { kernel_.machine.types.add(text); }
  void write(std::uint64_t at, std::uint64_t value) { kernel_.machine.memory.write_u64(at, value); }
  // An empty list_head.
  void empty_list(std::uint64_t at) {
    write(at, at);
    write(at + 8, at);
  }
  // The list whose head is at `head` holds these nodes.
  void list(std::uint64_t head, std::vector<std::uint64_t> nodes) {
    nodes.insert(nodes.begin(), head);
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      write(nodes[i], nodes[(i + 1) % nodes.size()]);
      write(nodes[(i + 1) % nodes.size()] + 8, nodes[i]);
    }
  }
  static std::string hex(std::uint64_t value) { return fmt::format("{:016x}", value); }

  test::FakeKernel kernel_;
  std::unique_ptr<collect::Workbench> bench_;
  std::optional<Desk> desk_;
};

}  // namespace whyhung::commands
