// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/json.h"

#include <ostream>

#include "base/text.h"
#include "diagnose/facts_fields.h"
#include "model/json_writer.h"
#include "report/json_context.h"
#include "report/json_values.h"
#include "report/marks.h"
#include "report/phrases.h"
#include "report/signature.h"

namespace whyhung::report {
namespace {

Json evidence_json(const model::Evidence& evidence) {
  Json json = {{"kind", model::name_of(evidence.kind)}, {"what", valid_utf8(evidence.what)}};
  if (evidence.address) json["address"] = hex(*evidence.address);
  if (!evidence.value.empty()) json["value"] = valid_utf8(evidence.value);
  return json;
}

// The facts of a link or resource, in the form that saved snapshots have too; nothing when there are none.
template <typename Facts>
void put_facts(Json& json, Facts facts) {
  if (!std::holds_alternative<std::monostate>(facts)) json["facts"] = model::JsonWriter::to_json(facts);
}

Json all_evidence(const std::vector<model::Evidence>& evidence) {
  Json all = Json::array();
  for (const model::Evidence& one : evidence) all.push_back(evidence_json(one));
  return all;
}

Json resource_json(const model::Resource& resource) {
  Json holders = Json::array();
  for (const model::Holder& holder : resource.holders) {
    Json json = node_json(holder.who);
    json["role"] = model::name_of(holder.role);
    json["certainty"] = model::name_of(holder.certainty);
    json["evidence"] = all_evidence(holder.evidence);
    holders.push_back(std::move(json));
  }
  Json json = {
      {"address", hex(resource.address)}, {"kind", model::name_of(resource.kind)}, {"name", valid_utf8(resource.name)}};
  put_facts(json, resource.facts);
  json["holders"] = std::move(holders);
  json["evidence"] = all_evidence(resource.evidence);
  return json;
}

Json wait_json(const model::Machine& machine, const model::Wait& wait) {
  model::WaitHow how = wait.how;
  Json json = {{"waiter", node_json(wait.waiter)},
               {"resource", hex(wait.on.id)},
               {"how", model::JsonWriter::to_json(how)},
               {"since_ns", wait.since ? Json(*wait.since) : Json(nullptr)}};
  if (wait.since) {
    json["since"] = moment_json(machine, *wait.since);
    if (machine.clock && *wait.since <= *machine.clock) json["waited_ns"] = *machine.clock - *wait.since;
  }
  json["certainty"] = model::name_of(wait.certainty);
  json["evidence"] = all_evidence(wait.evidence);
  return json;
}

class JsonReport {
 public:
  JsonReport(const model::Index& index, const diagnose::Diagnosis& diagnosis)
      : snapshot_(index.snapshot()), index_(index), diagnosis_(diagnosis) {}

  Json verdict() const {
    Json json = Json::object();
    json["class"] = diagnose::name_of(diagnosis_.verdict);
    json["summary"] = plain(summary_phrase(index_, diagnosis_));
    json["confidence"] = model::name_of(diagnosis_.confidence);
    const diagnose::Finding* finding = diagnosis_.findings.empty() ? nullptr : &diagnosis_.findings.front();
    json["culprits"] = finding == nullptr ? Json::array() : culprits(*finding);
    json["victims"] = finding == nullptr ? Json::array() : victims(*finding);
    json["chain"] = finding == nullptr ? Json::array() : chain(*finding);
    if (finding != nullptr) {
      const Signature signature = signature_of(index_, *finding);
      json["signature"] = {{"id", signature.id}, {"title", valid_utf8(signature.title)}};
      json["advice"] = advice(*finding);
      json["advice_kinds"] = advice_kinds(*finding);
      json["what_still_ran"] = plain(liveness_phrase(diagnosis_));
    }
    if (!diagnosis_.doubts.empty()) {
      Json reasons = Json::array();
      for (const diagnose::Doubt doubt : diagnosis_.doubts) {
        reasons.push_back(
            {{"kind", diagnose::name_of(doubt)}, {"text", plain(doubt_phrase(index_, diagnosis_, doubt))}});
      }
      json["reasons"] = reasons;
    }
    return json;
  }

  Json findings() const {
    Json all = Json::array();
    for (const diagnose::Finding& finding : diagnosis_.findings) {
      all.push_back({{"class", diagnose::name_of(finding.hang_class)},
                     {"summary", plain(finding_phrase(index_, finding))},
                     {"confidence", model::name_of(finding.confidence)},
                     {"culprits", culprits(finding)},
                     {"victim_tasks", finding.victim_tasks.size()},
                     {"victim_cpus", finding.victim_cpus},
                     {"chain", chain(finding)},
                     {"also", also(finding)}});
    }
    return all;
  }

  Json accounting() const {
    Json tasks = Json::object();
    for (const auto& [bucket, count] : diagnosis_.accounting.tasks) tasks[std::string(name_of(bucket))] = count;
    Json cpus = Json::object();
    for (const auto& [bucket, count] : diagnosis_.accounting.cpus) cpus[std::string(name_of(bucket))] = count;
    Json unexplained = Json::array();
    for (const diagnose::Unexplained& one : diagnosis_.accounting.unexplained) {
      const model::Task* task = index_.task(one.task);
      Json json = {{"task", hex(one.task)}};
      if (task != nullptr) json["pid"] = task->pid;
      json["since_ns"] = one.since ? Json(*one.since) : Json(nullptr);
      unexplained.push_back(json);
    }
    return {{"task_total", snapshot_.tasks.size()},
            {"tasks", tasks},
            {"cpu_total", snapshot_.cpus.size()},
            {"cpus", cpus},
            {"unexplained", unexplained}};
  }

  Json cpu(std::size_t index) const {
    const model::Cpu& cpu = snapshot_.cpus[index];
    Json json = Json::object();
    json["cpu"] = cpu.number;
    json["online"] = cpu.online ? Json(*cpu.online) : Json(nullptr);
    const model::Task* task = index_.task(cpu.task);
    json["task"] = hex(cpu.task);
    json["pid"] = task == nullptr ? Json(nullptr) : Json(task->pid);
    json["comm"] = task == nullptr ? std::string() : valid_utf8(task->comm);
    if (index < diagnosis_.accounting.cpu_buckets.size()) {
      json["bucket"] = diagnose::name_of(diagnosis_.accounting.cpu_buckets[index]);
    }
    json["registers_from"] = model::name_of(cpu.register_source);
    json["registers"] = registers_json(cpu.registers);
    json["user_mode"] = cpu.in_user_mode;
    json["dump_role"] = model::name_of(cpu.dump_role);
    json["context"] = cpu.activity ? Json(model::name_of(cpu.contexts[*cpu.activity].kind)) : Json(nullptr);
    json["busy_wait"] = model::name_of(cpu.busy_wait);
    json["interrupts_enabled"] = cpu.interrupts_enabled ? Json(*cpu.interrupts_enabled) : Json(nullptr);
    json["preempt_count"] = cpu.preempt_count ? Json(hex(*cpu.preempt_count)) : Json(nullptr);
    json["need_resched"] = cpu.need_resched ? Json(*cpu.need_resched) : Json(nullptr);
    json["watchdog_touch_seconds"] = cpu.watchdog.touch_seconds ? Json(*cpu.watchdog.touch_seconds) : Json(nullptr);
    json["runqueue_clock_ns"] = cpu.runqueue.clock ? Json(*cpu.runqueue.clock) : Json(nullptr);
    json["stopper_pending"] = Json::array();
    if (cpu.stopper) {
      for (const model::StopperWork& work : cpu.stopper->pending) json["stopper_pending"].push_back(work.function);
    }
    if (cpu.loop) json["loop"] = loop(*cpu.loop);
    if (index < diagnosis_.liveness.size()) {
      const diagnose::CpuLiveness& liveness = diagnosis_.liveness[index];
      json["still_ran"] = {{"hardirq", name_of(liveness.hardirq)},
                           {"softirq", name_of(liveness.softirq)},
                           {"threads", name_of(liveness.threads)}};
    }
    json["stack"] = stack_json(snapshot_, cpu.stack);
    return json;
  }

 private:
  // Others of the same kind, in short.
  Json also(const diagnose::Finding& finding) const {
    Json members = Json::array();
    for (const diagnose::Alike& one : finding.also) {
      Json accused = Json::array();
      for (const diagnose::Culprit& culprit : one.culprits) {
        accused.push_back({{"pid", culprit.pid},
                           {"comm", valid_utf8(culprit.comm)},
                           {"task", hex(culprit.task)},
                           {"cpu", culprit.cpu ? Json(*culprit.cpu) : Json(nullptr)}});
      }
      members.push_back({{"culprits", std::move(accused)},
                         {"resource", hex(one.resource)},
                         {"victim_tasks", one.victim_tasks},
                         {"victim_cpus", one.victim_cpus}});
    }
    return {{"count", finding.also.size()}, {"members", std::move(members)}};
  }

  Json culprits(const diagnose::Finding& finding) const {
    Json all = Json::array();
    for (const diagnose::Culprit& culprit : finding.culprits) {
      Json json = Json::object();
      json["kind"] = diagnose::name_of(culprit.kind);
      json["pid"] = culprit.pid;
      json["comm"] = valid_utf8(culprit.comm);
      json["task"] = hex(culprit.task);
      json["cpu"] = culprit.cpu ? Json(*culprit.cpu) : Json(nullptr);
      json["function"] = valid_utf8(culprit.function);
      json["module"] = valid_utf8(culprit.module);
      if (culprit.location < snapshot_.locations.size() && !culprit.function.empty()) {
        json["location"] = location_json(snapshot_.locations[culprit.location]);
      }
      const model::Task* task = index_.task(culprit.task);
      if (task != nullptr && !task->thread_function.empty()) {
        json["thread_function"] = valid_utf8(task->thread_function);
        json["thread_function_module"] = valid_utf8(task->thread_function_module);
      }
      all.push_back(std::move(json));
    }
    return all;
  }

  Json victims(const diagnose::Finding& finding) const {
    Json all = Json::array();
    for (const std::uint32_t cpu : finding.victim_cpus) all.push_back({{"kind", "cpu"}, {"cpu", cpu}});
    for (const std::uint64_t address : finding.victim_tasks) {
      const model::Task* task = index_.task(address);
      if (task == nullptr) continue;
      all.push_back({{"kind", "task"},
                     {"pid", task->pid},
                     {"comm", valid_utf8(task->comm)},
                     {"task", hex(address)},
                     {"requester", address == finding.requester}});
    }
    return all;
  }

  Json chain(const diagnose::Finding& finding) const {
    Json links = Json::array();
    for (const diagnose::Link& link : finding.chain) {
      Json nodes = Json::array();
      for (const model::NodeId& one : link.nodes) nodes.push_back(node_json(one));
      Json json = {{"kind", diagnose::name_of(link.claim)},
                   {"claim", plain(claim_phrase(index_, link))},
                   {"certainty", model::name_of(link.certainty)},
                   {"nodes", std::move(nodes)}};
      put_facts(json, link.facts);
      json["evidence"] = all_evidence(link.evidence);
      links.push_back(std::move(json));
    }
    return links;
  }

  Json advice(const diagnose::Finding& finding) const {
    Json all = Json::array();
    for (const diagnose::Advice one : finding.advice) all.push_back(plain(advice_phrase(one, finding)));
    return all;
  }

  static Json advice_kinds(const diagnose::Finding& finding) {
    Json all = Json::array();
    for (const diagnose::Advice one : finding.advice) all.push_back(diagnose::name_of(one));
    return all;
  }

  static Json loop(const model::Loop& loop) {
    Json exits = Json::array();
    for (const model::LoopExit& exit : loop.exits) {
      Json json = {{"branch", hex(exit.branch)}, {"condition", exit.condition}, {"depends_on", exit.depends_on}};
      if (!exit.symbol.empty()) json["symbol"] = valid_utf8(exit.symbol);
      if (exit.value) json["value"] = hex(*exit.value);
      exits.push_back(std::move(json));
    }
    return {{"function", valid_utf8(loop.function)},
            {"module", valid_utf8(loop.module)},
            {"begin", hex(loop.begin)},
            {"end", hex(loop.end)},
            {"instructions", loop.instructions},
            {"exits", exits},
            {"calls", loop.calls},
            {"yields", model::name_of(loop.yield)},
            {"flow_complete", !loop.has_unknown_flow}};
  }

  const model::Snapshot& snapshot_;
  const model::Index& index_;
  const diagnose::Diagnosis& diagnosis_;
};

std::string line(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

std::string json_of_task(const model::Snapshot& snapshot, const diagnose::Diagnosis& diagnosis, std::size_t index) {
  const model::Task& task = snapshot.tasks[index];
  Json json = task_json(task);
  if (index < diagnosis.accounting.task_buckets.size()) {
    json["bucket"] = diagnose::name_of(diagnosis.accounting.task_buckets[index]);
  }
  json["stack"] = stack_json(snapshot, task.stack);
  return line(json);
}

void write_json(std::ostream& out, const model::Snapshot& snapshot, const diagnose::Diagnosis& diagnosis) {
  write_json(out, model::Index(snapshot), diagnosis);
}

void write_json(std::ostream& out, const model::Index& index, const diagnose::Diagnosis& diagnosis) {
  const model::Snapshot& snapshot = index.snapshot();
  const JsonReport report(index, diagnosis);
  out << "{\"schema\":\"" << kReportSchema << "\",\n\"tool\":" << line(tool_json())
      << ",\n\"machine\":" << line(machine_json(snapshot.machine)) << ",\n\"verdict\":" << line(report.verdict())
      << ",\n\"graph\":"
      << line(diagnosis.findings.empty() ? no_graph_json() : graph_json(index, diagnosis.findings.front()))
      << ",\n\"findings\":" << line(report.findings()) << ",\n\"accounting\":" << line(report.accounting())
      << ",\n\"cpus\":[";
  const char* separator = "\n";
  for (std::size_t i = 0; i < snapshot.cpus.size(); ++i) {
    out << separator << line(report.cpu(i));
    separator = ",\n";
  }
  out << "],\n\"tasks\":[";
  separator = "\n";
  for (std::size_t i = 0; i < snapshot.tasks.size(); ++i) {
    out << separator << json_of_task(snapshot, diagnosis, i);
    separator = ",\n";
  }
  out << "],\n\"resources\":[";
  separator = "\n";
  for (const model::Resource& resource : snapshot.resources) {
    out << separator << line(resource_json(resource));
    separator = ",\n";
  }
  out << "],\n\"waits\":[";
  separator = "\n";
  for (const model::Wait& wait : snapshot.waits) {
    out << separator << line(wait_json(snapshot.machine, wait));
    separator = ",\n";
  }
  Json gaps = Json::array();
  for (const Gap& gap : snapshot.gaps) gaps.push_back({{"what", valid_utf8(gap.what)}, {"why", valid_utf8(gap.why)}});
  out << "],\n\"modules\":" << line(modules_json(snapshot)) << ",\n\"log\":" << line(log_json(snapshot))
      << ",\n\"gaps\":" << line(gaps) << "}\n";
}

}  // namespace whyhung::report
