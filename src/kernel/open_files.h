// SPDX-License-Identifier: GPL-2.0-or-later
// The files that a process has open (include/linux/fdtable.h, fs.h), and what a struct file says.
#pragma once

#include <functional>
#include <string>

#include "kernel/fields.h"

namespace whyhung::kernel {

class OpenFilesView {
 public:
  static OpenFilesView bind(Binder& binder);

  // The task's files_struct, which its threads share; null: none, or not known.
  VirtualAddress table_of(const VirtualMemory& memory, VirtualAddress task) const;
  // Calls `visit` with each struct file of a files_struct.
  void each(const VirtualMemory& memory, VirtualAddress table, const std::function<void(VirtualAddress)>& visit) const;

  VirtualAddress private_data(const VirtualMemory& memory, VirtualAddress file) const;
  // The last part of the file's path, raw; empty when it cannot be read.
  std::string name(const VirtualMemory& memory, VirtualAddress file) const;

 private:
  Field files_, table_, most_, entries_;
  Field private_data_, dentry_, name_;
};

}  // namespace whyhung::kernel
