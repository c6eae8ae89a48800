// SPDX-License-Identifier: GPL-2.0-or-later
#include "debuginfo/dwarf_session.h"

#include <gelf.h>
#include <sys/mman.h>
#include <unistd.h>

namespace whyhung::debuginfo {
namespace {

constexpr std::size_t kMostUnits = 100000;  // vmlinux has some 5,000
constexpr std::size_t kUnitsAtATime = 128;  // then their pages are let go

// No searching for files elsewhere, least of all on the network.
int find_nothing(Dwfl_Module*, void**, const char*, Dwarf_Addr, const char*, const char*, GElf_Word, char**) {
  return -1;
}
const Dwfl_Callbacks kCallbacks = {nullptr, find_nothing, dwfl_offline_section_address, nullptr};

}  // namespace

Result<DwarfSession> DwarfSession::open(const ElfImage& image) {
  if (!image.has_dwarf()) {
    return with_hint(fail(ErrorKind::kNotFound, "{}: no DWARF debug information", image.path()),
                     "the distribution's debug package has a file with it");
  }
  DwarfSession opened;
  opened.session_.reset(dwfl_begin(&kCallbacks));
  if (!opened.session_) return fail(ErrorKind::kIo, "elfutils: {}", dwfl_errmsg(-1));
  dwfl_report_begin(opened.session_.get());
  opened.module_ = dwfl_report_offline(opened.session_.get(), "image", image.path().c_str(), -1);
  dwfl_report_end(opened.session_.get(), nullptr, nullptr);
  if (opened.module_ != nullptr) opened.dwarf_ = dwfl_module_getdwarf(opened.module_, &opened.bias_);
  if (opened.dwarf_ == nullptr) {
    return fail(ErrorKind::kCorrupt, "{}: its DWARF cannot be read: {}", image.path(), dwfl_errmsg(-1));
  }
  opened.is_relocated_ = image.is_relocatable();
  opened.learn_units();
  return opened;
}

void DwarfSession::learn_units() const {
  // At the first question elfutils looks at the head of every unit. Doing that here keeps it from holding all at once.
  Dwarf_CU* unit = nullptr;
  for (std::size_t count = 0; count < kMostUnits; ++count) {
    if (dwarf_get_units(dwarf_, unit, &unit, nullptr, nullptr, nullptr, nullptr) != 0) break;
    if (count % kUnitsAtATime == 0) release_pages();
  }
  release_pages();
}

void DwarfSession::release_pages() const {
  if (is_relocated_) return;
  GElf_Addr bias = 0;
  Elf* elf = dwfl_module_getelf(module_, &bias);
  std::size_t size = 0;
  char* begin = elf == nullptr ? nullptr : elf_rawfile(elf, &size);
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  // A mapping begins at a page; what elfutils read into memory of its own hardly ever does, and is left alone.
  if (begin == nullptr || reinterpret_cast<std::uintptr_t>(begin) % page != 0) return;
  ::madvise(begin, size, MADV_DONTNEED);
}

std::optional<Dwarf_Addr> DwarfSession::section_address(std::size_t index) const {
  GElf_Addr elf_bias = 0;
  Elf* elf = dwfl_module_getelf(module_, &elf_bias);
  Elf_Scn* section = elf == nullptr ? nullptr : elf_getscn(elf, index);
  GElf_Shdr header;
  if (section == nullptr || gelf_getshdr(section, &header) == nullptr) return std::nullopt;
  return header.sh_addr + elf_bias - bias_;
}

}  // namespace whyhung::debuginfo
