// SPDX-License-Identifier: GPL-2.0-or-later
// The members of each model type, named once. A visitor that writes JSON and one that reads it walk the same list, so a
// member cannot be saved and then forgotten on loading. `hex` members are addresses and raw words: strings "0x…" in
// JSON, because JSON numbers are exact only up to 2^53. A `mark` is a flag that is written only when it is set. A
// member that was `added` later, or that most values leave at its default, is written only when it differs from that,
// and has it when it is missing. A `set` of enumerators is a list of their names, which lacks those that are unknown
// here.
#pragma once

#include "model/snapshot.h"

namespace whyhung::model {

template <typename V>
void visit_fields(V& v, Gap& x) {
  v.field("what", x.what);
  v.field("why", x.why);
}
template <typename V>
void visit_fields(V& v, Evidence& x) {
  v.field("kind", x.kind);
  v.field("what", x.what);
  v.hex("address", x.address);
  v.field("value", x.value);
}
template <typename V>
void visit_fields(V& v, SourceLine& x) {
  v.field("function", x.function);
  v.field("file", x.file);
  v.field("line", x.line);
}
template <typename V>
void visit_fields(V& v, CodeLocation& x) {
  v.hex("address", x.address);
  v.field("function", x.function);
  v.hex("offset", x.offset);
  v.field("module", x.module);
  v.field("lines", x.lines);
  v.set("meanings", x.meanings);
}
template <typename V>
void visit_fields(V& v, StackFrame& x) {
  v.field("location", x.location);
  v.field("origin", x.origin);
  v.hex("sp", x.sp);
}
template <typename V>
void visit_fields(V& v, RegisterValue& x) {
  v.field("name", x.name);
  v.hex("value", x.value);
}
template <typename V>
void visit_fields(V& v, FrameRegisters& x) {
  v.field("frame", x.frame);
  v.hex("saved_at", x.saved_at);
  v.field("values", x.values);
}
template <typename V>
void visit_fields(V& v, StackTrace& x) {
  v.field("frames", x.frames);
  v.field("end", x.end);
  v.field("end_detail", x.end_detail);
  v.field("registers", x.registers);
}
template <typename V>
void visit_fields(V& v, Throttle& x) {
  v.field("group", x.group);
  v.field("quota", x.quota);
  v.field("period", x.period);
  v.field("throttled", x.throttled);
  v.mark("at_exit", x.at_exit);
}
template <typename V>
void visit_fields(V& v, Task& x) {
  v.hex("address", x.address);
  v.field("pid", x.pid);
  v.field("tgid", x.tgid);
  v.field("parent_pid", x.parent_pid);
  v.field("comm", x.comm);
  v.field("state", x.state);
  v.hex("raw_state", x.raw_state);
  v.hex("exit_state", x.exit_state);
  v.field("is_kernel_thread", x.is_kernel_thread.read);
  v.field("is_idle_task", x.is_idle_task);
  v.field("on_cpu", x.on_cpu.read);
  v.field("on_runqueue", x.on_runqueue.read);
  v.field("killable_wait", x.killable_wait);
  v.mark("frozen", x.frozen);
  v.field("cpu", x.cpu);
  v.field("policy", x.policy);
  v.field("priority", x.priority);
  v.field("last_arrival", x.last_arrival);
  v.field("last_queued", x.last_queued);
  v.field("throttle", x.throttle);
  v.field("start_time", x.start_time);
  v.hex("stack_base", x.stack_base);
  v.field("stack_size", x.stack_size);
  v.field("thread_function", x.thread_function);
  v.field("thread_function_module", x.thread_function_module);
  v.field("stack", x.stack);
}
template <typename V>
void visit_fields(V& v, ContextSegment& x) {
  v.field("kind", x.kind);
  v.field("first_frame", x.first_frame);
  v.field("end_frame", x.end_frame);
}
template <typename V>
void visit_fields(V& v, StopperWork& x) {
  v.hex("address", x.address);
  v.field("function", x.function);
  v.hex("argument", x.argument);
  v.hex("done", x.done);
}
template <typename V>
void visit_fields(V& v, Stopper& x) {
  v.hex("task", x.task);
  v.field("enabled", x.enabled);
  v.field("running_function", x.running_function);
  v.field("pending", x.pending);
}
template <typename V>
void visit_fields(V& v, WatchdogState& x) {
  v.field("touch_seconds", x.touch_seconds);
  v.field("hrtimer_interrupts", x.hrtimer_interrupts);
  v.field("hrtimer_interrupts_seen", x.hrtimer_interrupts_seen);
}
template <typename V>
void visit_fields(V& v, RunqueueState& x) {
  v.field("clock", x.clock);
  v.field("running_count", x.running_count);
  v.field("switch_count", x.switch_count);
  v.hex("current_task", x.current_task);
  v.hex("idle_task", x.idle_task);
}
template <typename V>
void visit_fields(V& v, LoopExit& x) {
  v.hex("branch", x.branch);
  v.field("condition", x.condition);
  v.field("depends_on", x.depends_on);
  v.hex("memory_address", x.memory_address);
  v.field("symbol", x.symbol);
  v.hex("value", x.value);
}
template <typename V>
void visit_fields(V& v, Loop& x) {
  v.field("frame", x.frame);
  v.field("function", x.function);
  v.field("module", x.module);
  v.hex("begin", x.begin);
  v.hex("end", x.end);
  v.field("instructions", x.instructions);
  v.field("exits", x.exits);
  v.field("has_unknown_flow", x.has_unknown_flow);
  v.field("calls", x.calls);
  v.field("yield", x.yield);
}
template <typename V>
void visit_fields(V& v, Cpu& x) {
  v.field("number", x.number);
  v.field("online", x.online);
  v.hex("task", x.task);
  v.field("register_source", x.register_source);
  v.field("registers", x.registers);
  v.field("in_user_mode", x.in_user_mode);
  v.field("stack", x.stack);
  v.field("contexts", x.contexts);
  v.field("dump_role", x.dump_role);
  v.field("activity", x.activity);
  v.field("busy_wait", x.busy_wait);
  v.field("interrupts_enabled", x.interrupts_enabled);
  v.hex("preempt_count", x.preempt_count);
  v.field("activity_preempt_depth", x.activity_preempt_depth);
  v.field("activity_softirq_depth", x.activity_softirq_depth);
  v.field("need_resched", x.need_resched);
  v.hex("softirq_pending", x.softirq_pending);
  v.hex("softirq_daemon", x.softirq_daemon);
  v.field("function_call_pending", x.function_call_pending);
  v.field("runqueue", x.runqueue);
  v.field("stopper", x.stopper);
  v.field("watchdog", x.watchdog);
  v.field("loop", x.loop);
}
template <typename V>
void visit_fields(V& v, NodeId& x) {
  v.field("kind", x.kind);
  v.hex("id", x.id);
}
template <typename V>
void visit_fields(V& v, Holder& x) {
  v.field("who", x.who);
  v.field("role", x.role);
  v.field("certainty", x.certainty);
  v.field("evidence", x.evidence);
}
template <typename V>
void visit_fields(V& v, FormerTask& x) {
  v.field("pid", x.pid);
  v.field("comm", x.comm);
  v.field("start_time", x.start_time);
}
template <typename V>
void visit_fields(V& v, LockFacts& x) {
  v.field("waiters", x.waiters);
  v.field("readers", x.readers);
  v.field("writer_holds", x.writer_holds);
  v.field("count", x.count);
  v.mark("has_no_owner", x.has_no_owner);
  v.mark("is_futex", x.is_futex);
  v.field("former", x.former);
}
template <typename V>
void visit_fields(V& v, CompletionFacts& x) {
  v.field("done", x.done);
  v.field("waiters", x.waiters);
  v.mark("ends_by_itself", x.ends_by_itself);
}
template <typename V>
void visit_fields(V& v, WorkFacts& x) {
  v.added("completion", x.completion);
  v.added("workqueue", x.workqueue);
}
template <typename V>
void visit_fields(V& v, GracePeriodFacts& x) {
  v.added("completion", x.completion);
  v.hex("sequence", x.sequence);
}
template <typename V>
void visit_fields(V& v, DeviceNumber& x) {
  v.field("major", x.major);
  v.field("minor", x.minor);
}
template <typename V>
void visit_fields(V& v, DeviceFacts& x) {
  v.field("number", x.number);
  v.added("driver", x.driver);
  v.added("mapped_as", x.mapped_as);
  v.added("file_system", x.file_system);
  v.mark("suspended", x.suspended);
  v.field("frozen", x.frozen);
}
template <typename V>
void visit_fields(V& v, ServerFacts& x) {
  v.field("kind", x.kind);
  v.field("connected", x.connected);
}
template <typename V>
void visit_fields(V& v, FutexFacts& x) {
  v.hex("word", x.word);
}
template <typename V>
void visit_fields(V& v, FileLockFacts& x) {
  v.field("family", x.family);
  v.field("mode", x.mode);
}
template <typename V>
void visit_fields(V& v, WaitHow& x) {
  v.field("kind", x.kind);
  v.added("function", x.function);
  v.added("module", x.module);
  v.field("mode", x.mode);
  v.field("family", x.family);
  v.added("request", x.request);
  v.field("taken_up", x.taken_up);
}
template <typename V>
void visit_fields(V& v, Resource& x) {
  v.hex("address", x.address);
  v.field("kind", x.kind);
  v.field("name", x.name);
  v.one_of("facts", x.facts);
  v.field("holders", x.holders);
  v.field("evidence", x.evidence);
}
template <typename V>
void visit_fields(V& v, Wait& x) {
  v.field("waiter", x.waiter);
  v.field("on", x.on);
  v.field("how", x.how);
  v.field("since", x.since);
  v.field("certainty", x.certainty);
  v.field("evidence", x.evidence);
}
template <typename V>
void visit_fields(V& v, StopMachineRequest& x) {
  v.hex("address", x.address);
  v.field("function", x.function);
  v.field("state", x.state);
  v.field("num_threads", x.num_threads);
  v.field("thread_ack", x.thread_ack);
  v.hex("requester", x.requester);
  v.field("acknowledged_cpus", x.acknowledged_cpus);
  v.field("missing_cpus", x.missing_cpus);
}
template <typename V>
void visit_fields(V& v, Crash& x) {
  v.field("kind", x.kind);
  v.field("cpu", x.cpu);
  v.field("frame", x.frame);
  v.field("accused", x.accused);
  v.added("code", x.code);
  v.field("code_at", x.code_at);
  v.hex("address", x.address);
}
template <typename V>
void visit_fields(V& v, Complaint& x) {
  v.field("kind", x.kind);
  v.field("time", x.time);
  v.field("cpu", x.cpu);
  v.field("pid", x.pid);
  v.added("comm", x.comm);
}
template <typename V>
void visit_fields(V& v, Machine& x) {
  v.field("dump_file", x.dump_file);
  v.field("dump_format", x.dump_format);
  v.field("partial_dump", x.partial_dump);
  v.field("incomplete_dump", x.incomplete_dump);
  v.field("capsule", x.capsule);
  v.field("symbols_from", x.symbols_from);
  v.field("types_from", x.types_from);
  v.field("architecture", x.architecture);
  v.added("build_id", x.build_id);
  v.field("taints", x.taints);
  v.field("node_name", x.node_name);
  v.field("release", x.release);
  v.field("version", x.version);
  v.field("machine", x.machine);
  v.field("cpu_count", x.cpu_count);
  v.field("online_cpu_count", x.online_cpu_count);
  v.field("date", x.date);
  v.field("uptime", x.uptime);
  v.field("load_average", x.load_average);
  v.field("task_count", x.task_count);
  v.field("memory_bytes", x.memory_bytes);
  v.field("megahertz", x.megahertz);
  v.field("panic_message", x.panic_message);
  v.field("panic_cpu", x.panic_cpu);
  v.field("complaint", x.complaint);
  v.hex("panic_task", x.panic_task);
  v.field("crash", x.crash);
  v.field("preemption", x.preemption);
  v.field("watchdog_threshold", x.watchdog_threshold);
  v.field("hung_task_timeout", x.hung_task_timeout);
  v.field("task_state_member", x.task_state_member);
  v.field("preempt_count_member", x.preempt_count_member);
  v.field("clock", x.clock);
}
template <typename V>
void visit_fields(V& v, LogRecord& x) {
  v.field("sequence", x.sequence);
  v.field("time", x.time);
  v.field("level", x.level);
  v.field("caller", x.caller);
  v.field("text", x.text);
}
template <typename V>
void visit_fields(V& v, Module& x) {
  v.field("name", x.name);
  v.hex("address", x.address);
  v.hex("base", x.base);
  v.hex("size", x.size);
  v.field("state", x.state);
  v.field("taints", x.taints);
  v.added("version", x.version);
}
template <typename V>
void visit_fields(V& v, Incident& x) {
  v.field("kind", x.kind);
  v.field("time", x.time);
  v.field("text", x.text);
  v.field("cpu", x.cpu);
  v.field("pid", x.pid);
  v.field("comm", x.comm);
  v.field("function", x.function);
  v.field("module", x.module);
  v.field("words", x.words);
}
template <typename V>
void visit_fields(V& v, Snapshot& x) {
  v.field("machine", x.machine);
  v.field("locations", x.locations);
  v.field("cpus", x.cpus);
  v.field("tasks", x.tasks);
  v.field("modules", x.modules);
  v.field("resources", x.resources);
  v.field("waits", x.waits);
  v.field("stop_machine", x.stop_machine);
  v.added("incidents", x.incidents);
  v.field("log", x.log);
  v.field("gaps", x.gaps);
}

}  // namespace whyhung::model
