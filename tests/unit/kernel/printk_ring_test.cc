// SPDX-License-Identifier: GPL-2.0-or-later
// The lockless log buffer of v5.10 and later: descriptors, blocks that wrap, records being written, damaged rings.
#include <gtest/gtest.h>

#include "kernel/printk.h"
#include "support/fake_machine.h"

namespace whyhung::kernel {
namespace {

constexpr std::uint64_t kPointer = 0xffffffff82000000;
constexpr std::uint64_t kRing = 0xffffffff82001000;
constexpr std::uint64_t kDescriptors = 0xffffffff82010000;
constexpr std::uint64_t kInfos = 0xffffffff82020000;
constexpr std::uint64_t kData = 0xffffffff82030000;
constexpr std::uint64_t kReserved = 0, kCommitted = 1, kFinalized = 2, kReusable = 3;

class PrintkRingTest : public testing::Test {
 protected:
  PrintkRingTest()
      : machine_(
            "printk_ringbuffer 88: desc_ring.count_bits@0:4 desc_ring.descs@8:8 desc_ring.infos@16:8 "
            "desc_ring.head_id@24:8 desc_ring.tail_id@32:8 text_data_ring.size_bits@48:4 text_data_ring.data@56:8\n"
            "prb_desc 24: state_var@0:8 text_blk_lpos.begin@8:8 text_blk_lpos.next@16:8\n"
            "printk_info 88: seq@0:8 ts_nsec@8:8 text_len@16:2 level@19:1/5+3 caller_id@20:4") {
    machine_.symbols.add("prb", kPointer, 8);
    machine_.memory.write_u64(kPointer, kRing);
    ring("desc_ring.count_bits", 2);  // four records
    ring("desc_ring.descs", kDescriptors);
    ring("desc_ring.infos", kInfos);
    ring("text_data_ring.size_bits", 7);  // 128 bytes
    ring("text_data_ring.data", kData);
    for (const std::uint64_t at : {kDescriptors, kInfos, kData}) machine_.memory.touch(at);
  }
  void ring(std::string_view member, std::uint64_t value) { machine_.set("printk_ringbuffer", kRing, member, value); }
  void ids(std::uint64_t tail, std::uint64_t head) {
    ring("desc_ring.tail_id", tail);
    ring("desc_ring.head_id", head);
  }
  // A record whose block lies at [begin, next) of the logical positions.
  void record(std::uint64_t id, std::string_view text, std::uint64_t begin, std::uint64_t next,
              std::uint64_t state = kFinalized) {
    const std::uint64_t descriptor = kDescriptors + id % 4 * 24;
    machine_.set("prb_desc", descriptor, "state_var", state << 62 | id);
    machine_.set("prb_desc", descriptor, "text_blk_lpos.begin", begin);
    machine_.set("prb_desc", descriptor, "text_blk_lpos.next", next);
    const std::uint64_t info = kInfos + id % 4 * 88;
    machine_.set("printk_info", info, "seq", id - 100);
    machine_.set("printk_info", info, "ts_nsec", id * 1000);
    machine_.set("printk_info", info, "text_len", text.size());
    machine_.memory.write_integer<std::uint8_t>(info + 19, 6 << 5);
    machine_.set("printk_info", info, "caller_id", 0x80000002);
    const bool wraps = begin / 128 != next / 128 && next % 128 != 0;
    machine_.memory.write(kData + (wraps ? 0 : begin % 128) + 8, std::as_bytes(std::span(text.data(), text.size())));
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

TEST_F(PrintkRingTest, GivesRecordsOldestFirstWithTheirFacts) {
  ids(100, 102);
  record(100, "first", 0, 16);
  record(101, "second", 16, 32);
  record(102, "third", 32, 48, kCommitted);
  EXPECT_EQ(texts(), (Texts{"first", "second", "third"}));
  EXPECT_TRUE(log_.broken.empty());
  EXPECT_EQ(log_.entries[1].sequence, 1u);
  EXPECT_EQ(log_.entries[1].time, 101000u);
  EXPECT_EQ(log_.entries[1].level, 6);
  EXPECT_EQ(log_.entries[1].caller, 0x80000002u);
}

TEST_F(PrintkRingTest, GivesOnlyAsManyOfTheNewestAsWereAskedFor) {
  ids(100, 102);
  record(100, "first", 0, 16);
  record(101, "second", 16, 32);
  record(102, "third", 32, 48);
  EXPECT_EQ(texts(2), (Texts{"second", "third"}));
  EXPECT_EQ(texts(0), Texts{});
}

TEST_F(PrintkRingTest, ABlockThatWouldWrapBeginsAtTheFrontOfTheData) {
  ids(100, 101);
  record(100, "before", 96, 112);
  record(101, "wrapped around", 112, 128 + 24);
  EXPECT_EQ(texts(), (Texts{"before", "wrapped around"}));
}

TEST_F(PrintkRingTest, ABlockThatEndsExactlyAtTheEndDoesNotWrap) {
  ids(100, 100);
  record(100, "to the end..", 108, 128);
  EXPECT_EQ(texts(), (Texts{"to the end.."}));
}

TEST_F(PrintkRingTest, RecordsBeingWrittenOrReusedAreLeftOut) {
  ids(100, 103);
  record(100, "whole", 0, 16);
  record(101, "reserved", 16, 32, kReserved);
  record(102, "reusable", 32, 48, kReusable);
  record(103, "newest", 48, 64, kCommitted);
  EXPECT_EQ(texts(), (Texts{"whole", "newest"}));
}

TEST_F(PrintkRingTest, ARecordOfAnotherRoundIsLeftOut) {
  ids(100, 101);
  record(97, "of the last round", 0, 32);
  record(100, "present", 32, 48);
  EXPECT_EQ(texts(), (Texts{"present"})) << "slot 1 holds id 97, not 101";
}

TEST_F(PrintkRingTest, ARecordWithoutTextIsKeptAsAnEmptyOne) {
  ids(100, 100);
  record(100, "", 1, 1);
  EXPECT_EQ(texts(), (Texts{""}));
}

TEST_F(PrintkRingTest, ALengthThatIsLongerThanItsBlockIsCutAtTheBlock) {
  ids(100, 101);
  record(100, "mine", 0, 16);
  record(101, "another", 16, 32);
  machine_.set("printk_info", kInfos + 100 % 4 * 88, "text_len", 60000);
  const auto all = texts();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0], std::string("mine\0\0\0\0", 8));
}

TEST_F(PrintkRingTest, HeadAndTailMayWrapAroundTheIds) {
  const std::uint64_t last = (1ull << 62) - 1;
  ids(last, 0);
  record(last, "last id", 0, 16);
  record(0, "first id", 16, 32);
  EXPECT_EQ(texts(), (Texts{"last id", "first id"}));
}

TEST_F(PrintkRingTest, ATailThatMakesNoSenseCostsNoMoreThanTheRing) {
  ids(1ull << 61, 103);
  for (std::uint64_t id = 100; id < 104; ++id) record(id, "x", 16 * (id - 100), 16 * (id - 99));
  EXPECT_EQ(texts().size(), 4u);
}

TEST_F(PrintkRingTest, SizesThatMakeNoSenseAreRefused) {
  ids(100, 100);
  ring("desc_ring.count_bits", 63);
  texts();
  EXPECT_EQ(log_.broken, "the ring buffer's sizes make no sense");
  ring("desc_ring.count_bits", 2);
  ring("text_data_ring.size_bits", 64);
  texts();
  EXPECT_EQ(log_.broken, "the ring buffer's sizes make no sense");
}

TEST_F(PrintkRingTest, MissingPagesAreToldOrCostTheirOwnRecordsOnly) {
  ids(100, 101);
  record(100, "first", 0, 16);
  record(101, "second", 16, 32);
  machine_.memory.take_away(kData);
  EXPECT_EQ(texts(), (Texts{"", ""})) << "their times still tell something";
  machine_.memory.take_away(kDescriptors);
  EXPECT_EQ(texts(), Texts{});
  EXPECT_EQ(log_.broken, "no record of the ring buffer can be read");
  machine_.memory.take_away(kRing);
  texts();
  EXPECT_EQ(log_.broken, "the ring buffer's head cannot be read");
  machine_.memory.take_away(kPointer);
  texts();
  EXPECT_EQ(log_.broken, "prb at 0xffffffff82000000: filtered out when the dump was made");
}

TEST_F(PrintkRingTest, MissingTypesAreNamed) {
  machine_.types.remove("prb_desc");
  texts();
  EXPECT_EQ(log_.broken, "the kernel's types lack prb_desc.state_var");
}

}  // namespace
}  // namespace whyhung::kernel
