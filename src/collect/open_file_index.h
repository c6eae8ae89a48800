// SPDX-License-Identifier: GPL-2.0-or-later
// Which processes have a file open. Made once, when the first question comes.
#pragma once

#include <unordered_map>

#include "collect/workbench.h"
#include "kernel/open_files.h"

namespace whyhung::collect {

class OpenFileIndex {
 public:
  explicit OpenFileIndex(Workbench& bench);

  const kernel::OpenFilesView& view() const { return view_; }
  // One task of each process that has a struct file open: its first thread that has not exited.
  std::vector<std::uint64_t> processes_with(VirtualAddress file);
  // The same of a file whose private_data is `data`: what a driver made for it when it was opened.
  std::vector<std::uint64_t> processes_with_private_data(VirtualAddress data);
  // The process whose files_struct is at `table`; 0: none.
  std::uint64_t process_of(VirtualAddress table) const;

 private:
  void learn_files();

  Workbench& bench_;
  kernel::OpenFilesView view_;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> tables_;  // files_struct, task; in order of the tasks
  std::unordered_map<std::uint64_t, std::uint64_t> process_of_;
  bool files_known_ = false;
  std::unordered_multimap<std::uint64_t, std::uint64_t> processes_;  // struct file → task
};

}  // namespace whyhung::collect
