// SPDX-License-Identifier: GPL-2.0-or-later
// The members of the facts of links, named once, as model/json_fields.h does for the model.
#pragma once

#include "diagnose/facts.h"
#include "model/json_fields.h"

namespace whyhung::diagnose {

template <typename V>
void visit_fields(V& v, Place& x) {
  v.field("function", x.function);
  v.field("module", x.module);
}
template <typename V>
void visit_fields(V& v, StopFacts& x) {
  v.field("function", x.function);
  v.field("state", x.state);
  v.field("threads", x.threads);
  v.field("missing", x.missing);
}
template <typename V>
void visit_fields(V& v, OccupantFacts& x) {
  v.field("place", x.place);
  v.field("context", x.context);
  v.field("held", x.held);
}
template <typename V>
void visit_fields(V& v, DepthFacts& x) {
  v.field("depth", x.depth);
}
template <typename V>
void visit_fields(V& v, PreemptionFacts& x) {
  v.field("model", x.model);
}
template <typename V>
void visit_fields(V& v, ClockFacts& x) {
  v.field("age", x.age);
  v.field("threshold", x.threshold);
}
template <typename V>
void visit_fields(V& v, LoopFacts& x) {
  v.field("place", x.place);
  v.hex("begin", x.begin);
  v.hex("end", x.end);
  v.field("yield", x.yield);
  v.field("exit", x.exit);
}
template <typename V>
void visit_fields(V& v, CallFacts& x) {
  v.field("function", x.function);
}
template <typename V>
void visit_fields(V& v, WaitFacts& x) {
  v.field("how", x.how);
  v.field("age", x.age);
}
template <typename V>
void visit_fields(V& v, HeldFacts& x) {
  v.field("role", x.role);
  v.mark("is_former", x.is_former);
}
template <typename V>
void visit_fields(V& v, RestFacts& x) {
  v.field("place", x.place);
  v.field("state", x.state);
  v.mark("is_frozen", x.is_frozen);
  v.field("idle", x.idle);
}
template <typename V>
void visit_fields(V& v, GoneFacts& x) {
  v.field("how", x.how);
  v.field("former", x.former);
  v.field("later", x.later);
}
template <typename V>
void visit_fields(V& v, StarvationFacts& x) {
  v.field("queued", x.queued);
  v.field("others", x.others);
}
template <typename V>
void visit_fields(V& v, ThrottleFacts& x) {
  v.field("group", x.group);
  v.field("quota", x.quota);
  v.field("period", x.period);
}
template <typename V>
void visit_fields(V& v, Weight& x) {
  v.mark("is_idle_policy", x.is_idle_policy);
  v.field("nice", x.nice);
}
template <typename V>
void visit_fields(V& v, PreferenceFacts& x) {
  v.field("others", x.others);
  v.field("running", x.running);
  v.field("starved", x.starved);
}
template <typename V>
void visit_fields(V& v, SilenceFacts& x) {
  v.field("how", x.how);
  v.field("connected", x.connected);
  v.field("task", x.task);
}
template <typename V>
void visit_fields(V& v, SilentDeviceFacts& x) {
  v.field("device", x.device);
}
template <typename V>
void visit_fields(V& v, RealTimeFacts& x) {
  v.field("policy", x.policy);
  v.field("priority", x.priority);
  v.mark("in_user_mode", x.in_user_mode);
}
template <typename V>
void visit_fields(V& v, ReclaimFacts& x) {
  v.field("reclaim", x.reclaim);
  v.field("place", x.place);
}
template <typename V>
void visit_fields(V& v, LostFacts& x) {
  v.field("done", x.done);
  v.field("count", x.count);
}
template <typename V>
void visit_fields(V& v, KilledFacts& x) {
  v.field("pid", x.pid);
  v.field("comm", x.comm);
  v.field("place", x.place);
  v.field("time", x.time);
}
template <typename V>
void visit_fields(V& v, CrashFacts& x) {
  v.field("kind", x.kind);
  v.field("place", x.place);
  v.field("message", x.message);
  v.field("inner", x.inner);
  v.field("frame", x.frame);
  v.added("code", x.code);
  v.field("code_at", x.code_at);
  v.hex("address", x.address);
}

}  // namespace whyhung::diagnose
