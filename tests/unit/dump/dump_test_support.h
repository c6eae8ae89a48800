// SPDX-License-Identifier: GPL-2.0-or-later
// What the tests of the dump layer share: opening bytes as a dump, reading a page, comparing a dump with the image that
// it was made from.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dump/dump.h"
#include "support/memory_image.h"

namespace whyhung::dump {

inline Result<std::unique_ptr<Dump>> open_bytes(test::Bytes bytes) {
  return open_dump(std::vector{make_memory_source(std::move(bytes), "test.vmcore")});
}

inline Result<std::unique_ptr<Dump>> open_all(std::vector<test::Bytes> files) {
  std::vector<std::shared_ptr<ByteSource>> sources;
  for (test::Bytes& file : files) {
    sources.push_back(make_memory_source(std::move(file), fmt::format("part{}", sources.size() + 1)));
  }
  return open_dump(std::move(sources));
}

// The dump, or a failed test.
inline std::unique_ptr<Dump> must_open(Result<std::unique_ptr<Dump>> opened) {
  EXPECT_TRUE(opened) << opened.error().what;
  return opened ? std::move(*opened) : nullptr;
}
inline std::unique_ptr<Dump> must_open(test::Bytes bytes) {
  return must_open(open_bytes(std::move(bytes)));
}

// The error's line, or "opened".
inline std::string error_of(const Result<std::unique_ptr<Dump>>& opened) {
  return opened ? "opened" : opened.error().what;
}
inline std::string error_of(test::Bytes bytes) {
  return error_of(open_bytes(std::move(bytes)));
}

inline ReadResult<test::Bytes> read_bytes(const Dump& dump, std::uint64_t address, std::size_t count) {
  test::Bytes bytes(count);
  if (auto done = dump.read(PhysicalAddress(address), bytes); !done) return tl::unexpected(done.error());
  return bytes;
}

inline std::optional<FaultKind> fault_at(const Dump& dump, std::uint64_t address) {
  const auto bytes = read_bytes(dump, address, 1);
  return bytes ? std::nullopt : std::optional(bytes.error().kind);
}

inline std::string all_remarks(const Dump& dump) {
  std::string text;
  for (const std::string& remark : dump.facts().remarks) text += remark + "\n";
  return text;
}

// Every frame of the image reads as it was, or faults as it should. `left_out_fault` is what a frame that was left out
// gives: kBeyondDump where a form cannot tell.
inline void expect_image(const Dump& dump, const test::MemoryImage& image,
                         FaultKind left_out_fault = FaultKind::kFilteredOut) {
  unsigned wrong = 0;
  for (std::uint64_t frame = 0; frame < image.frames && wrong < 5; ++frame) {
    const std::uint64_t address = frame * image.page_size;
    const auto page = image.pages.find(frame);
    const auto bytes = read_bytes(dump, address, image.page_size);
    bool good = false;
    if (page != image.pages.end()) {
      good = bytes && *bytes == page->second;
    } else {
      const bool left_out = image.left_out.contains(frame);
      good = !bytes && bytes.error() == ReadFault{left_out ? left_out_fault : FaultKind::kBeyondDump, address};
    }
    EXPECT_TRUE(good) << "frame " << frame
                      << (bytes ? " was read" : std::string(" ") + std::string(describe(bytes.error().kind)));
    wrong += good ? 0 : 1;
  }
}

// next_page() gives exactly the image's pages.
inline void expect_pages(const Dump& dump, const test::MemoryImage& image) {
  std::vector<std::uint64_t> expected, found;
  for (const auto& [frame, page] : image.pages) {
    for (std::uint64_t at = 0; at < image.page_size; at += dump.facts().page_size) {
      expected.push_back(frame * image.page_size + at);
    }
  }
  for (auto page = dump.next_page({}); page; page = dump.next_page(*page + 1)) found.push_back(page->value);
  EXPECT_EQ(found, expected);
}

}  // namespace whyhung::dump
