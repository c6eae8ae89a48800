// SPDX-License-Identifier: GPL-2.0-or-later
// Every form that the writers of dumps give to a machine's memory, each of a format in formats.cc.
#pragma once

#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "support/memory_image.h"

namespace whyhung::test {

// Of what machine a dump is.
struct Origin {
  std::string machine = "x86_64";  // utsname.machine
  std::uint16_t elf_machine = 62;
  ByteOrder order = ByteOrder::kLittle;  // of the headers
  std::function<Bytes(ByteOrder)> notes = [](ByteOrder of_file) { return sample_notes(of_file); };
};

// One way of writing an image down.
struct DumpForm {
  std::string name;
  std::string_view format;  // Format::name, as registered
  std::function<std::vector<Bytes>(const MemoryImage&, const Origin&)> build;

  friend void PrintTo(const DumpForm& form, std::ostream* out) { *out << form.name; }
};

std::vector<DumpForm> all_dump_forms();

}  // namespace whyhung::test
