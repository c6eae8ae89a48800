// SPDX-License-Identifier: GPL-2.0-or-later
/* A kernel that never ran: variables under the names of 3.10, and functions that call each other as that kernel's do,
 * so that frames and return addresses are those that a compiler makes. */
#include "members.h"

/* Variables. */
const char linux_banner[] =
    "Linux version 3.10.0-1160.forged." MACHINE " (forge) (gcc) #1 SMP Tue Aug 18 14:50:17 EDT 2020\n";
/* The section of the first task's stack; powerpc has a second one there. */
#define INIT_STACK __attribute__((section(".data..init_task"), aligned(THREAD_SIZE)))
union thread_union init_thread_union INIT_STACK;
union thread_union kexec_stack INIT_STACK;
struct task_struct init_task;
struct list_head modules;
struct uts_namespace init_uts_ns;
unsigned long cpu_possible_bits[NR_CPUS / 64], cpu_online_bits[NR_CPUS / 64], cpu_present_bits[NR_CPUS / 64];
const unsigned long* const cpu_possible_mask = cpu_possible_bits;
unsigned long __per_cpu_offset[NR_CPUS];
int nr_cpu_ids, nr_node_ids = 1, crashing_cpu = -1, watchdog_thresh = 10;
void* crash_notes;
char __log_buf[1 << 16];
char* log_buf = __log_buf;
uint32_t log_buf_len = sizeof(__log_buf), log_first_idx, log_next_idx;
uint64_t log_first_seq, log_next_seq;
struct timekeeper timekeeper;
unsigned long avenrun[3];
struct pglist_data contig_page_data, *node_data[4] = {&contig_page_data};
struct mutex module_mutex, stop_cpus_mutex;
static const char* const task_state_array[] = {
    "R (running)", "S (sleeping)", "D (disk sleep)", "T (stopped)", "t (tracing stop)", "Z (zombie)",
    "X (dead)",    "x (dead)",     "K (wakekill)",   "W (waking)",  "P (parked)",
};
const char* const* task_states(void) {
  return task_state_array;
}

PER_CPU struct rq runqueues;
PER_CPU struct cpu_stopper cpu_stopper;
PER_CPU struct cpu_stop_work stop_cpus_work;
PER_CPU struct cpu_stop_work active_balance_work;
PER_CPU unsigned long watchdog_touch_ts;
PER_CPU unsigned long hrtimer_interrupts, hrtimer_interrupts_saved;
PER_CPU struct task_struct *ksoftirqd, *softlockup_watchdog;
PER_CPU irq_cpustat_t irq_stat;
PER_CPU struct llist_head call_single_queue;

/* Scheduling. */
CODE void __schedule(void) {
  struct rq* rq = &runqueues;
  SWITCH_TO(rq->curr, rq->curr, rq->idle);
  BARRIER();
}
CODE void schedule(void) {
  __schedule();
  BARRIER();
}
CODE long schedule_timeout(long timeout) {
  schedule();
  BARRIER();
  return timeout;
}
CODE void cpu_relax_once(void) {
  BARRIER();
}
CODE int _cond_resched(void) {
  __schedule();
  BARRIER();
  return 1;
}
CODE void wait_for_completion(struct completion* x) {
  wait_queue_t wait;
  wait.private = x;
  _cond_resched();
  while (!*(volatile unsigned int*)&x->done) schedule_timeout((long)&wait);
}
CODE void schedule_preempt_disabled(void) {
  schedule();
  BARRIER();
}
CODE void __mutex_lock_slowpath(struct mutex* lock) {
  struct mutex_waiter waiter;
  waiter.list.next = (struct list_head*)&waiter;
  waiter.task = lock->owner;
  BARRIER();
  while (((volatile struct mutex*)lock)->count.counter != 1) schedule_preempt_disabled();
  BARRIER();
  if (waiter.task) lock->owner = 0;
}
CODE void mutex_lock(struct mutex* lock) {
  if (--lock->count.counter < 0) __mutex_lock_slowpath(lock);
  BARRIER();
}
CODE struct rw_semaphore* rwsem_down_read_failed(struct rw_semaphore* sem) {
  struct rwsem_waiter waiter;
  waiter.list.next = (struct list_head*)&waiter;
  waiter.task = sem->owner;
  waiter.type = RWSEM_WAITING_FOR_READ;
  BARRIER();
  while (((volatile struct rw_semaphore*)sem)->count < 0) schedule();
  BARRIER();
  if (waiter.task) sem->owner = 0;
  return sem;
}
CODE void down_read(struct rw_semaphore* sem) {
  if (++sem->count <= 0) rwsem_down_read_failed(sem);
  BARRIER();
}
CODE void cpu_idle_loop(void) {
  for (;;) schedule();
}
CODE void start_secondary(void* unused) {
  cpu_idle_loop();
  BARRIER();
}

/* Threads. */
CODE int kthread(void* create) {
  struct kthread self;
  int (*threadfn)(void*) = *(int (**)(void*))create;
  self.data = create;
  BARRIER();
  schedule();
  return threadfn(self.data);
}
CODE int smpboot_thread_fn(void* data) {
  void (*thread_fn)(unsigned int) = *(void (**)(unsigned int))data;
  for (;;) {
    schedule();
    thread_fn(0);
    BARRIER();
  }
}
CODE int kthreadd(void* unused) {
  for (;;) schedule();
}

/* The stopper. */
CODE int multi_cpu_stop(void* data) {
  volatile struct multi_stop_data* msdata = data;
  enum multi_stop_state curstate = MULTI_STOP_NONE;
  do {
    cpu_relax_once();
    if (msdata->state != curstate) {
      curstate = msdata->state;
      if (curstate == MULTI_STOP_RUN) msdata->fn(msdata->data);
      msdata->thread_ack.counter--;
    }
  } while (curstate != MULTI_STOP_EXIT);
  return 0;
}
CODE int active_load_balance_cpu_stop(void* data) {
  BARRIER();
  return data != 0;
}
CODE void cpu_stopper_thread(unsigned int cpu) {
  struct cpu_stopper* stopper = &cpu_stopper;
  struct cpu_stop_work* work = (struct cpu_stop_work*)stopper->works.next;
  if (work->fn) work->done->ret = work->fn(work->arg);
  BARRIER();
}
CODE int stop_cpus(const void* cpumask, cpu_stop_fn_t fn, void* arg) {
  struct cpu_stop_done done;
  done.executed = 0;
  stop_cpus_work.fn = fn;
  stop_cpus_work.arg = arg;
  stop_cpus_work.done = &done;
  wait_for_completion(&done.completion);
  return done.executed ? done.ret : -2;
}
CODE int __stop_machine(int (*fn)(void*), void* data, const void* cpus) {
  struct multi_stop_data msdata = {.fn = fn, .data = data, .active_cpus = cpus};
  BARRIER();
  return stop_cpus(cpus, multi_cpu_stop, &msdata) + 1;
}
CODE int stop_machine(int (*fn)(void*), void* data, const void* cpus) {
  int ret = __stop_machine(fn, data, cpus);
  BARRIER();
  return ret;
}
CODE int __try_stop_module(void* sref) {
  BARRIER();
  return sref == 0;
}
CODE int try_stop_module(struct module* mod, int flags, int* forced) {
  int ret = stop_machine(__try_stop_module, mod, 0);
  BARRIER();
  return ret + *forced;
}
CODE long sys_delete_module(const char* name_user, unsigned int flags) {
  int forced = 0;
  long ret = try_stop_module((struct module*)name_user, flags, &forced);
  BARRIER();
  return ret;
}

/* The watchdog, and the end. */
CODE void crash_kexec(struct pt_regs* regs) {
  cpu_relax_once();
  BARRIER();
}
CODE void panic(const char* fmt) {
  crash_kexec(0);
  for (;;) cpu_relax_once();
}
CODE int watchdog_timer_fn(void* hrtimer) {
  panic("softlockup: hung tasks");
  BARRIER();
  return 1;
}
CODE void __run_hrtimer(void* timer) {
  watchdog_timer_fn(timer);
  BARRIER();
}
CODE void hrtimer_interrupt(void* dev) {
  __run_hrtimer(dev);
  BARRIER();
}
/* khungtaskd. */
CODE void check_hung_uninterruptible_tasks(unsigned long timeout) {
  panic("hung_task: blocked tasks");
  BARRIER();
}
CODE int watchdog(void* dummy) {
  for (;;) {
    schedule_timeout(120);
    check_hung_uninterruptible_tasks(120);
    BARRIER();
  }
}
CODE void sysrq_handle_crash(int key) {
  crash_kexec(0);
  BARRIER();
}
CODE long sys_write(unsigned int fd, const char* buf, unsigned long count) {
  sysrq_handle_crash('c');
  BARRIER();
  return count;
}
CODE long sys_poll(void* fds, unsigned int nfds, long timeout) {
  long left = schedule_timeout(timeout);
  BARRIER();
  return left;
}
