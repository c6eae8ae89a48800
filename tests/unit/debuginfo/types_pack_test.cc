// SPDX-License-Identifier: GPL-2.0-or-later
// Packs of distilled types, and the files that types are distilled of.
#include "debuginfo/types_pack.h"

#include <gtest/gtest.h>

#include "debuginfo/types_input.h"

namespace whyhung::debuginfo {
namespace {

std::shared_ptr<const DistilledFile> kernel(std::string release, std::uint64_t size) {
  auto file = std::make_shared<DistilledFile>();
  file->name = release + ".types";
  file->origin = "BTF";
  state_release(*file, release);
  file->machine = 62;
  file->types.push_back({TypeNode{.kind = TypeNode::Kind::kStructure, .id = 1, .size = size, .name = "rq"}, {}});
  file->names["rq"] = 1;
  return file;
}

std::vector<std::byte> pack() {
  const std::vector files = {kernel("5.4.0-1029-aws", 100), kernel("5.4.0-1059-aws", 200),
                             kernel("4.15.0-1054-aws", 300)};
  auto bytes = TypesPack::write(files);
  EXPECT_TRUE(bytes);
  return *bytes;
}

TEST(TypesPackTest, EachKernelComesOutAsItWentIn) {
  const auto bytes = pack();
  const auto opened = TypesPack::open(bytes);
  ASSERT_TRUE(opened) << opened.error().what;
  ASSERT_EQ(opened->entries().size(), 3u);
  for (const auto& entry : opened->entries()) {
    const auto file = opened->read(entry);
    ASSERT_TRUE(file) << file.error().what;
    EXPECT_EQ(release_of(**file), entry.release);
    EXPECT_EQ(entry.machine, 62);
    EXPECT_TRUE(entry.build_id.empty());
    const std::uint64_t size = entry.release == "5.4.0-1029-aws" ? 100 : entry.release == "5.4.0-1059-aws" ? 200 : 300;
    EXPECT_EQ(distilled_types(*file, "test")->size_of("rq"), size);
  }
}

TEST(TypesPackTest, ACutOrDamagedPackIsRefusedWhereItShows) {
  const auto whole = pack();
  for (std::size_t size = 0; size < whole.size(); size += 7) {
    const auto opened = TypesPack::open(std::span(whole).first(size));
    if (!opened) continue;
    for (const auto& entry : opened->entries()) {
      const auto file = opened->read(entry);
      if (!file) continue;
      EXPECT_EQ(release_of(**file), entry.release);
    }
  }
  EXPECT_FALSE(TypesPack::open(std::span(whole).first(40)));
}

TEST(TypesPackTest, AnIndexThatPointsOutOfThePackGivesNothing) {
  const std::string text =
      "whyhung-types-pack 1\nblock 0 10 99999999999\nblock 18446744073709551615 10 20\n"
      "entry 0 0 5 62 5.4 - a\nentry 1 0 5 62 5.4 - b\nentry 7 0 5 62 5.4 - c\n"
      "entry 1 18446744073709551615 2 62 5.4 - d\nend\n0123456789";
  const auto opened = TypesPack::open(std::as_bytes(std::span(text)));
  ASSERT_TRUE(opened);
  ASSERT_EQ(opened->entries().size(), 4u);
  for (const auto& entry : opened->entries()) EXPECT_FALSE(opened->read(entry));
}

TEST(ReleaseTest, IsWhatTheBannerSaysElseWhatTheFileStates) {
  DistilledFile file;
  file.origin = "BTF";
  EXPECT_EQ(release_of(file), "");
  state_release(file, "5.4.0-1029-aws");
  EXPECT_EQ(file.origin, "BTF of 5.4.0-1029-aws");
  EXPECT_EQ(release_of(file), "5.4.0-1029-aws");
  state_release(file, "5.4.0-1030-aws");
  EXPECT_EQ(release_of(file), "5.4.0-1030-aws");
  file.banner = "Linux version 6.1.0-56-amd64 (debian) #1 SMP";
  EXPECT_EQ(release_of(file), "6.1.0-56-amd64");
}

TEST(TypesInputTest, IsNamedAfterTheInnermostFile) {
  EXPECT_EQ(release_of_file_name("5.4.0-1029-aws.btf"), "5.4.0-1029-aws");
  EXPECT_EQ(release_of_file_name("vmlinux-5.4.0-1029-aws"), "5.4.0-1029-aws");
  EXPECT_EQ(release_of_file_name("vmlinux"), "");
  EXPECT_EQ(release_of_file_name("kernel.btf"), "");
}

std::vector<std::byte> tar_of(std::string_view name, std::string_view content) {
  std::string block(512, '\0');
  block.replace(0, name.size(), name);
  const std::string size = fmt::format("{:011o}", content.size());
  block.replace(124, size.size(), size);
  block[156] = '0';
  block.replace(257, 5, "ustar");
  block.replace(148, 8, 8, ' ');
  unsigned sum = 0;
  for (const char c : block) sum += static_cast<unsigned char>(c);
  block.replace(148, 7, fmt::format("{:06o}", sum) + std::string(1, '\0'));
  std::string text = block + std::string(content);
  text.resize((text.size() + 511) / 512 * 512 + 1024, '\0');
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

TEST(TypesInputTest, IsFoundInATarArchive) {
  const auto input =
      open_types_input(make_memory_source(tar_of("btf/5.4.0-1029-aws.btf", "\x9f\xeb\x01 and more"), "a.tar"));
  ASSERT_TRUE(input) << input.error().what;
  EXPECT_EQ(input->kind, TypesInput::Kind::kBtf);
  EXPECT_EQ(input->name, "5.4.0-1029-aws.btf");
  EXPECT_EQ(input->bytes->size(), 12u);
}

TEST(TypesInputTest, AnArchiveWithoutTypesIsSaidToHaveNone) {
  EXPECT_FALSE(open_types_input(make_memory_source(tar_of("readme", "text"), "a.tar")));
  EXPECT_FALSE(open_types_input(make_memory_source({}, "empty")));
}

}  // namespace
}  // namespace whyhung::debuginfo
