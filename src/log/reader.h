// SPDX-License-Identifier: GPL-2.0-or-later
// From records to events. Each family of messages has its function in one of the family_*.cc and a line in the table of
// families.cc: the word that must occur, and who reads the line then.
#pragma once

#include <map>
#include <span>
#include <string>

#include "log/events.h"
#include "log/triggers.h"

namespace whyhung::log {

class Reader {
 public:
  explicit Reader(Events& events) : events_(events) {}

  // Records of one boot, in order of time.
  void read(std::span<const Record> records);

  // --- for the families ---
  Events& events() { return events_; }
  const Record& record() const { return *record_; }
  std::string_view text() const { return record_->text; }
  Where here() const { return {record_->line, index_, record_->when()}; }

  // Begins a stack: frames of this caller belong to it from now on.
  std::size_t open_dump(DumpOrigin origin);
  // The stack that the caller of this record is printing; null when there is none.
  Dump* dump();
  std::optional<std::size_t> dump_index() const;
  void close_dump();

  // What the next task header is about, and what task headers are about until something else begins.
  void expect(DumpOrigin origin) { expected_ = origin; }
  void begin_list(DumpOrigin origin);
  DumpOrigin take_expected();
  DumpOrigin list() const { return list_; }

  void note(NoteKind kind, std::string_view subject = {}, std::uint64_t number = 0);

  // State that lines of one family hand on to the next.
  std::optional<std::size_t> hung;     // report whose stack is awaited
  std::optional<std::size_t> blocker;  // line whose holder's stack is awaited
  std::optional<std::size_t> lockup;   // report whose CPU line is awaited
  std::optional<std::size_t> stall;    // report whose details follow
  std::optional<std::size_t> splat;
  std::optional<std::size_t> spin;
  std::optional<NamedTask> lock_owner;  // whose locks are listed
  std::string_view work_queue;          // workqueue whose pwqs are listed
  std::string_view pool;
  std::string_view pool_cpus;
  bool all_locks = false;
  std::optional<DumpOrigin> next_cpu_line;  // what the next CPU's line belongs to

 private:
  void read_record();
  bool read_frame();
  bool read_marker();
  std::string caller() const { return std::string(record_->caller); }

  Events& events_;
  const Record* record_ = nullptr;
  std::size_t index_ = 0;
  struct Printing {
    std::size_t dump = 0;
    FrameContext context = FrameContext::kTask;
    bool open = false;
  };
  std::map<std::string, Printing, std::less<>> printing_;
  std::string last_caller_;
  std::optional<DumpOrigin> expected_;
  DumpOrigin list_ = DumpOrigin::kOther;
  std::vector<std::uint16_t> found_;
};

struct Family {
  std::string_view trigger;
  void (*read)(Reader& reader);
  bool user_space_too = false;  // other programs say such things as well
};

std::span<const Family> families();
const TriggerSet& family_triggers();
// Words that show that a line is of the kernel and worth keeping, besides those of the families: frames, registers.
const TriggerSet& kept_triggers();

// family_tasks.cc
void read_hung_task(Reader& reader);
void read_mutex_blocker(Reader& reader);
void read_semaphore_blocker(Reader& reader);
void read_rw_semaphore_blocker(Reader& reader);
void read_unknown_blocker(Reader& reader);
void read_task_header(Reader& reader);
bool read_old_task_header(Reader& reader);
void read_debugger_header(Reader& reader);
void read_drgn_header(Reader& reader);
void read_interrupted(Reader& reader);
void read_stack_file(Reader& reader);
void read_cpu_line(Reader& reader);
void read_old_cpu_line(Reader& reader);
void read_work_of_task(Reader& reader);
void read_sysrq(Reader& reader);
// family_registers.cc
void read_program_counter(Reader& reader);
void read_user_program_counter(Reader& reader);
void read_flags(Reader& reader);
void read_pstate(Reader& reader);
void read_msr(Reader& reader);
void read_psw(Reader& reader);
void read_riscv_status(Reader& reader);
void read_hardware(Reader& reader);
// family_lockups.cc
void read_soft_lockup(Reader& reader);
void read_hard_lockup(Reader& reader);
void read_power_hard_lockup(Reader& reader);
void read_unstuck_cpu(Reader& reader);
void read_nmi_backtrace(Reader& reader);
void read_task_dump_for_cpu(Reader& reader);
void read_deaf_call(Reader& reader);
void read_answered_call(Reader& reader);
void read_spin_report(Reader& reader);
void read_spin_owner(Reader& reader);
// family_rcu.cc
void read_stall(Reader& reader);
void read_expedited_stall(Reader& reader);
void read_old_stall(Reader& reader);
void read_stalled_cpu(Reader& reader);
void read_stall_duration(Reader& reader);
void read_stalled_tasks(Reader& reader);
void read_starved_thread(Reader& reader);
void read_missing_timer(Reader& reader);
void read_ended_stall(Reader& reader);
void read_tasks_stall(Reader& reader);
void read_tasks_holdout(Reader& reader);
void read_old_grace_period(Reader& reader);
// family_work.cc
void read_pool_lockup(Reader& reader);
void read_busy_list(Reader& reader);
void read_queue(Reader& reader);
void read_pool_of_queue(Reader& reader);
void read_works_in_flight(Reader& reader);
void read_works_pending(Reader& reader);
void read_works_inactive(Reader& reader);
void read_pool(Reader& reader);
void read_busy_workers(Reader& reader);
void read_freeze_refused(Reader& reader);
void read_frozen(Reader& reader);
// family_locks.cc
void read_lock_count(Reader& reader);
void read_all_locks(Reader& reader);
void read_lock_entry(Reader& reader);
void read_circular(Reader& reader);
void read_recursive(Reader& reader);
void read_inconsistent(Reader& reader);
void read_wanted_lock(Reader& reader);
void read_held_lock(Reader& reader);
void read_chain_entry(Reader& reader);
void read_atomic_sleep(Reader& reader);
void read_lockdep_off(Reader& reader);
// family_world.cc
void read_panic(Reader& reader);
void read_oops(Reader& reader);
void read_warning(Reader& reader);
void read_end_of_trace(Reader& reader);
void read_oom(Reader& reader);
void read_allocation_failure(Reader& reader);
void read_suspend(Reader& reader);
void read_resume(Reader& reader);
void read_clock(Reader& reader);
void read_long_interrupt(Reader& reader);
void read_dropped(Reader& reader);
void read_suppressed(Reader& reader);
void read_no_more_reports(Reader& reader);
void read_rt_throttled(Reader& reader);
void read_device_kept(Reader& reader);
void read_freeze(Reader& reader);
void read_thaw(Reader& reader);
void read_guest(Reader& reader);
void read_version(Reader& reader);
void read_link_lost(Reader& reader);
void read_file_system_error(Reader& reader);
void read_work_hogs(Reader& reader);
// family_devices.cc
void read_nvme(Reader& reader);
void read_device_trouble(Reader& reader);
void read_nbd(Reader& reader);
void read_gpu_reset(Reader& reader);
void read_io_error(Reader& reader);
void read_suspended_pool(Reader& reader);
void read_server_silent(Reader& reader);
void read_server_answers(Reader& reader);

}  // namespace whyhung::log
