// SPDX-License-Identifier: GPL-2.0-or-later
// DwarfSession: one file, opened by elfutils for its DWARF. Only the dwarf*.cc files of this layer include this, so
// that no one else sees elfutils.
#pragma once

#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>

#include <memory>

#include "debuginfo/elf_image.h"

namespace whyhung::debuginfo {

class DwarfSession {
 public:
  // kNotFound when the file has no DWARF. Relocatable files are relocated; nothing is searched for elsewhere.
  static Result<DwarfSession> open(const ElfImage& image);

  Dwarf* dwarf() const { return dwarf_; }
  // Lets go of the pages of the file that elfutils' mapping made resident; those still needed come back by themselves.
  // A vmlinux has hundreds of MB, and the system makes resident whatever is near a byte that was read.
  void release_pages() const;
  // Where elfutils put a section of a relocatable file, as an address in its DWARF.
  std::optional<Dwarf_Addr> section_address(std::size_t index) const;

 private:
  struct Deleter {
    void operator()(Dwfl* session) const { dwfl_end(session); }
  };
  DwarfSession() = default;
  void learn_units() const;

  std::unique_ptr<Dwfl, Deleter> session_;
  Dwfl_Module* module_ = nullptr;
  Dwarf* dwarf_ = nullptr;
  Dwarf_Addr bias_ = 0;
  bool is_relocated_ = false;  // then elfutils has written to its copy of the file
};

}  // namespace whyhung::debuginfo
