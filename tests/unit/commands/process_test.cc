// SPDX-License-Identifier: GPL-2.0-or-later
// What processes use: files, mounts, sockets, mappings, objects of System V; and that what is damaged ends with a word.
#include "memory_fixture.h"

namespace whyhung::commands {
namespace {

// Task 7 has the file "/data/log" and a socket open; "data" is the mount of a second file system.
class ProcessTest : public MemoryTest {
 protected:
  ProcessTest() {
    types(
        "task_struct 9000: files@2304:8 fs@2312:8 nsproxy@2320:8\n"
        "files_struct 64: fdt@8:8\n"
        "fdtable 64: max_fds@0:4 fd@8:8\n"
        "file 128: f_inode@8:8 f_path.mnt@16:8 f_path.dentry@24:8 private_data@32:8\n"
        "inode 64: i_mode@0:2\n"
        "dentry 128: d_parent@8:8 d_name.name@16:8 d_inode@24:8\n"
        "vfsmount 64: mnt_root@0:8\n"
        "mount 256: mnt_parent@8:8 mnt_mountpoint@16:8 mnt@32:64 mnt.mnt_root@32:8 mnt.mnt_sb@40:8 mnt_devname@104:8 "
        "mnt_list@112:16\n"
        "fs_struct 64: root.dentry@0:8 root.mnt@8:8 pwd.dentry@16:8 pwd.mnt@24:8\n"
        "nsproxy 64: mnt_ns@0:8 ipc_ns@8:8 net_ns@16:8\n"
        "mnt_namespace 64: list@0:16\n"
        "super_block 64: s_type@0:8\n"
        "file_system_type 64: name@0:8\n"
        "socket 64: type@4:2 sk@24:8\n"
        "sock 256: __sk_common.skc_daddr@0:4 __sk_common.skc_rcv_saddr@4:4 __sk_common.skc_dport@12:2 "
        "__sk_common.skc_num@14:2 __sk_common.skc_family@16:2 __sk_common.skc_v6_daddr@24:16 "
        "__sk_common.skc_v6_rcv_saddr@40:16\n");
    kernel_.set_task(7, "files", kFiles);
    kernel_.set_task(7, "fs", kFs);
    kernel_.set_task(7, "nsproxy", kProxy);
    write(kFiles + 8, kTable);
    word(kTable, 8);
    write(kTable + 8, kDescriptors);
    lay_out_names();
    file(3, kLogFile, kMountB + 32, kLog, 0x8000);
    file(4, kSocketFile, kMountA + 32, kRootA, 0xc000);
    write(kSocketFile + 32, kSocket);
    kernel_.machine.memory.write_sized(kSocket + 4, 1, 2);
    write(kSocket + 24, kSock);
    internet_socket();
  }

  // "/" of the first file system, "/data" where the second is mounted, "log" in it.
  void lay_out_names() {
    name(kRootA, kRootA, "/");
    name(kData, kRootA, "data");
    name(kRootB, kRootB, "/");
    name(kLog, kRootB, "log");
    mount(kMountA, kMountA, kRootA, kRootA, "rootfs", "none");
    mount(kMountB, kMountA, kData, kRootB, "ext4", "/dev/vda1");
    write(kFs, kRootA);
    write(kFs + 8, kMountA + 32);
    write(kFs + 16, kRootB);
    write(kFs + 24, kMountB + 32);
    write(kProxy, kSpace);
    list(kSpace, {kMountA + 112, kMountB + 112});
  }
  void word(std::uint64_t at, std::uint32_t value) { kernel_.machine.memory.write_u32(at, value); }
  void text(std::uint64_t at, std::string_view letters) { kernel_.machine.memory.write_text(at, letters); }
  void name(std::uint64_t dentry, std::uint64_t parent, std::string_view letters) {
    write(dentry + 8, parent);
    write(dentry + 16, dentry + 64);
    text(dentry + 64, letters);
    write(dentry + 24, dentry + 96);  // its inode
  }
  void mount(std::uint64_t at, std::uint64_t above, std::uint64_t place, std::uint64_t root, std::string_view type,
             std::string_view device) {
    write(at + 8, above);
    write(at + 16, place);
    write(at + 32, root);
    write(at + 40, at + 0x100);
    write(at + 0x100, at + 0x140);
    write(at + 0x140, at + 0x180);
    text(at + 0x180, type);
    write(at + 104, at + 0x1a0);
    text(at + 0x1a0, device);
  }
  void file(std::uint64_t descriptor, std::uint64_t at, std::uint64_t mount, std::uint64_t dentry, std::uint64_t mode) {
    write(kDescriptors + descriptor * 8, at);
    write(at + 8, at + 0x80);
    write(at + 16, mount);
    write(at + 24, dentry);
    kernel_.machine.memory.write_sized(at + 0x80, mode, 2);
  }
  void internet_socket() {
    kernel_.machine.memory.write_sized(kSock + 16, 2, 2);
    word(kSock, 0x0202000a);                                    // 10.0.2.2
    word(kSock + 4, 0x0f02000a);                                // 10.0.2.15
    kernel_.machine.memory.write_sized(kSock + 12, 0x409c, 2);  // 40000 as the net orders it
    kernel_.machine.memory.write_sized(kSock + 14, 22, 2);
  }

  static constexpr std::uint64_t kFiles = kPlace, kTable = kPlace + 0x100, kDescriptors = kPlace + 0x200,
                                 kFs = kPlace + 0x300, kProxy = kPlace + 0x400, kSpace = kPlace + 0x500,
                                 kLogFile = kPlace + 0x600, kSocketFile = kPlace + 0x800, kSocket = kPlace + 0xa00,
                                 kSock = kPlace + 0xb00, kRootA = kPlace + 0x1000, kData = kPlace + 0x1100,
                                 kRootB = kPlace + 0x1200, kLog = kPlace + 0x1300, kMountA = kPlace + 0x2000,
                                 kMountB = kPlace + 0x3000, kMm = kPlace + 0x4000, kArea = kPlace + 0x5000;
};

TEST_F(ProcessTest, FilesAreToldWithTheirPathsAcrossMounts) {
  const std::string text = output("files 7");
  EXPECT_NE(text.find("ROOT: /    CWD: /data"), std::string::npos) << text;
  EXPECT_NE(text.find("  3 " + hex(kLogFile) + " " + hex(kLog)), std::string::npos) << text;
  EXPECT_NE(text.find("REG  /data/log"), std::string::npos) << text;
  EXPECT_EQ(output("files -R nowhere 7"), "");
}

TEST_F(ProcessTest, MountsAreToldAndTheFilesThatAreOpenInEach) {
  const std::string plain = output("mount 7");
  EXPECT_NE(plain.find(hex(kMountB) + " " + hex(kMountB + 0x100) + " ext4   /dev/vda1 /data"), std::string::npos)
      << plain;
  EXPECT_EQ(plain.find("OPEN FILES"), std::string::npos);
  const std::string with_files = output("mount -f 7");
  const std::size_t second = with_files.find("/dev/vda1 /data");
  EXPECT_NE(with_files.find("/data/log", second), std::string::npos) << with_files;
  EXPECT_EQ(with_files.substr(0, second).find("/data/log"), std::string::npos) << "the file is in the other mount";
  write(kMountB + 112, kMountA + 112);
  EXPECT_NE(output("mount 7").find("(the list is damaged"), std::string::npos) << output("mount 7");
}

TEST_F(ProcessTest, FuserFindsWhoHasAFileAndSaysSoWhereNobodyHas) {
  EXPECT_NE(output("fuser /data/log").find("\"sleeper\"        fd \n"), std::string::npos) << output("fuser /data/log");
  EXPECT_NE(output("fuser /data").find("\"sleeper\"        cwd \n"), std::string::npos) << output("fuser /data");
  EXPECT_EQ(output("fuser /nobody"), "No users of /nobody found\n");
  EXPECT_NE(output("fuser").find("error: "), std::string::npos);
}

TEST_F(ProcessTest, SocketsOfTheInternetTellBothEnds) {
  const std::string text = output("net -s 7");
  EXPECT_NE(text.find(" 4  " + hex(kSocket) + "  " + hex(kSock) + "  INET:STREAM      10.0.2.15-22"), std::string::npos)
      << text;
  EXPECT_NE(text.find("10.0.2.2-40000\n"), std::string::npos) << text;
  EXPECT_NE(output("net -s 7", Format::kJson).find("\"source\":\"10.0.2.15-22\""), std::string::npos);
  EXPECT_EQ(output("net -s -R nowhere 7"), "");
  kernel_.machine.memory.write_sized(kSock + 16, 10, 2);
  kernel_.machine.memory.write_sized(kSock + 24 + 14, 0x0100, 2);
  EXPECT_NE(output("net -s 7").find("INET6:STREAM     ::-22            ::1-40000"), std::string::npos)
      << output("net -s 7");
  kernel_.machine.memory.write_sized(kSock + 16, 1, 2);
  EXPECT_NE(output("net -s 7").find("UNIX:STREAM\n"), std::string::npos) << output("net -s 7");
  write(kDescriptors + 4 * 8, 0);
  EXPECT_NE(output("net -s 7").find("No open sockets."), std::string::npos);
}

TEST_F(ProcessTest, ATableOfFilesThatCannotBeReadIsSaid) {
  write(kFiles + 8, 0x1234);
  EXPECT_NE(output("files 7").find("the table of files cannot be read"), std::string::npos) << output("files 7");
  EXPECT_NE(output("net -s 7").find("No open sockets."), std::string::npos);
  EXPECT_NE(output("mount -f 7").find("No open files found"), std::string::npos);
}

// Two mappings, linked as before v6.1.
class MappingTest : public ProcessTest {
 protected:
  MappingTest() {
    types(
        "mm_struct 256: pgd@0:8 mmap@8:8 total_vm@16:8\n"
        "vm_area_struct 128: vm_start@0:8 vm_end@8:8 vm_next@16:8 vm_flags@24:8 vm_file@32:8 vm_pgoff@40:8\n");
    kernel_.set_task(7, "mm", kMm);
    write(kMm + 8, kArea);
    area(kArea, 0x400000, 0x401000, kArea + 0x100, 0x875, kLogFile);
    area(kArea + 0x100, 0x7f0000, 0x7f2000, 0, 0x100073, 0);
  }
  void area(std::uint64_t at, std::uint64_t start, std::uint64_t end, std::uint64_t next, std::uint64_t flags,
            std::uint64_t file) {
    write(at, start);
    write(at + 8, end);
    write(at + 16, next);
    write(at + 24, flags);
    write(at + 32, file);
  }
};

TEST_F(MappingTest, VmListsMappingsWithTheirFiles) {
  const std::string text = output("vm 7");
  EXPECT_NE(text.find(hex(kArea) + "     400000     401000    875 /data/log"), std::string::npos) << text;
  EXPECT_NE(text.find(hex(kArea + 0x100) + "     7f0000     7f2000 100073"), std::string::npos) << text;
  EXPECT_NE(output("fuser /data/log").find("mmap fd"), std::string::npos) << output("fuser /data/log");
}

TEST_F(MappingTest, MappingsInACircleComeToAnEnd) {
  write(kArea + 0x100 + 16, kArea);
  EXPECT_NE(output("vm 7").find("(the mappings are damaged: the list runs in a circle"), std::string::npos)
      << output("vm 7");
}

TEST_F(MappingTest, PagesThatCannotBeLookedUpAreSaid) {
  EXPECT_NE(output("vm -p 7").find("cannot be read"), std::string::npos) << output("vm -p 7");
}

TEST_F(ProcessTest, FlagsOfMappingsHaveNames) {
  EXPECT_EQ(output("vm -f 875"), "875: (READ|EXEC|MAYREAD|MAYWRITE|MAYEXEC|DENYWRITE)\n");
  EXPECT_EQ(output("vm -f 8000000000000001"), "8000000000000001: (READ|0x8000000000000000)\n");
  EXPECT_NE(output("vm -f word").find("no hexadecimal number"), std::string::npos);
}

TEST_F(ProcessTest, CodeOfAProcessWantsItsMemory) {
  EXPECT_NE(output("dis -u 400000").find("error: "), std::string::npos);
  EXPECT_NE(output("dis -u -r 400000").find("-u takes a count"), std::string::npos) << output("dis -u -r 400000");
}

// One object of shared memory in the namespace of all.
class SystemVTest : public ProcessTest {
 protected:
  SystemVTest() {
    types(
        "xarray 16: xa_head@8:8\n"
        "xa_node 576: slots@40:[64x8]\n"
        "ipc_namespace 512: ids@0:[3x64]\n"
        "ipc_ids 64: ipcs_idr.idr_rt@8:16\n"
        "kern_ipc_perm 64: id@0:4s key@4:4s uid.val@8:4 mode@12:2\n"
        "shmid_kernel 128: shm_perm@16:64 shm_segsz@80:8 shm_nattch@88:8\n"
        "sem_array 128: sem_perm@0:64 sem_nsems@64:4\n"
        "msg_queue 128: q_perm@0:64 q_cbytes@64:8 q_qnum@72:8\n");
    write(kProxy + 8, kArea);
    write(kArea + 2 * 64 + 8 + 8, kObject + 16);  // the head of the third table is its only entry
    word(kObject + 16, 5);
    word(kObject + 16 + 4, 0x1234);
    word(kObject + 16 + 8, 1000);
    kernel_.machine.memory.write_sized(kObject + 16 + 12, 0644, 2);
    write(kObject + 80, 4096);
    write(kObject + 88, 2);
  }
  static constexpr std::uint64_t kObject = kPlace + 0x6000;
};

TEST_F(SystemVTest, SharedMemoryIsTold) {
  const std::string text = output("ipcs -m -n 7");
  EXPECT_NE(text.find(hex(kObject) + " 00001234 5          1000  644   4096       2\n"), std::string::npos) << text;
  EXPECT_NE(output("ipcs -s -n 7").find("(none allocated)"), std::string::npos) << output("ipcs -s -n 7");
  EXPECT_NE(output("ipcs -n 7", Format::kJson).find("\"kind\":\"shared memory\""), std::string::npos);
}

TEST_F(SystemVTest, ADamagedTableIsSaid) {
  write(kArea + 2 * 64 + 8 + 8, 0x1232);  // the mark of a node, and nothing there
  EXPECT_NE(output("ipcs -m -n 7").find("(the tree is damaged"), std::string::npos) << output("ipcs -m -n 7");
}

// One file that is swapped to, a quarter of it in use, and a free slot before it.
class SwapTest : public ProcessTest {
 protected:
  SwapTest() {
    types("swap_info_struct 128: flags@0:8 prio@8:2s pages@12:4 inuse_pages@16:4 swap_file@24:8\n");
    kernel_.name_variable("swap_info", kMm, 16);
    kernel_.name_variable("nr_swapfiles", kMm + 0x100, 4);
    word(kMm + 0x100, 2);
    write(kMm, kArea);
    write(kMm + 8, kArea + 0x100);
    write(kArea + 0x100, 3);
    kernel_.machine.memory.write_sized(kArea + 0x108, 0xfffe, 2);
    word(kArea + 0x10c, 1000);
    word(kArea + 0x110, 250);
    write(kArea + 0x118, kLogFile);
  }
};

TEST_F(SwapTest, WhatIsSwappedToIsTold) {
  const std::string text = output("swap");
  EXPECT_NE(text.find(hex(kArea + 0x100) + "  FILE          4000k      1000k   25%   -2  /data/log\n"),
            std::string::npos)
      << text;
  EXPECT_EQ(text.find(hex(kArea) + " "), std::string::npos) << "a slot that nobody uses";
}

TEST_F(SwapTest, ATableThatIsNotThereIsSaid) {
  write(kMm, 0x1234);
  write(kMm + 8, 0x1234);
  EXPECT_EQ(output("swap"), "SWAP_INFO_STRUCT    TYPE       SIZE       USED     PCT  PRI  FILENAME\n");
}

// A table of two chains with one neighbour.
class NeighbourTest : public ProcessTest {
 protected:
  NeighbourTest() {
    types(
        "neigh_table 64: nht@0:8\n"
        "neigh_hash_table 64: hash_buckets@0:8 hash_shift@8:4\n"
        "neighbour 256: next@0:8 nud_state@8:1 ha@16:32 dev@56:8 primary_key@64:4\n"
        "net_device 256: name@0:[16x1] type@16:2 addr_len@18:1\n");
    kernel_.name_variable("arp_tbl", kMm, 64);
    write(kMm, kMm + 0x100);
    write(kMm + 0x100, kMm + 0x200);
    word(kMm + 0x108, 1);
    write(kMm + 0x208, kArea);
    kernel_.machine.memory.write_sized(kArea + 8, 4, 1);
    write(kArea + 16, 0x5544332211);
    write(kArea + 56, kArea + 0x200);
    word(kArea + 64, 0x0202000a);
    text(kArea + 0x200, "eth0");
    kernel_.machine.memory.write_sized(kArea + 0x210, 1, 2);
    kernel_.machine.memory.write_sized(kArea + 0x212, 6, 1);
  }
};

TEST_F(NeighbourTest, WhoArpFoundIsTold) {
  const std::string text = output("net -a");
  EXPECT_NE(text.find(hex(kArea) + "  10.0.2.2          ETHER       11:22:33:44:55:00  eth0    STALE\n"),
            std::string::npos)
      << text;
}

TEST_F(NeighbourTest, NeighboursInACircleComeToAnEnd) {
  write(kArea, kArea);
  EXPECT_NE(output("net -a").find("(the table is damaged: it goes in a circle)"), std::string::npos);
}

TEST_F(NeighbourTest, ATableThatCannotBeReadIsSaid) {
  write(kMm + 0x100, 0x1234);
  EXPECT_NE(output("net -a").find("error: "), std::string::npos);
  word(kMm + 0x108, 60);
  EXPECT_NE(output("net -a").find("the table of neighbours cannot be read"), std::string::npos);
}

// Audit's queue with one record in it.
class AuditTest : public ProcessTest {
 protected:
  AuditTest() {
    types(
        "sk_buff_head 24: next@0:8\n"
        "sk_buff 256: next@0:8 len@16:4 data@24:8\n");
    kernel_.name_variable("audit_queue", kMm, 24);
    write(kMm, kMm);
  }
  void record() {
    write(kMm, kArea);
    write(kArea, kMm);
    word(kArea + 16, 16 + 12);
    write(kArea + 24, kArea + 0x100);
    kernel_.machine.memory.write_sized(kArea + 0x104, 1305, 2);
    text(kArea + 0x110, "audit(1.0:1)");
  }
};

TEST_F(AuditTest, WhatTheDaemonHasNotFetchedIsTold) {
  EXPECT_EQ(output("log -a"), "kernel audit log is empty\n");
  record();
  EXPECT_EQ(output("log -a"), "type=1305 audit(1.0:1)\n");
}

TEST_F(AuditTest, RecordsInACircleComeToAnEndAndDamagedOnesAreSaid) {
  record();
  write(kArea, kArea);
  EXPECT_FALSE(output("log -a").empty());
  word(kArea + 16, 3);
  EXPECT_NE(output("log -a").find("audit's backlog cannot be read"), std::string::npos);
}

TEST_F(ProcessTest, AliasesAreShownAddedUsedAndTakenAway) {
  EXPECT_NE(output("alias").find("builtin  dmesg    log\n"), std::string::npos) << output("alias");
  EXPECT_EQ(output("alias sevens 'files 7'"), "");
  EXPECT_EQ(output("sevens"), output("files 7"));
  EXPECT_NE(output("alias").find("user     sevens   files 7\n"), std::string::npos);
  EXPECT_EQ(output("alias sevens"), "");
  EXPECT_NE(output("sevens").find("error: there is no command"), std::string::npos);
  EXPECT_NE(output("alias sevens").find("error: there is no alias"), std::string::npos);
  EXPECT_NE(output("alias bt ps").find("error: bt is a command"), std::string::npos);
}

}  // namespace
}  // namespace whyhung::commands
