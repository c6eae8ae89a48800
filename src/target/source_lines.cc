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

// What a vmlinux is called beside a dump.
constexpr std::array<std::string_view, 4> kNamesBeside = {"vmlinux", "vmlinux-%r", "vmlinux-%r.debug", "vmlinux.debug"};

// A pattern with the dump's build id or release in it; nothing when the dump names none, or anything but a plain name.
std::optional<std::string> filled(std::string_view pattern, const dump::VmcoreInfo& info) {
  const bool wants_id = pattern.find("%i") != std::string_view::npos;
  const bool wants_release = pattern.find("%r") != std::string_view::npos;
  if (!wants_id && !wants_release) return std::string(pattern);
  const auto part = wants_id ? info.build_id() : info.os_release();
  if (!part || !is_plain(*part) || part->size() < 3) return std::nullopt;
  const std::string name = wants_id ? fmt::format("{}/{}", part->substr(0, 2), part->substr(2)) : std::string(*part);
  return replaced(pattern, wants_id ? "%i" : "%r", name);
}

// Files that exist, in the order in which they are tried.
std::vector<std::string> candidates(const dump::VmcoreInfo& info, std::span<const std::string> folders) {
  std::vector<std::string> places, found;
  for (const std::string& folder : folders) {
    for (const std::string_view name : kNamesBeside) {
      if (const auto file = filled(name, info)) places.push_back(fmt::format("{}/{}", folder, *file));
    }
  }
  for (const std::string_view place : kUsualPlaces) {
    if (auto file = filled(place, info)) places.push_back(*std::move(file));
  }
  for (std::string& place : places) {
    std::error_code error;
    if (std::filesystem::is_regular_file(place, error)) found.push_back(std::move(place));
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
                         std::vector<Gap>& gaps, std::span<const std::string> folders) {
  const bool named = !path.empty();
  const auto refuse = [&](const Error& why) {
    gaps.push_back({"vmlinux", why.what});
    refusal_ = why;
  };
  std::vector<std::string> paths = named ? std::vector{std::move(path)} : candidates(info, folders);
  for (const std::string& one : paths) {
    auto image = debuginfo::ElfImage::open(one);
    if (!image) {
      if (named) refuse(image.error());
      continue;
    }
    auto identified = identify(identity_of(*image), info, memory);
    if (!identified) {
      if (named) refuse(identified.error());
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
