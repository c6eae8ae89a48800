// SPDX-License-Identifier: GPL-2.0-or-later
// The dump formats: one table, one line each. To add a format: a file of its own with a PageSource and an open
// function, a line in formats.cc, and a line in tests/conformance, whose cases then run for it. A wrapper that only
// rearranges bytes (makedumpfile's flattened stream) is a container: it gives a ByteSource, and that is looked at
// again.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dump/dump.h"

namespace whyhung::dump {

// A file on its way to being opened, unwrapped where it was in a container.
struct DumpFile {
  std::shared_ptr<ByteSource> bytes;
  std::shared_ptr<ByteSource> stored;  // the file itself; the same as `bytes` unless it is a container
  bool flattened = false;
  bool incomplete = false;           // the container was cut short
  std::vector<std::string> remarks;  // what the container has to say
};

struct Format {
  std::string_view name;
  bool (*sniff)(std::span<const std::byte> head);
  // At least one file; more than one only when `takes_parts`.
  Result<std::unique_ptr<Dump>> (*open)(std::vector<DumpFile> files);
  bool takes_parts;
};

struct Container {
  std::string_view name;
  bool (*sniff)(std::span<const std::byte> head);
  Result<DumpFile> (*unwrap)(std::shared_ptr<ByteSource> outer);
};

std::span<const Format> formats();
std::span<const Container> containers();

}  // namespace whyhung::dump
