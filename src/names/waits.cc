// SPDX-License-Identifier: GPL-2.0-or-later
// Functions in which tasks sleep for what their stacks lead to, the code around them, and who calls them for what.
#include "names/rows.h"

namespace whyhung::names {
namespace {

using enum Meaning;

constexpr auto kRows = std::to_array<Row>({
    // kernel/locking/mutex.c, ww_mutex.h.
    {"__mutex_lock*", kWaitsForMutex},
    {"mutex_lock*", kWaitsForMutex},
    {"__ww_mutex_lock*", kWaitsForMutex},
    {"ww_mutex_lock*", kWaitsForMutex},
    // kernel/locking/rwsem.c; before v5.3 rwsem-xadd.c, and entries in assembler.
    {"rwsem_down_read_slowpath", kWaitsForRwSemaphore},
    {"rwsem_down_write_slowpath", kWaitsForRwSemaphore},
    {"__rwsem_down_read_failed*", kWaitsForRwSemaphore},
    {"__rwsem_down_write_failed*", kWaitsForRwSemaphore},
    {"rwsem_down_read_failed*", kWaitsForRwSemaphore},
    {"rwsem_down_write_failed*", kWaitsForRwSemaphore},
    {"down_read*", kWaitsForRwSemaphore},
    {"down_write*", kWaitsForRwSemaphore},
    {"__down_read*", kWaitsForRwSemaphore},
    {"__down_write*", kWaitsForRwSemaphore},
    // kernel/locking/rwbase_rt.c, spinlock_rt.c: on a real-time kernel rwlocks are made as rw_semaphores are.
    {"rwbase_*", kWaitsForRwSemaphore},
    {"__rwbase_*", kWaitsForRwSemaphore},
    {"rt_read_lock*", kWaitsForRwSemaphore},
    {"rt_write_lock*", kWaitsForRwSemaphore},
    // kernel/locking/semaphore.c.
    {"___down_common", kWaitsForSemaphore},
    {"__down_common", kWaitsForSemaphore},
    {"__down", kWaitsForSemaphore},
    {"__down_interruptible", kWaitsForSemaphore},
    {"__down_killable", kWaitsForSemaphore},
    {"__down_timeout", kWaitsForSemaphore},
    {"mutex_lock*", kSleepingLockCode},
    {"__mutex_lock*", kSleepingLockCode},
    {"ww_mutex_lock*", kSleepingLockCode},
    {"__ww_mutex_lock*", kSleepingLockCode},
    {"rwsem_down*", kSleepingLockCode},
    {"down_read*", kSleepingLockCode},
    {"down_write*", kSleepingLockCode},
    {"__down*", kSleepingLockCode},
    {"___down*", kSleepingLockCode},
    {"down", kSleepingLockCode},
    {"down_timeout", kSleepingLockCode},
    {"__rwsem*", kSleepingLockCode},
    {"call_rwsem*", kSleepingLockCode},
    {"down_killable", kSleepingLockCode},
    {"down_interruptible", kSleepingLockCode},
    {"rwbase_*", kSleepingLockCode},
    {"__rwbase_*", kSleepingLockCode},
    {"rt_read_lock*", kSleepingLockCode},
    {"rt_write_lock*", kSleepingLockCode},
    // kernel/sched/completion.c.
    {"wait_for_completion*", kWaitsForCompletion},
    {"__wait_for_common", kWaitsForCompletion},
    {"do_wait_for_common", kWaitsForCompletion},
    {"wait_for_completion*", kCompletionCode},
    {"__wait_for_common", kCompletionCode},
    {"do_wait_for_common", kCompletionCode},
    {"kthread_stop*", kCompletionCode},
    {"kthread_park", kCompletionCode},
    {"__flush_work*", kCompletionCode},
    {"flush_work*", kCompletionCode},
    {"flush_workqueue*", kCompletionCode},
    {"drain_workqueue", kCompletionCode},
    {"__wait_rcu_gp", kCompletionCode},
    {"wait_rcu_gp", kCompletionCode},
    {"synchronize_*", kCompletionCode},
    {"cancel_work_sync", kCompletionCode},
    {"cancel_delayed_work_sync", kCompletionCode},
    {"__cancel_work*", kCompletionCode},
    {"rcu_barrier*", kCompletionCode},
    {"flush_delayed_work", kCompletionCode},
    {"kthread_park", kParksThread},
    {"__kthread_create_on_node", kMakesThread},
    {"wait_for_vfork_done", kWaitsForVfork},
    {"kernel_clone", kWaitsForVfork},
    {"_do_fork", kWaitsForVfork},
    {"do_fork", kWaitsForVfork},
    {"flush_workqueue*", kFlushesQueue},
    {"__flush_workqueue*", kFlushesQueue},
    {"__flush_work*", kFlushesWork},
    {"flush_work", kFlushesWork},
    {"__cancel_work*", kFlushesWork},
    {"__wait_rcu_gp", kWaitsForGracePeriod},
    {"wait_rcu_gp", kWaitsForGracePeriod},
    {"synchronize_rcu*", kWaitsForGracePeriod},
    // kernel/rcu/tasks.h.
    {"synchronize_rcu_tasks*", kWaitsForTasksRcu},
    {"synchronize_rcu_tasks*", kWaitsForUnlisted},
    // kernel/rcu/srcutree.c, tree.c, tree_exp.h: readers and callbacks are counted, not noted.
    {"synchronize_srcu*", kWaitsForUnlisted},
    {"__synchronize_srcu", kWaitsForUnlisted},
    {"srcu_barrier", kWaitsForUnlisted},
    {"rcu_barrier*", kWaitsForUnlisted},
    {"synchronize_rcu_expedited*", kWaitsForUnlisted},
    {"synchronize_sched_expedited*", kWaitsForUnlisted},
    // kernel/locking/percpu-rwsem.c: readers too.
    {"percpu_down_write", kWaitsForUnlisted},
    {"percpu_rwsem_wait", kWaitsForUnlisted},
    {"__percpu_down_read", kWaitsForUnlisted},
    // kernel/sched/wait_bit.c: a bit has no owner.
    {"bit_wait*", kWaitsForUnlisted},
    {"__wait_on_bit*", kWaitsForUnlisted},
    {"out_of_line_wait_on_*", kWaitsForUnlisted},
    {"var_wait*", kWaitsForUnlisted},
    // block/blk-mq.c, blk-core.c, fs/inode.c, fs/fs-writeback.c, kernel/irq/manage.c: counts that must come to 0.
    {"blk_mq_freeze_queue_wait*", kWaitsForUnlisted},
    {"blk_queue_enter", kWaitsForUnlisted},
    {"__bio_queue_enter", kWaitsForUnlisted},
    {"inode_dio_wait*", kWaitsForUnlisted},
    {"__inode_wait_for_writeback", kWaitsForUnlisted},
    {"inode_wait_for_writeback", kWaitsForUnlisted},
    {"__synchronize_irq", kWaitsForUnlisted},
    {"synchronize_irq", kWaitsForUnlisted},
    // fs/jbd2/.
    {"jbd2_journal_wait_updates", kWaitsForUnlisted},
    {"jbd2_log_wait_commit", kWaitsForUnlisted},
    {"wait_transaction_locked", kWaitsForUnlisted},
    {"add_transaction_credits", kWaitsForUnlisted},
    {"wait_for_completion_timeout", kEndsByItself},
    {"wait_for_completion_io*", kEndsByItself},
    {"wait_for_completion_interruptible_timeout", kEndsByItself},
    {"wait_for_completion_killable_timeout", kEndsByItself},
    {"submit_bio_wait", kEndsByItself},
    {"blk_execute_rq*", kEndsByItself},
    {"call_usermodehelper_exec", kEndsByItself},
    {"wait_for_device_probe", kEndsByItself},
    {"schedule_timeout_*", kEndsByItself},
    {"wait_for_vfork_done", kEndsByItself},
    // kernel/locking/rtmutex.c.
    {"rt_mutex_slowlock*", kWaitsForRtMutex},
    {"__rt_mutex_slowlock*", kWaitsForRtMutex},
    {"rt_mutex_wait_proxy_lock", kWaitsForRtMutex},
    {"rt_mutex_lock*", kWaitsForRtMutex},
    {"__rt_mutex_lock*", kWaitsForRtMutex},
    {"rtlock_slowlock*", kWaitsForRtMutex},
    {"rt_spin_lock*", kWaitsForRtMutex},
    {"rt_mutex_timed_futex_lock", kWaitsForRtMutex},
    {"rt_mutex_*", kRtMutexCode},
    {"__rt_mutex_*", kRtMutexCode},
    {"rtlock_*", kRtMutexCode},
    {"rt_spin_lock*", kRtMutexCode},
    // Spinlocks of a real-time kernel, for which one sleeps.
    {"rtlock_*", kSpinLockCode},
    {"rt_spin_lock*", kSpinLockCode},
    {"rt_read_lock*", kSpinLockCode},
    {"rt_write_lock*", kSpinLockCode},
    {"futex_lock_pi*", kLocksPiFutex},
    {"futex_wait_requeue_pi*", kLocksPiFutex},
    // kernel/futex/.
    {"futex_wait_queue", kWaitsForFutex},
    {"futex_wait_queue_me", kWaitsForFutex},
    {"futex_do_wait", kWaitsForFutex},
    {"futex_wait", kWaitsForFutex},
    // fs/locks.c.
    {"locks_lock_inode_wait", kWaitsForFileLock},
    {"flock_lock_inode_wait*", kWaitsForFileLock},
    {"posix_lock_inode_wait*", kWaitsForFileLock},
    {"fcntl_setlk", kWaitsForFileLock},
    {"do_lock_file_wait*", kWaitsForFileLock},
    {"flock_lock_file_wait", kWaitsForFileLock},
    // fs/fuse/dev.c; what the task waits for is proven by the structures.
    {"request_wait_answer", kWaitsForFuse, Machine::kAny, true},
    {"__fuse_request_send", kWaitsForFuse, Machine::kAny, true},
    {"__fuse_simple_request", kWaitsForFuse, Machine::kAny, true},
    {"fuse_dev_do_read*", kServesFuse, Machine::kAny, true},
    // net/sunrpc/sched.c.
    {"rpc_wait_bit_killable", kWaitsForRpc, Machine::kAny, true},
    // fs/dcache.c.
    {"d_alloc_parallel", kWaitsForLookup},
    {"d_wait_lookup", kWaitsForLookup},
    // mm/filemap.c.
    {"folio_wait_bit*", kWaitsForPage},
    {"__folio_lock*", kWaitsForPage},
    {"folio_wait_writeback*", kWaitsForPage},
    {"wait_on_page_bit*", kWaitsForPage},
    {"wait_on_page_writeback*", kWaitsForPage},
    {"__lock_page*", kWaitsForPage},
    {"put_and_wait_on_page_locked", kWaitsForPage},
    {"wait_on_page_locked*", kWaitsForPage},
    // fs/buffer.c.
    {"bit_wait_io*", kWaitsForBuffer},
    {"sleep_on_buffer", kWaitsForBuffer},
    // kernel/locking/percpu-rwsem.c.
    {"percpu_rwsem_wait", kWaitsForThaw},
    {"__percpu_down_read", kWaitsForThaw},
});

}  // namespace

std::span<const Row> wait_rows() {
  return kRows;
}

}  // namespace whyhung::names
