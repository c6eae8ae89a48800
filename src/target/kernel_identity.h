// SPDX-License-Identifier: GPL-2.0-or-later
// Whether a file, a vmlinux or what was made of one, describes the very kernel of the dump, and how far that kernel was
// moved. Offsets of another build are worse than none, so a file that is not proven to fit is refused.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/memory_reader.h"
#include "base/result.h"
#include "dump/vmcoreinfo.h"

namespace whyhung::target {

// The variable that holds the banner (init/version.c), and more bytes than it has.
inline constexpr std::string_view kBannerSymbol = "linux_banner";
inline constexpr std::size_t kLongestBanner = 1024;

// What a file says of the kernel that it was made with.
struct FileIdentity {
  std::string path;
  std::string build_id;  // lower-case hexadecimal; empty: none
  // The text of linux_banner, "Linux version 3.10.0-… (…) #1 SMP …"; empty when the file does not hold it. Asked for
  // only when the dump names no build id.
  std::function<std::string()> banner;
  // Addresses as linked. Asked for only when the dump does not say how far the kernel was moved, or names no build id.
  std::function<std::optional<VirtualAddress>(std::string_view)> address_of;
};

struct Identified {
  std::string how;          // "same build id", "same banner": for the report
  std::uint64_t slide = 0;  // address in the machine minus address as linked
};

// Fails with kUsage and a sentence that names the file when the file is of another kernel, or when nothing proves that
// it is of this one.
Result<Identified> identify(const FileIdentity& file, const dump::VmcoreInfo& info, const VirtualMemory& memory);

}  // namespace whyhung::target
