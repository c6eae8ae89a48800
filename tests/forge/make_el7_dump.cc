// SPDX-License-Identifier: GPL-2.0-or-later
// Writes vmcores of forged machines: make_el7_dump MACHINE FOLDER SITUATION VMCORE. FOLDER holds vmlinux and the
// modules while1 and abba as the cross compiler made them.
//   stopped     rmmod asked to stop the machine, and sleeps; pmount_kthread of while1 holds CPU 6 and never lets go.
//               CPU 1 panicked. What stops the others by an NMI has the registers of all; else CPU 0 saved its own.
//   preempted   the same, and rmmod is runnable: the stopper of its CPU took its place
//   unmarked    as stopped, and interrupts that returned wiped out their mark
//   bare        as stopped, and no interrupt ever came on CPU 6, which did not answer: nothing tells where the thread
//   is unanswered  as preempted, and CPU 6 did not answer: it was in an interrupt, which saved registers nmi         as
//   preempted, and it was CPU 6 that panicked: the thread keeps interrupts off, and the hardware's watchdog
//               sent an NMI
//   yielding    the innocent twin: nobody stops the machine, the thread lets others run; somebody took a dump
//   abba        two threads of the module abba each hold the mutex that the other wants; khungtaskd panicked on CPU 1
//   passing     the innocent twin: one thread waits for a moment, the other has the mutex and runs; somebody took a
//   dump
//   frozen      the thread holds CPU 6, nobody asked for anything, the other CPUs are idle; CPU 6's own watchdog
//               panicked, and its runqueue has let its clock stand still since it wanted to reschedule
//   rwsem       one thread has a read-write semaphore and wants the mutex that the other has, who wants to read
#include <array>
#include <cstdio>
#include <functional>

#include "forge/el7_machine.h"

using namespace whyhung::test;

namespace {

constexpr std::uint64_t kNow = El7Machine::kNow, kSecond = El7Machine::kSecond;
constexpr std::uint32_t kCulprit = 8689, kRequester = 8702, kCulpritCpu = 6, kPanicCpu = 1, kRequesterCpu = 3;
constexpr std::uint32_t kAlpha = 9001, kBeta = 9002, kGamma = 9003, kBetaCpu = 5;
constexpr std::uint64_t kHungAt = kNow - 25 * kSecond, kAskedAt = kNow - 23 * kSecond;

// What CPU 6 left of its thread's registers.
enum class Culprit { kSaved, kMarked, kWiped, kNone, kInterrupted, kNmi };
enum class Requester { kSleeps, kPreempted };

struct Request {
  std::uint64_t data = 0, done = 0;
};

// rmmod in stop_cpus(): its requests lie in the frames of the functions that made them.
Request ask_for_stop(El7Machine& m, Requester requester) {
  m.add_process(kRequester, "rmmod", kRequesterCpu);
  Request request;
  const auto stack = m.process_stack(kRequester, kRequesterCpu);
  stack->system_call("sys_delete_module").path({"try_stop_module", "stop_machine", "__stop_machine"});
  request.data = stack->local(m.memory().types.size_of("multi_stop_data").value());
  stack->call("stop_cpus");
  request.done = stack->local(m.memory().types.size_of("cpu_stop_done").value());
  stack->call("wait_for_completion");
  m.set("multi_stop_data", request.data, "fn", m.address("__try_stop_module"));
  m.set("multi_stop_data", request.data, "num_threads", El7Machine::kCpus);
  m.set("multi_stop_data", request.data, "state", 1);
  m.set("multi_stop_data", request.data, "thread_ack", 1);
  m.set("cpu_stop_done", request.done, "nr_todo", El7Machine::kCpus);
  const std::uint64_t queue = m.memory().address_of(
      "completion", m.memory().address_of("cpu_stop_done", request.done, "completion"), "wait.task_list");
  m.memory().link_list(queue, {});
  if (requester == Requester::kPreempted) {
    m.switched_out(kRequester, stack->path({"_cond_resched", "__schedule"}).switch_out());
    m.wait_for_cpu(kRequester, kAskedAt);
  } else {
    const std::uint64_t wait = stack->local(m.memory().types.size_of("__wait_queue").value());
    m.set("__wait_queue", wait, "private", m.task(kRequester));
    m.memory().link_list(queue, {m.memory().address_of("__wait_queue", wait, "task_list")});
    m.switched_out(kRequester, stack->call("schedule_timeout").sleep());
    m.set_task(kRequester, "state", 2);
  }
  m.set_task(kRequester, "sched_info.last_arrival", kAskedAt);
  for (const char* mutex : {"module_mutex", "stop_cpus_mutex"}) {
    m.set("mutex", m.address(mutex), "count", 0);
    m.set("mutex", m.address(mutex), "owner", m.task(kRequester));
  }
  return request;
}

std::uint64_t add_work(El7Machine& m, std::string_view variable, std::string_view function, const Request& request) {
  const std::uint64_t work = m.percpu(kCulpritCpu, variable);
  m.set("cpu_stop_work", work, "fn", m.address(function));
  m.set("cpu_stop_work", work, "arg", request.data);
  m.set("cpu_stop_work", work, "done", request.done);
  return m.memory().address_of("cpu_stop_work", work, "list");
}

// Interrupts came and went while the CPU spun; one is under way where it panics.
void spin(El7Machine& m, std::uint32_t cpu, Culprit culprit) {
  const auto stack = m.stopping_stack(cpu);
  m.run(El7Machine::stopper(cpu), cpu, kAskedAt);
  m.touch_watchdog(cpu, kAskedAt);
  stack->come_back_from("cpu_relax_once").tick();
  const Spot spot = stack->spot();
  if (cpu == kPanicCpu && culprit != Culprit::kNmi) {
    m.in_interrupt(cpu, stack->registers());
    stack->path({"__run_hrtimer", "watchdog_timer_fn", "panic", "crash_kexec"});
    m.crash(cpu, El7Machine::stopper(cpu), *stack);
    return;
  }
  if (culprit == Culprit::kWiped) stack->wipe_mark();
  if (cpu == 0 || m.stops_by_nmi()) m.save_registers(cpu, El7Machine::stopper(cpu), spot);
}

void hold_cpu(El7Machine& m, Culprit culprit) {
  const auto stack = m.thread_stack(kCulprit, kCulpritCpu);
  stack->loop_in("pmount_kthread");
  const Spot spot = stack->spot();
  if (culprit == Culprit::kNmi) {
    stack->mask_interrupts();
    stack->nmi().path({"nmi_handle", "perf_event_nmi_handler", "perf_event_overflow", "watchdog_overflow_callback"});
    stack->path({"panic", "crash_kexec"});
    m.crash(kCulpritCpu, kCulprit, *stack);
  } else if (culprit != Culprit::kNone) {
    stack->tick();
    if (culprit == Culprit::kWiped) stack->wipe_mark();
    if (culprit == Culprit::kInterrupted) m.in_interrupt(kCulpritCpu, stack->registers());
    if (culprit == Culprit::kSaved) m.save_registers(kCulpritCpu, kCulprit, spot);
  }
  m.run(kCulprit, kCulpritCpu, kHungAt);
  m.touch_watchdog(kCulpritCpu, kHungAt);
}

void log_lockups(El7Machine& m) {
  m.log(kHungAt, "while1: loading out-of-tree module taints kernel.");
  m.log(kNow - 2 * kSecond, "BUG: soft lockup - CPU#6 stuck for 22s! [pmount_kthread:8689]");
  m.log(kNow - 2 * kSecond, "CPU: 6 PID: 8689 Comm: pmount_kthread Tainted: G           OE");
  m.log(kNow - 2 * kSecond, m.lockup_line());
  m.log(kNow - kSecond, "BUG: soft lockup - CPU#1 stuck for 22s! [migration/1:9]");
  m.log(kNow - kSecond, "Kernel panic - not syncing: softlockup: hung tasks");
}

void make_stopped(El7Machine& m, Requester requester, Culprit culprit) {
  m.add_kthread(kCulprit, "pmount_kthread", "pmount_kthread", kCulpritCpu);
  const Request request = ask_for_stop(m, requester);
  for (std::uint32_t cpu = 0; cpu < El7Machine::kCpus; ++cpu) {
    if (cpu != kCulpritCpu) spin(m, cpu, culprit);
  }
  hold_cpu(m, culprit);
  m.wait_for_cpu(El7Machine::stopper(kCulpritCpu), kAskedAt);
  m.set("rq", m.percpu(kCulpritCpu, "runqueues"), "nr_running", 2);
  const std::uint64_t queue = m.memory().address_of("cpu_stopper", m.percpu(kCulpritCpu, "cpu_stopper"), "works");
  m.memory().link_list(queue, {add_work(m, "active_balance_work", "active_load_balance_cpu_stop", {}),
                               add_work(m, "stop_cpus_work", "multi_cpu_stop", request)});
  log_lockups(m);
}

void make_idle(El7Machine& m, std::initializer_list<std::uint32_t> busy) {
  for (std::uint32_t cpu = 0; cpu < El7Machine::kCpus; ++cpu) {
    if (std::ranges::find(busy, cpu) != busy.end()) continue;
    m.run(El7Machine::idle(cpu), cpu, kNow - kSecond);
    const auto stack = m.idle_stack(cpu);
    stack->come_back_from("schedule");
    m.save_registers(cpu, 0, stack->spot());
  }
}

// Somebody takes a dump of a machine in which nothing is wrong.
void take_dump(El7Machine& m) {
  m.add_process(3001, "bash", kPanicCpu);
  const auto stack = m.process_stack(3001, kPanicCpu);
  stack->system_call("sys_write").path({"sysrq_handle_crash", "crash_kexec"});
  m.run(3001, kPanicCpu, kNow - 2'000'000);
  m.crash(kPanicCpu, 3001, *stack);
  m.log(kNow, "SysRq : Trigger a crash");
}

void make_yielding(El7Machine& m) {
  make_idle(m, {kCulpritCpu, kPanicCpu});
  m.add_kthread(kCulprit, "pmount_kthread", "pmount_kthread_yielding", kCulpritCpu);
  const auto stack = m.thread_stack(kCulprit, kCulpritCpu);
  stack->call("pmount_kthread_yielding").come_back_from("schedule");
  m.save_registers(kCulpritCpu, kCulprit, stack->spot());
  m.run(kCulprit, kCulpritCpu, kNow - 3'000'000);
  take_dump(m);
}

void hold_mutex(El7Machine& m, std::string_view mutex, std::uint32_t owner) {
  m.set("mutex", m.address(mutex), "count", 0);
  m.set("mutex", m.address(mutex), "owner", m.task(owner));
}

// The thread has called mutex_lock() and sleeps there since.
void wait_for_mutex(El7Machine& m, std::uint32_t pid, std::string_view function, std::string_view mutex,
                    std::uint64_t since) {
  const auto stack = m.thread_stack(pid, kRequesterCpu);
  stack->path({function, "mutex_lock", "__mutex_lock_slowpath"});
  const std::uint64_t waiter = stack->local(m.memory().types.size_of("mutex_waiter").value());
  m.set("mutex_waiter", waiter, "task", m.task(pid));
  m.memory().link_list(m.memory().address_of("mutex", m.address(mutex), "wait_list"),
                       {m.memory().address_of("mutex_waiter", waiter, "list")});
  m.set("mutex", m.address(mutex), "count", ~std::uint64_t{0});
  m.switched_out(pid, stack->call("schedule_preempt_disabled").sleep());
  m.set_task(pid, "state", 2);
  m.set_task(pid, "sched_info.last_arrival", since);
}

void add_lockers(El7Machine& m) {
  for (const char* mutex : {"alpha_lock", "beta_lock"}) m.free_mutex(m.address(mutex));
  m.add_kthread(kAlpha, "alpha", "alpha_thread", kRequesterCpu);
  m.add_kthread(kBeta, "beta", "beta_thread", kRequesterCpu);
}

void make_abba(El7Machine& m) {
  constexpr std::uint32_t kWatcher = 55;
  add_lockers(m);
  hold_mutex(m, "alpha_lock", kAlpha);
  hold_mutex(m, "beta_lock", kBeta);
  wait_for_mutex(m, kAlpha, "alpha_thread", "beta_lock", kNow - 241 * kSecond);
  wait_for_mutex(m, kBeta, "beta_thread", "alpha_lock", kNow - 240 * kSecond);
  make_idle(m, {kPanicCpu});
  m.add_kthread(kWatcher, "khungtaskd", "watchdog", kPanicCpu);
  const auto stack = m.thread_stack(kWatcher, kPanicCpu);
  stack->path({"watchdog", "check_hung_uninterruptible_tasks", "panic", "crash_kexec"});
  m.run(kWatcher, kPanicCpu, kNow - 1'000'000);
  m.crash(kPanicCpu, kWatcher, *stack);
  m.log(kNow - kSecond, "INFO: task alpha:9001 blocked for more than 120 seconds.");
  m.log(kNow, "Kernel panic - not syncing: hung_task: blocked tasks");
}

void make_passing(El7Machine& m) {
  add_lockers(m);
  hold_mutex(m, "beta_lock", kBeta);
  wait_for_mutex(m, kAlpha, "alpha_thread", "beta_lock", kNow - 20'000'000);
  make_idle(m, {kPanicCpu, kBetaCpu});
  const auto stack = m.thread_stack(kBeta, kBetaCpu);
  stack->call("beta_thread").come_back_from("mutex_lock");
  m.run(kBeta, kBetaCpu, kNow - 21'000'000);
  m.save_registers(kBetaCpu, kBeta, stack->spot());
  take_dump(m);
}

void make_frozen(El7Machine& m) {
  make_idle(m, {kCulpritCpu});
  m.add_kthread(kCulprit, "pmount_kthread", "pmount_kthread", kCulpritCpu);
  const auto stack = m.thread_stack(kCulprit, kCulpritCpu);
  stack->loop_in("pmount_kthread").tick();
  m.run(kCulprit, kCulpritCpu, kHungAt);
  m.touch_watchdog(kCulpritCpu, kHungAt);
  m.set("rq", m.percpu(kCulpritCpu, "runqueues"), "clock", kHungAt + kSecond);
  m.set("rq", m.percpu(kCulpritCpu, "runqueues"), "skip_clock_update", 1);
  m.in_interrupt(kCulpritCpu, stack->registers());
  stack->path({"__run_hrtimer", "watchdog_timer_fn", "panic", "crash_kexec"});
  m.crash(kCulpritCpu, kCulprit, *stack);
  m.log(kNow - kSecond, "BUG: soft lockup - CPU#6 stuck for 22s! [pmount_kthread:8689]");
  m.log(kNow - kSecond, "Kernel panic - not syncing: softlockup: hung tasks");
}

void make_rwsem(El7Machine& m) {
  add_lockers(m);
  m.add_kthread(kGamma, "gamma", "gamma_thread", kRequesterCpu);
  hold_mutex(m, "beta_lock", kGamma);
  const std::uint64_t sem = m.address("gamma_sem");
  m.set("rw_semaphore", sem, "owner", m.task(kAlpha));
  m.set("rw_semaphore", sem, "count", 0xfffffffe00000001);  // one who has it, one who writes, and somebody who waits
  wait_for_mutex(m, kAlpha, "alpha_thread", "beta_lock", kNow - 241 * kSecond);
  const auto stack = m.thread_stack(kGamma, kRequesterCpu);
  stack->path({"gamma_thread", "down_read", "rwsem_down_read_failed"});
  const std::uint64_t waiter = stack->local(m.memory().types.size_of("rwsem_waiter").value());
  const std::uint64_t node = m.memory().address_of("rwsem_waiter", waiter, "list");
  m.set("rwsem_waiter", waiter, "task", m.task(kGamma));
  m.set("rwsem_waiter", waiter, "type", 1);
  m.memory().link_list(node, {});
  m.set("rw_semaphore", sem, "wait_list", node);
  m.switched_out(kGamma, stack->sleep());
  m.set_task(kGamma, "state", 2);
  m.set_task(kGamma, "sched_info.last_arrival", kNow - 240 * kSecond);
  make_idle(m, {kPanicCpu});
  take_dump(m);
}

void make_situation(El7Machine& m, std::string_view situation) {
  const Culprit when_stopped = m.stops_by_nmi() ? Culprit::kSaved : Culprit::kMarked;
  struct Situation {
    std::string_view name;
    Requester requester;
    Culprit culprit;
  };
  const std::array<Situation, 6> kStopped = {{{"stopped", Requester::kSleeps, when_stopped},
                                              {"preempted", Requester::kPreempted, when_stopped},
                                              {"unmarked", Requester::kSleeps, Culprit::kWiped},
                                              {"bare", Requester::kSleeps, Culprit::kNone},
                                              {"unanswered", Requester::kPreempted, Culprit::kInterrupted},
                                              {"nmi", Requester::kPreempted, Culprit::kNmi}}};
  for (const Situation& one : kStopped) {
    if (one.name == situation) return make_stopped(m, one.requester, one.culprit);
  }
  if (situation == "yielding") return make_yielding(m);
  if (situation == "abba") return make_abba(m);
  if (situation == "passing") return make_passing(m);
  if (situation == "frozen") return make_frozen(m);
  if (situation == "rwsem") return make_rwsem(m);
  throw std::invalid_argument(fmt::format("no situation {}", situation));
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 5) return 2;
  El7Machine machine(make_el7_port(argv[1]), argv[2]);
  make_situation(machine, argv[3]);
  machine.write_dump(argv[4]);
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "make_el7_dump: %s\n", error.what());
  return 1;
}
