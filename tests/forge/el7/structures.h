// SPDX-License-Identifier: GPL-2.0-or-later
/* Structures of a 3.10.0-1160 kernel, as far as they are read: names, types and order are that kernel's, offsets are
 * not, and need not be. Members whose types are of no interest here are void pointers. What a machine has of its own is
 * in its machine.h. */
#ifndef EL7_STRUCTURES_H
#define EL7_STRUCTURES_H

#include "../forge.h"

#define NR_CPUS 64
#define THREAD_SIZE 16384

struct list_head {
  struct list_head *next, *prev;
};
struct llist_head {
  void* first;
};
typedef struct {
  int counter;
} atomic_t;
typedef struct {
  volatile unsigned int slock;
} arch_spinlock_t;
typedef struct raw_spinlock {
  arch_spinlock_t raw_lock;
} raw_spinlock_t;
typedef struct spinlock {
  union {
    struct raw_spinlock rlock;
  };
} spinlock_t;
struct timespec {
  long tv_sec;
  long tv_nsec;
};
struct task_struct;
/* struct pt_regs, thread_struct and thread_info, irq_cpustat_t, RELEASE, MACHINE and SWITCH_TO(). */
#include "machine.h"

struct sched_info {
  unsigned long pcount;
  unsigned long long run_delay, last_arrival, last_queued;
};
struct hlist_node {
  struct hlist_node *next, **pprev;
};
struct pid_link {
  struct hlist_node node;
  void* pid;
};
struct task_struct {
  volatile long state;
  void* stack;
  atomic_t usage;
  unsigned int flags;
  unsigned int ptrace;
  struct task_struct* wake_entry;
  int on_cpu;
  int wake_cpu;
  int on_rq;
  int prio, static_prio, normal_prio;
  unsigned int rt_priority;
  const void* sched_class;
  unsigned int policy;
  int nr_cpus_allowed;
  unsigned long cpus_allowed[NR_CPUS / 64];
  struct sched_info sched_info;
  struct list_head tasks;
  void *mm, *active_mm;
  int exit_state;
  int exit_code, exit_signal;
  unsigned in_execve : 1;
  unsigned in_iowait : 1;
  int pid;
  int tgid;
  struct task_struct *real_parent, *parent;
  struct list_head children, sibling;
  struct task_struct* group_leader;
  struct pid_link pids[3];
  struct list_head thread_group;
  struct completion* vfork_done;
  int* set_child_tid;
  unsigned long utime, stime, nvcsw, nivcsw;
  struct timespec start_time, real_start_time;
  char comm[16];
  struct thread_struct thread;
  void *fs, *files, *nsproxy;
  struct signal_struct* signal;
  void *sighand, *pi_blocked_on, *journal_info;
  unsigned long last_switch_count;
};
struct signal_struct {
  atomic_t sigcnt, live;
  int nr_threads;
};
union thread_union {
  struct thread_info thread_info;
  unsigned long stack[THREAD_SIZE / sizeof(long)];
};

typedef struct __wait_queue_head {
  spinlock_t lock;
  struct list_head task_list;
} wait_queue_head_t;
typedef struct __wait_queue {
  unsigned int flags;
  void* private;
  void* func;
  struct list_head task_list;
} wait_queue_t;
struct completion {
  unsigned int done;
  wait_queue_head_t wait;
};
struct kthread {
  unsigned long flags;
  unsigned int cpu;
  void* data;
  struct completion parked, exited;
};
struct mutex {
  atomic_t count;
  spinlock_t wait_lock;
  struct list_head wait_list;
  struct task_struct* owner;
  union {
    struct {
      atomic_t osq;
    };
    struct {
      void* spin_mlock;
    } __UNIQUE_ID_rh_kabi_hide1;
  };
};
struct mutex_waiter {
  struct list_head list;
  struct task_struct* task;
};
/* The list of waiters has no head: it is a pointer to the first of them, or to itself. */
struct slist_head {
  struct list_head* next;
};
struct rw_semaphore {
  long count;
  raw_spinlock_t wait_lock;
  atomic_t osq;
  struct slist_head wait_list;
  struct task_struct* owner;
};
enum rwsem_waiter_type { RWSEM_WAITING_FOR_WRITE, RWSEM_WAITING_FOR_READ };
struct rwsem_waiter {
  struct list_head list;
  struct task_struct* task;
  enum rwsem_waiter_type type;
};

typedef int (*cpu_stop_fn_t)(void* arg);
struct cpu_stop_done {
  atomic_t nr_todo;
  _Bool executed;
  int ret;
  struct completion completion;
};
struct cpu_stop_work {
  struct list_head list;
  cpu_stop_fn_t fn;
  void* arg;
  struct cpu_stop_done* done;
};
struct cpu_stopper {
  struct task_struct* thread;
  spinlock_t lock;
  _Bool enabled;
  struct list_head works;
  struct cpu_stop_work stop_work;
};
enum multi_stop_state {
  MULTI_STOP_NONE,
  MULTI_STOP_PREPARE,
  MULTI_STOP_DISABLE_IRQ,
  MULTI_STOP_RUN,
  MULTI_STOP_EXIT,
};
struct multi_stop_data {
  int (*fn)(void*);
  void* data;
  unsigned int num_threads;
  const void* active_cpus;
  enum multi_stop_state state;
  atomic_t thread_ack;
};

struct rq {
  raw_spinlock_t lock;
  unsigned int nr_running;
  unsigned long cpu_load[5];
  unsigned long long nr_switches;
  unsigned long nr_uninterruptible;
  struct task_struct *curr, *idle, *stop;
  unsigned long next_balance;
  unsigned long long clock, clock_task;
  int cpu, online, skip_clock_update;
};

enum module_state { MODULE_STATE_LIVE, MODULE_STATE_COMING, MODULE_STATE_GOING };
struct module {
  enum module_state state;
  struct list_head list;
  char name[56];
  int (*init)(void);
  void *module_init, *module_core;
  unsigned int init_size, core_size, init_text_size, core_text_size;
  void* arch[5];
  unsigned int taints;
  void *symtab, *core_symtab;
  unsigned int num_symtab, core_num_syms;
  char *strtab, *core_strtab;
  char* args;
  struct task_struct* waiter;
  void (*exit)(void);
};
struct log {
  uint64_t ts_nsec;
  uint16_t len, text_len, dict_len;
  uint8_t facility;
  uint8_t flags : 5;
  uint8_t level : 3;
};
struct new_utsname {
  char sysname[65], nodename[65], release[65], version[65], machine[65], domainname[65];
};
struct uts_namespace {
  int kref;
  struct new_utsname name;
};
struct timekeeper {
  void* clock;
  uint64_t xtime_sec;
  uint64_t xtime_nsec;
};
struct pglist_data {
  unsigned long node_start_pfn, node_present_pages, node_spanned_pages;
};

#endif
