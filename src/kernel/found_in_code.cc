// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/found_in_code.h"

#include <algorithm>
#include <array>
#include <map>

#include "kernel/list.h"
#include "kernel/percpu.h"

namespace whyhung::kernel {
namespace {

constexpr std::uint64_t kMostCode = 4096;  // bytes of a function that are read
constexpr std::uint64_t kMostModules = 16384;

class FoundSymbols final : public debuginfo::SymbolSource {
 public:
  void add(std::string_view name, VirtualAddress address) { found_.emplace(name, address); }
  bool empty() const { return found_.empty(); }
  std::string description() const override { return "the kernel's code"; }
  std::vector<debuginfo::Symbol> find_all(std::string_view name, std::size_t limit) override {
    const auto entry = found_.find(name);
    if (entry == found_.end() || limit == 0) return {};
    return {debuginfo::Symbol{entry->first, entry->second, 0, {}, 0}};
  }
  std::optional<debuginfo::SymbolAt> find_covering(VirtualAddress) override { return std::nullopt; }

 private:
  std::map<std::string, VirtualAddress, std::less<>> found_;
};

bool is_name(std::string_view text) {
  const auto fits = [](unsigned char c) { return c > ' ' && c < 0x7f; };
  return !text.empty() && std::ranges::all_of(text, fits);
}

// The head of the list of modules: a closed list of structures with a printable name at the right place.
bool is_list_of_modules(const Access& access, VirtualAddress head) {
  Binder binder(access.types);
  const Field list = binder.optional("module", {"list"});
  const Field name = binder.optional("module", {"name"});
  if (!list.exists() || !name.exists()) return false;
  const ListWalk walk = walk_list(access.memory, head, kMostModules);
  if (!walk.complete() || walk.nodes.empty()) return false;
  return std::ranges::all_of(walk.nodes, [&](VirtualAddress node) {
    const auto text = name.read_text(access.memory, list.container(node));
    return text && is_name(*text);
  });
}

// For each possible CPU a task of this name, with the CPU's number behind it, is pointed to by `pointer`.
bool names_threads(const Access& access, const Field& pointer, VirtualAddress variable, std::string_view prefix) {
  const auto percpu = PerCpu::open(access);
  Binder binder(access.types);
  const Field comm = binder.optional("task_struct", {"comm"});
  if (!percpu || !comm.exists()) return false;
  const auto fits = [&](std::uint32_t cpu) {
    const VirtualAddress at = percpu->instance(variable, cpu);
    const auto task = pointer.exists() ? pointer.read_pointer(access.memory, at) : access.memory.read_pointer(at);
    const auto name = task ? comm.read_text(access.memory, *task) : ReadResult<std::string>(std::string());
    return name && *name == fmt::format("{}{}", prefix, cpu);
  };
  return std::ranges::all_of(percpu->possible(), fits);
}

bool is_runqueues(const Access& access, VirtualAddress variable) {
  Binder binder(access.types);
  const Field idle = binder.optional("rq", {"idle"});
  return idle.exists() && names_threads(access, idle, variable, "swapper/");
}

bool is_stoppers(const Access& access, VirtualAddress variable) {
  Binder binder(access.types);
  const Field thread = binder.optional("cpu_stopper", {"thread"});
  return thread.exists() && names_threads(access, thread, variable, "migration/");
}

bool is_softirq_daemons(const Access& access, VirtualAddress variable) {
  return names_threads(access, Field(), variable, "ksoftirqd/");
}

// A pointer to per-CPU notes, of which at least one holds registers and the others nothing else.
bool is_crash_notes(const Access& access, VirtualAddress variable) {
  const auto percpu = PerCpu::open(access);
  const auto notes = access.memory.read_pointer(variable);
  if (!percpu || !notes || notes->is_null()) return false;
  std::size_t written = 0;
  for (const std::uint32_t cpu : percpu->possible()) {
    const VirtualAddress note = percpu->instance(*notes, cpu);
    const auto name_size = access.memory.read_u32(note);
    const auto type = access.memory.read_u32(note + 8);
    const auto name = access.memory.read_c_string(note + 12, 8);
    if (!name_size || !type || !name) return false;
    if (*name_size == 0 && *type == 0) continue;
    if (*name_size != 5 || *type != 1 || *name != "CORE") return false;
    ++written;
  }
  return written != 0;
}

struct Hint {
  std::string_view variable;
  std::array<std::string_view, 4> functions;  // that use it
  std::uint64_t reach;                        // bytes behind an address in the code in which the variable may lie
  bool (*accept)(const Access&, VirtualAddress);
};

// 5.10 reaches the list of modules from the mutex that lies before it.
constexpr std::array<Hint, 5> kHints = {
    {{"modules", {"m_start", "module_get_kallsym", "find_module_all", "print_modules"}, 120, is_list_of_modules},
     {"runqueues", {"idle_cpu", "task_curr", "sched_idle_cpu", "wake_up_idle_cpu"}, 0, is_runqueues},
     {"cpu_stopper",
      {"cpu_stop_queue_work", "stop_machine_park", "cpu_stop_should_run", "cpu_stop_init"},
      0,
      is_stoppers},
     {"ksoftirqd",
      {"raise_softirq_irqoff", "__raise_softirq_irqoff", "raise_softirq", "irq_exit"},
      0,
      is_softirq_daemons},
     {"crash_notes", {"crash_save_cpu", "crash_notes_show", "", ""}, 0, is_crash_notes}}};

std::optional<VirtualAddress> find(const Access& access, const arch::Architecture& architecture, const Hint& hint) {
  for (const std::string_view name : hint.functions) {
    const auto functions = name.empty() ? std::vector<debuginfo::Symbol>() : access.symbols.find_all(name, 1);
    if (functions.empty() || functions.front().size == 0) continue;
    std::vector<std::byte> code(std::min(functions.front().size, kMostCode));
    if (!access.memory.read(functions.front().address, code)) continue;
    for (const VirtualAddress place : architecture.addresses_in_code(code, functions.front().address)) {
      for (std::uint64_t offset = 0; offset <= hint.reach; offset += 8) {
        if (hint.accept(access, place + offset)) return place + offset;
      }
    }
  }
  return std::nullopt;
}

}  // namespace

std::shared_ptr<debuginfo::SymbolSource> find_in_code(const Access& access, const arch::Architecture& architecture) {
  if (architecture.addresses_in_code == nullptr) return nullptr;
  auto found = std::make_shared<FoundSymbols>();
  for (const Hint& hint : kHints) {
    if (access.symbols.address_of(hint.variable)) continue;
    if (const auto address = find(access, architecture, hint)) found->add(hint.variable, *address);
  }
  if (found->empty()) return nullptr;
  return found;
}

}  // namespace whyhung::kernel
