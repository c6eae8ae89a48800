// SPDX-License-Identifier: GPL-2.0-or-later
// What types are distilled of: a vmlinux, BTF alone (/sys/kernel/btf/vmlinux, the files of BTF archives), each possibly
// compressed or in a tar archive.
#pragma once

#include <memory>
#include <string>

#include "base/byte_source.h"
#include "debuginfo/distilled.h"

namespace whyhung::debuginfo {

struct TypesInput {
  enum class Kind : std::uint8_t { kElf, kBtf };
  Kind kind = Kind::kElf;
  std::shared_ptr<ByteSource> bytes;
  std::string name;  // of the innermost file, without its folders and the endings of its packing
};

// Opens a file and unpacks it as far as is needed. kNotFound when it is, or holds, nothing of the kind; kLimit when it
// is larger unpacked than any kernel's.
Result<TypesInput> open_types_input(const std::string& path);
Result<TypesInput> open_types_input(std::shared_ptr<ByteSource> source);

// What `words` name of BTF alone, which knows no symbols and does not say of which build it is: the caller adds what he
// knows.
Result<DistilledFile> distill_btf(const std::shared_ptr<ByteSource>& bytes, std::span<const std::string_view> words);

// utsname.release as such files are named after it: "5.4.0-1029-aws" of "5.4.0-1029-aws.btf"; empty when the name does
// not begin with a version.
std::string release_of_file_name(std::string_view name);

}  // namespace whyhung::debuginfo
