// SPDX-License-Identifier: GPL-2.0-or-later
// What a static binary has to bring along itself.
#include <cerrno>
#include <string>

#define FMT_HEADER_ONLY 1
#include <fmt/format.h>

// Debian has no static libfmt, but its headers have all of it. All our formatting ends here, and who takes a function's
// address has its code.
[[gnu::used]] static std::string (*const kFormat)(fmt::string_view, fmt::format_args) = &fmt::vformat;

// libdw would load a client of debuginfod, which a static program cannot; with these in their place it has none.
// whyhung never lets libdw look for files.
extern "C" {
int __libdwfl_debuginfod_find_executable(void*, const unsigned char*, std::size_t) {
  return -ENOSYS;
}
int __libdwfl_debuginfod_find_debuginfo(void*, const unsigned char*, std::size_t) {
  return -ENOSYS;
}
void __libdwfl_debuginfod_end(void*) {}
}
