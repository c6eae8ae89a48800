// SPDX-License-Identifier: GPL-2.0-or-later
// Any bytes as VMCOREINFO. Whatever stands before an '=' has to be found again.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "dump/vmcoreinfo.h"

using namespace whyhung;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const dump::VmcoreInfo info(text);
  const dump::VmcoreInfo copy = info;
  const std::size_t equals = text.find('=');
  const std::size_t line_end = text.find_first_of(std::string_view("\n\0", 2));
  if (equals != std::string_view::npos && equals != 0 && equals < line_end && size <= dump::kMostVmcoreinfoBytes &&
      !copy.get(text.substr(0, equals))) {
    __builtin_trap();
  }
  for (const std::string_view name : {"phys_base", "_stext", "page", "list_head.next", ""}) {
    (void)info.symbol(name);
    (void)info.number(name);
    (void)info.offset(name);
    (void)info.size(name);
    (void)info.length(name);
  }
  (void)info.kernel_offset();
  (void)info.crash_time();
  return 0;
}
