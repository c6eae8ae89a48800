// SPDX-License-Identifier: GPL-2.0-or-later
// That judging and telling grow with the number of tasks and not faster: each shape of machine at three sizes.
//   shapes_bench --table    prints what docs/how-it-grows.md holds
#include <benchmark/benchmark.h>

#include <cstring>
#include <ctime>
#include <iostream>
#include <sstream>

#include <fmt/format.h>

#include "diagnose/diagnose.h"
#include "report/json.h"
#include "report/text.h"
#include "support/shapes.h"

namespace {

using namespace whyhung;

constexpr auto kSizes = std::to_array<std::size_t>({2'000, 8'000, 20'000});

std::size_t judge_and_tell(const model::Snapshot& snapshot) {
  const diagnose::Diagnosis diagnosis = diagnose::diagnose(snapshot);
  std::ostringstream text;
  std::ostringstream json;
  report::write_text(text, snapshot, diagnosis, report::Style(report::Colour::kNever));
  report::write_json(json, snapshot, diagnosis);
  return text.str().size() + json.str().size();
}

void shape(benchmark::State& state, test::Shape which) {
  const model::Snapshot snapshot = test::machine_of(which, static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(judge_and_tell(snapshot));
  state.SetComplexityN(state.range(0));
}

// The best of three, in seconds of CPU time.
double seconds_of(const model::Snapshot& snapshot) {
  double best = 1e9;
  for (int round = 0; round < 3; ++round) {
    const std::clock_t begin = std::clock();
    benchmark::DoNotOptimize(judge_and_tell(snapshot));
    best = std::min(best, static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC);
  }
  return best;
}

void print_table() {
  std::cout << "| shape | 2,000 tasks, s | 8,000 tasks, s | 20,000 tasks, s | growth of 2,000 to 20,000 |\n"
            << "|---|---|---|---|---|\n";
  for (const auto& [name, which] : test::kShapes) {
    std::array<double, kSizes.size()> seconds{};
    for (std::size_t i = 0; i < kSizes.size(); ++i) seconds[i] = seconds_of(test::machine_of(which, kSizes[i]));
    std::cout << fmt::format("| {} | {:.3f} | {:.3f} | {:.3f} | {:.1f} times |\n", name, seconds[0], seconds[1],
                             seconds[2], seconds[2] / seconds[0]);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && std::strcmp(argv[1], "--table") == 0) {
    print_table();
    return 0;
  }
  for (const auto& [name, which] : test::kShapes) {
    auto* one = benchmark::RegisterBenchmark(std::string(name).c_str(), shape, which);
    for (const std::size_t size : kSizes) one->Arg(static_cast<std::int64_t>(size));
    one->Unit(benchmark::kMillisecond)->Complexity();
  }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
