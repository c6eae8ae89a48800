// SPDX-License-Identifier: GPL-2.0-or-later
#include "diagnose/diagnose.h"

#include <algorithm>

#include "diagnose/alike.h"
#include "diagnose/doubts.h"
#include "diagnose/settle.h"

namespace whyhung::diagnose {
Diagnosis diagnose(const model::Snapshot& snapshot) {
  return diagnose(model::Index(snapshot));
}

Diagnosis diagnose(const model::Index& index) {
  Diagnosis diagnosis;
  const model::Snapshot& snapshot = index.snapshot();
  const WaitGraph graph(snapshot);
  const std::vector<CpuCondition> cpus = judge_cpus(index);
  const WaitIndex waits(index);
  const Blame blame(index, waits, cpus);
  const Case facts{snapshot, index, graph, waits, cpus, blame};
  for (const Detector& detector : detectors()) {
    auto found = detector.detect(facts);
    std::ranges::move(found, std::back_inserter(diagnosis.findings));
  }
  settle(facts, diagnosis.findings);
  diagnosis.accounting = account(facts, diagnosis.findings);
  fold_alike(index, diagnosis.findings);
  diagnosis.liveness = judge_liveness(index, cpus);
  if (!diagnosis.findings.empty()) {
    diagnosis.verdict = diagnosis.findings.front().hang_class;
    diagnosis.confidence = diagnosis.findings.front().confidence;
    return diagnosis;
  }
  collect_doubts(facts, diagnosis);
  diagnosis.verdict = diagnosis.doubts.empty() ? HangClass::kNone : HangClass::kUndetermined;
  diagnosis.confidence = diagnosis.doubts.empty() ? model::Certainty::kLikely : model::Certainty::kPossible;
  return diagnosis;
}

}  // namespace whyhung::diagnose
