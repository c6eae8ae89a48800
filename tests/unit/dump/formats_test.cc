// SPDX-License-Identifier: GPL-2.0-or-later
#include "dump/formats.h"

#include <cstdlib>
#include <fstream>

#include "dump_test_support.h"
#include "support/elf_core_builder.h"
#include "support/kdump_builder.h"

namespace whyhung::dump {
namespace {

using test::Bytes;
using test::bytes_of;
using namespace std::string_view_literals;

Error refused(Bytes bytes) {
  const auto opened = open_bytes(std::move(bytes));
  EXPECT_FALSE(opened);
  return opened ? Error{} : opened.error();
}

TEST(OpenDump, AnEmptyFileIsSaidToBeEmpty) {
  const Error error = refused({});
  EXPECT_EQ(error.kind, ErrorKind::kNotADump);
  EXPECT_EQ(error.what, "test.vmcore: is empty");
  EXPECT_NE(error.hint, "");
}

TEST(OpenDump, ATextFileIsSaidToBeText) {
  const Error error = refused(bytes_of("[    0.000000] Linux version 6.1\nBUG: soft lockup \xc3\xa4\n"));
  EXPECT_EQ(error.kind, ErrorKind::kNotADump);
  EXPECT_NE(error.what.find("text file"), std::string::npos) << error.what;
}

TEST(OpenDump, WrappedFilesNameTheirWrapper) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"\x1f\x8b\x08\0\0"sv, "gzip"}, {"\xfd\x37zXZ\0"sv, "xz"},       {"\x28\xb5\x2f\xfd\1"sv, "zstd"},
      {"BZh91AY"sv, "bzip2"},         {"\x04\x22\x4d\x18\1"sv, "lz4"}, {"\x89LZO\0\r"sv, "lzop"},
  };
  for (const auto& [head, name] : cases) {
    Bytes bytes = bytes_of(head);
    bytes.resize(600, std::byte{0x85});
    const Error error = refused(bytes);
    EXPECT_EQ(error.kind, ErrorKind::kUnsupported);
    EXPECT_NE(error.what.find(fmt::format("compressed with {}", name)), std::string::npos) << error.what;
    EXPECT_NE(error.hint.find("unpack it first"), std::string::npos);
  }
}

TEST(OpenDump, DumpsOfOtherToolsAreNamed) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"\xed\x23\x8f\x61\x73\x01\x19\xa8"sv, "LKCD"},
      {"\xa8\x19\x01\x73\x61\x8f\x23\xed"sv, "LKCD"},
      {"\xa8\x19\x01\x73\x61\x8f\x23\xfd"sv, "s390"},
      {"sadump\0\0"sv, "sadump"},
      {"PAGEDU64"sv, "Windows"},
      {"QEVM\0\0\0\3"sv, "QEMU"},
      {"\xd2\xbe\xd2\xbe"sv, "VMware"},
      {"EMiL\1"sv, "LiME"},
  };
  for (const auto& [head, name] : cases) {
    Bytes bytes = bytes_of(head);
    bytes.resize(600, std::byte{0x85});
    const Error error = refused(bytes);
    EXPECT_EQ(error.kind, ErrorKind::kUnsupported);
    EXPECT_NE(error.what.find(name), std::string::npos) << error.what;
  }
}

TEST(OpenDump, ATarArchiveAndAReservedFileAreNamed) {
  Bytes tar(1024, std::byte{'x'});
  const Bytes magic = bytes_of("ustar");
  std::copy(magic.begin(), magic.end(), tar.begin() + 257);
  EXPECT_NE(refused(tar).what.find("tar archive"), std::string::npos);
  EXPECT_NE(refused(Bytes(4096)).what.find("zeros"), std::string::npos);
}

TEST(OpenDump, ABootImageIsNamed) {
  Bytes image(4096, std::byte{0x81});
  const Bytes magic = bytes_of("HdrS");
  std::copy(magic.begin(), magic.end(), image.begin() + 0x202);
  EXPECT_NE(refused(image).what.find("vmlinuz"), std::string::npos);
}

TEST(OpenDump, AnUnknownFormatNamesWhatWasTried) {
  const Error error = refused(Bytes(4096, std::byte{0x81}));
  EXPECT_EQ(error.kind, ErrorKind::kNotADump);
  for (const Format& format : formats()) EXPECT_NE(error.hint.find(format.name), std::string::npos) << error.hint;
  for (const Container& container : containers()) EXPECT_NE(error.hint.find(container.name), std::string::npos);
}

TEST(OpenDump, AFlattenedDumpInsideOfAnotherIsNotUnwrappedTwice) {
  const Bytes once = flatten(build_kdump(test::sample_image(1), {}), {});
  test::FlattenForm form;
  form.rewrites_header = false;
  EXPECT_NE(refused(test::flatten(once, {}, form)).what.find("no known dump format"), std::string::npos);
}

TEST(OpenDump, SeveralFilesHaveToBeOneDump) {
  const Bytes kdump = build_kdump(test::sample_image(1), {}).bytes;
  const Bytes core = build_core(segments_of(test::sample_image(1)), {});
  EXPECT_NE(error_of(open_all({core, core})).find("two dumps"), std::string::npos);
  EXPECT_NE(error_of(open_all({kdump, core})).find("different formats"), std::string::npos);
  EXPECT_NE(error_of(open_all({})).find("no dump"), std::string::npos);
}

TEST(OpenDump, FilesAreOpenedByTheirPath) {
  const std::string path = testing::TempDir() + "whyhung-open-dump.vmcore";
  const auto image = test::sample_image(61);
  const Bytes bytes = build_kdump(image, {}).bytes;
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  const std::vector<std::string> paths{path};
  const auto dump = must_open(open_dump(paths));
  ASSERT_TRUE(dump);
  expect_image(*dump, image);
  EXPECT_EQ(dump->statistics().file_size, bytes.size());
  EXPECT_GT(dump->statistics().file_bytes_read, 0u);
  std::remove(path.c_str());
  EXPECT_EQ(open_dump(paths).error().kind, ErrorKind::kIo);
}

}  // namespace
}  // namespace whyhung::dump
