// SPDX-License-Identifier: GPL-2.0-or-later
// Evidence as commands of crash and Python of drgn: each form of words leads to the right place, what cannot be said is
// left to people, and no name of a dump becomes a command.
#include "report/recheck.h"

#include <sstream>

#include "report/recheck_places.h"
#include "report_test_support.h"

namespace whyhung::report {
namespace {

using diagnose::Link;
using model::Evidence;
using model::EvidenceKind;

class RecheckTest : public testing::Test {
 protected:
  RecheckTest() {
    b_.cpu(2).runs(21, "spinner").frames({"spin", "kthread"});
    snapshot_ = b_.build();
    index_.emplace(snapshot_);
  }
  std::string emitted(Evidence evidence, Tool tool, std::vector<model::NodeId> nodes = {}) {
    diagnose::Diagnosis diagnosis;
    diagnosis.findings.emplace_back();
    Link link{diagnose::Claim::kCycleCloses, std::move(nodes), {}, model::Certainty::kCertain, {std::move(evidence)}};
    diagnosis.findings.front().chain.push_back(std::move(link));
    std::ostringstream out;
    write_recheck(out, *index_, diagnosis, tool);
    return out.str();
  }
  // The last line that is a command.
  std::string crash(Evidence evidence, std::vector<model::NodeId> nodes = {}) {
    std::istringstream lines(emitted(std::move(evidence), Tool::kCrash, std::move(nodes)));
    std::string last;
    for (std::string line; std::getline(lines, line);) {
      if (!line.empty() && line.front() != '#') last = line;
    }
    return last;
  }
  std::string drgn(Evidence evidence, std::vector<model::NodeId> nodes = {}) {
    std::istringstream lines(emitted(std::move(evidence), Tool::kDrgn, std::move(nodes)));
    std::string last;
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with("check(")) last = line;
    }
    return last;
  }

  test::SnapshotBuilder b_;
  model::Snapshot snapshot_;
  std::optional<model::Index> index_;
};

TEST_F(RecheckTest, AMemberIsReadFromItsStructure) {
  const Evidence owner{EvidenceKind::kField, "mutex.owner", 0xffff800000001000, "0xffff800000002001"};
  EXPECT_EQ(crash(owner), "struct -x mutex.owner ffff800000001000");
  EXPECT_EQ(drgn(owner),
            "check(\"mutex.owner at 0xffff800000001000\", 0xffff800000002001, lambda: member(\"mutex\", "
            "0xffff800000001000, \"owner\"))");
}

TEST_F(RecheckTest, RemarksBehindAMemberAreNoPartOfIt) {
  const Evidence evidence{EvidenceKind::kField, "super_block.s_writers.frozen, as it is", 0x1000, "4"};
  EXPECT_EQ(crash(evidence), "p -x ((struct super_block *)0x1000)->s_writers.frozen");
}

TEST_F(RecheckTest, VariablesOfACpuAreReadThere) {
  EXPECT_EQ(crash({EvidenceKind::kField, "runqueues.curr of CPU 2", {}, "0x10"}), "struct -x rq.curr runqueues:2");
  EXPECT_EQ(crash({EvidenceKind::kField, "__preempt_count of CPU 2", {}, "0x10"}), "p -x __preempt_count:2");
  EXPECT_EQ(crash({EvidenceKind::kField, "cpu_stopper.fn of CPU 1", 0, "multi_cpu_stop"}),
            "struct -x cpu_stopper.fn cpu_stopper:1");
  EXPECT_NE(drgn({EvidenceKind::kField, "runqueues.clock of CPU 2", {}, "70 ns; newest clock 90 ns"})
                .find(", 70, lambda: cpu_member(\"runqueues\", 2, \"clock\"))"),
            std::string::npos);
}

TEST_F(RecheckTest, AMemberOfATaskWithoutAnAddressIsThatOfTheTaskThatIsSpokenOf) {
  const auto node = model::task_node(b_.address_of(21));
  EXPECT_EQ(crash({EvidenceKind::kField, "task_struct.sched_info.last_arrival", {}, "5 ns"}, {node}),
            fmt::format("p -x ((struct task_struct *){:#x})->sched_info.last_arrival", b_.address_of(21)));
  EXPECT_EQ(crash({EvidenceKind::kField, "task_struct.sched_info.last_arrival", {}, "5 ns"}), "");
}

TEST_F(RecheckTest, FramesAreLookedForOnTheStackThatTheyLieOn) {
  EXPECT_EQ(crash({EvidenceKind::kFrame, "multi_cpu_stop", {}, "on the stack of CPU 1"}), "bt -c 1");
  const auto node = model::task_node(b_.address_of(21));
  EXPECT_EQ(crash({EvidenceKind::kFrame, "spin", {}, ""}, {node}), "bt -c 2");
  EXPECT_EQ(drgn({EvidenceKind::kFrame, "spin", {}, ""}, {node}), "check(\"spin\", True, lambda: on_cpu(2, \"spin\"))");
}

TEST_F(RecheckTest, WhatNoCommandSaysIsLeftToPeople) {
  for (const Evidence& evidence :
       {Evidence{EvidenceKind::kInference, "the queue lies on its stack", 0x10, ""},
        Evidence{EvidenceKind::kField, "rcu_node.qsmask", 0x10, "CPU 0"},
        Evidence{EvidenceKind::kField, "word of user memory", 0x10, "0x2"},
        Evidence{EvidenceKind::kRegister, "interrupt flag of the CPU's activity", {}, "set"}}) {
    EXPECT_EQ(crash(evidence), "");
    EXPECT_EQ(drgn(evidence), "");
    EXPECT_NE(emitted(evidence, Tool::kCrash).find("(by hand)"), std::string::npos) << evidence.what;
  }
}

TEST_F(RecheckTest, ValuesAreNumbersOrWords) {
  EXPECT_EQ(expected_of({EvidenceKind::kField, "a.b", 1, "0xffffffffffffffff"}).number, -1);
  EXPECT_EQ(expected_of({EvidenceKind::kField, "a.b", 1, "-3"}).number, -3);
  EXPECT_EQ(expected_of({EvidenceKind::kField, "a.b", 1, "work [module]"}).word, "work");
  EXPECT_EQ(expected_of({EvidenceKind::kField, "a.b", 1, "15298833718 ns; newest clock 2 ns"}).number, 15298833718);
  EXPECT_FALSE(expected_of({EvidenceKind::kField, "a.b", 1, ""}).number);
}

TEST_F(RecheckTest, NoNameOfADumpBecomesACommand) {
  const std::string forged = "x\n!touch /tmp/forged\n\"); import os #";
  for (const Tool tool : {Tool::kCrash, Tool::kDrgn}) {
    for (const Evidence& evidence : {Evidence{EvidenceKind::kFrame, forged, {}, "on the stack of CPU 1"},
                                     Evidence{EvidenceKind::kField, "gendisk.disk_name", 0x10, forged},
                                     Evidence{EvidenceKind::kField, forged + ".member", 0x10, "1"}}) {
      std::istringstream lines(emitted(evidence, tool));
      for (std::string line; std::getline(lines, line);) {
        EXPECT_FALSE(line.starts_with('!') || line.starts_with("\");")) << line;
        // In a text of Python its quotation mark is taken for one of the text's.
        const std::size_t mark = line.starts_with('#') ? std::string::npos : line.find("\"); import");
        EXPECT_TRUE(mark == std::string::npos || (mark > 0 && line[mark - 1] == '\\')) << line;
      }
    }
  }
}

TEST_F(RecheckTest, WithoutAFindingThereIsNothingToCheck) {
  std::ostringstream out;
  write_recheck(out, *index_, diagnose::Diagnosis(), Tool::kCrash);
  EXPECT_NE(out.str().find("# There is no finding"), std::string::npos);
}

}  // namespace
}  // namespace whyhung::report
