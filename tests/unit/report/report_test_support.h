// SPDX-License-Identifier: GPL-2.0-or-later
// What the tests of the report share: machines to report on, and the report as text and as JSON.
#pragma once

#include <gtest/gtest.h>

#include <sstream>
#include <string>

#include "report/json.h"
#include "report/text.h"
#include "support/snapshot_builder.h"

namespace whyhung::report {

using test::SnapshotBuilder;

inline std::string text_of(const model::Snapshot& snapshot, Colour colour = Colour::kNever) {
  std::ostringstream out;
  write_text(out, snapshot, diagnose::diagnose(snapshot), Style(colour));
  return out.str();
}
inline std::string json_of(const model::Snapshot& snapshot) {
  std::ostringstream out;
  write_json(out, snapshot, diagnose::diagnose(snapshot));
  return out.str();
}

// A softirq that polls a flag nobody sets, and a task that waits for the CPU.
inline SnapshotBuilder polling_softirq() {
  SnapshotBuilder b;
  b.cpu(0).idles();
  b.cpu(1)
      .runs(50, "bash")
      .frames({"poll_flag [timerhog]", "call_timer_fn", "handle_softirqs"}, model::ContextKind::kSoftirq);
  b.cpu(1).adds_context({"sysvec_apic_timer_interrupt", "asm_sysvec_apic_timer_interrupt"},
                        model::ContextKind::kHardirq);
  b.cpu(1).adds_context({"do_syscall_64", "entry_SYSCALL_64"}, model::ContextKind::kTask);
  b.cpu(1).interrupts(true).unwatched_for(31).preempt_depth(0);
  model::LoopExit exit;
  exit.branch = 0xffffffff81000012;
  exit.condition = "cmpb $0, 0x2ff7(%rip); je 0xffffffff81000010";
  exit.depends_on = "memory at 0xffffffffc0203010";
  exit.memory_address = 0xffffffffc0203010;
  exit.symbol = "stop_polling [timerhog]";
  exit.value = 0;
  b.cpu(1).loop("poll_flag [timerhog]", model::LoopYield::kNever, {exit});
  b.task(60, "sshd").state = model::TaskState::kRunning;
  b.task(60).on_runqueue = true;
  b.task(60).cpu = 1;
  b.machine().panic_message = "Kernel panic - not syncing: softlockup: hung tasks";
  b.machine().panic_cpu = 1;
  return b;
}

// A CPU that is deaf, another that waits for its answer, and a third that hangs for a reason of its own.
inline SnapshotBuilder two_hangs() {
  SnapshotBuilder b;
  b.cpu(0).idles();
  b.cpu(1).runs(120, "deaf_thread").frames({"spin_deaf [irqoff]", "kthread"}).interrupts(false).clock_behind(21.5);
  b.cpu(1).held_for(21.6).call_pending(true);
  b.cpu(2)
      .runs(70, "kworker/2:1")
      .frames({"smp_call_function_many_cond", "flush_tlb_mm_range"})
      .busy_wait("ipi")
      .held_for(18);
  b.cpu(3).runs(130, "hog_thread").frames({"spin_hog [hog]", "kthread"}).held_for(40).unwatched_for(40);
  b.cpu(3).loop("spin_hog [hog]", model::LoopYield::kNever);
  return b;
}

// Nothing but the file could be read.
inline SnapshotBuilder unreadable() {
  SnapshotBuilder b;
  model::Machine machine;
  machine.dump_file = "broken.vmcore";
  machine.dump_format = "kdump-compressed, zlib";
  machine.partial_dump = true;
  machine.incomplete_dump = true;
  machine.architecture = machine.machine = "x86_64";
  machine.release = "5.10.0-test";
  b.machine() = machine;
  b.snapshot().gaps = {{"the dump file", "it ends at 0x1234, before its last page"},
                       {"everything inside of the machine", "the types of the crashed kernel are not known"}};
  return b;
}

}  // namespace whyhung::report
