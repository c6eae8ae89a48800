// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/log_report.h"

#include <algorithm>
#include <ostream>

#include <fmt/format.h>

#include "base/text.h"
#include "report/json.h"
#include "report/json_context.h"
#include "report/json_values.h"
#include "report/log_document.h"
#include "report/log_phrases.h"
#include "report/log_signature.h"
#include "report/marks.h"
#include "report/text.h"

namespace whyhung::report {
namespace {

Json statements_json(const log::LogReport& report) {
  Json all = Json::array();
  for (const log::Statement& statement : report.verdict.chain) {
    Json evidence = Json::array();
    for (const std::uint64_t line : statement.lines) {
      if (line == 0) continue;
      Json one = {{"kind", "log"}, {"what", valid_utf8(log::place_of(report, line))}};
      if (const auto found = report.cited.find(line); found != report.cited.end() && !found->second.empty()) {
        one["value"] = valid_utf8(found->second);
      }
      evidence.push_back(one);
    }
    all.push_back({{"kind", "log-says"},
                   {"claim", plain(log_claim_phrase(report.snapshot, statement))},
                   {"certainty", model::name_of(statement.certainty)},
                   {"nodes", Json::array()},
                   {"evidence", evidence}});
  }
  return all;
}

Json culprits_json(const log::LogReport& report) {
  Json all = Json::array();
  for (const log::Accused& accused : report.verdict.accused) {
    Json json = Json::object();
    json["kind"] = accused.thing.empty() ? diagnose::name_of(accused.kind) : "thing";
    json["pid"] = accused.pid.value_or(0);
    json["comm"] = valid_utf8(accused.comm);
    json["task"] = hex(accused.pid ? log::address_of(*accused.pid) : 0);
    json["cpu"] = accused.on_cpu && accused.cpu ? Json(*accused.cpu) : Json(nullptr);
    json["function"] = valid_utf8(accused.function);
    json["module"] = valid_utf8(accused.module);
    if (!accused.thing.empty()) json["thing"] = valid_utf8(accused.thing);
    all.push_back(json);
  }
  return all;
}

Json victims_json(const log::LogReport& report) {
  Json all = Json::array();
  for (const std::uint32_t pid : report.victims) {
    const model::Task* task = report.snapshot.find_task(log::address_of(pid));
    all.push_back({{"kind", "task"},
                   {"pid", pid},
                   {"comm", task == nullptr ? std::string() : valid_utf8(task->comm)},
                   {"task", hex(log::address_of(pid))},
                   {"requester", false}});
  }
  return all;
}

Json verdict_json(const log::LogReport& report) {
  Json json = Json::object();
  json["class"] = log::class_name(report.verdict);
  if (log::is_explained(report.verdict)) {
    const Signature signature = log_signature_of(report);
    json["signature"] = {{"id", signature.id}, {"title", valid_utf8(signature.title)}};
  }
  json["summary"] = plain(log_summary_phrase(report));
  json["confidence"] = model::name_of(report.verdict.confidence);
  json["culprits"] = log::is_explained(report.verdict) ? culprits_json(report) : Json::array();
  json["victims"] = victims_json(report);
  json["chain"] = statements_json(report);
  if (log::is_explained(report.verdict)) {
    json["advice"] = Json::array();
    for (const std::string& advice : log_advice_phrases(report.verdict)) json["advice"].push_back(plain(advice));
  }
  return json;
}

Json accounting_json(const log::LogReport& report) {
  const std::size_t total = report.snapshot.tasks.size();
  const std::size_t known = report.running + report.ordinary;
  return {{"task_total", total},
          {"tasks",
           {{"running", report.running},
            {"normal-sleep", report.ordinary},
            {"unexplained", total - std::min(known, total)}}},
          {"cpu_total", report.snapshot.cpus.size()},
          {"cpus", {{"unknown", report.snapshot.cpus.size()}}},
          {"unexplained", Json::array()}};
}

std::string line_of(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

void write_log_text(std::ostream& out, const log::LogReport& report, const Style& style, std::size_t width) {
  write_document(out, make_log_document(report), style, width);
}

void write_log_json(std::ostream& out, const log::LogReport& report) {
  Json findings = Json::array();
  if (log::is_explained(report.verdict)) {
    findings.push_back({{"class", log::class_name(report.verdict)},
                        {"summary", plain(log_summary_phrase(report))},
                        {"confidence", model::name_of(report.verdict.confidence)},
                        {"culprits", culprits_json(report)},
                        {"victim_tasks", report.victims.size()},
                        {"victim_cpus", Json::array()},
                        {"chain", statements_json(report)},
                        {"also", {{"count", 0}, {"members", Json::array()}}}});
  }
  out << "{\"schema\":\"" << kReportSchema << "\",\n\"tool\":" << line_of(tool_json())
      << ",\n\"machine\":" << line_of(machine_json(report.snapshot.machine))
      << ",\n\"verdict\":" << line_of(verdict_json(report)) << ",\n\"graph\":" << line_of(no_graph_json())
      << ",\n\"findings\":" << line_of(findings) << ",\n\"accounting\":" << line_of(accounting_json(report))
      << ",\n\"cpus\":[],\n\"tasks\":[";
  const char* separator = "\n";
  for (const model::Task& task : report.snapshot.tasks) {
    Json json = task_json(task);
    json["stack"] = stack_json(report.snapshot, task.stack);
    out << separator << line_of(json);
    separator = ",\n";
  }
  Json gaps = Json::array();
  for (const Gap& gap : report.snapshot.gaps)
    gaps.push_back({{"what", valid_utf8(gap.what)}, {"why", valid_utf8(gap.why)}});
  out << "],\n\"resources\":[],\n\"waits\":[],\n\"modules\":" << line_of(modules_json(report.snapshot))
      << ",\n\"log\":" << line_of(log_json(report.snapshot)) << ",\n\"gaps\":" << line_of(gaps) << "}\n";
}

}  // namespace whyhung::report
