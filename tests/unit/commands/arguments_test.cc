// SPDX-License-Identifier: GPL-2.0-or-later
// What the commands make of their arguments: the words that crash's users type, and one clear line for the others.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <sstream>

#include "base/text.h"
#include "collect/collect.h"
#include "commands/command.h"
#include "support/fake_kernel.h"

namespace whyhung::commands {
namespace {

// Two CPUs: rmmod runs on CPU 1, the idle task on CPU 0; two more sleep.
class ArgumentsTest : public testing::Test {
 protected:
  ArgumentsTest() : kernel_(2) {
    kernel_.add_task(7, "sshd");
    kernel_.add_task(8, "writer");
    kernel_.set_task(8, "__state", 2);
    kernel_.add_task(20, "rmmod", 1);
    kernel_.task_stack(7, {"schedule", "do_poll"});
    kernel_.task_stack(8, {"schedule", "io_schedule"});
    kernel_.run(1, 20, {"delete_module", "do_syscall_64"});
    auto made = collect::Workbench::create(kernel_.target);
    if (!made) throw std::runtime_error(made.error().what);
    bench_ = *std::move(made);
    StageClock clock;
    collect::collect_snapshot(*bench_, "vmcore", clock);
  }
  std::string output(std::string_view line) {
    std::ostringstream out;
    Context context{bench_->snapshot, bench_.get(), nullptr, out, Format::kText};
    const auto done = run_command(context, line);
    return done ? out.str() : "error: " + done.error().what;
  }
  Error error(std::string_view line) {
    std::ostringstream out;
    Context context{bench_->snapshot, bench_.get(), nullptr, out, Format::kText};
    const auto done = run_command(context, line);
    EXPECT_FALSE(done) << line << " is taken for a command that makes sense";
    EXPECT_EQ(out.str(), "") << line;
    return done ? Error{} : done.error();
  }
  // The process ids of stacks or of a table, in order.
  std::vector<std::string> pids(std::string_view line) {
    std::istringstream text(output(line));
    std::vector<std::string> found;
    for (std::string row; std::getline(text, row);) {
      std::istringstream words(row);
      std::string word;
      words >> word;
      if (word == ">") words >> word;
      if (word == "PID:") words >> word;
      if (parse_unsigned(word, 10)) found.push_back(word);
    }
    return found;
  }
  std::string address(std::uint32_t pid) { return fmt::format("{:x}", kernel_.task(pid)); }

  using Pids = std::vector<std::string>;
  test::FakeKernel kernel_;
  std::unique_ptr<collect::Workbench> bench_;
};

TEST_F(ArgumentsTest, BtTakesPidsAndAddressesInAnyNumberAndInTheirOrder) {
  EXPECT_EQ(pids("bt 8"), (Pids{"8"}));
  EXPECT_EQ(pids("bt 20 7 8"), (Pids{"20", "7", "8"}));
  EXPECT_EQ(pids("bt " + address(7)), (Pids{"7"}));
  EXPECT_EQ(pids("bt 0x" + address(7) + "  20"), (Pids{"7", "20"}));
  EXPECT_NE(output("bt 8").find("io_schedule"), std::string::npos);
}

TEST_F(ArgumentsTest, BtAIsEveryCpuInOrderAndTheSameAsForeachActiveBt) {
  EXPECT_EQ(pids("bt -a"), (Pids{"0", "20"}));
  EXPECT_EQ(output("bt -a"), output("foreach active bt"));
}

TEST_F(ArgumentsTest, LettersOfOptionsMayStandTogether) {
  EXPECT_EQ(output("bt -al"), output("bt -a -l"));
  EXPECT_EQ(output("bt -als"), output("bt -s -a -l"));
  EXPECT_NE(output("bt -as"), output("bt -a"));
}

TEST_F(ArgumentsTest, BtTakesNamesAndCpus) {
  EXPECT_EQ(pids("bt rmmod"), (Pids{"20"}));
  EXPECT_EQ(pids("bt -c 1"), (Pids{"20"}));
  EXPECT_EQ(pids("bt -c 1,0"), (Pids{"20", "0"}));
  EXPECT_EQ(pids("bt -a -n idle"), (Pids{"20"}));
  EXPECT_EQ(error("bt -c 9").what, "there is no CPU 9");
}

TEST_F(ArgumentsTest, EqualStacksAreMerged) {
  kernel_.task_stack(7, {"schedule", "io_schedule"});
  const std::string merged = output("foreach 7 8 bt --merge");
  EXPECT_NE(merged.find("2 tasks: sshd (7), writer (8)"), std::string::npos) << merged;
  EXPECT_NE(output("foreach 7 20 bt --merge").find("1 task: "), std::string::npos);
}

TEST_F(ArgumentsTest, CommandsLeaveTheSnapshotAsItIs) {
  const std::size_t places = bench_->snapshot.locations.size();
  const std::size_t gaps = bench_->snapshot.gaps.size();
  kernel_.task_stack(7, {"never_seen_before", "nor_this_one"});
  EXPECT_NE(output("bt 7").find("never_seen_before"), std::string::npos);
  output("foreach bt --merge");
  EXPECT_EQ(bench_->snapshot.locations.size(), places);
  EXPECT_EQ(bench_->snapshot.gaps.size(), gaps);
}

TEST_F(ArgumentsTest, AStoppedCommandEndsEarly) {
  std::ostringstream out;
  const std::atomic<bool> stop{true};
  Context context{bench_->snapshot, bench_.get(), nullptr, out, Format::kText};
  context.stop = &stop;
  ASSERT_TRUE(run_command(context, "foreach bt"));
  EXPECT_EQ(out.str(), "");
}

TEST_F(ArgumentsTest, BtWithoutArgumentsIsOneTask) {
  EXPECT_EQ(pids("bt").size(), 1u);
}

TEST_F(ArgumentsTest, BtSaysInOneLineWhatItDoesNotKnow) {
  EXPECT_EQ(error("bt -q").what, "bt does not know the option -q");
  EXPECT_EQ(error("bt 8 -q").what, "bt does not know the option -q");
  EXPECT_EQ(error("bt -lq").what, "bt does not know the option -q");
  EXPECT_EQ(error("bt --marge").hint.substr(0, 21), "did you mean --merge?");
  EXPECT_EQ(error("bt -A").hint.substr(0, 16), "did you mean -a?");
  EXPECT_EQ(error("bt -n busy").what, "bt -n leaves out what is \"idle\", not \"busy\"");
  EXPECT_EQ(error("bt -c").what, "bt -c wants CPUS behind it");
  EXPECT_EQ(error("bt 4711").what, "no task is \"4711\": no such pid, address, name or state");
  EXPECT_EQ(error("bt rmmmod").hint, "did you mean rmmod?");
  EXPECT_EQ(error("bt \x1b[2J").what.find('\x1b'), std::string::npos) << "an escape sequence reaches the terminal";
}

TEST_F(ArgumentsTest, PsTakesPidsNamesStatesAndAddresses) {
  EXPECT_EQ(pids("ps rmmod"), (Pids{"20"}));
  EXPECT_EQ(pids("ps 7"), (Pids{"7"}));
  EXPECT_EQ(pids("ps UN"), (Pids{"8"}));
  EXPECT_EQ(pids("ps " + address(8)), (Pids{"8"}));
  EXPECT_EQ(pids("ps sshd rmmod"), (Pids{"7", "20"}));
  const Pids all = pids("ps");
  for (const char* pid : {"0", "7", "8", "20"}) {
    EXPECT_NE(std::ranges::find(all, pid), all.end()) << pid;
  }
  EXPECT_EQ(error("ps nobody").what, "no task is \"nobody\": no such pid, address, name or state");
  EXPECT_EQ(error("ps -q").what, "ps does not know the option -q");
  EXPECT_EQ(pids("ps un"), (Pids{"8"})) << "states in small letters";
  EXPECT_EQ(pids("ps 'wr.*r$'"), (Pids{"8"})) << "a regular expression";
  EXPECT_EQ(pids("ps '(' rmmod").size(), 0u) << "one that cannot be";
}

TEST_F(ArgumentsTest, PsCountsStatesAndSortsByLastRun) {
  EXPECT_EQ(output("ps -S UN"), "  UN: 1\n");
  kernel_.set_task(7, "sched_info.last_arrival", 5'000'000'000);
  const std::string last = output("ps -m sshd writer");
  EXPECT_NE(last.find("] [IN]  PID: 7"), std::string::npos) << last;
  EXPECT_EQ(pids("ps -y FIFO"), Pids{});
  EXPECT_EQ(error("ps -y ROUND").what, "\"ROUND\" is no scheduling policy");
}

TEST_F(ArgumentsTest, PsMarksTheTasksThatRun) {
  EXPECT_EQ(output("ps rmmod").find("\n> "), output("ps rmmod").find('\n'));
  EXPECT_EQ(output("ps sshd").find('>'), std::string::npos);
}

TEST_F(ArgumentsTest, ForeachChoosesByNameStatePidAndClass) {
  EXPECT_EQ(pids("foreach rmmod bt"), (Pids{"20"}));
  EXPECT_EQ(pids("foreach UN bt"), (Pids{"8"}));
  EXPECT_EQ(pids("foreach 7 8 bt"), (Pids{"7", "8"}));
  EXPECT_EQ(pids("foreach user ps"), (Pids{"7", "8", "20"}));
  EXPECT_EQ(pids("foreach bt"), pids("ps"));
  EXPECT_EQ(pids("foreach ZO bt"), Pids{}) << "a state that no task is in is no error";
}

TEST_F(ArgumentsTest, ForeachSaysInOneLineWhatItDoesNotKnow) {
  const Error nothing = error("foreach active");
  EXPECT_EQ(nothing.what, "foreach needs a command after the choice of tasks");
  EXPECT_EQ(nothing.hint.substr(0, 12), "it runs bt, ");
  EXPECT_EQ(error("foreach").what, nothing.what);
  EXPECT_EQ(error("foreach active nonsense").what, nothing.what);
  EXPECT_EQ(error("foreach active log").what, nothing.what) << "a command that speaks of no task";
  EXPECT_EQ(error("foreach active bt -q").what, "bt does not know the option -q");
  EXPECT_EQ(error("foreach nobody bt").what, "no task is \"nobody\": no such pid, address, name or state");
}

TEST_F(ArgumentsTest, ACommandThatDoesNotExistNamesThoseThatDo) {
  const Error unknown = error("bogus -i");
  EXPECT_EQ(unknown.what, "there is no command \"bogus\"");
  EXPECT_EQ(error("foreech active bt").hint.substr(0, 21), "did you mean foreach?");
  for (const Command* command : all_commands()) {
    EXPECT_NE(unknown.hint.find(command->name), std::string::npos) << command->name;
  }
  EXPECT_EQ(error(" \t ").what, "the command is empty");
  EXPECT_EQ(error("ps 'sshd").what, "a quotation mark ' is not closed");
  EXPECT_EQ(error("extend x.so").kind, ErrorKind::kUnsupported);
  EXPECT_EQ(error("wr jiffies 1").what, "a dump is never written to");
  EXPECT_EQ(output("lsmod"), output("mod"));
  EXPECT_NE(output("help bt").find("--merge"), std::string::npos);
}

class SnapshotAloneTest : public ArgumentsTest {
 protected:
  Result<std::string> run(std::string_view line, Format format = Format::kText) {
    const Error lack{ErrorKind::kNotFound, "a saved snapshot holds no memory", "ask the dump"};
    std::ostringstream out;
    Context context{bench_->snapshot, nullptr, &lack, out, format};
    TRY_CHECK(run_command(context, line));
    return out.str();
  }
};

TEST_F(SnapshotAloneTest, WhatASnapshotHoldsIsTheSameWithoutTheMachine) {
  for (const char* line : {"sys", "mod", "bt -a", "foreach UN bt"}) EXPECT_EQ(run(line).value(), output(line)) << line;
}

TEST_F(SnapshotAloneTest, PsLeavesOpenHowMuchMemoryTasksHave) {
  EXPECT_NE(run("ps rmmod").value().find("   -        -        -  rmmod"), std::string::npos)
      << run("ps rmmod").value();
  EXPECT_EQ(run("ps rmmod", Format::kJson).value().find("resident_kilobytes"), std::string::npos);
}

TEST_F(SnapshotAloneTest, WhatNeedsTheMemorySaysWhyThereIsNone) {
  for (const std::string command : {"log", "dis"}) {
    const auto done = run(command == "dis" ? "dis x" : command);
    ASSERT_FALSE(done) << command;
    EXPECT_EQ(done.error().what, command + " needs the machine's memory: a saved snapshot holds no memory");
    EXPECT_EQ(done.error().hint, "ask the dump");
  }
}

}  // namespace
}  // namespace whyhung::commands
