// SPDX-License-Identifier: GPL-2.0-or-later
// How long each stage of a run takes on a given dump: stages_bench --dump=VMCORE [options of Google Benchmark].
#include <benchmark/benchmark.h>

#include <cstring>
#include <iostream>
#include <sstream>
#include <string>

#include "collect/cpus.h"
#include "collect/tasks.h"
#include "collect/waits/waits.h"
#include "diagnose/diagnose.h"
#include "dump/dump.h"
#include "model/json.h"
#include "report/json.h"
#include "report/text.h"
#include "session/session.h"

namespace {

using namespace whyhung;

std::string dump_path;

target::Target open_or_exit() {
  StageClock clock;
  auto files = session::open_files({dump_path});
  if (!files) {
    std::cerr << files.error().what << "\n";
    std::exit(2);
  }
  auto target = target::open_target(collect::open_options(*std::move(files), {}, {}), clock);
  if (!target) {
    std::cerr << target.error().what << "\n";
    std::exit(2);
  }
  return *std::move(target);
}

std::unique_ptr<collect::Workbench> bench_or_exit(target::Target& target) {
  auto bench = collect::Workbench::create(target);
  if (!bench) {
    std::cerr << bench.error().what << "\n";
    std::exit(2);
  }
  return *std::move(bench);
}

void open_dump(benchmark::State& state) {
  for (auto _ : state) {
    auto dump = dump::open_dump(std::vector{dump_path});
    benchmark::DoNotOptimize(dump);
  }
}

void open_target(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(open_or_exit());
}

void bind_structures(benchmark::State& state) {
  for (auto _ : state) {
    state.PauseTiming();
    auto target = open_or_exit();
    state.ResumeTiming();
    benchmark::DoNotOptimize(bench_or_exit(target));
  }
}

void all_tasks_and_stacks(benchmark::State& state) {
  std::size_t tasks = 0;
  for (auto _ : state) {
    state.PauseTiming();
    auto target = open_or_exit();
    auto bench = bench_or_exit(target);
    state.ResumeTiming();
    collect::collect_tasks(*bench);
    tasks = bench->snapshot.tasks.size();
  }
  state.counters["tasks"] = static_cast<double>(tasks);
}

void cpus_and_waits(benchmark::State& state) {
  for (auto _ : state) {
    state.PauseTiming();
    auto target = open_or_exit();
    auto bench = bench_or_exit(target);
    collect::collect_tasks(*bench);
    state.ResumeTiming();
    collect::collect_cpus(*bench);
    for (const collect::WaitCollector& collector : collect::wait_collectors()) collector.collect(*bench);
  }
}

session::Session& session_of_dump() {
  static const std::unique_ptr<session::Session> kSession = [] {
    auto opened = session::Session::open({{dump_path}, {}, {}});
    if (!opened) {
      std::cerr << opened.error().what << "\n";
      std::exit(2);
    }
    return *std::move(opened);
  }();
  return *kSession;
}

void verdict(benchmark::State& state) {
  const model::Snapshot& snapshot = session_of_dump().snapshot();
  for (auto _ : state) benchmark::DoNotOptimize(diagnose::diagnose(snapshot));
}

void report_text(benchmark::State& state) {
  const model::Snapshot& snapshot = session_of_dump().snapshot();
  const diagnose::Diagnosis& diagnosis = session_of_dump().diagnosis();
  for (auto _ : state) {
    std::ostringstream out;
    report::write_text(out, snapshot, diagnosis, report::Style(report::Colour::kNever));
  }
}

void report_json(benchmark::State& state) {
  const model::Snapshot& snapshot = session_of_dump().snapshot();
  const diagnose::Diagnosis& diagnosis = session_of_dump().diagnosis();
  for (auto _ : state) {
    std::ostringstream out;
    report::write_json(out, snapshot, diagnosis);
  }
}

void snapshot_round_trip(benchmark::State& state) {
  const model::Snapshot& snapshot = session_of_dump().snapshot();
  for (auto _ : state) {
    std::ostringstream out;
    model::write_snapshot(out, snapshot);
    benchmark::DoNotOptimize(model::read_snapshot(out.str()));
  }
}

BENCHMARK(open_dump)->Unit(benchmark::kMillisecond);
BENCHMARK(open_target)->Unit(benchmark::kMillisecond);
BENCHMARK(bind_structures)->Unit(benchmark::kMillisecond);
BENCHMARK(all_tasks_and_stacks)->Unit(benchmark::kMillisecond);
BENCHMARK(cpus_and_waits)->Unit(benchmark::kMillisecond);
BENCHMARK(verdict)->Unit(benchmark::kMillisecond);
BENCHMARK(report_text)->Unit(benchmark::kMillisecond);
BENCHMARK(report_json)->Unit(benchmark::kMillisecond);
BENCHMARK(snapshot_round_trip)->Unit(benchmark::kMillisecond);

}  // namespace

int main(int argc, char** argv) {
  constexpr std::string_view kOption = "--dump=";
  int kept = 1;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument.starts_with(kOption)) {
      dump_path = argument.substr(kOption.size());
    } else {
      argv[kept++] = argv[i];
    }
  }
  if (dump_path.empty()) {
    std::cerr << "usage: stages_bench --dump=VMCORE [options of Google Benchmark]\n";
    return 2;
  }
  benchmark::Initialize(&kept, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
