// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/json_values.h"

#include <fmt/format.h>

#include "base/text.h"
#include "report/system_header.h"

namespace whyhung::report {
namespace {

template <typename T>
void put(Json& object, const char* name, const std::optional<T>& value) {
  object[name] = value ? Json(*value) : Json(nullptr);
}

}  // namespace

std::string hex(std::uint64_t value) {
  return fmt::format("{:#x}", value);
}

Json machine_json(const model::Machine& machine) {
  Json json = Json::object();
  json["dump_file"] = valid_utf8(machine.dump_file);
  json["dump_format"] = valid_utf8(machine.dump_format);
  json["partial_dump"] = machine.partial_dump;
  json["incomplete_dump"] = machine.incomplete_dump;
  json["capsule"] = machine.capsule;
  json["symbols_from"] = valid_utf8(machine.symbols_from);
  json["types_from"] = valid_utf8(machine.types_from);
  json["architecture"] = machine.architecture;
  put(json, "cpus", machine.cpu_count);
  put(json, "online_cpus", machine.online_cpu_count);
  json["date"] = machine.date ? Json(date_text(*machine.date)) : Json(nullptr);
  put(json, "date_seconds", machine.date);
  put(json, "uptime_seconds", machine.uptime);
  Json loads = Json::array();
  for (const std::uint64_t load : machine.load_average) loads.push_back(static_cast<double>(load) / 100);
  json["load_average"] = loads;
  put(json, "tasks", machine.task_count);
  json["build_id"] = valid_utf8(machine.build_id);
  json["taints"] = machine.taints ? Json(*machine.taints) : Json(nullptr);
  json["node_name"] = valid_utf8(machine.node_name);
  json["release"] = valid_utf8(machine.release);
  json["version"] = valid_utf8(machine.version);
  json["machine"] = valid_utf8(machine.machine);
  put(json, "memory_bytes", machine.memory_bytes);
  put(json, "megahertz", machine.megahertz);
  json["panic"] = valid_utf8(machine.panic_message);
  put(json, "panic_cpu", machine.panic_cpu);
  json["preemption"] = machine.preemption;
  put(json, "watchdog_threshold_seconds", machine.watchdog_threshold);
  return json;
}

Json location_json(const model::CodeLocation& location) {
  Json json = Json::object();
  json["address"] = hex(location.address);
  json["function"] = valid_utf8(location.function);
  json["offset"] = location.offset;
  json["module"] = valid_utf8(location.module);
  if (location.lines.empty()) return json;
  Json lines = Json::array();
  for (const model::SourceLine& line : location.lines) {
    lines.push_back({{"function", valid_utf8(line.function)}, {"file", valid_utf8(line.file)}, {"line", line.line}});
  }
  json["lines"] = lines;
  return json;
}

Json registers_json(const std::vector<model::RegisterValue>& registers) {
  Json json = Json::object();
  for (const model::RegisterValue& one : registers) json[one.name] = hex(one.value);
  return json;
}

Json stack_json(const model::Snapshot& snapshot, const model::StackTrace& stack) {
  Json frames = Json::array();
  for (const model::StackFrame& frame : stack.frames) {
    Json json = location_json(snapshot.location(frame));
    json["sp"] = hex(frame.sp);
    json["found_by"] = model::name_of(frame.origin);
    frames.push_back(std::move(json));
  }
  for (const model::FrameRegisters& registers : stack.registers) {
    if (registers.frame >= frames.size()) continue;
    frames[registers.frame]["registers"] = registers_json(registers.values);
    if (registers.saved_at) frames[registers.frame]["registers_saved_at"] = hex(*registers.saved_at);
  }
  Json json = {{"frames", std::move(frames)}, {"end", model::name_of(stack.end)}};
  if (!stack.end_detail.empty()) json["end_detail"] = valid_utf8(stack.end_detail);
  for (const model::FrameRegisters& registers : stack.registers) {
    if (registers.frame == stack.frames.size()) json["user_registers"] = registers_json(registers.values);
  }
  return json;
}

Json task_json(const model::Task& task) {
  Json json = Json::object();
  json["pid"] = task.pid;
  json["tgid"] = task.tgid;
  json["parent_pid"] = task.parent_pid;
  json["comm"] = valid_utf8(task.comm);
  json["task"] = hex(task.address);
  json["state"] = model::name_of(task.state);
  json["raw_state"] = hex(task.raw_state);
  json["exit_state"] = task.exit_state ? Json(hex(*task.exit_state)) : Json(nullptr);
  put(json, "kernel_thread", task.is_kernel_thread.read);
  json["idle_task"] = task.is_idle_task;
  put(json, "on_cpu", task.on_cpu.read);
  put(json, "on_runqueue", task.on_runqueue.read);
  put(json, "cpu", task.cpu);
  put(json, "policy", task.policy);
  put(json, "priority", task.priority);
  put(json, "last_arrival_ns", task.last_arrival);
  if (!task.thread_function.empty()) json["thread_function"] = valid_utf8(task.thread_function);
  if (!task.thread_function_module.empty()) json["thread_function_module"] = valid_utf8(task.thread_function_module);
  return json;
}

}  // namespace whyhung::report
