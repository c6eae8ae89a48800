// SPDX-License-Identifier: GPL-2.0-or-later
#include "dump/vmcoreinfo.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/text.h"
#include "dump/vmcoreinfo_copies.h"

namespace whyhung::dump {
namespace {

constexpr std::string_view kFirstKey = "OSRELEASE=";

std::optional<std::uint64_t> parse_hex(std::optional<std::string_view> text) {
  if (!text) return std::nullopt;
  if (text->starts_with("0x")) text->remove_prefix(2);
  return parse_unsigned(*text, 16);
}

std::optional<std::uint64_t> parse_decimal(std::optional<std::string_view> text) {
  return text ? parse_unsigned(*text, 10) : std::nullopt;
}

bool is_text_byte(char c) {
  return c == '\n' || c == '\t' || (c >= 0x20 && c < 0x7f);
}

bool looks_like_vmcoreinfo(std::string_view text) {
  return text.starts_with(kFirstKey) && text.find("\nPAGESIZE=") != std::string_view::npos &&
         text.find("\nSYMBOL(") != std::string_view::npos;
}

// The text that begins at `address`, if one does: read a page at a time, since a kernel with 64 KB pages may write more
// than one frame of an ELF dump holds.
std::optional<std::string> text_at(const Dump& dump, PhysicalAddress address) {
  std::string text;
  std::array<char, 4096> piece;
  while (text.size() < kMostVmcoreinfoBytes) {
    const PhysicalAddress from = address + text.size();
    const std::size_t count = piece.size() - from.value % piece.size();
    if (!dump.peek(from, std::as_writable_bytes(std::span(piece).first(count)))) break;
    const auto end = std::find_if_not(piece.begin(), piece.begin() + static_cast<std::ptrdiff_t>(count), is_text_byte);
    text.append(piece.begin(), end);
    if (end != piece.begin() + static_cast<std::ptrdiff_t>(count)) break;
  }
  if (!looks_like_vmcoreinfo(text)) return std::nullopt;
  return text;
}

// v4.13 (203e9e41219b): the text has a page of its own, and so has the note that is made of it, where 12 bytes of
// header and 12 of name come first. Before, both are arrays somewhere in .bss. What else lies in memory may be a copy.
bool is_usual_place(std::size_t offset_in_page) {
  constexpr std::size_t kSmallestPage = 4096;
  return offset_in_page % kSmallestPage == 0 || offset_in_page % kSmallestPage == 24;
}

// The pages of the text are part of what was used, however they were found.
FoundVmcoreInfo remember_use(const Dump& dump, FoundVmcoreInfo found) {
  std::string text(found.text.size(), '\0');
  (void)dump.read(found.address, std::as_writable_bytes(std::span(text)));
  return found;
}

}  // namespace

VmcoreInfo::VmcoreInfo(std::string_view text)
    : text_(std::make_unique<std::string>(text.substr(0, kMostVmcoreinfoBytes))) {
  std::string_view rest = *text_;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find_first_of(std::string_view("\n\0", 2)));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos || equals == 0) continue;
    lines_.push_back({line.substr(0, equals), line.substr(equals + 1)});
  }
  std::stable_sort(lines_.begin(), lines_.end(), [](const Line& a, const Line& b) { return a.key < b.key; });
}

VmcoreInfo& VmcoreInfo::operator=(const VmcoreInfo& other) {
  if (this != &other) *this = VmcoreInfo(other);
  return *this;
}

std::optional<std::string_view> VmcoreInfo::get(std::string_view key) const {
  const auto found = std::lower_bound(lines_.begin(), lines_.end(), key,
                                      [](const Line& line, std::string_view wanted) { return line.key < wanted; });
  if (found == lines_.end() || found->key != key) return std::nullopt;
  return found->value;
}

std::optional<std::string_view> VmcoreInfo::get_in(std::string_view kind, std::string_view name) const {
  return get(fmt::format("{}({})", kind, name));
}

std::optional<VirtualAddress> VmcoreInfo::symbol(std::string_view name) const {
  const auto value = parse_hex(get_in("SYMBOL", name));
  if (!value) return std::nullopt;
  return VirtualAddress(*value);
}

std::optional<std::int64_t> VmcoreInfo::number(std::string_view name) const {
  const auto text = get_in("NUMBER", name);
  if (!text) return std::nullopt;
  if (!text->starts_with("0x")) return parse_signed(*text, 10);
  const auto value = parse_hex(text);
  if (!value) return std::nullopt;
  return static_cast<std::int64_t>(*value);
}

std::optional<std::uint64_t> VmcoreInfo::offset(std::string_view member) const {
  return parse_decimal(get_in("OFFSET", member));
}
std::optional<std::uint64_t> VmcoreInfo::size(std::string_view type) const {
  return parse_decimal(get_in("SIZE", type));
}
std::optional<std::uint64_t> VmcoreInfo::length(std::string_view array) const {
  return parse_decimal(get_in("LENGTH", array));
}
std::optional<std::uint64_t> VmcoreInfo::crash_time() const {
  return parse_decimal(get("CRASHTIME"));
}
std::optional<std::uint64_t> VmcoreInfo::page_size() const {
  return parse_decimal(get("PAGESIZE"));
}
std::optional<std::uint64_t> VmcoreInfo::kernel_offset() const {
  return parse_hex(get("KERNELOFFSET"));
}
std::optional<std::uint64_t> VmcoreInfo::kernel_offset_physical() const {
  return parse_hex(get("KERNELOFFPHYS"));
}

std::optional<FoundVmcoreInfo> find_vmcoreinfo_text(const Dump& dump,
                                                    const std::function<bool(PhysicalAddress)>& progress) {
  return find_accepted_vmcoreinfo(dump, progress, [](const FoundVmcoreInfo&) { return true; });
}

std::optional<FoundVmcoreInfo> find_accepted_vmcoreinfo(const Dump& dump,
                                                        const std::function<bool(PhysicalAddress)>& progress,
                                                        const std::function<bool(const FoundVmcoreInfo&)>& accept) {
  constexpr std::uint64_t kPagesPerReport = 16 * 1024;
  const std::uint64_t page_size = dump.facts().page_size;
  std::string bytes(page_size, '\0');
  constexpr std::size_t kMostOthers = 8;
  std::vector<FoundVmcoreInfo> others;
  std::uint64_t pages = 0;
  for (auto page = dump.next_page({}); page; page = dump.next_page(*page + page_size)) {
    if (pages++ % kPagesPerReport == 0 && progress && !progress(*page)) return std::nullopt;
    if (!dump.peek(*page, std::as_writable_bytes(std::span(bytes)))) continue;
    for (std::size_t at = bytes.find(kFirstKey); at != std::string::npos; at = bytes.find(kFirstKey, at + 1)) {
      if (others.size() == kMostOthers && !is_usual_place(at)) continue;
      auto text = text_at(dump, *page + at);
      if (!text) continue;
      FoundVmcoreInfo found{std::move(*text), *page + at};
      if (is_usual_place(at)) {
        if (accept(found)) return remember_use(dump, std::move(found));
      } else if (others.size() < kMostOthers) {
        others.push_back(std::move(found));
      }
    }
    if (page->value > ~page_size) break;
  }
  for (FoundVmcoreInfo& other : others) {
    if (accept(other)) return remember_use(dump, std::move(other));
  }
  return std::nullopt;
}

}  // namespace whyhung::dump
