// SPDX-License-Identifier: GPL-2.0-or-later
// The log buffer of v3.5 to v5.9: records one behind the other in a byte buffer.
#include <gtest/gtest.h>

#include "kernel/printk.h"
#include "support/fake_machine.h"

namespace whyhung::kernel {
namespace {

constexpr std::uint64_t kVariables = 0xffffffff82000000;
constexpr std::uint64_t kBuffer = 0xffffffff82010000;
constexpr std::uint64_t kHead = 16;  // sizeof(struct printk_log)

class PrintkRecordsTest : public testing::Test {
 protected:
  PrintkRecordsTest() : machine_("printk_log 16: ts_nsec@0:8 len@8:2 text_len@10:2 level@15:1/5+3") {
    machine_.symbols.add("log_buf", kVariables, 8)
        .add("log_buf_len", kVariables + 8, 4)
        .add("log_first_idx", kVariables + 12, 4)
        .add("log_next_idx", kVariables + 16, 4);
    machine_.memory.write_u64(kVariables, kBuffer);
    machine_.memory.write_u32(kVariables + 8, 4096);
    machine_.memory.touch(kBuffer);
    range(0, 0);
  }
  void range(std::uint32_t first, std::uint32_t next) {
    machine_.memory.write_u32(kVariables + 12, first);
    machine_.memory.write_u32(kVariables + 16, next);
  }
  // Returns where the next record goes.
  std::uint64_t record(std::uint64_t at, std::string_view text, std::uint64_t room = 0) {
    const std::uint64_t length = room != 0 ? room : (kHead + text.size() + 3) & ~std::uint64_t{3};
    machine_.set("printk_log", kBuffer + at, "ts_nsec", at);
    machine_.set("printk_log", kBuffer + at, "len", length);
    machine_.set("printk_log", kBuffer + at, "text_len", text.size());
    machine_.memory.write_integer<std::uint8_t>(kBuffer + at + 15, 4 << 5);
    machine_.memory.write(kBuffer + at + kHead, std::as_bytes(std::span(text.data(), text.size())));
    return at + length;
  }
  std::vector<std::string> texts(std::size_t most = 100) {
    log_ = read_kernel_log(machine_.access(), most);
    std::vector<std::string> all;
    for (const LogEntry& entry : log_.entries) all.push_back(entry.text);
    return all;
  }
  using Texts = std::vector<std::string>;
  test::FakeMachine machine_;
  KernelLog log_;
};

TEST_F(PrintkRecordsTest, GivesRecordsInOrder) {
  const auto second = record(0, "first");
  const auto end = record(second, "second");
  range(0, static_cast<std::uint32_t>(end));
  EXPECT_EQ(texts(), (Texts{"first", "second"}));
  EXPECT_TRUE(log_.broken.empty()) << log_.broken;
  EXPECT_EQ(log_.entries[1].level, 4);
  EXPECT_EQ(log_.entries[1].time, second);
  EXPECT_EQ(texts(1), (Texts{"second"}));
}

TEST_F(PrintkRecordsTest, ALengthOfZeroGoesOnAtTheFront) {
  const auto end_of_first = record(0, "second in time");
  const auto end = record(4000, "first in time");
  machine_.set("printk_log", kBuffer + end, "len", 0);
  range(4000, static_cast<std::uint32_t>(end_of_first));
  EXPECT_EQ(texts(), (Texts{"first in time", "second in time"}));
}

TEST_F(PrintkRecordsTest, NumbersGoOnWhereTheKernelDroppedOlderRecords) {
  machine_.symbols.add("log_first_seq", kVariables + 24, 8);
  machine_.memory.write_u64(kVariables + 24, 1200);
  range(0, static_cast<std::uint32_t>(record(record(0, "first"), "second")));
  texts();
  EXPECT_EQ(log_.entries[0].sequence, 1200u);
  EXPECT_EQ(log_.entries[1].sequence, 1201u);
}

TEST_F(PrintkRecordsTest, TheStructureHadAnotherNameBefore) {
  machine_.types.remove("printk_log").add("log 16: ts_nsec@0:8 len@8:2 text_len@10:2 level@15:1/5+3");
  machine_.memory.write_u64(kBuffer, 5);
  machine_.memory.write_integer<std::uint16_t>(kBuffer + 8, 20);
  machine_.memory.write_integer<std::uint16_t>(kBuffer + 10, 3);
  machine_.memory.write_text(kBuffer + 16, "old");
  range(0, 20);
  EXPECT_EQ(texts(), (Texts{"old"}));
}

TEST_F(PrintkRecordsTest, ARecordThatReachesOutOfTheBufferEndsTheLog) {
  record(0, "first", 8000);
  range(0, 100);
  EXPECT_EQ(texts(), (Texts{"first"}));
  EXPECT_EQ(log_.broken, "the record at 0x1f40 does not end");
}

TEST_F(PrintkRecordsTest, AnEmptyFrontEndsTheLogInsteadOfRunningForEver) {
  range(0, 100);
  EXPECT_EQ(texts(), Texts{});
}

TEST_F(PrintkRecordsTest, ATextIsNoLongerThanItsRecord) {
  const auto end = record(0, "first", 24);
  machine_.set("printk_log", kBuffer, "text_len", 0xffff);
  range(0, static_cast<std::uint32_t>(end));
  ASSERT_EQ(texts().size(), 1u);
  EXPECT_EQ(texts()[0].size(), 24 - kHead);
}

TEST_F(PrintkRecordsTest, ARecordShorterThanItsHeadEndsTheLog) {
  record(0, "x", 1);
  range(0, 4000);
  EXPECT_LE(texts().size(), 1u);
  EXPECT_EQ(log_.broken, "the record at 0x0 does not end");
}

TEST_F(PrintkRecordsTest, AMissingPageEndsTheLogWithItsReason) {
  range(0, 100);
  machine_.memory.take_away(kBuffer);
  EXPECT_EQ(texts(), Texts{});
  EXPECT_EQ(log_.broken, "the record at 0x0: filtered out when the dump was made");
}

TEST_F(PrintkRecordsTest, AKernelOfNeitherKindIsTold) {
  machine_.types.remove("printk_log");
  texts();
  EXPECT_EQ(log_.broken, "neither kind of log buffer is described by the kernel's symbols and types");
  machine_.symbols.remove("log_buf");
  EXPECT_EQ(texts(), Texts{});
}

}  // namespace
}  // namespace whyhung::kernel
