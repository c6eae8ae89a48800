// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/open_files.h"

#include <algorithm>
#include <array>

namespace whyhung::kernel {
namespace {

constexpr std::uint64_t kMostFiles = 1u << 20;  // of one process; the kernel's own default limit (sysctl_nr_open)
constexpr std::uint64_t kWord = sizeof(std::uint64_t);
constexpr std::size_t kLongestName = 256;  // NAME_MAX and its NUL

}  // namespace

OpenFilesView OpenFilesView::bind(Binder& binder) {
  OpenFilesView v;
  v.files_ = binder.optional("task_struct", {"files"});
  v.table_ = binder.optional("files_struct", {"fdt"});
  v.most_ = binder.optional("fdtable", {"max_fds"});
  v.entries_ = binder.optional("fdtable", {"fd"});
  v.private_data_ = binder.optional("file", {"private_data"});
  v.dentry_ = binder.optional("file", {"f_path.dentry"});
  v.name_ = binder.optional("dentry", {"d_name.name"});
  return v;
}

VirtualAddress OpenFilesView::table_of(const VirtualMemory& memory, VirtualAddress task) const {
  const auto files = files_.read_pointer(memory, task);
  return files ? *files : VirtualAddress(0);
}

void OpenFilesView::each(const VirtualMemory& memory, VirtualAddress table,
                         const std::function<void(VirtualAddress)>& visit) const {
  const auto fdtable = table_.read_pointer(memory, table);
  if (!fdtable || fdtable->is_null()) return;
  const auto most = most_.read(memory, *fdtable);
  const auto entries = entries_.read_pointer(memory, *fdtable);
  if (!most || !entries || entries->is_null()) return;
  const std::uint64_t count = std::min(*most, kMostFiles);
  std::array<std::byte, 512> bytes;
  constexpr std::uint64_t kAtOnce = sizeof(bytes) / kWord;
  for (std::uint64_t first = 0; first < count; first += kAtOnce) {
    const std::uint64_t some = std::min(kAtOnce, count - first);
    const auto chunk = std::span(bytes).first(some * kWord);
    if (!memory.read(*entries + first * kWord, chunk)) return;
    for (std::uint64_t i = 0; i < some; ++i) {
      const VirtualAddress file(load<std::uint64_t>(bytes.data() + i * kWord, memory.byte_order()));
      if (!file.is_null()) visit(file);
    }
  }
}

VirtualAddress OpenFilesView::private_data(const VirtualMemory& memory, VirtualAddress file) const {
  const auto data = private_data_.read_pointer(memory, file);
  return data ? *data : VirtualAddress(0);
}

std::string OpenFilesView::name(const VirtualMemory& memory, VirtualAddress file) const {
  const auto dentry = dentry_.read_pointer(memory, file);
  if (!dentry || dentry->is_null()) return {};
  const auto text = name_.read_pointer(memory, *dentry);
  if (!text || text->is_null()) return {};
  return memory.read_c_string(*text, kLongestName).value_or("");
}

}  // namespace whyhung::kernel
