// SPDX-License-Identifier: GPL-2.0-or-later
// What the tests of detectors share: diagnosing a hand-built machine and speaking of the result in short.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

#include "diagnose/detector.h"
#include "diagnose/diagnose.h"
#include "support/facts_text.h"
#include "support/snapshot_builder.h"
#include "support/wait_builder.h"

namespace whyhung::diagnose {

using model::Certainty;
using model::ContextKind;
using model::LoopYield;
using model::ResourceKind;
using test::add_resource;
using test::add_sleeper;
using test::add_waiter;
using test::kSecond;
using test::SnapshotBuilder;

// A machine of which only one CPU is known, and that is idle.
inline SnapshotBuilder idle_machine() {
  SnapshotBuilder b;
  b.cpu(0).idles();
  return b;
}

inline Diagnosis diagnose_it(const SnapshotBuilder& builder) {
  return diagnose(builder.build());
}

// "cpu-hog certain: spinner on CPU 2 in spin_forever [while1]", or the class alone.
inline std::string verdict_of(const Diagnosis& diagnosis) {
  std::string text(name_of(diagnosis.verdict));
  if (diagnosis.findings.empty()) return text;
  text += " " + std::string(model::name_of(diagnosis.confidence)) + ":";
  for (const Culprit& culprit : diagnosis.findings.front().culprits) {
    text += " " + culprit.comm + " on CPU " + (culprit.cpu ? std::to_string(*culprit.cpu) : "?");
    if (!culprit.function.empty()) text += " in " + culprit.function;
    if (!culprit.module.empty()) text += " [" + culprit.module + "]";
  }
  return text;
}
inline std::string verdict_of(const SnapshotBuilder& builder) {
  return verdict_of(diagnose_it(builder));
}

inline const Link* find_link(const Finding& finding, Claim claim) {
  const auto found = std::ranges::find(finding.chain, claim, &Link::claim);
  return found == finding.chain.end() ? nullptr : &*found;
}
inline std::string fact_of(const Finding& finding, Claim claim, std::string_view name) {
  const Link* link = find_link(finding, claim);
  if (link == nullptr) return "no such link";
  return test::fact_text(link->facts, name);
}

inline bool has_doubt(const Diagnosis& diagnosis, Doubt doubt) {
  return std::ranges::find(diagnosis.doubts, doubt) != diagnosis.doubts.end();
}

// A sleeping task's stack, innermost first.
inline void stands_in(SnapshotBuilder& b, std::uint32_t pid, std::initializer_list<std::string_view> functions) {
  for (const std::string_view function : functions) {
    model::StackFrame frame;
    frame.location = b.location(function);
    b.task(pid).stack.frames.push_back(frame);
  }
}

// A CPU that a module's kernel thread holds without yielding, for 30 s.
inline test::CpuBuilder add_hog(SnapshotBuilder& b, std::uint32_t cpu, std::uint32_t pid = 120) {
  b.cpu(cpu).runs(pid, "spinner").frames({"spin_forever [while1]", "kthread", "ret_from_fork"}).held_for(30);
  b.task(pid).is_kernel_thread = true;
  return b.cpu(cpu).interrupts(true);
}

// A CPU that an ordinary task keeps busy in a healthy way.
inline test::CpuBuilder add_busy(SnapshotBuilder& b, std::uint32_t cpu, std::uint32_t pid) {
  b.cpu(cpu).runs(pid, "worker").frames({"copy_page", "do_fault", "entry_SYSCALL_64"}).held_for(0.01);
  return b.cpu(cpu).interrupts(true);
}

}  // namespace whyhung::diagnose
