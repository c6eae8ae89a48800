// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/tar.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <vector>

namespace whyhung {
namespace {

std::string member(std::string_view name, std::string_view content, char type = '0') {
  std::string block(kTarBlock, '\0');
  block.replace(0, name.size(), name);
  const std::string size = fmt::format("{:011o}", content.size());
  block.replace(124, size.size(), size);
  block[156] = type;
  block.replace(257, 7, "ustar  ");
  block.replace(148, 8, 8, ' ');
  unsigned sum = 0;
  for (const char c : block) sum += static_cast<unsigned char>(c);
  block.replace(148, 6, fmt::format("{:06o}", sum));
  block[154] = '\0';
  std::string text = block + std::string(content);
  text.resize((text.size() + kTarBlock - 1) / kTarBlock * kTarBlock, '\0');
  return text;
}

struct Seen final : TarVisitor {
  Result<void> begin_file(const TarHeader& file) override {
    files.emplace_back(file.name, "");
    return {};
  }
  Result<void> file_bytes(std::span<const std::byte> bytes) override {
    files.back().second.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return {};
  }
  Result<void> end_file() override {
    ++ended;
    return {};
  }
  std::vector<std::pair<std::string, std::string>> files;
  std::size_t ended = 0;
};

// In pieces of that size, so that every border is met.
Result<void> read(Seen& seen, std::string_view archive, std::size_t piece) {
  TarReader reader(seen);
  while (!archive.empty()) {
    const std::string_view part = archive.substr(0, piece);
    TRY_CHECK(reader.feed(std::as_bytes(std::span(part))));
    archive.remove_prefix(part.size());
  }
  return reader.finish();
}

TEST(TarReader, GivesFilesInPiecesOfAnySize) {
  const std::string archive = member("folder/", "", '5') + member("a", "first") + member("b/c", std::string(700, 'x')) +
                              member("empty", "") + std::string(2 * kTarBlock, '\0');
  for (const std::size_t piece : {1u, 7u, 511u, 512u, 513u, 100000u}) {
    Seen seen;
    ASSERT_TRUE(read(seen, archive, piece));
    ASSERT_EQ(seen.files.size(), 3u);
    EXPECT_EQ(seen.ended, 3u);
    EXPECT_EQ(seen.files[0], std::pair(std::string("a"), std::string("first")));
    EXPECT_EQ(seen.files[1].second, std::string(700, 'x'));
    EXPECT_EQ(seen.files[2].first, "empty");
  }
}

TEST(TarReader, TakesLongNamesOfBothForms) {
  std::string name(150, 'n');
  name += "/messages";
  const std::string record = fmt::format("{} path={}\n", name.size() + 10, name);
  for (const std::string& before : {member("././@LongLink", name, 'L'), member("pax", record, 'x')}) {
    Seen seen;
    ASSERT_TRUE(read(seen, before + member("short", "text") + member("next", "more"), 100));
    ASSERT_EQ(seen.files.size(), 2u);
    EXPECT_EQ(seen.files[0].first, name);
    EXPECT_EQ(seen.files[1].first, "next");
  }
}

TEST(TarReader, SaysWhatIsCutOrDamaged) {
  Seen seen;
  const std::string archive = member("a", std::string(700, 'x'));
  auto cut = read(seen, archive.substr(0, 900), 64);
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().kind, ErrorKind::kTruncated);
  EXPECT_EQ(seen.ended, 1u);
  std::string damaged = archive;
  damaged[3] = 'z';
  cut = read(seen, damaged, 64);
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().kind, ErrorKind::kCorrupt);
}

TEST(TarHeaderTest, ASizeThatOverflowsIsNoHeader) {
  std::string block = member("a", "b").substr(0, kTarBlock);
  ASSERT_TRUE(is_tar(std::as_bytes(std::span(block))));
  block.replace(124, 12, std::string(12, '\xff'));
  EXPECT_FALSE(parse_tar_header(std::as_bytes(std::span(block))));
}

}  // namespace
}  // namespace whyhung
