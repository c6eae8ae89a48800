// SPDX-License-Identifier: GPL-2.0-or-later
#include "dump/formats.h"

#include <algorithm>
#include <array>
#include <cstring>

#include <fmt/format.h>

#include "dump/elf_core.h"
#include "dump/flattened.h"
#include "dump/foreign_formats.h"
#include "dump/kdump_compressed.h"

namespace whyhung::dump {
namespace {

constexpr std::array kFormats = {
    Format{"kdump-compressed", is_kdump_signature, open_kdump_compressed, true},
    Format{"ELF vmcore", is_elf_signature, open_elf_core, false},
};

constexpr std::array kContainers = {
    Container{"flattened (makedumpfile -F)", is_flattened_signature, open_flattened},
};

constexpr std::size_t kHeadBytes = 1024;

Result<std::vector<std::byte>> read_head(const ByteSource& source) {
  std::vector<std::byte> head(kHeadBytes);
  TRY_ASSIGN(const std::size_t count, source.read_some(0, head));
  head.resize(count);
  if (head.empty()) {
    return with_hint(fail(ErrorKind::kNotADump, "{}: is empty", source.name()),
                     "the dump was never written: look for messages of kdump in the system's log");
  }
  return head;
}

// Containers are not nested by any writer.
Result<DumpFile> unwrap(std::shared_ptr<ByteSource> source) {
  TRY_ASSIGN(const std::vector<std::byte> head, read_head(*source));
  for (const Container& container : kContainers) {
    if (!container.sniff(head)) continue;
    TRY_ASSIGN(DumpFile file, container.unwrap(source));
    file.stored = std::move(source);
    return file;
  }
  DumpFile file;
  file.bytes = file.stored = std::move(source);
  return file;
}

std::string tried() {
  std::string names;
  for (const Format& format : kFormats) names += fmt::format("{}, ", format.name);
  for (const Container& container : kContainers) names += fmt::format("{}, ", container.name);
  names.resize(names.size() - 2);
  return names;
}

Result<const Format*> recognise(const DumpFile& file) {
  TRY_ASSIGN(const std::vector<std::byte> head, read_head(*file.bytes));
  for (const Format& format : kFormats) {
    if (format.sniff(head)) return &format;
  }
  if (auto foreign = recognise_foreign(file.bytes->name(), head)) return fail(std::move(*foreign));
  return with_hint(fail(ErrorKind::kNotADump, "{}: no known dump format", file.bytes->name()),
                   fmt::format("known are: {}", tried()));
}

}  // namespace

std::span<const Format> formats() {
  return kFormats;
}
std::span<const Container> containers() {
  return kContainers;
}

Result<std::unique_ptr<Dump>> open_dump(std::vector<std::shared_ptr<ByteSource>> sources) {
  std::vector<DumpFile> files;
  const Format* format = nullptr;
  for (std::shared_ptr<ByteSource>& source : sources) {
    TRY_ASSIGN(DumpFile file, unwrap(std::move(source)));
    TRY_ASSIGN(const Format* const found, recognise(file));
    if (format != nullptr && format != found) {
      return with_hint(fail(ErrorKind::kMismatch, "{} and {} are dumps of different formats ({} and {})",
                            files.front().bytes->name(), file.bytes->name(), format->name, found->name),
                       "give one dump, or all the parts that makedumpfile --split wrote");
    }
    format = found;
    files.push_back(std::move(file));
  }
  if (format == nullptr) return fail(ErrorKind::kUsage, "no dump was named");
  if (files.size() > 1 && !format->takes_parts) {
    return with_hint(
        fail(ErrorKind::kMismatch, "{} and {} are two dumps", files[0].bytes->name(), files[1].bytes->name()),
        "give one dump at a time");
  }
  return format->open(std::move(files));
}

Result<std::unique_ptr<Dump>> open_dump(std::span<const std::string> paths) {
  std::vector<std::shared_ptr<ByteSource>> sources;
  for (const std::string& path : paths) {
    TRY_ASSIGN(std::shared_ptr<ByteSource> source, open_file_source(path));
    sources.push_back(std::move(source));
  }
  return open_dump(std::move(sources));
}

}  // namespace whyhung::dump
