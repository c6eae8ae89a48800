// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/open_file_index.h"

#include <algorithm>

namespace whyhung::collect {
namespace {

constexpr std::size_t kMostFiles = 1u << 21;  // of all processes together

}  // namespace

OpenFileIndex::OpenFileIndex(Workbench& bench) : bench_(bench) {
  kernel::Binder binder(bench.access.types);
  view_ = kernel::OpenFilesView::bind(binder);
  for (const model::Task& task : bench.snapshot.tasks) {
    if (task.is_kernel_thread || task.is_idle_task) continue;
    if (task.state == model::TaskState::kZombie || task.state == model::TaskState::kDead) continue;
    const VirtualAddress table = view_.table_of(bench.access.memory, VirtualAddress(task.address));
    if (table.is_null() || !process_of_.emplace(table.value, task.address).second) continue;
    tables_.emplace_back(table.value, task.address);
  }
}

void OpenFileIndex::learn_files() {
  if (files_known_) return;
  files_known_ = true;
  for (const auto& [table, task] : tables_) {
    const std::uint64_t process = task;
    view_.each(bench_.access.memory, VirtualAddress(table), [&](VirtualAddress file) {
      if (processes_.size() < kMostFiles) processes_.emplace(file.value, process);
    });
  }
  if (processes_.size() >= kMostFiles) bench_.gap("open files", fmt::format("more than {}", kMostFiles));
}

std::vector<std::uint64_t> OpenFileIndex::processes_with(VirtualAddress file) {
  learn_files();
  std::vector<std::uint64_t> found;
  const auto [begin, end] = processes_.equal_range(file.value);
  for (auto one = begin; one != end; ++one) {
    if (std::ranges::find(found, one->second) == found.end()) found.push_back(one->second);
  }
  std::ranges::sort(found);
  return found;
}

std::vector<std::uint64_t> OpenFileIndex::processes_with_private_data(VirtualAddress data) {
  learn_files();
  std::vector<std::uint64_t> found;
  for (const auto& [file, process] : processes_) {
    if (view_.private_data(bench_.access.memory, VirtualAddress(file)) != data) continue;
    if (std::ranges::find(found, process) == found.end()) found.push_back(process);
  }
  std::ranges::sort(found);
  return found;
}

std::uint64_t OpenFileIndex::process_of(VirtualAddress table) const {
  const auto found = process_of_.find(table.value);
  return found == process_of_.end() ? 0 : found->second;
}

}  // namespace whyhung::collect
