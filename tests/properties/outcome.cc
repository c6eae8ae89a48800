// SPDX-License-Identifier: GPL-2.0-or-later
#include "properties/outcome.h"

namespace whyhung::test {
namespace {

std::set<std::uint64_t> tasks_of(const std::vector<diagnose::Culprit>& culprits) {
  std::set<std::uint64_t> tasks;
  for (const diagnose::Culprit& culprit : culprits) tasks.insert(culprit.task);
  return tasks;
}

}  // namespace

std::set<std::uint64_t> Outcome::all_accused() const {
  std::set<std::uint64_t> all;
  for (const Accusation& accusation : accusations) all.insert(accusation.whom.begin(), accusation.whom.end());
  return all;
}

Outcome outcome_of(const model::Snapshot& snapshot) {
  const diagnose::Diagnosis diagnosis = diagnose::diagnose(snapshot);
  Outcome outcome;
  outcome.verdict = diagnosis.verdict;
  outcome.confidence = diagnosis.confidence;
  for (const diagnose::Finding& finding : diagnosis.findings) {
    outcome.accusations.insert({finding.hang_class, tasks_of(finding.culprits)});
    for (const diagnose::Alike& alike : finding.also)
      outcome.accusations.insert({finding.hang_class, tasks_of(alike.culprits)});
  }
  if (diagnosis.findings.empty()) return outcome;
  const diagnose::Finding& first = diagnosis.findings.front();
  outcome.culprits = tasks_of(first.culprits);
  outcome.victims.insert(first.victim_tasks.begin(), first.victim_tasks.end());
  return outcome;
}

std::string text_of(const Outcome& outcome, const model::Snapshot& snapshot) {
  std::string text(diagnose::name_of(outcome.verdict));
  if (outcome.culprits.empty()) return text;
  text += " " + std::string(model::name_of(outcome.confidence)) + ":";
  for (const std::uint64_t address : outcome.culprits) {
    const model::Task* task = snapshot.find_task(address);
    text += task == nullptr ? " (a task that is not listed)" : " " + std::to_string(task->pid);
  }
  return text;
}

}  // namespace whyhung::test
