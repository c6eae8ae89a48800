// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/kernel_identity.h"

#include <array>

#include "base/text.h"

namespace whyhung::target {
namespace {

constexpr std::string_view kBannerBegin = "Linux version ";
constexpr std::string_view kFirst = "_stext";
// Variables whose addresses kernels of any age give in VMCOREINFO (kernel/vmcore_info.c; 3.10: kernel/kexec.c).
constexpr std::array<std::string_view, 8> kMarks = {"_stext",          "init_uts_ns",    "swapper_pg_dir",
                                                    "node_online_map", "vmap_area_list", "log_buf",
                                                    "log_buf_len",     "log_first_idx"};
// So many addresses do not agree by chance, given the same release.
constexpr unsigned kEnoughMarks = 3;

tl::unexpected<Error> refused(const FileIdentity& file, std::string_view why) {
  return fail(ErrorKind::kUsage, "{} does not belong to this dump and is not used: {}", file.path, why);
}

struct Marks {
  std::uint64_t slide = 0;
  unsigned agreeing = 0;
  std::string_view contrary;  // one that was moved otherwise than the first
};

Marks compare_marks(const FileIdentity& file, const dump::VmcoreInfo& info) {
  Marks marks;
  const auto first = info.symbol(kFirst);
  const auto linked = file.address_of(kFirst);
  if (const auto offset = info.kernel_offset()) {
    marks.slide = *offset;
  } else if (first && linked) {
    marks.slide = *first - *linked;
  }
  for (const std::string_view name : kMarks) {
    const auto there = info.symbol(name);
    const auto here = there ? file.address_of(name) : std::nullopt;
    if (!here) continue;
    if (*here + marks.slide == *there) {
      ++marks.agreeing;
    } else {
      marks.contrary = name;
    }
  }
  return marks;
}

std::string text_until_newline(std::string text) {
  if (const std::size_t end = text.find_first_of(std::string_view("\n\0", 2)); end != std::string::npos) {
    text.resize(end);
  }
  return text;
}

bool names_release(std::string_view banner, std::string_view release) {
  if (!banner.starts_with(kBannerBegin)) return false;
  banner.remove_prefix(kBannerBegin.size());
  return !release.empty() && banner.starts_with(release) && banner.substr(release.size()).starts_with(' ');
}

// For kernels before v5.9, which do not write their build id into VMCOREINFO.
Result<Identified> identify_by_banner(const FileIdentity& file, const dump::VmcoreInfo& info,
                                      const VirtualMemory& memory) {
  const Marks marks = compare_marks(file, info);
  if (!marks.contrary.empty()) {
    return refused(file,
                   fmt::format("the dump names no build id, and {} lies elsewhere than the file says", marks.contrary));
  }
  const std::string banner = text_until_newline(file.banner());
  const auto linked = file.address_of(kBannerSymbol);
  const auto read = linked ? memory.read_c_string(*linked + marks.slide, kLongestBanner)
                           : ReadResult<std::string>(tl::unexpected(ReadFault{FaultKind::kNotMapped, 0}));
  const std::string there = read ? text_until_newline(*read) : std::string();
  const bool is_readable = there.starts_with(kBannerBegin);
  if (!banner.empty() && is_readable) {
    if (banner == there) return Identified{"same banner", marks.slide};
    return refused(file, fmt::format("its banner is \"{}\", the kernel's \"{}\"", printable(banner), printable(there)));
  }
  const std::string_view release = info.os_release().value_or("");
  if (!banner.empty() && !names_release(banner, release)) {
    return refused(file, fmt::format("it is not of the release {}", printable(release)));
  }
  if (marks.agreeing < kEnoughMarks) {
    return refused(file, "the dump names no build id, and neither banner nor symbols prove that the file fits");
  }
  return Identified{
      fmt::format("same addresses of {} symbols{}", marks.agreeing, banner.empty() ? "" : ", same release"),
      marks.slide};
}

}  // namespace

Result<Identified> identify(const FileIdentity& file, const dump::VmcoreInfo& info, const VirtualMemory& memory) {
  const auto wanted = info.build_id();
  if (!wanted) return identify_by_banner(file, info, memory);
  if (file.build_id != *wanted) {
    return refused(file, fmt::format("its build id is {}, the kernel's {}",
                                     file.build_id.empty() ? "missing" : printable(file.build_id), printable(*wanted)));
  }
  Identified found{"same build id", info.kernel_offset().value_or(0)};
  if (info.kernel_offset()) return found;
  // Kernels of some machines write no KERNELOFFSET and are moved all the same.
  const auto first = info.symbol(kFirst);
  const auto linked = first ? file.address_of(kFirst) : std::nullopt;
  if (linked) found.slide = *first - *linked;
  return found;
}

}  // namespace whyhung::target
