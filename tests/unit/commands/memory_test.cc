// SPDX-License-Identifier: GPL-2.0-or-later
// dev, kmem, timer and waitq on a small kernel: what they count, and that damaged structures end with a word.
#include "memory_fixture.h"

namespace whyhung::commands {
namespace {

// One disk "vda" with 8 tags: 1 is a read in flight, 2 a write in flight, 3 waits, 4 was given back, 5 is of another
// disk.
class DiskTest : public MemoryTest {
 protected:
  DiskTest() {
    types(
        "class 16: p@8:8\n"
        "subsys_private 64: klist_devices.k_list@16:16\n"
        "device_private 64: knode_class.n_node@8:16 device@40:8\n"
        "device 64: type@8:8\n"
        "block_device 256: bd_device@64:64 bd_disk@192:8\n"
        "gendisk 128: major@0:4 disk_name@4:[32x1] queue@64:8\n"
        "request_queue 64: queue_hw_ctx@8:8 nr_hw_queues@16:4\n"
        "blk_mq_hw_ctx 64: tags@8:8 sched_tags@16:8\n"
        "blk_mq_tags 256: nr_reserved_tags@4:4 bitmap_tags@16:64 breserved_tags@80:64 rqs@144:8\n"
        "sbitmap_queue 64: sb.depth@0:4 sb.shift@4:4 sb.map_nr@8:4 sb.map@16:8\n"
        "sbitmap_word 16: word@0:8 cleared@8:8\n"
        "request 128: q@0:8 cmd_flags@8:4 state@12:4 __sector@16:8 __data_len@24:4 start_time_ns@32:8\n"
        "enum MQ_RQ_IDLE=0 MQ_RQ_IN_FLIGHT=1\n");
    kernel_.name_variable("block_class", kClass, 16);
    kernel_.name_variable("disk_type", kType, 16);
    write(kClass + 8, kDevices);
    list(kDevices + 16, {kPrivate + 8});
    write(kPrivate + 40, kBlock + 64);
    write(kBlock + 64 + 8, kType);
    write(kBlock + 192, kDisk);
    kernel_.machine.memory.write_u32(kDisk, 254);
    kernel_.machine.memory.write_text(kDisk + 4, "vda");
    write(kDisk + 64, kQueue);
    write(kQueue + 8, kTable);
    kernel_.machine.memory.write_u32(kQueue + 16, 1);
    write(kTable, kHardware);
    write(kHardware + 8, kTags);
    kernel_.machine.memory.write_u32(kTags + 16, 8);
    kernel_.machine.memory.write_u32(kTags + 20, 6);
    kernel_.machine.memory.write_u32(kTags + 24, 1);
    write(kTags + 32, kWord);
    write(kTags + 144, kTable + 0x100);
    write(kWord, 0b111110);
    write(kWord + 8, 0b010000);
    for (std::uint64_t tag = 1; tag < 6; ++tag) {
      write(kTable + 0x100 + tag * 8, request(tag));
      write(request(tag), tag == 5 ? kQueue + 0x400 : kQueue);
      kernel_.machine.memory.write_u32(request(tag) + 8, tag == 2 ? 1 : 0);
      kernel_.machine.memory.write_u32(request(tag) + 12, tag == 3 ? 0 : 1);
      write(request(tag) + 16, tag * 1000);
    }
  }
  static constexpr std::uint64_t kClass = kPlace, kType = kPlace + 0x100, kDevices = kPlace + 0x200,
                                 kPrivate = kPlace + 0x300, kBlock = kPlace + 0x400, kDisk = kPlace + 0x600,
                                 kQueue = kPlace + 0x800, kTable = kPlace + 0x1000, kHardware = kPlace + 0x2000,
                                 kTags = kPlace + 0x2100, kWord = kPlace + 0x2300;
  static std::uint64_t request(std::uint64_t tag) { return kPlace + 0x3000 + tag * 0x100; }
};

TEST_F(DiskTest, RequestsInFlightAreCountedAndWhatWaitsIsShownOnly) {
  const std::string text = output("dev -d");
  EXPECT_NE(text.find("  254 " + hex(kDisk) + "   vda        " + hex(kQueue) + "       2     1     1 "),
            std::string::npos)
      << text;
  const std::string all = output("dev -D --requests");
  EXPECT_NE(all.find(hex(request(1)) + " tag 1    read  in flight sector 1000"), std::string::npos) << all;
  EXPECT_NE(all.find(hex(request(3)) + " tag 3    read  waits"), std::string::npos) << all;
  EXPECT_EQ(all.find(hex(request(4))), std::string::npos) << "a tag that was given back";
  EXPECT_EQ(all.find(hex(request(5))), std::string::npos) << "a request of another disk";
  EXPECT_NE(output("dev -d", Format::kJson).find("\"name\":\"vda\""), std::string::npos);
}

TEST_F(DiskTest, ADiskWithoutRequestsIsLeftOutByD) {
  write(kWord, 0);
  EXPECT_EQ(output("dev -D").find("vda"), std::string::npos);
  EXPECT_NE(output("dev -d").find("vda"), std::string::npos);
}

TEST_F(DiskTest, DamagedTagsEndWithAWord) {
  kernel_.machine.memory.write_u32(kTags + 24, 0xffffffff);
  kernel_.machine.memory.write_u32(kTags + 16, 0xffffffff);
  EXPECT_NE(output("dev -d").find("cannot be read"), std::string::npos);
  write(kTags + 32, 0x1234);
  EXPECT_NE(output("dev -d").find("the tags cannot be read"), std::string::npos) << output("dev -d");
}

class TimerTest : public MemoryTest {
 protected:
  TimerTest() {
    types(
        "timer_base 128: vectors@0:[4x8]\n"
        "timer_list 40: entry@0:16 expires@16:8 function@24:8\n");
    kernel_.name_variable("jiffies_64", kPlace, 8);
    write(kPlace, 1000);
    kernel_.name_variable("timer_bases", kVariable, 128);
    for (const std::uint32_t cpu : {0u, 1u}) {
      for (std::uint64_t at = 0; at < 128; at += 8) write(base(cpu) + at, 0);
    }
    write(base(0) + 8, kPlace + 0x100);
    write(kPlace + 0x100, kPlace + 0x200);
    write(kPlace + 0x110, 1500);
    write(kPlace + 0x118, kernel_.function("late_timer"));
    write(kPlace + 0x210, 900);
    write(kPlace + 0x218, kernel_.function("missed_timer"));
  }
  std::uint64_t base(std::uint32_t cpu) { return kernel_.percpu(cpu, "timer_bases"); }
  static constexpr std::uint64_t kVariable = 0x7000;
};

TEST_F(TimerTest, TimersStandInTheOrderOfTheirTimes) {
  const std::string text = output("timer -C 0");
  const auto missed = text.find("-100");
  const auto late = text.find("500  " + hex(kPlace + 0x100));
  EXPECT_LT(missed, late) << text;
  EXPECT_NE(late, std::string::npos) << text;
  EXPECT_NE(text.find("<late_timer>"), std::string::npos) << text;
  EXPECT_NE(output("timer -C 1").find("(none)"), std::string::npos);
}

TEST_F(TimerTest, ACircleOfTimersComesToAnEnd) {
  write(kPlace + 0x200, kPlace + 0x100);
  EXPECT_NE(output("timer -C 0").find("(the wheel is damaged: "), std::string::npos) << output("timer -C 0");
}

class QueueTest : public MemoryTest {
 protected:
  QueueTest() {
    types(
        "wait_queue_head 24: head@8:16\n"
        "wait_queue_entry 40: private@8:8 func@16:8 entry@24:16\n");
    kernel_.name_variable("the_queue", kPlace, 24);
    empty_list(kPlace + 8);
  }
};

TEST_F(QueueTest, WaitqNamesTheTasksAndWhatElseWaits) {
  list(kPlace + 8, {kPlace + 0x100 + 24, kPlace + 0x200 + 24});
  write(kPlace + 0x108, kernel_.task(7));
  write(kPlace + 0x208, 0x10);
  write(kPlace + 0x210, kernel_.function("ep_poll_callback"));
  const std::string text = output("waitq the_queue");
  EXPECT_NE(text.find("PID: 7 "), std::string::npos) << text;
  EXPECT_NE(text.find("no task; it calls ep_poll_callback"), std::string::npos) << text;
}

TEST_F(QueueTest, WaitqSaysWhatIsEmptyAndWhatIsNoQueue) {
  EXPECT_EQ(output("waitq the_queue"), fmt::format("wait queue {:x} is empty\n", kPlace));
  write(kPlace + 8, 0x1234);
  EXPECT_NE(output("waitq the_queue").find("is no wait queue: "), std::string::npos) << output("waitq the_queue");
  EXPECT_EQ(output("waitq"), "error: waitq wants a wait queue: waitq ADDRESS, waitq T.MEMBER ADDRESS");
}

// The cache "items" with one slab of 8 objects: CPU 0 takes from it and keeps 1 and 3, 5 was given back by another CPU.
class SlabTest : public MemoryTest {
 protected:
  SlabTest() {
    types(
        "page 64: flags@0:8 compound_head@8:8 mapping@24:8 index@32:8 _refcount@52:4\n"
        "mem_section 32: section_mem_map@0:8\n"
        "slab 64: slab_list@8:16 next@8:8 slab_cache@24:8 freelist@32:8 inuse@40:2 objects@42:2\n"
        "kmem_cache 256: cpu_slab@0:8 size@8:4 object_size@12:4 offset@16:4 oo.x@20:4 name@24:8 list@32:16 "
        "node@64:[4x8]\n"
        "kmem_cache_cpu 32: freelist@0:8 slab@16:8 partial@24:8\n"
        "kmem_cache_node 64: nr_partial@8:8 partial@16:16 nr_slabs@32:8 total_objects@40:8\n"
        "enum PG_slab=9\n");
    // Sections so large that the machine's addresses, which stand for physical ones too, are in the last.
    kernel_.target.vmcoreinfo = dump::VmcoreInfo(fmt::format(
        "PAGESIZE=4096\nSYMBOL(mem_section)={:x}\nLENGTH(mem_section)=1024\nNUMBER(SECTION_SIZE_BITS)=47\n", kRoots));
    write(kRoots + 1023 * 8, kRoot);
    for (std::uint64_t i = 0; i < 128; ++i) write(kRoot + i * 32, 0);
    write(kRoot + 127 * 32, (kPages - (kMemory >> 12) * 64) | 3);
    kernel_.name_variable("slab_caches", kPlace, 16);
    list(kPlace, {kCache + 32});
    kernel_.name_variable("cpu_slab", kVariable, 32);
    write(kCache, kVariable);
    kernel_.machine.memory.write_u32(kCache + 8, 64);
    kernel_.machine.memory.write_u32(kCache + 12, 56);
    kernel_.machine.memory.write_u32(kCache + 20, 8);
    write(kCache + 24, kCache + 0x200);
    kernel_.machine.memory.write_text(kCache + 0x200, "items");
    write(kCache + 64, kNode);
    write(kNode + 32, 1);
    write(kNode + 40, 8);
    empty_list(kNode + 16);
    for (const std::uint32_t cpu : {0u, 1u}) {
      for (std::uint64_t at = 0; at < 32; at += 8) write(kernel_.percpu(cpu, "cpu_slab") + at, 0);
    }
    write(kernel_.percpu(0, "cpu_slab"), object(1));
    write(kernel_.percpu(0, "cpu_slab") + 16, kPages);
    write(kPages, 1u << 9);
    write(kPages + 24, kCache);
    write(kPages + 32, object(5));
    kernel_.machine.memory.write_u32(kPages + 40, 8 << 16 | 7);
    write(object(1), object(3));
  }
  static std::uint64_t object(std::uint64_t i) { return kMemory + i * 64; }
  static constexpr std::uint64_t kRoots = kPlace + 0x4000, kRoot = kPlace + 0x8000, kPages = kPlace + 0xa000,
                                 kCache = kPlace + 0xb000, kNode = kPlace + 0xc000, kMemory = kPlace + 0x10000,
                                 kVariable = 0x7000;
};

TEST_F(SlabTest, ObjectsThatACpuKeepsAreFree) {
  EXPECT_EQ(output("kmem -s items"), "CACHE             OBJSIZE  ALLOCATED     TOTAL  SLABS  SSIZE  NAME\n" +
                                         hex(kCache) + "       56          5         8      1     4k  items\n");
  const std::string all = output("kmem -S items");
  EXPECT_NE(all.find(fmt::format("  [{:x}]\n   {:x}  (cpu 0 cache)\n", object(0), object(1))), std::string::npos)
      << all;
  EXPECT_NE(all.find(fmt::format("   {:x}  \n", object(5))), std::string::npos) << all;
  EXPECT_EQ(output("kmem -s others"), "error: no cache is called \"others\"");
}

TEST_F(SlabTest, AnAddressIsToldItsObject) {
  const std::string text = output(fmt::format("kmem {:x}", object(2) + 8));
  EXPECT_NE(text.find(fmt::format("  [{:x}]\n", object(2))), std::string::npos) << text;
  EXPECT_EQ(text.find(fmt::format("[{:x}]", object(0))), std::string::npos) << text;
  write(kPages, 0);
  EXPECT_EQ(output(fmt::format("kmem {:x}", object(2))).find("CACHE"), std::string::npos) << "a page of no slab";
}

TEST_F(SlabTest, DamagedFreeListsEndWithAWord) {
  write(object(3), object(1));
  EXPECT_NE(output("kmem -s").find("runs in a circle at"), std::string::npos) << output("kmem -s");
  write(object(3), 0x1234);
  EXPECT_NE(output("kmem -s").find("leads to 0x1234"), std::string::npos) << output("kmem -s");
}

TEST_F(SlabTest, FreeListsWithASecretAreRead) {
  types("kmem_cache 256: random@48:8\n");
  constexpr std::uint64_t kSecret = 0x1122334455667788;
  write(kCache + 48, kSecret);
  const auto hide = [&](std::uint64_t at, std::uint64_t next) { write(at, next ^ kSecret ^ __builtin_bswap64(at)); };
  hide(object(1), object(3));
  hide(object(3), 0);
  hide(object(5), 0);
  EXPECT_NE(output("kmem -s").find(" 5         8      1     4k  items"), std::string::npos) << output("kmem -s");
}

}  // namespace
}  // namespace whyhung::commands
