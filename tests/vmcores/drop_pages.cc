// SPDX-License-Identifier: GPL-2.0-or-later
// Takes one page after the other out of a dump and holds each verdict against that of the whole dump: it may be weaker,
// with the true reason, and never another one.
//   drop_pages DUMP [--every | --pages COUNT] [--seed NUMBER] [--frame HEX] [--verbose]
#include <algorithm>
#include <array>
#include <cstdlib>
#include <iostream>
#include <random>
#include <set>
#include <string>

#include <fmt/format.h>

#include "collect/collect.h"
#include "collect/workbench.h"
#include "diagnose/diagnose.h"
#include "support/hiding_dump.h"
#include "target/open_dump.h"

namespace whyhung::test {
namespace {

struct Request {
  std::string dump;
  bool every = false;
  std::size_t pages = 100;
  std::uint64_t seed = 1;
  std::optional<std::uint64_t> frame;
  bool verbose = false;
};

struct Judged {
  diagnose::HangClass verdict = diagnose::HangClass::kUndetermined;
  model::Certainty confidence = model::Certainty::kPossible;
  std::set<std::string> culprits;
  std::set<std::string> reasons;  // of gaps, or why the dump could not be opened
};

// By the address: a name may be on the missing page.
std::string name_of(const diagnose::Culprit& culprit) {
  return culprit.cpu ? fmt::format("{:#x} on CPU {}", culprit.task, *culprit.cpu) : fmt::format("{:#x}", culprit.task);
}

Judged judge(std::unique_ptr<dump::Dump> dump, std::vector<dump::Dump::TouchedPage>* touched) {
  Judged out;
  StageClock clock;
  auto target = target::open_target(std::move(dump), collect::open_options({}, {}, {}), clock);
  if (!target) {
    out.reasons.insert(target.error().what);
    return out;
  }
  auto bench = collect::Workbench::create(*target);
  model::Snapshot poor;
  if (bench) {
    collect::collect_snapshot(**bench, "", clock);
  } else {
    poor = collect::poor_snapshot(*target, "", bench.error());
  }
  const model::Snapshot& snapshot = bench ? (*bench)->snapshot : poor;
  const diagnose::Diagnosis diagnosis = diagnose::diagnose(snapshot);
  out.verdict = diagnosis.verdict;
  out.confidence = diagnosis.confidence;
  if (!diagnosis.findings.empty()) {
    for (const auto& culprit : diagnosis.findings.front().culprits) out.culprits.insert(name_of(culprit));
  }
  for (const Gap& gap : snapshot.gaps) out.reasons.insert(gap.what + ": " + gap.why);
  if (touched != nullptr) *touched = target->dump->touched_pages();
  return out;
}

std::vector<std::string> new_reasons(const Judged& whole, const Judged& now) {
  std::vector<std::string> fresh;
  std::ranges::set_difference(now.reasons, whole.reasons, std::back_inserter(fresh));
  return fresh;
}

// What may be said of a page that is missing, and of nothing else here. Of the kernel's own descriptions only the first
// page that is missing is named, and a capsule may lack another one by itself.
bool names_the_page(const std::vector<std::string>& reasons, FaultKind fault) {
  return std::ranges::any_of(reasons, [&](const std::string& reason) {
    return reason.find(describe(fault)) != std::string::npos || reason.starts_with("structures of the kernel: ") ||
           reason.starts_with("part of the kernel's symbols: ");
  });
}

// Why the verdict on the damaged dump is not acceptable; empty when it is.
std::string objection(const Judged& whole, const Judged& now, FaultKind fault) {
  using diagnose::HangClass;
  for (const std::string& reason : now.reasons) {
    if (reason.find("carries no BTF") != std::string::npos) return "a false reason: " + reason;
  }
  const bool was_hung = whole.verdict != HangClass::kNone && whole.verdict != HangClass::kUndetermined;
  if (now.verdict == HangClass::kUndetermined) {
    if (whole.verdict == HangClass::kUndetermined) return {};
    return names_the_page(new_reasons(whole, now), fault) ? "" : "undetermined, and the missing page is not named";
  }
  if (now.verdict == HangClass::kNone) return whole.verdict == HangClass::kNone ? "" : "none of a hung machine";
  if (!was_hung) return "somebody is accused";
  const bool are_known = std::ranges::includes(whole.culprits, now.culprits) && !now.culprits.empty();
  if (!are_known) return "other culprits";
  if (now.confidence < whole.confidence) return "surer than the whole dump";
  // Of the same culprit another, lesser thing may be what is left to say.
  const bool is_same = now.culprits == whole.culprits && now.verdict == whole.verdict;
  if (is_same && now.confidence == whole.confidence) return {};
  return names_the_page(new_reasons(whole, now), fault) ? "" : "less is said, and the missing page is not named";
}

std::vector<std::uint64_t> choose(const Request& request, const std::vector<dump::Dump::TouchedPage>& touched) {
  std::vector<std::uint64_t> frames;
  for (const auto& page : touched) {
    if (!page.fault) frames.push_back(page.frame);
  }
  if (request.frame) return {*request.frame};
  if (request.every) return frames;
  std::mt19937_64 random(request.seed);
  std::ranges::shuffle(frames, random);
  frames.resize(std::min(frames.size(), request.pages));
  return frames;
}

void show(std::ostream& out, const Judged& judged) {
  out << "  " << diagnose::name_of(judged.verdict) << ", " << model::name_of(judged.confidence);
  for (const std::string& culprit : judged.culprits) out << "; " << culprit;
  out << "\n";
}

int run(const Request& request) {
  const std::vector<std::string> paths = {request.dump};
  auto opened = dump::open_dump(paths);
  if (!opened) {
    std::cerr << opened.error().what << "\n";
    return 2;
  }
  std::vector<dump::Dump::TouchedPage> touched;
  const Judged whole = judge(*std::move(opened), &touched);
  show(std::cout, whole);
  constexpr std::array kFaults = {FaultKind::kFilteredOut, FaultKind::kTruncated, FaultKind::kCorrupt};
  std::size_t tried = 0;
  std::size_t wrong = 0;
  std::size_t weaker = 0;
  for (const std::uint64_t frame : choose(request, touched)) {
    const FaultKind fault = kFaults[request.every || request.frame ? 0 : tried % kFaults.size()];
    ++tried;
    auto again = dump::open_dump(paths);
    if (!again) return 2;
    const Judged now = judge(std::make_unique<HidingDump>(*std::move(again), frame, fault), nullptr);
    const std::string why_not = objection(whole, now, fault);
    if (now.verdict != whole.verdict || now.confidence != whole.confidence) ++weaker;
    if (!why_not.empty()) ++wrong;
    if (why_not.empty() && !request.verbose) continue;
    std::cout << fmt::format("frame {:#x} ({}): {}\n", frame, describe(fault), why_not);
    show(std::cout, now);
    for (const std::string& reason : new_reasons(whole, now)) std::cout << "    " << reason << "\n";
  }
  std::cout << fmt::format("{}: {} pages taken out one by one: {} weaker, {} wrong\n", request.dump, tried, weaker,
                           wrong);
  if (tried == 0) return 2;
  return wrong == 0 ? 0 : 1;
}

}  // namespace
}  // namespace whyhung::test

int main(int argc, char** argv) {
  whyhung::test::Request request;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    const bool has_value = i + 1 < argc;
    if (argument == "--every")
      request.every = true;
    else if (argument == "--verbose")
      request.verbose = true;
    else if (argument == "--pages" && has_value)
      request.pages = std::strtoull(argv[++i], nullptr, 10);
    else if (argument == "--seed" && has_value)
      request.seed = std::strtoull(argv[++i], nullptr, 10);
    else if (argument == "--frame" && has_value)
      request.frame = std::strtoull(argv[++i], nullptr, 16);
    else
      request.dump = argument;
  }
  if (request.dump.empty()) {
    std::cerr << "usage: drop_pages DUMP [--every | --pages COUNT] [--seed NUMBER] [--frame HEX] [--verbose]\n";
    return 2;
  }
  return whyhung::test::run(request);
}
