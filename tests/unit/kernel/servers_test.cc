// SPDX-License-Identifier: GPL-2.0-or-later
// What lies below a file system: the process that serves it, another machine, a disk; and the tables that lead there.
#include <gtest/gtest.h>

#include "kernel/fuse.h"
#include "kernel/module_types.h"
#include "kernel/open_files.h"
#include "kernel/rpc.h"
#include "kernel/storage.h"
#include "kernel/userfault.h"
#include "support/fake_machine.h"

namespace whyhung::kernel {
namespace {

constexpr std::uint64_t kRequest = 0xffff888000010000;
constexpr std::uint64_t kMount = 0xffff888000011000;
constexpr std::uint64_t kConnection = 0xffff888000012000;
constexpr std::uint64_t kDevice = 0xffff888000013000;
constexpr std::uint64_t kText = 0xffff88800001f000;

class FuseTest : public testing::Test {
 protected:
  FuseTest()
      : machine_(
            "fuse_req 180: flags@56:8 in.h.opcode@68:4 waitq@120:24 fm@160:8\nfuse_mount 48: fc@0:8\n"
            "fuse_conn 900: devices@800:16\nfuse_dev 64: fc@0:8 entry@48:16\nenum FR_SENT=8 FR_FINISHED=9") {
    machine_.memory.touch(kRequest);
    machine_.set("fuse_req", kRequest, "in.h.opcode", 1);
    machine_.set("fuse_req", kRequest, "fm", kMount);
    machine_.set("fuse_mount", kMount, "fc", kConnection);
    machine_.set("fuse_dev", kDevice, "fc", kConnection);
    machine_.link_list(kConnection + 800, {kDevice + 48});
  }
  std::optional<FuseRequest> request() {
    return FuseView::bind(machine_.types).request_with_queue(machine_.memory, VirtualAddress(kRequest + 120));
  }
  test::FakeMachine machine_;
};

TEST_F(FuseTest, ARequestLeadsToTheServersOpenFile) {
  ASSERT_TRUE(request());
  EXPECT_EQ(request()->connection.value, kConnection);
  EXPECT_EQ(fuse_operation_name(request()->operation), "LOOKUP");
  EXPECT_FALSE(request()->was_read);
  const auto devices = FuseView::bind(machine_.types).devices(machine_.memory, VirtualAddress(kConnection));
  ASSERT_EQ(devices.size(), 1u);
  EXPECT_EQ(devices[0].value, kDevice);
}

TEST_F(FuseTest, ItsFlagsSayHowFarItCame) {
  machine_.set("fuse_req", kRequest, "flags", 1u << 8);
  ASSERT_TRUE(request());
  EXPECT_TRUE(request()->was_read);
  machine_.set("fuse_req", kRequest, "flags", 1u << 9);
  EXPECT_FALSE(request()) << "it is answered";
}

TEST_F(FuseTest, ADeviceOfAnotherConnectionIsNone) {
  machine_.set("fuse_dev", kDevice, "fc", kMount);
  EXPECT_TRUE(FuseView::bind(machine_.types).devices(machine_.memory, VirtualAddress(kConnection)).empty());
}

TEST_F(FuseTest, NewKernelsHaveAChannel) {
  machine_.types.remove("fuse_req", "fm").add("fuse_req 180: chan@160:8\nfuse_chan 200: devices@100:16");
  machine_.types.remove("fuse_dev", "fc").add("fuse_dev 64: chan@0:8");
  machine_.set("fuse_req", kRequest, "chan", kConnection);
  machine_.set("fuse_dev", kDevice, "chan", kConnection);
  machine_.link_list(kConnection + 100, {kDevice + 48});
  ASSERT_TRUE(request());
  EXPECT_EQ(request()->connection.value, kConnection);
  EXPECT_EQ(FuseView::bind(machine_.types).devices(machine_.memory, VirtualAddress(kConnection)).size(), 1u);
}

TEST_F(FuseTest, WithoutTypesThereIsNoRequest) {
  machine_.types.remove("fuse_req");
  EXPECT_FALSE(request());
}

class UserfaultTest : public testing::Test {
 protected:
  static constexpr std::uint64_t kRecord = kRequest, kContext = kMount;
  UserfaultTest()
      : machine_(
            "userfaultfd_wait_queue 88: wq@32:40 ctx@72:8\nuserfaultfd_ctx 200: fault_pending_wqh@0:24 fault_wqh@24:24 "
            "fd_wqh@48:24") {
    machine_.set("userfaultfd_wait_queue", kRecord, "ctx", kContext);
  }
  std::optional<PendingFault> fault_in(std::uint64_t queue) {
    Binder binder(machine_.types);
    return UserfaultView::bind(binder).fault_in(machine_.memory, {VirtualAddress(queue), VirtualAddress(kRecord + 32)});
  }
  test::FakeMachine machine_;
};

TEST_F(UserfaultTest, TheQueueSaysWhetherTheFaultWasRead) {
  ASSERT_TRUE(fault_in(kContext));
  EXPECT_EQ(fault_in(kContext)->context.value, kContext);
  EXPECT_EQ(fault_in(kContext)->record.value, kRecord);
  EXPECT_FALSE(fault_in(kContext)->was_read);
  ASSERT_TRUE(fault_in(kContext + 24));
  EXPECT_TRUE(fault_in(kContext + 24)->was_read);
}

TEST_F(UserfaultTest, AQueueThatIsNotOfTheUserfaultfdThatTheRecordNamesIsNone) {
  EXPECT_FALSE(fault_in(kContext + 48)) << "of those who poll it";
  EXPECT_FALSE(fault_in(kConnection));
  machine_.types.remove("userfaultfd_ctx");
  EXPECT_FALSE(fault_in(kContext));
}

TEST_F(FuseTest, AWaitForAnothersLockMayTakeLong) {
  EXPECT_TRUE(fuse_may_take_long(33));
  EXPECT_FALSE(fuse_may_take_long(15));
  EXPECT_EQ(fuse_operation_name(9999), "opcode 9999");
}

class RpcTest : public testing::Test {
 protected:
  RpcTest()
      : machine_(
            "rpc_task 300: tk_start@64:8 tk_runstate@40:8 tk_client@48:8 tk_waitqueue@56:8\nrpc_wait_queue 200: "
            "name@180:8\n"
            "rpc_clnt 300: cl_xprt@24:8 cl_program@200:8\nrpc_program 48: name@0:8\n"
            "rpc_xprt 600: state@100:8 servername@300:8 address_strings[0]@308:8\nnfs_server 300: client@16:8") {
    machine_.set("rpc_task", kRequest, "tk_client", kMount);
    machine_.set("rpc_task", kRequest, "tk_waitqueue", kDevice);
    machine_.set("rpc_wait_queue", kDevice, "name", text(0, "xprt_pending"));
    machine_.set("rpc_clnt", kMount, "cl_xprt", kConnection);
    machine_.set("rpc_clnt", kMount, "cl_program", kText + 0x800);
    machine_.set("rpc_program", kText + 0x800, "name", text(0x40, "nfs"));
    machine_.set("rpc_xprt", kConnection, "address_strings[0]", text(0x80, "192.0.2.9"));
    machine_.set("rpc_xprt", kConnection, "servername", text(0xc0, "filer"));
    machine_.set("rpc_xprt", kConnection, "state", 2);
  }
  std::uint64_t text(std::uint64_t offset, std::string_view value) {
    machine_.memory.write_text(kText + offset, value);
    return kText + offset;
  }
  std::optional<RpcCall> call() {
    return RpcView::bind(machine_.types).call_with_state(machine_.memory, VirtualAddress(kRequest + 40));
  }
  test::FakeMachine machine_;
};

TEST_F(RpcTest, ACallNamesItsServer) {
  ASSERT_TRUE(call());
  EXPECT_EQ(call()->queue, "xprt_pending");
  EXPECT_FALSE(call()->start);
  machine_.set("rpc_task", kRequest, "tk_start", 32'000'000'000);
  EXPECT_EQ(call()->start, 32'000'000'000u);
  EXPECT_EQ(call()->server.address, "192.0.2.9");
  EXPECT_EQ(call()->server.name, "filer");
  EXPECT_EQ(call()->server.program, "nfs");
  EXPECT_EQ(call()->server.transport.value, kConnection);
  EXPECT_TRUE(call()->server.is_connected);
  machine_.set("rpc_xprt", kConnection, "state", 5);
  EXPECT_FALSE(call()->server.is_connected);
}

TEST_F(RpcTest, OtherMemoryIsNoCall) {
  machine_.set("rpc_clnt", kMount, "cl_xprt", 0);
  EXPECT_FALSE(call());
  machine_.set("rpc_clnt", kMount, "cl_xprt", kConnection);
  machine_.set("rpc_xprt", kConnection, "address_strings[0]", 0);
  machine_.set("rpc_xprt", kConnection, "servername", 0);
  EXPECT_FALSE(call()) << "a server without any name";
}

TEST_F(RpcTest, AMountLeadsThereToo) {
  constexpr std::uint64_t kServer = 0xffff888000015000;
  machine_.set("nfs_server", kServer, "client", kMount);
  const auto server = RpcView::bind(machine_.types).server_of_nfs(machine_.memory, VirtualAddress(kServer));
  ASSERT_TRUE(server);
  EXPECT_EQ(server->address, "192.0.2.9");
}

constexpr std::uint64_t kFolio = 0xffffea0000001000;
constexpr std::uint64_t kMapping = 0xffff888000020000;
constexpr std::uint64_t kInode = 0xffff888000021000;
constexpr std::uint64_t kSuper = 0xffff888000022000;
constexpr std::uint64_t kType = 0xffff888000023000;
constexpr std::uint64_t kBlock = 0xffff888000024000;
constexpr std::uint64_t kDisk = 0xffff888000025000;
constexpr std::uint64_t kHeads = 0xffffffff82000000;

class StorageTest : public testing::Test {
 protected:
  StorageTest()
      : machine_(
            "folio 64: mapping@24:8\naddress_space 100: host@0:8\ninode 600: i_sb@40:8\n"
            "super_block 1000: s_list@0:16 s_bdev@200:8 s_id@300:[32x1] s_type@16:8 s_fs_info@208:8 "
            "s_writers.frozen@400:4 s_writers.rw_sem@432:[3x96]\nfile_system_type 80: name@0:8 owner@40:8\n"
            "bdev_inode 1000: bdev@0:300 vfs_inode@300:600\nblock_device 300: bd_disk@64:8\n"
            "gendisk 1000: disk_name@12:[32x1] major@0:4 first_minor@4:4 fops@64:8 private_data@72:8\n"
            "block_device_operations 100: owner@80:8\npercpu_rw_semaphore 96: waiters@64:24\n"
            "mapped_device 1000: disk@500:8 flags@100:8 interface_ptr@600:8\nhash_cell 100: md@64:8 name@48:8") {
    machine_.set("folio", kFolio, "mapping", kMapping);
    machine_.set("address_space", kMapping, "host", kInode);
    machine_.set("inode", kInode, "i_sb", kSuper);
    machine_.set("super_block", kSuper, "s_type", kType);
    machine_.set("super_block", kSuper, "s_bdev", kBlock);
    machine_.set_text("super_block", kSuper, "s_id", "dm-0");
    machine_.set("file_system_type", kType, "name", kText);
    machine_.memory.write_text(kText, "ext4");
    machine_.set("block_device", kBlock, "bd_disk", kDisk);
    machine_.set("gendisk", kDisk, "major", 253);
    machine_.set_text("gendisk", kDisk, "disk_name", "dm-0");
    machine_.set("gendisk", kDisk, "private_data", kDevice);
    machine_.set("mapped_device", kDevice, "disk", kDisk);
    machine_.set("mapped_device", kDevice, "flags", 3);
    machine_.set("mapped_device", kDevice, "interface_ptr", kMount);
    machine_.set("hash_cell", kMount, "md", kDevice);
    machine_.set("hash_cell", kMount, "name", kText + 0x40);
    machine_.memory.write_text(kText + 0x40, "data");
    machine_.symbols.add("super_blocks", kHeads, 16);
    machine_.link_list(kHeads, {kSuper});
  }
  StorageView bind() {
    Binder binder(machine_.types);
    return StorageView::bind(binder);
  }
  std::optional<FileSystem> below() { return bind().file_system_of_folio(machine_.memory, VirtualAddress(kFolio)); }
  std::optional<MappedDevice> mapped() {
    return read_mapped_device(machine_.memory, machine_.types, VirtualAddress(kDisk));
  }
  test::FakeMachine machine_;
};

TEST_F(StorageTest, APageLeadsToItsDisk) {
  ASSERT_TRUE(below());
  EXPECT_EQ(below()->type, "ext4");
  ASSERT_EQ(below()->disk.value, kDisk);
  const auto disk = bind().disk(machine_.memory, VirtualAddress(kDisk));
  ASSERT_TRUE(disk);
  EXPECT_EQ(disk->name, "dm-0");
  EXPECT_EQ(disk->major, 253u);
}

TEST_F(StorageTest, APageThatIsOnlyLockedIsNoMatterOfTheDisk) {
  machine_.types.add(
      "wait_queue_entry 40: private@8:8 entry@24:16\nwait_page_queue 56: folio@0:8 bit_nr@8:4 wait@16:40\n"
      "folio 64: flags@0:8\nenum PG_locked=0 PG_uptodate=2 PG_writeback=15");
  constexpr std::uint64_t kTask = 0xffff888000001000, kStack = 0xffffc90000010000, kRecord = kStack + 0x100;
  machine_.memory.touch(kStack);
  machine_.set("wait_page_queue", kRecord, "folio", kFolio);
  machine_.memory.write_u64(kRecord + 16 + 8, kTask);
  machine_.link_list(kHeads + 0x100, {kRecord + 16 + 24});
  const auto waited = [&](std::uint64_t flags) {
    machine_.set("folio", kFolio, "flags", flags);
    return bind().waited_page(machine_.memory, VirtualAddress(kTask),
                              {VirtualAddress(kStack), VirtualAddress(kStack + 0x1000)});
  };
  ASSERT_TRUE(waited(1));
  EXPECT_EQ(waited(1)->folio.value, kFolio);
  EXPECT_FALSE(waited(1)->is_idle) << "it is being read";
  EXPECT_TRUE(waited(1 | 4)->is_idle) << "a task has it locked";
  EXPECT_FALSE(waited(1 | 4 | 1u << 15)->is_idle) << "it is being written";
  machine_.set("wait_page_queue", kRecord, "bit_nr", 15);
  EXPECT_FALSE(waited(1 | 4)->is_idle) << "the wait is for the write";
}

TEST_F(StorageTest, APageOfNoFileLeadsNowhere) {
  machine_.set("folio", kFolio, "mapping", kMapping | 1);
  EXPECT_FALSE(below());
}

TEST_F(StorageTest, APageOfTheDeviceItselfLeadsThereToo) {
  constexpr std::uint64_t kNode = 0xffff888000028000;
  machine_.memory.write_text(kText, "bdev");
  machine_.set("super_block", kSuper, "s_bdev", 0);
  machine_.set("address_space", kMapping, "host", kNode + 300);
  machine_.set("inode", kNode + 300, "i_sb", kSuper);
  machine_.set("block_device", kNode, "bd_disk", kDisk);
  ASSERT_TRUE(below());
  EXPECT_EQ(below()->disk.value, kDisk);
}

TEST_F(StorageTest, ABufferLeadsToItsDisk) {
  constexpr std::uint64_t kBuffer = 0xffff888000029000;
  machine_.types.add("buffer_head 104: b_state@0:8 b_this_page@8:8 b_bdev@48:8");
  const auto disk = [&] { return bind().disk_of_buffer(machine_.memory, VirtualAddress(kBuffer)).value; };
  machine_.set("buffer_head", kBuffer, "b_bdev", kBlock);
  machine_.set("buffer_head", kBuffer, "b_this_page", kBuffer + 0x100);
  machine_.set("buffer_head", kBuffer + 0x100, "b_this_page", kBuffer);
  EXPECT_EQ(disk(), kDisk);
  machine_.set("buffer_head", kBuffer + 0x100, "b_this_page", kBuffer + 0x100);
  EXPECT_EQ(disk(), 0u) << "its ring does not come back to it";
}

TEST_F(StorageTest, AFrozenFileSystemIsFoundByItsLock) {
  machine_.set("super_block", kSuper, "s_writers.frozen", 4);
  const auto lock = bind().percpu_lock_with_queue(VirtualAddress(kSuper + 432 + 96 + 64));
  ASSERT_TRUE(lock);
  const auto found = bind().file_system_with_lock(machine_.access(), *lock);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->frozen, 4u);
  EXPECT_EQ(found->id, "dm-0");
  EXPECT_FALSE(bind().file_system_with_lock(machine_.access(), VirtualAddress(kSuper + 432 + 3 * 96)))
      << "behind the last of them";
}

TEST_F(StorageTest, AMappedDeviceSaysWhetherItIsSuspended) {
  ASSERT_TRUE(mapped());
  EXPECT_TRUE(mapped()->suspended);
  EXPECT_EQ(mapped()->name, "data");
  machine_.set("mapped_device", kDevice, "flags", 4);
  EXPECT_FALSE(mapped()->suspended);
  machine_.set("mapped_device", kDevice, "disk", kBlock);
  EXPECT_FALSE(mapped()) << "the private data of another driver";
}

TEST(OpenFiles, AreThoseOfTheTable) {
  test::FakeMachine machine(
      "task_struct 256: files@16:8\nfiles_struct 100: fdt@32:8\nfdtable 56: max_fds@0:4 fd@8:8\n"
      "file 200: private_data@100:8 f_path.dentry@16:8\ndentry 200: d_name.name@40:8");
  constexpr std::uint64_t kTask = 0xffff888000001000, kFiles = 0xffff888000002000, kTable = 0xffff888000003000,
                          kEntries = 0xffff888000004000, kFile = 0xffff888000005000, kName = 0xffff888000006000;
  machine.set("task_struct", kTask, "files", kFiles);
  machine.set("files_struct", kFiles, "fdt", kTable);
  machine.set("fdtable", kTable, "max_fds", 100);
  machine.set("fdtable", kTable, "fd", kEntries);
  machine.memory.write_u64(kEntries + 3 * 8, kFile);
  machine.memory.write_u64(kEntries + 99 * 8, kFile + 0x200);
  machine.memory.write_u64(kEntries + 100 * 8, kFile + 0x400);  // behind the table
  machine.set("file", kFile, "private_data", kDevice);
  machine.set("file", kFile, "f_path.dentry", kName);
  machine.set("dentry", kName, "d_name.name", kText);
  machine.memory.write_text(kText, "lock");
  Binder binder(machine.types);
  const auto view = OpenFilesView::bind(binder);
  std::vector<std::uint64_t> files;
  const VirtualAddress table = view.table_of(machine.memory, VirtualAddress(kTask));
  view.each(machine.memory, table, [&](VirtualAddress file) { files.push_back(file.value); });
  EXPECT_EQ(files, (std::vector<std::uint64_t>{kFile, kFile + 0x200}));
  EXPECT_EQ(view.private_data(machine.memory, VirtualAddress(kFile)).value, kDevice);
  EXPECT_EQ(view.name(machine.memory, VirtualAddress(kFile)), "lock");
}

TEST(OpenFiles, ATableThatIsCutOffIsReadAsFarAsItGoes) {
  test::FakeMachine machine("task_struct 256: files@16:8\nfiles_struct 100: fdt@32:8\nfdtable 56: max_fds@0:4 fd@8:8");
  constexpr std::uint64_t kFiles = 0xffff888000002000, kTable = 0xffff888000003000, kEntries = 0xffff888000004000;
  machine.set("files_struct", kFiles, "fdt", kTable);
  machine.set("fdtable", kTable, "max_fds", 0xffffffff);
  machine.set("fdtable", kTable, "fd", kEntries);
  machine.memory.write_u64(kEntries, 0xffff888000005000);
  Binder binder(machine.types);
  std::size_t count = 0;
  OpenFilesView::bind(binder).each(machine.memory, VirtualAddress(kFiles), [&](VirtualAddress) { ++count; });
  EXPECT_EQ(count, 1u);
}

TEST(ModuleTypes, AreWhereTheKernelKeepsThem) {
  test::FakeMachine machine("btf_module 48: list@0:16 module@16:8 btf@24:8\nbtf 200: data@0:8 data_size@80:4");
  constexpr std::uint64_t kModule = 0xffffffffc0001000, kEntry = 0xffff888000001000, kBtf = 0xffff888000002000;
  machine.symbols.add("btf_modules", kHeads, 16);
  machine.link_list(kHeads, {kEntry});
  machine.set("btf_module", kEntry, "module", kModule);
  machine.set("btf_module", kEntry, "btf", kBtf);
  machine.set("btf", kBtf, "data", 0xffffc90000100000);
  machine.set("btf", kBtf, "data_size", 0x5000);
  const auto found = find_module_types(machine.access(), VirtualAddress(kModule));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->begin.value, 0xffffc90000100000u);
  EXPECT_EQ(found->size(), 0x5000u);
  EXPECT_FALSE(find_module_types(machine.access(), VirtualAddress(kModule + 0x1000)));
  machine.set("btf", kBtf, "data_size", 0xffffffff);
  EXPECT_FALSE(find_module_types(machine.access(), VirtualAddress(kModule))) << "more than any module's";
}

}  // namespace
}  // namespace whyhung::kernel
