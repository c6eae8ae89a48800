// SPDX-License-Identifier: GPL-2.0-or-later
// VMCOREINFO: what the kernel says about itself to those who read its dump, as KEY=VALUE lines (kernel/vmcore_info.c,
// Documentation/admin-guide/kdump/vmcoreinfo.rst). Usually a note; if it is missing, its text still lies in memory.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "dump/dump.h"

namespace whyhung::dump {

// More than the kernel ever writes: VMCOREINFO_BYTES is one page, at most 64 KB.
inline constexpr std::size_t kMostVmcoreinfoBytes = std::size_t{64} * 1024;

// Lines without '=' are skipped; of a key that comes twice the first counts, as for makedumpfile and crash. Text beyond
// kMostVmcoreinfoBytes is ignored. The values point into the object's own copy of the text.
class VmcoreInfo {
 public:
  VmcoreInfo() = default;
  explicit VmcoreInfo(std::string_view text);
  VmcoreInfo(const VmcoreInfo& other) : VmcoreInfo(other.text_) {}
  VmcoreInfo& operator=(const VmcoreInfo& other);
  VmcoreInfo(VmcoreInfo&& other) noexcept = default;
  VmcoreInfo& operator=(VmcoreInfo&& other) noexcept = default;
  ~VmcoreInfo() = default;

  bool empty() const { return lines_.empty(); }
  std::string_view text() const { return text_ ? std::string_view(*text_) : std::string_view(); }
  // The raw value of a key ("OSRELEASE", "NUMBER(VA_BITS)"): escape before showing.
  std::optional<std::string_view> get(std::string_view key) const;

  // SYMBOL(name)=hex.
  std::optional<VirtualAddress> symbol(std::string_view name) const;
  // NUMBER(name)=: signed decimal, or hexadecimal after "0x"; a hexadecimal value above the signed range wraps.
  std::optional<std::int64_t> number(std::string_view name) const;
  // OFFSET(struct.member)=, SIZE(name)=, LENGTH(name)=: bytes, bytes, elements.
  std::optional<std::uint64_t> offset(std::string_view member) const;
  std::optional<std::uint64_t> size(std::string_view type) const;
  std::optional<std::uint64_t> length(std::string_view array) const;

  std::optional<std::string_view> os_release() const { return get("OSRELEASE"); }
  std::optional<std::string_view> build_id() const { return get("BUILD-ID"); }
  // Seconds since 1970; only in dumps that the crash itself took.
  std::optional<std::uint64_t> crash_time() const;
  std::optional<std::uint64_t> page_size() const;
  // KERNELOFFSET=, hexadecimal: how far the kernel's image was moved.
  std::optional<std::uint64_t> kernel_offset() const;
  // KERNELOFFPHYS=, hexadecimal: the same in physical memory, where a kernel moves itself there too.
  std::optional<std::uint64_t> kernel_offset_physical() const;

 private:
  struct Line {
    std::string_view key;
    std::string_view value;
  };
  explicit VmcoreInfo(const std::unique_ptr<std::string>& text) : VmcoreInfo(text ? *text : std::string_view()) {}
  std::optional<std::string_view> get_in(std::string_view kind, std::string_view name) const;

  std::unique_ptr<std::string> text_;  // where the lines point to, whatever moves
  std::vector<Line> lines_;            // sorted by key
};

struct FoundVmcoreInfo {
  std::string text;
  PhysicalAddress address;
};

// Looks for the text in memory: for dumps that lack the note (QEMU's, when the guest had no vmcoreinfo device). Prefers
// the page that a kernel gives it over a copy somewhere else. It may read every page of the dump, so that is expensive:
// `progress` is told the address now and then and ends the search by returning false. Of the dump's touched pages it
// adds only those of the text.
std::optional<FoundVmcoreInfo> find_vmcoreinfo_text(const Dump& dump,
                                                    const std::function<bool(PhysicalAddress)>& progress);

}  // namespace whyhung::dump
