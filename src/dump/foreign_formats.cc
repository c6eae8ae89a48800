// SPDX-License-Identifier: GPL-2.0-or-later
#include "dump/foreign_formats.h"

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>

#include "base/text.h"

namespace whyhung::dump {
namespace {

using namespace std::string_view_literals;

struct Magic {
  std::string_view bytes;
  std::string_view what;
  std::string_view hint;
};

constexpr std::array kCompressed = {
    Magic{"\x1f\x8b"sv, "gzip", "gunzip -k"},
    Magic{"\xfd"
          "7zXZ\0"sv,
          "xz", "unxz -k"},
    Magic{"\x28\xb5\x2f\xfd"sv, "zstd", "unzstd"},
    Magic{"BZh"sv, "bzip2", "bunzip2 -k"},
    Magic{"\x04\x22\x4d\x18"sv, "lz4", "unlz4"},
    Magic{"\x89LZO\0"sv, "lzop", "lzop -d"},
    Magic{"PK\x03\x04"sv, "zip", "unzip"},
    Magic{"7z\xbc\xaf\x27\x1c"sv, "7-zip", "7z x"},
};

// Numbers at the start of a file are in the byte order of the machine that wrote it.
constexpr std::array kForeignDumps = {
    Magic{"\xed\x23\x8f\x61\x73\x01\x19\xa8"sv, "an LKCD dump", ""},
    Magic{"\xa8\x19\x01\x73\x61\x8f\x23\xed"sv, "an LKCD dump", ""},
    Magic{"\xcd\x23\x8f\x61\x73\x01\x19\xa8"sv, "an LKCD dump of a live system", ""},
    Magic{"\xa8\x19\x01\x73\x61\x8f\x23\xfd"sv, "an s390 stand-alone dump",
          "convert it: zgetdump -f elf DUMP > vmcore"},
    Magic{"sadump\0\0"sv, "an sadump file (Fujitsu)", "convert it: makedumpfile -l DUMP vmcore"},
    Magic{"sadu"sv, "an sadump disk dump (Fujitsu)", "convert it: makedumpfile -l DUMP vmcore"},
    Magic{"diskdump"sv, "a diskdump partition", "save it into a file first (savecore)"},
    Magic{"PAGEDU64"sv, "a Windows crash dump", ""},
    Magic{"PAGEDUMP"sv, "a Windows crash dump", ""},
    Magic{"MDMP"sv, "a Windows minidump", ""},
    Magic{"QEVM"sv, "a saved state of a QEMU machine", "take a dump instead: virsh dump --memory-only"},
    Magic{"LibvirtQemudSave"sv, "a libvirt saved state", "take a dump instead: virsh dump --memory-only"},
    Magic{"QFI\xfb"sv, "a qcow2 disk image", "name the vmcore; it may be a file inside of the image"},
    Magic{"\xd0\xbe\xd0\xbe"sv, "a VMware suspend file", "convert it: vmss2core -N6 FILE.vmss FILE.vmem"},
    Magic{"\xd2\xbe\xd2\xbe"sv, "a VMware suspend file", "convert it: vmss2core -N6 FILE.vmss FILE.vmem"},
    Magic{"\xd3\xbe\xd3\xbe"sv, "a VMware snapshot", "convert it: vmss2core -N6 FILE.vmsn FILE.vmem"},
    Magic{"EMiL"sv, "a LiME memory image", ""},
    Magic{"AVML"sv, "an AVML memory image", ""},
    Magic{"!<arch>\n"sv, "an archive or Debian package", "unpack it and name the vmcore"},
    Magic{"\xed\xab\xee\xdb"sv, "an RPM package", ""},
};

// Text that stands at the start of a file, in any case, and what the file is then.
constexpr std::array kTexts = {
    Magic{"<!doctype html", "an HTML page",
          "the server sent a page instead of the file: log in, or fetch it by another way"},
    Magic{"<html", "an HTML page", "the server sent a page instead of the file: log in, or fetch it by another way"},
    Magic{"<?xml", "an XML text", "the server sent a message instead of the file: read it"},
    Magic{"version https://git-lfs", "a pointer of Git LFS, not the file itself", "fetch the file: git lfs pull"},
    Magic{"problemtype:", "an apport report", "unpack it: apport-unpack REPORT FOLDER; the dump is FOLDER/VmCore"},
    Magic{"-----begin pgp message", "encrypted with PGP", "decrypt it first: gpg --output vmcore --decrypt FILE"},
    Magic{"begin-base64 ", "base64 text", "decode it: uudecode FILE"},
    Magic{"begin 6", "uuencoded text", "decode it: uudecode FILE"},
};

bool starts_with_any_case(std::string_view text, std::string_view lower) {
  return text.size() >= lower.size() && std::equal(lower.begin(), lower.end(), text.begin(), [](char a, char b) {
           return a == (b >= 'A' && b <= 'Z' ? static_cast<char>(b - 'A' + 'a') : b);
         });
}

// Lines of the base64 alphabet and nothing else, too many of it to be a word.
bool is_base64(std::string_view head) {
  constexpr std::size_t kFewest = 200;
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=\r\n";
  return head.size() >= kFewest && head.find_first_not_of(kAlphabet) == std::string_view::npos;
}

bool is_text(std::string_view head) {
  const bool has_controls = std::any_of(head.begin(), head.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == 0x7f || (byte < 0x20 && byte != '\n' && byte != '\r' && byte != '\t' && byte != 0x1b);
  });
  if (has_controls) return false;
  // The head may end inside of a character.
  for (std::size_t cut = 0; cut < 4 && cut < head.size(); ++cut) {
    const std::string_view whole = head.substr(0, head.size() - cut);
    if (valid_utf8(whole) == whole) return true;
  }
  return false;
}

std::optional<Error> recognise_text(const std::string& name, std::string_view text) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  std::string_view begin = text;
  if (begin.starts_with(kByteOrderMark)) begin.remove_prefix(kByteOrderMark.size());
  begin.remove_prefix(std::min(begin.find_first_not_of(" \t\r\n"), begin.size()));
  for (const Magic& magic : kTexts) {
    if (!starts_with_any_case(begin, magic.bytes)) continue;
    return Error{ErrorKind::kNotADump, fmt::format("{}: is {}", name, magic.what), std::string(magic.hint)};
  }
  if (is_base64(text)) {
    return Error{ErrorKind::kNotADump, fmt::format("{}: is base64 text", name), "decode it: base64 -d FILE > vmcore"};
  }
  if (!is_text(text)) return std::nullopt;
  return Error{ErrorKind::kNotADump, fmt::format("{}: is a text file, not a dump", name),
               "a dump is usually called vmcore or dump.DATE"};
}

// By its name, because what is in it is seen only when it is unpacked.
bool is_named_as_tar(std::string_view name) {
  constexpr std::array<std::string_view, 6> kEndings = {".tgz", ".txz", ".tbz", ".tbz2", ".tzst", ".tar"};
  return name.find(".tar.") != std::string_view::npos ||
         std::ranges::any_of(kEndings, [&](std::string_view ending) { return name.ends_with(ending); });
}

Error tar_archive(const std::string& name) {
  return {ErrorKind::kUnsupported, fmt::format("{}: is a tar archive", name),
          fmt::format("unpack it (tar xf {}) and look for the dump, in a report under var/crash", name)};
}

}  // namespace

std::optional<Error> recognise_foreign(const std::string& name, std::span<const std::byte> head) {
  const std::string_view text(reinterpret_cast<const char*>(head.data()), head.size());
  for (const Magic& magic : kCompressed) {
    if (!text.starts_with(magic.bytes)) continue;
    if (is_named_as_tar(name)) return tar_archive(name);
    return Error{ErrorKind::kUnsupported, fmt::format("{}: is compressed with {}", name, magic.what),
                 fmt::format("unpack it first ({})", magic.hint)};
  }
  for (const Magic& magic : kForeignDumps) {
    if (!text.starts_with(magic.bytes)) continue;
    return Error{ErrorKind::kUnsupported, fmt::format("{}: is {}, which is not read", name, magic.what),
                 std::string(magic.hint)};
  }
  constexpr std::size_t kTarMagic = 257;
  if (text.size() > kTarMagic && text.substr(kTarMagic).starts_with("ustar")) return tar_archive(name);
  constexpr std::size_t kBootMagic = 0x202;  // Documentation/arch/x86/boot.rst
  if (text.size() > kBootMagic && text.substr(kBootMagic).starts_with("HdrS")) {
    return Error{ErrorKind::kNotADump, fmt::format("{}: is a kernel image (vmlinuz), not the dump of a crash", name),
                 "name the vmcore here"};
  }
  if (!text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c == '\0'; })) {
    return Error{ErrorKind::kNotADump, fmt::format("{}: begins with zeros only", name),
                 "the dump was reserved but not written, or a copy went wrong"};
  }
  return recognise_text(name, text);
}

}  // namespace whyhung::dump
