// SPDX-License-Identifier: GPL-2.0-or-later
// Writes vmcores of forged machines: make_el7_dump FOLDER SITUATION VMCORE. FOLDER holds vmlinux and while1 as the
// cross compiler made them.
//   stopped    rmmod asked to stop the machine; pmount_kthread of while1 holds CPU 6 and never lets go. CPU 1 panicked,
//              CPU 0 saved its registers, the others did not.
//   unmarked   the same, and interrupts that returned wiped out their mark
//   bare       the same, and no interrupt ever came on CPU 6: nothing tells where in the thread it is
//   yielding   the innocent twin: nobody stops the machine, the thread lets others run; somebody took a dump
#include <cstdio>
#include <functional>

#include "forge/el7_machine.h"

using namespace whyhung::test;

namespace {

constexpr std::uint64_t kNow = El7Machine::kNow, kSecond = El7Machine::kSecond;
constexpr std::uint32_t kCulprit = 8689, kRequester = 8702, kCulpritCpu = 6, kPanicCpu = 1;
constexpr std::uint64_t kHungAt = kNow - 25 * kSecond, kAskedAt = kNow - 23 * kSecond;

struct Request {
  std::uint64_t data = 0, done = 0;
};

// rmmod in stop_cpus(): its requests lie in the frames of the functions that made them.
Request ask_for_stop(El7Machine& m) {
  m.add_process(kRequester, "rmmod", 3);
  Request request;
  PowerStack stack = m.process_stack(kRequester);
  stack.call("system_call", "sys_delete_module").call("sys_delete_module", "try_stop_module");
  stack.call("try_stop_module", "stop_machine").call("stop_machine", "__stop_machine");
  request.data = stack.sp() + 32;
  stack.call("__stop_machine", "stop_cpus");
  request.done = stack.sp() + 32;
  stack.call("stop_cpus", "wait_for_completion");
  const std::uint64_t wait = stack.sp() + 32;
  stack.call("wait_for_completion", "schedule_timeout").call("schedule_timeout", "schedule");
  m.sleep(kRequester, stack);
  m.set_task(kRequester, "state", 2);
  m.set_task(kRequester, "sched_info.last_arrival", kAskedAt);
  m.set("multi_stop_data", request.data, "fn", m.address("__try_stop_module"));
  m.set("multi_stop_data", request.data, "num_threads", El7Machine::kCpus);
  m.set("multi_stop_data", request.data, "state", 1);
  m.set("multi_stop_data", request.data, "thread_ack", 1);
  m.set("cpu_stop_done", request.done, "nr_todo", El7Machine::kCpus);
  const std::uint64_t completion = m.memory().address_of("cpu_stop_done", request.done, "completion");
  m.set("__wait_queue", wait, "private", m.task(kRequester));
  m.memory().link_list(m.memory().address_of("completion", completion, "wait.task_list"),
                       {m.memory().address_of("__wait_queue", wait, "task_list")});
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
void spin(El7Machine& m, std::uint32_t cpu, bool wipes_marks) {
  PowerStack stack = m.stopping_stack(cpu);
  const std::uint64_t sp = stack.sp();
  const std::uint64_t nip = m.address("multi_cpu_stop") + 0x34;
  const std::uint64_t link = return_address(m.memory(), "multi_cpu_stop", "cpu_relax_once");
  m.run(El7Machine::stopper(cpu), cpu, kAskedAt);
  m.memory().memory.write_u64(m.percpu(cpu, "watchdog_touch_ts"), kAskedAt >> 30);
  stack.interrupt(nip, link).call("decrementer_common", "timer_interrupt").call("timer_interrupt", "hrtimer_interrupt");
  if (cpu == kPanicCpu) {
    m.memory().memory.write_u64(m.percpu(cpu, "__irq_regs"), stack.registers());
    stack.call("hrtimer_interrupt", "__run_hrtimer").call("__run_hrtimer", "watchdog_timer_fn");
    stack.call("watchdog_timer_fn", "panic");
    const std::uint64_t panic_sp = stack.sp();
    stack.call("panic", "crash_kexec");
    // The stack pointer that was saved for a panicking CPU belongs to the link register's function.
    m.save_registers(cpu, El7Machine::stopper(cpu), m.address("crash_kexec") + 0x20, panic_sp,
                     return_address(m.memory(), "panic", "crash_kexec"));
    m.memory().memory.write_u32(m.address("crashing_cpu"), cpu);
    return;
  }
  if (wipes_marks) stack.wipe_mark();
  if (cpu == 0) m.save_registers(cpu, El7Machine::stopper(cpu), nip, sp, link);
}

enum class Traces { kMarked, kWiped, kNone };  // that interrupts left on the stack of the culprit

void make_stopped(El7Machine& m, Traces traces) {
  const bool wipes_marks = traces == Traces::kWiped;
  m.add_kthread(kCulprit, "pmount_kthread", "pmount_kthread", kCulpritCpu);
  const Request request = ask_for_stop(m);
  for (std::uint32_t cpu = 0; cpu < El7Machine::kCpus; ++cpu) {
    if (cpu != kCulpritCpu) spin(m, cpu, wipes_marks);
  }
  if (traces != Traces::kNone) {
    PowerStack stack = m.thread_stack(kCulprit);
    const std::uint64_t link = return_address(m.memory(), "kthread", "pmount_kthread");
    stack.interrupt(m.address("pmount_kthread"), link).call("decrementer_common", "timer_interrupt");
    if (wipes_marks) stack.wipe_mark();
  }
  m.run(kCulprit, kCulpritCpu, kHungAt);
  m.memory().memory.write_u64(m.percpu(kCulpritCpu, "watchdog_touch_ts"), kHungAt >> 30);
  m.wait_for_cpu(El7Machine::stopper(kCulpritCpu), kAskedAt);
  m.set("rq", m.percpu(kCulpritCpu, "runqueues"), "nr_running", 2);
  const std::uint64_t queue = m.memory().address_of("cpu_stopper", m.percpu(kCulpritCpu, "cpu_stopper"), "works");
  m.memory().link_list(queue, {add_work(m, "active_balance_work", "active_load_balance_cpu_stop", {}),
                               add_work(m, "stop_cpus_work", "multi_cpu_stop", request)});
  m.log(kHungAt, "while1: loading out-of-tree module taints kernel.");
  m.log(kNow - 2 * kSecond, "BUG: soft lockup - CPU#6 stuck for 22s! [pmount_kthread:8689]");
  m.log(kNow - 2 * kSecond, "CPU: 6 PID: 8689 Comm: pmount_kthread Tainted: G           OE");
  m.log(kNow - 2 * kSecond, "NIP [d000000003a10000] pmount_kthread+0x0/0x10 [while1]");
  m.log(kNow - kSecond, "BUG: soft lockup - CPU#1 stuck for 22s! [migration/1:9]");
  m.log(kNow - kSecond, "Kernel panic - not syncing: softlockup: hung tasks");
}

void make_yielding(El7Machine& m) {
  for (std::uint32_t cpu = 0; cpu < El7Machine::kCpus; ++cpu) {
    if (cpu == kCulpritCpu || cpu == kPanicCpu) continue;
    m.run(El7Machine::idle(cpu), cpu, kNow - kSecond);
    PowerStack stack(m.memory(), m.stack_of(El7Machine::idle(cpu)) + 16384 - 112, 0);
    stack.call("start_secondary_prolog", "start_secondary").call("start_secondary", "cpu_idle_loop");
    m.save_registers(cpu, 0, return_address(m.memory(), "cpu_idle_loop", "schedule"), stack.sp(), 0);
  }
  m.add_kthread(kCulprit, "pmount_kthread", "pmount_kthread_yielding", kCulpritCpu);
  PowerStack stack = m.thread_stack(kCulprit);
  stack.call("kthread", "pmount_kthread_yielding");
  const std::uint64_t back = return_address(m.memory(), "pmount_kthread_yielding", "schedule");
  m.save_registers(kCulpritCpu, kCulprit, back, stack.sp(), back);
  m.run(kCulprit, kCulpritCpu, kNow - 3'000'000);
  m.add_process(3001, "bash", kPanicCpu);
  PowerStack writer = m.process_stack(3001);
  writer.call("system_call", "sys_write").call("sys_write", "sysrq_handle_crash");
  const std::uint64_t writer_sp = writer.sp();
  writer.call("sysrq_handle_crash", "crash_kexec");
  m.run(3001, kPanicCpu, kNow - 2'000'000);
  m.save_registers(kPanicCpu, 3001, m.address("crash_kexec") + 0x20, writer_sp,
                   return_address(m.memory(), "sysrq_handle_crash", "crash_kexec"));
  m.memory().memory.write_u32(m.address("crashing_cpu"), kPanicCpu);
  m.log(kNow, "SysRq : Trigger a crash");
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 4) return 2;
  El7Machine machine(argv[1]);
  const std::string_view situation = argv[2];
  if (situation == "stopped") {
    make_stopped(machine, Traces::kMarked);
  } else if (situation == "unmarked") {
    make_stopped(machine, Traces::kWiped);
  } else if (situation == "bare") {
    make_stopped(machine, Traces::kNone);
  } else if (situation == "yielding") {
    make_yielding(machine);
  } else {
    return 2;
  }
  machine.write_dump(argv[3]);
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "make_el7_dump: %s\n", error.what());
  return 1;
}
