// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/types_proof.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <unordered_set>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"

namespace whyhung::target {
namespace {

constexpr std::size_t kTasksTried = 256;
constexpr std::size_t kCpusTried = 64;
constexpr std::size_t kModulesTried = 64;
constexpr std::size_t kMostTasks = 65536;      // of the list, to see that it closes
constexpr std::uint64_t kMostPids = 4u << 20;  // PID_MAX_LIMIT
constexpr std::size_t kLongestName = 64;

bool is_name(std::string_view text) {
  return !text.empty() && std::ranges::none_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
  });
}

class Trial {
 public:
  Trial(debuginfo::TypeSource& types, debuginfo::SymbolSource& symbols, const VirtualMemory& memory)
      : types_(types), symbols_(symbols), memory_(memory) {}

  TypesProof run(const dump::VmcoreInfo& info) {
    try_stated(info);
    try_first_task();
    try_tasks();
    try_cpus();
    try_modules();
    TypesProof proof;
    for (const auto& [what, fits] : checks_) {
      if (fits) {
        ++proof.passed;
      } else if (proof.failed.empty()) {
        proof.failed = what;
      }
    }
    return proof;
  }

 private:
  using Value = std::optional<std::uint64_t>;

  // One look; a check of many looks holds when all of them do.
  void look(std::string_view what, bool fits) {
    const auto [known, is_new] = checks_.try_emplace(std::string(what), fits);
    known->second = known->second && fits;
  }
  void look(std::string_view what, Value value, std::uint64_t wanted) {
    if (value) look(what, *value == wanted);
  }

  const std::optional<debuginfo::Member>& member(std::string_view type, std::string_view path) {
    const std::string key = fmt::format("{}.{}", type, path);
    const auto known = members_.find(key);
    if (known != members_.end()) return known->second;
    return members_.try_emplace(key, types_.member(type, path)).first->second;
  }
  std::optional<VirtualAddress> place(std::string_view type, std::string_view path, VirtualAddress base) {
    const auto& found = member(type, path);
    if (!found) return std::nullopt;
    return base + found->offset;
  }
  Value read(std::string_view type, std::string_view path, VirtualAddress base) {
    const auto at = place(type, path, base);
    const std::uint64_t size = at ? member(type, path)->size : 0;
    if (size != 1 && size != 2 && size != 4 && size != 8) return std::nullopt;
    const auto value = memory_.read_unsigned(*at, size);
    return value ? Value(*value) : std::nullopt;
  }
  std::optional<std::string> text(std::string_view type, std::string_view path, VirtualAddress base) {
    const auto at = place(type, path, base);
    const auto value = at ? memory_.read_c_string(*at, kLongestName) : ReadResult<std::string>();
    return at && value ? std::optional(*value) : std::nullopt;
  }
  std::optional<std::string> task_name(Value task) {
    if (!task || *task == 0) return std::nullopt;
    return text("task_struct", "comm", VirtualAddress(*task));
  }

  // The nodes of a list and whether it came back to its head.
  struct Nodes {
    std::vector<VirtualAddress> nodes;
    bool closes = false;
  };
  Nodes walk(VirtualAddress head, std::size_t most) {
    Nodes list;
    std::unordered_set<std::uint64_t> seen;
    for (auto at = memory_.read_u64(head); at && list.nodes.size() < most; at = memory_.read_u64(VirtualAddress(*at))) {
      if (*at == head.value) {
        list.closes = true;
        break;
      }
      if (*at == 0 || !seen.insert(*at).second) break;
      list.nodes.emplace_back(*at);
    }
    return list;
  }

  // SIZE(type) and OFFSET(type.member), which the crashed kernel states itself.
  void try_stated(const dump::VmcoreInfo& info) {
    std::string_view rest = info.text();
    while (!rest.empty()) {
      const std::string_view line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(rest.size(), line.size() + 1));
      const bool is_size = line.starts_with("SIZE(");
      const std::size_t begin = line.find('(');
      const std::size_t end = line.find(")=");
      if ((!is_size && !line.starts_with("OFFSET(")) || end == std::string_view::npos || end < begin) continue;
      const std::string_view name = line.substr(begin + 1, end - begin - 1);
      const auto bytes = parse_unsigned(line.substr(end + 2), 10);
      const std::size_t dot = name.find('.');
      if (!bytes || is_size != (dot == std::string_view::npos)) continue;
      if (is_size) {
        const auto size = types_.size_of(name);
        if (size) look("a size that VMCOREINFO states", *size == *bytes);
      } else if (const auto& found = member(name.substr(0, dot), name.substr(dot + 1))) {
        look("an offset that VMCOREINFO states", found->offset == *bytes);
      }
    }
  }

  void try_first_task() {
    const auto task = symbols_.address_of("init_task");
    if (!task) return;
    if (const auto name = text("task_struct", "comm", *task)) {
      look("init_task.comm", *name == "swapper/0" || *name == "swapper");
    }
    look("init_task.pid", read("task_struct", "pid", *task), 0);
    look("init_task.tgid", read("task_struct", "tgid", *task), 0);
    look("init_task.mm", read("task_struct", "mm", *task), 0);
    look("init_task.real_parent", read("task_struct", "real_parent", *task), task->value);
    for (const std::string_view stack : {"init_thread_union", "init_stack"}) {
      const auto there = symbols_.address_of(stack);
      if (there) look("init_task.stack", read("task_struct", "stack", *task), there->value);
    }
  }

  void try_tasks() {
    const auto first = symbols_.address_of("init_task");
    const auto head = first ? place("task_struct", "tasks", *first) : std::nullopt;
    if (!head) return;
    const Nodes list = walk(*head, kMostTasks);
    if (list.closes && !list.nodes.empty()) look("the list of tasks", true);
    for (std::size_t i = 0; i < std::min(list.nodes.size(), kTasksTried); ++i) {
      const VirtualAddress task = list.nodes[i] - member("task_struct", "tasks")->offset;
      if (const auto name = text("task_struct", "comm", task))
        look("task_struct.comm", is_name(*name) && name->size() < 16);
      if (const auto pid = read("task_struct", "pid", task)) look("task_struct.pid", *pid > 0 && *pid <= kMostPids);
      look("task_struct.group_leader", read("task_struct", "group_leader", task), task.value);
      const auto stack = read("task_struct", "stack", task);
      if (!stack || *stack == 0) continue;  // a task that ended has given its stack back
      // Where thread_info lies at the low end of the stack, it points back.
      look("thread_info.task", read("thread_info", "task", VirtualAddress(*stack)), task.value);
      for (const std::string_view path : {"thread.sp", "thread.ksp", "thread.cpu_context.sp"}) {
        constexpr std::uint64_t kLargestStack = 1 << 20;
        const auto pointer = read("task_struct", path, task);
        if (pointer && *pointer != 0) look("task_struct.thread", *pointer - *stack <= kLargestStack);
      }
    }
  }

  void try_cpus() {
    const auto offsets = symbols_.address_of("__per_cpu_offset");
    const auto runqueues = symbols_.address_of("runqueues");
    const auto stoppers = symbols_.address_of("cpu_stopper");
    if (!offsets || !runqueues) return;
    std::uint64_t count = kCpusTried;
    if (const auto symbol = symbols_.address_of("nr_cpu_ids")) {
      count = std::min<std::uint64_t>(count, memory_.read_u32(*symbol).value_or(1));
    }
    for (std::uint64_t cpu = 0; cpu < count; ++cpu) {
      const auto offset = memory_.read_u64(*offsets + cpu * 8);
      if (!offset) return;
      const VirtualAddress runqueue = *runqueues + *offset;
      const auto idle = read("rq", "idle", runqueue);
      // Of a CPU that never came up the runqueue is empty.
      if (!idle || *idle == 0) continue;
      const std::string stopper = fmt::format("migration/{}", cpu);
      if (const auto name = task_name(idle))
        look("rq.idle", *name == fmt::format("swapper/{}", cpu) || *name == "swapper");
      if (const auto name = task_name(read("rq", "curr", runqueue))) look("rq.curr", is_name(*name));
      look("rq.cpu", read("rq", "cpu", runqueue), cpu);
      if (const auto name = task_name(read("rq", "stop", runqueue))) look("rq.stop", *name == stopper);
      if (!stoppers) continue;
      const auto thread = read("cpu_stopper", "thread", *stoppers + *offset);
      if (const auto name = task_name(thread)) look("cpu_stopper.thread", *name == stopper);
    }
  }

  void try_modules() {
    const auto head = symbols_.address_of("modules");
    const auto& link = member("module", "list");
    if (!head || !link) return;
    constexpr std::uint64_t kLastState = 3;  // MODULE_STATE_UNFORMED
    const Nodes list = walk(*head, kModulesTried);
    for (const VirtualAddress node : list.nodes) {
      const VirtualAddress module = node - link->offset;
      if (const auto name = text("module", "name", module)) look("module.name", is_name(*name));
      if (const auto state = read("module", "state", module)) look("module.state", *state <= kLastState);
    }
  }

  debuginfo::TypeSource& types_;
  debuginfo::SymbolSource& symbols_;
  const VirtualMemory& memory_;
  std::map<std::string, std::optional<debuginfo::Member>, std::less<>> members_;
  std::map<std::string, bool, std::less<>> checks_;
};

}  // namespace

TypesProof prove_types(debuginfo::TypeSource& types, debuginfo::SymbolSource& symbols, const VirtualMemory& memory,
                       const dump::VmcoreInfo& info) {
  return Trial(types, symbols, memory).run(info);
}

}  // namespace whyhung::target
