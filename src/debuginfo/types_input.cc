// SPDX-License-Identifier: GPL-2.0-or-later
#include "debuginfo/types_input.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "base/byte_text.h"
#include "base/tar.h"
#include "base/text.h"
#include "base/unpack.h"

namespace whyhung::debuginfo {
namespace {

// A vmlinux with all debug information is below 1 GB.
constexpr std::size_t kLargestUnpacked = std::size_t{2} << 30;
constexpr std::size_t kHeadBytes = 512;
constexpr int kMostLayers = 3;  // ".btf.tar.xz" has two
constexpr std::size_t kMostTarFiles = 4096;
constexpr std::array<std::string_view, 6> kPackedEndings = {".gz", ".xz", ".zst", ".tar", ".tgz", ".txz"};

std::string without_packed_endings(std::string_view name) {
  for (bool again = true; again;) {
    again = false;
    for (const std::string_view ending : kPackedEndings) {
      if (!name.ends_with(ending) || name.size() == ending.size()) continue;
      name.remove_suffix(ending.size());
      again = true;
    }
  }
  return std::string(name);
}

std::optional<TypesInput::Kind> kind_of(std::string_view head) {
  if (head.starts_with("\x7f"
                       "ELF")) {
    return TypesInput::Kind::kElf;
  }
  if (head.starts_with("\x9f\xeb") || head.starts_with("\xeb\x9f")) return TypesInput::Kind::kBtf;
  return std::nullopt;
}

// A file of an archive as a source of its own.
class PartSource final : public ByteSource {
 public:
  PartSource(std::shared_ptr<ByteSource> whole, SourceRange range, std::string name)
      : whole_(std::move(whole)), range_(range), name_(std::move(name)) {}
  Result<std::size_t> read_some(std::uint64_t offset, std::span<std::byte> out) const override {
    if (offset >= range_.length) return 0;
    return whole_->read_some(range_.offset + offset,
                             out.first(std::min<std::uint64_t>(out.size(), range_.length - offset)));
  }
  std::uint64_t size() const override { return range_.length; }
  const std::string& name() const override { return name_; }

 private:
  std::shared_ptr<ByteSource> whole_;
  SourceRange range_;
  std::string name_;
};

// The first file of a tar archive that holds types.
Result<std::shared_ptr<ByteSource>> find_in_tar(const std::shared_ptr<ByteSource>& archive) {
  std::uint64_t at = 0;
  for (std::size_t i = 0; i < kMostTarFiles && at + kTarBlock <= archive->size(); ++i) {
    std::array<std::byte, kTarBlock> block;
    TRY_CHECK(archive->read_exactly(at, block));
    const auto header = parse_tar_header(block);
    if (!header || header->size > archive->size() - at - kTarBlock) break;
    std::array<std::byte, kTarBlock> head{};
    TRY_ASSIGN(const std::size_t count, archive->read_some(at + kTarBlock, head));
    if (header->is_file() && kind_of(text_of(head).substr(0, std::min<std::uint64_t>(count, header->size)))) {
      return std::make_shared<PartSource>(archive, SourceRange{at + kTarBlock, header->size},
                                          std::string(file_name_of(header->name)));
    }
    at += kTarBlock + (header->size + kTarBlock - 1) / kTarBlock * kTarBlock;
  }
  return fail(ErrorKind::kNotFound, "{}: no file of this archive holds types of a kernel", archive->name());
}

}  // namespace

Result<TypesInput> open_types_input(const std::string& path) {
  TRY_ASSIGN(auto source, open_file_source(path));
  return open_types_input(std::move(source));
}

Result<TypesInput> open_types_input(std::shared_ptr<ByteSource> source) {
  for (int layer = 0; layer <= kMostLayers; ++layer) {
    std::vector<std::byte> head(kHeadBytes);
    TRY_ASSIGN(const std::size_t count, source->read_some(0, head));
    head.resize(count);
    if (const auto kind = kind_of(text_of(head))) {
      std::string name = without_packed_endings(file_name_of(source->name()));
      return TypesInput{*kind, std::move(source), std::move(name)};
    }
    if (const auto packing = packing_of(head)) {
      TRY_ASSIGN(auto bytes, unpack_to_memory(*source, *packing, kLargestUnpacked));
      source = make_memory_source(std::move(bytes), source->name());
    } else if (is_tar(head)) {
      TRY_ASSIGN(source, find_in_tar(source));
    } else {
      break;
    }
  }
  return with_hint(fail(ErrorKind::kNotFound, "{}: neither an ELF file nor BTF", source->name()),
                   "give a vmlinux, or the BTF of one; gzip, xz, zstd and tar around it are unpacked");
}

std::string release_of_file_name(std::string_view name) {
  for (const std::string_view ending : {".btf", ".elf", ".debug"}) {
    if (name.ends_with(ending)) name.remove_suffix(ending.size());
  }
  if (name.starts_with("vmlinux-")) name.remove_prefix(8);
  const std::size_t dot = name.find('.');
  const bool is_version = dot != std::string_view::npos && dot != 0 && name.size() > dot + 1 &&
                          std::all_of(name.begin(), name.begin() + static_cast<std::ptrdiff_t>(dot),
                                      [](unsigned char c) { return std::isdigit(c) != 0; }) &&
                          std::isdigit(static_cast<unsigned char>(name[dot + 1])) != 0;
  return is_version && name.find(' ') == std::string_view::npos ? std::string(name) : std::string();
}

}  // namespace whyhung::debuginfo
