// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/source_lines.h"

#include <algorithm>
#include <array>
#include <filesystem>

#include "debuginfo/elf_symbols.h"
#include "target/kernel_identity.h"

namespace whyhung::target {
namespace {

// Where distributions put a kernel's debug file; %i is the build id cut in two, %r the release.
constexpr std::array<std::string_view, 6> kUsualPlaces = {
    "/usr/lib/debug/.build-id/%i.debug", "/usr/lib/debug/boot/vmlinux-%r", "/usr/lib/debug/lib/modules/%r/vmlinux",
    "/usr/lib/debug/vmlinux-%r",         "/lib/modules/%r/build/vmlinux",  "/boot/vmlinux-%r"};

std::string replaced(std::string_view pattern, std::string_view mark, std::string_view with) {
  std::string text(pattern);
  const std::size_t at = text.find(mark);
  if (at != std::string::npos) text.replace(at, mark.size(), with);
  return text;
}

bool is_plain(std::string_view text) {
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.+-_~";
  return !text.empty() && text.find_first_not_of(kAllowed) == std::string_view::npos && text[0] != '.';
}

// Files that exist. A release or build id from a dump is put into a path only when it is nothing but a plain name.
std::vector<std::string> candidates(const dump::VmcoreInfo& info) {
  const auto id = info.build_id();
  const auto release = info.os_release();
  std::vector<std::string> found;
  for (const std::string_view place : kUsualPlaces) {
    const bool wants_id = place.find("%i") != std::string_view::npos;
    const auto& part = wants_id ? id : release;
    if (!part || !is_plain(*part) || part->size() < 3) continue;
    const std::string name = wants_id ? fmt::format("{}/{}", part->substr(0, 2), part->substr(2)) : std::string(*part);
    std::string path = replaced(place, wants_id ? "%i" : "%r", name);
    std::error_code error;
    if (std::filesystem::is_regular_file(path, error)) found.push_back(std::move(path));
  }
  return found;
}

// What a vmlinux says of itself. Its symbols are read when they are first asked for.
FileIdentity identity_of(const std::shared_ptr<debuginfo::ElfImage>& image) {
  struct Symbols {
    std::shared_ptr<debuginfo::ElfSymbols> table;
    bool tried = false;
  };
  auto symbols = std::make_shared<Symbols>();
  FileIdentity identity{image->path(), image->build_id(), {}, {}};
  identity.address_of = [image, symbols](std::string_view name) -> std::optional<VirtualAddress> {
    if (!symbols->tried) {
      symbols->tried = true;
      if (auto table = debuginfo::ElfSymbols::open(image, {}, {})) symbols->table = *std::move(table);
    }
    return symbols->table ? symbols->table->address_of(name) : std::nullopt;
  };
  identity.banner = [image, address_of = identity.address_of] {
    const auto address = address_of(kBannerSymbol);
    return address ? image->text_at(*address, kLongestBanner) : std::string();
  };
  return identity;
}

}  // namespace

SourceLines::SourceLines(std::string path, const dump::VmcoreInfo& info, const VirtualMemory& memory,
                         std::vector<Gap>& gaps) {
  const bool named = !path.empty();
  std::vector<std::string> paths = named ? std::vector{std::move(path)} : candidates(info);
  for (const std::string& one : paths) {
    auto image = debuginfo::ElfImage::open(one);
    if (!image) {
      if (named) gaps.push_back({"vmlinux", image.error().what});
      continue;
    }
    auto identified = identify(identity_of(*image), info, memory);
    if (!identified) {
      if (named) gaps.push_back({"vmlinux", identified.error().what});
      continue;
    }
    image_ = *std::move(image);
    placement_.slide = identified->slide;
    proof_ = std::move(identified->how);
    return;
  }
}

std::vector<debuginfo::SourceFrame> SourceLines::at(VirtualAddress address) {
  if (!tried_) {
    tried_ = true;
    if (image_) {
      if (auto lines = debuginfo::DwarfLines::open(*image_, placement_)) lines_ = *std::move(lines);
    }
  }
  if (!lines_) return {};
  return lines_->frames_at(address);
}

}  // namespace whyhung::target
