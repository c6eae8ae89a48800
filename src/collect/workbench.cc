// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/workbench.h"

#include <algorithm>

#include "collect/stacks.h"
#include "debuginfo/module_symbols.h"
#include "kernel/found_in_code.h"
#include "kernel/names_used.h"
#include "model/gap_kinds.h"
#include "names/functions.h"

namespace whyhung::collect {

target::OpenOptions open_options(std::vector<std::shared_ptr<ByteSource>> dump_files, std::string vmlinux,
                                 std::string types) {
  target::OpenOptions options;
  options.dump_files = std::move(dump_files);
  options.vmlinux = std::move(vmlinux);
  options.types = std::move(types);
  options.symbols_wanted = kernel::symbols_used();
  options.types_wanted = kernel::types_used;
  options.enumerators_wanted = kernel::enumerators_used();
  options.sources_wanted = kernel::sources_used();
  return options;
}

namespace {

// Where part of the types cannot be read, that is why they are missing, and nobody knows what else is.
void note_missing_members(Workbench& bench, const std::vector<std::string>& missing) {
  const auto loss = bench.target.btf ? bench.target.btf->problem() : std::nullopt;
  if (!loss) {
    for (const std::string& member : missing) bench.gap(member, "the kernel's types do not have it");
    return;
  }
  if (missing.empty()) return;
  const std::string others = missing.size() == 1 ? "" : fmt::format(" and {} more", missing.size() - 1);
  bench.gap(std::string(model::kGapStructures),
            fmt::format("{}{} are not known: {}", missing.front(), others, loss->what));
}

}  // namespace

Result<std::unique_ptr<Workbench>> Workbench::create(target::Target& target) {
  if (target.types->empty()) {
    std::string why = "it carries none";
    for (const Gap& gap : target.gaps) {
      if (gap.what == "types of the kernel") why = gap.why;
    }
    return with_hint(fail(ErrorKind::kNotFound, "the types of the crashed kernel are not known: {}", why),
                     "give the kernel's vmlinux with --vmlinux, or types distilled from it with --types");
  }
  auto bench = std::unique_ptr<Workbench>(new Workbench(target));
  if (!target.names_data) {
    if (auto found = kernel::find_in_code(bench->access, *target.architecture)) target.symbols->add(std::move(found));
  }
  TRY_ASSIGN(auto percpu, kernel::PerCpu::open(bench->access));
  bench->percpu_storage.emplace(std::move(percpu));
  kernel::Binder binder(*target.types);
  bench->tasks = kernel::TaskView::bind(bench->access, binder);
  bench->xarray = kernel::XArrayView::bind(binder);
  bench->kthreads = kernel::KthreadView::bind(binder);
  bench->runqueues = kernel::RunqueueView::bind(binder);
  bench->cpu_bandwidth = kernel::CpuBandwidthView::bind(binder);
  bench->stoppers = kernel::StopperView::bind(bench->access, binder);
  bench->interrupts = kernel::InterruptView::bind(bench->access, binder);
  bench->soft_mask = kernel::SoftMaskView::bind(*target.architecture, bench->access, binder);
  bench->switch_frames = kernel::SwitchFrameView::bind(*target.architecture, binder, *target.types);
  bench->task_states = kernel::TaskStates::read(bench->access);
  note_missing_members(*bench, binder.missing());
  if (auto disassembler = arch::Disassembler::create(*target.architecture)) {
    bench->disassembler = *std::move(disassembler);
  } else {
    bench->gap("machine code", disassembler.error().what);
  }
  bench->load_modules();
  return bench;
}

void Workbench::load_modules() {
  kernel::ModuleList list = kernel::read_modules(access);
  if (!list.broken.empty()) gap("list of modules", list.broken);
  for (const kernel::LoadedModule& module : list.modules) {
    debuginfo::ModuleSymbolTable table;
    table.module = module.name;
    table.ranges = module.ranges;
    table.symbols = module.symbol_table;
    table.count = module.symbol_count;
    table.names = module.string_table;
    target.symbols->add(std::make_shared<debuginfo::ModuleSymbols>(*target.memory, std::move(table)));
    if (target.unwinder) {
      target.unwinder->add_module({module.text, module.orc_ips, module.orc_rows, module.orc_count});
    }
  }
  modules = std::move(list.modules);
}

const kernel::LoadedModule* Workbench::module_of(VirtualAddress address) const {
  const auto found = std::ranges::find_if(modules, [&](const auto& module) { return module.contains(address); });
  return found == modules.end() ? nullptr : &*found;
}

std::uint32_t Workbench::locate(VirtualAddress shown, VirtualAddress lookup) {
  // A return address and an interrupted instruction at the same address may belong to different functions.
  const std::uint64_t key = shown.value * 2 + (shown == lookup ? 1 : 0);
  const auto [entry, is_new] = located_.try_emplace(key, static_cast<std::uint32_t>(snapshot.locations.size()));
  if (!is_new) return entry->second;
  model::CodeLocation location = place_at(*this, shown, lookup);
  location.meanings = names::meanings_of(location.function, location.module, machine_);
  snapshot.locations.push_back(std::move(location));
  return entry->second;
}

const model::Task* Workbench::task_with_stack_at(std::uint64_t address) {
  if (stacks_.empty()) {
    for (std::size_t i = 0; i < snapshot.tasks.size(); ++i) {
      if (snapshot.tasks[i].stack_size != 0) stacks_.emplace(snapshot.tasks[i].stack_base, i);
    }
  }
  const auto above = stacks_.upper_bound(address);
  if (above == stacks_.begin()) return nullptr;
  const model::Task& task = snapshot.tasks.at(std::prev(above)->second);
  return address - task.stack_base < task.stack_size ? &task : nullptr;
}

model::Resource& Workbench::resource_at(std::uint64_t address, model::ResourceKind kind) {
  for (; resources_known_ < snapshot.resources.size(); ++resources_known_) {
    resources_.emplace(snapshot.resources[resources_known_].address, resources_known_);
  }
  if (const auto found = resources_.find(address); found != resources_.end()) return snapshot.resources[found->second];
  model::Resource added;
  added.address = address;
  added.kind = kind;
  return snapshot.resources.emplace_back(std::move(added));
}

void Workbench::add_lines(const model::StackTrace& stack) {
  if (!target.lines || !target.lines->available()) return;
  for (const model::StackFrame& frame : stack.frames) {
    model::CodeLocation& location = snapshot.locations[frame.location];
    if (!location.lines.empty() || !location.module.empty()) continue;
    const bool is_exact = model::is_exact(frame.origin);
    const VirtualAddress address(location.address);
    location.lines = lines_at(*this, is_exact ? address : address - 1);
  }
}

std::string code_name(const model::CodeLocation& location) {
  return location.module.empty() ? location.function : fmt::format("{} [{}]", location.function, location.module);
}

std::string Workbench::function_name(VirtualAddress function) {
  if (function.is_null()) return {};
  const auto symbol = access.symbols.find_covering(function);
  if (!symbol) return fmt::format("{:#x}", function.value);
  std::string name = symbol->symbol.name;
  if (symbol->offset != 0) name += fmt::format("+{:#x}", symbol->offset);
  if (!symbol->symbol.module.empty()) name += fmt::format(" [{}]", symbol->symbol.module);
  return name;
}

}  // namespace whyhung::collect
