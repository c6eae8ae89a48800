// SPDX-License-Identifier: GPL-2.0-or-later
// What a sleeper waits for over any bytes: its stack, and the structures that its records lead to. The first byte
// chooses the byte order; words whose upper half is all ones are kept, the others become addresses within the memory,
// so that pointers lead somewhere.
#include <string>

#include "base/byte_reader.h"
#include "kernel/file_lock.h"
#include "kernel/fuse.h"
#include "kernel/futex.h"
#include "kernel/module_types.h"
#include "kernel/open_files.h"
#include "kernel/rpc.h"
#include "kernel/rt_mutex.h"
#include "kernel/storage.h"
#include "kernel/wait_queue.h"
#include "support/fake_memory.h"
#include "support/fake_symbols.h"
#include "support/fake_types.h"

namespace {

using namespace whyhung;

constexpr std::uint64_t kBase = 0xffffffffc0200000;
constexpr std::string_view kTypes =
    "task_struct 64: files@8:8 pi_blocked_on@16:8 thread_pid@24:8\n"
    "wait_queue_entry 40: private@8:8 entry@24:16\nwait_queue_head 24: head@8:16\n"
    "wait_bit_queue_entry 64: wq_entry@24:40 key.flags@0:8 key.bit_nr@8:4\n"
    "wait_page_queue 56: folio@0:8 bit_nr@8:4 wait@16:40\n"
    "file_lock 128: fl_blocker@0:8 fl_owner@72:8 fl_flags@80:4 fl_type@84:1 fl_pid@88:4 fl_wait@96:24 fl_file@120:8\n"
    "rt_mutex_waiter 80: task@48:8 lock@56:8\nrt_mutex_base 32: owner@24:8\n"
    "futex_q 112: list.node_list@24:16 task@40:8 lock_ptr@48:8 key.both.ptr@56:8 key.both.word@64:8 "
    "key.both.offset@72:4\nhrtimer_sleeper 72: timer.function@40:8 timer.state@56:1 task@64:8\n"
    "pid 128: level@4:4 numbers@96:[2x16]\nupid 16: nr@0:4 ns@8:8\n"
    "files_struct 100: fdt@32:8\nfdtable 56: max_fds@0:4 fd@8:8\n"
    "file 200: private_data@100:8 f_path.dentry@16:8\ndentry 200: d_name.name@40:8\n"
    "fuse_req 180: flags@56:8 in.h.opcode@68:4 waitq@120:24 fm@160:8\nfuse_mount 48: fc@0:8\n"
    "fuse_conn 900: devices@64:16\nfuse_dev 64: fc@0:8 entry@48:16\nenum FR_SENT=8 FR_FINISHED=9\n"
    "rpc_task 300: tk_runstate@40:8 tk_client@48:8 tk_waitqueue@56:8\nrpc_wait_queue 200: name@180:8\n"
    "rpc_clnt 300: cl_xprt@24:8 cl_program@200:8\nrpc_program 48: name@0:8\n"
    "rpc_xprt 600: state@100:8 servername@300:8 address_strings[0]@308:8\nnfs_server 300: client@16:8\n"
    "folio 64: mapping@24:8 flags@0:8\naddress_space 100: host@0:8\ninode 600: i_sb@40:8\n"
    "super_block 1000: s_list@0:16 s_bdev@200:8 s_id@300:[32x1] s_type@16:8 s_fs_info@208:8 s_writers.frozen@400:4 "
    "s_writers.rw_sem@432:[3x96]\nfile_system_type 80: name@0:8 owner@40:8\n"
    "bdev_inode 1000: bdev@0:300 vfs_inode@300:600\nblock_device 300: bd_disk@64:8\n"
    "buffer_head 104: b_state@0:8 b_this_page@8:8 b_bdev@48:8\n"
    "gendisk 1000: disk_name@12:[32x1] major@0:4 first_minor@4:4 fops@64:8 private_data@72:8\n"
    "block_device_operations 100: owner@80:8\npercpu_rw_semaphore 96: waiters@64:24\n"
    "mapped_device 1000: disk@500:8 flags@100:8 interface_ptr@600:8\nhash_cell 100: md@64:8 name@48:8\n"
    "btf_module 48: list@0:16 module@16:8 btf@24:8\nbtf 200: data@0:8 data_size@80:4\n"
    "enum PG_locked=0 PG_uptodate=2 PG_writeback=15\n";

void look_at_locks(const kernel::Access& access, kernel::Binder& binder, VirtualAddress task, VirtualRange stack) {
  const auto queue = kernel::WaitQueueView::bind(binder).waited_in(
      access.memory, task, stack, [&](VirtualAddress address) { return address == task; });
  kernel::BitWaitView::bind(binder).waited_for(access.memory, task, stack);
  const auto locks = kernel::FileLockView::bind(binder);
  if (const auto request = locks.request_with_queue(access.memory, queue ? queue->head : stack.begin)) {
    locks.blocker(access.memory, *request);
  }
  kernel::RtMutexView::bind(binder).waited_for(access.memory, task);
  const auto futexes = kernel::FutexView::bind(binder);
  futexes.waited_for(access.memory, task, stack);
  futexes.has_time_limit(access, task, stack);
  kernel::read_user_mutex(access.memory, stack.begin);
  kernel::ThreadIdView::bind(binder).of(access.memory, task);
}

void look_below(const kernel::Access& access, kernel::Binder& binder, VirtualAddress task, VirtualRange stack) {
  const auto fuse = kernel::FuseView::bind(access.types);
  if (const auto request = fuse.request_with_queue(access.memory, stack.begin + 120)) {
    fuse.devices(access.memory, request->connection);
  }
  fuse.connection_of_mount(access.memory, task);
  const auto rpc = kernel::RpcView::bind(access.types);
  rpc.call_with_state(access.memory, stack.begin + 40);
  rpc.server_of_nfs(access.memory, task);
  const auto storage = kernel::StorageView::bind(binder);
  if (const auto page = storage.waited_page(access.memory, task, stack)) {
    const auto files = storage.file_system_of_folio(access.memory, page->folio);
    if (files) storage.disk(access.memory, files->disk);
  }
  storage.file_system_of_folio(access.memory, task);
  storage.file_system_with_lock(access, stack.begin + 500);
  storage.disk_of_buffer(access.memory, task);
  kernel::read_mapped_device(access.memory, access.types, task);
  kernel::find_module_types(access, task);
  const auto open_files = kernel::OpenFilesView::bind(binder);
  open_files.each(access.memory, open_files.table_of(access.memory, task), [&](VirtualAddress file) {
    open_files.private_data(access.memory, file);
    open_files.name(access.memory, file);
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const ByteOrder order = (data[0] & 1) != 0 ? ByteOrder::kBig : ByteOrder::kLittle;
  std::vector<std::byte> bytes(reinterpret_cast<const std::byte*>(data) + 1,
                               reinterpret_cast<const std::byte*>(data) + size);
  for (std::size_t at = 0; at + 8 <= bytes.size(); at += 8) {
    const auto word = load<std::uint64_t>(bytes.data() + at, order);
    if (word >> 32 != 0xffffffff && word != 0) store(bytes.data() + at, kBase + (word & 0xfff), order);
  }
  const VirtualRange stack{VirtualAddress(kBase), VirtualAddress(kBase + bytes.size())};
  test::FakeMemory memory(order);
  memory.put(kBase, std::move(bytes));
  test::FakeTypes types{std::string(kTypes)};
  test::FakeSymbols symbols;
  symbols.add("super_blocks", kBase, 16).add("btf_modules", kBase + 16, 16).add("hrtimer_wakeup", kBase + 64, 64);
  const kernel::Access access{memory, types, symbols};
  kernel::Binder binder(types);
  const VirtualAddress task(kBase + 0x40u * (data[0] >> 1));
  look_at_locks(access, binder, task, stack);
  look_below(access, binder, task, stack);
  return 0;
}
