// SPDX-License-Identifier: GPL-2.0-or-later
// make_types_pack: puts files of distilled types into the pack that becomes part of the program. Used by the build
// only.
//   make_types_pack PACK FILE…
#include <fstream>
#include <iostream>

#include "debuginfo/types_pack.h"

namespace {

whyhung::Result<std::shared_ptr<const whyhung::debuginfo::DistilledFile>> read_types_file(const std::string& path) {
  TRY_ASSIGN(const auto source, whyhung::open_file_source(path));
  return whyhung::debuginfo::read_distilled(*source);
}

}  // namespace

int main(int argc, char** argv) {
  using namespace whyhung;
  std::vector<std::shared_ptr<const debuginfo::DistilledFile>> files;
  for (int i = 2; i < argc; ++i) {
    const auto file = read_types_file(argv[i]);
    if (!file) {
      std::cerr << file.error().what << "\n";
      return 1;
    }
    auto named = std::make_shared<debuginfo::DistilledFile>(**file);
    named->name = named->name.substr(named->name.rfind('/') + 1);
    files.push_back(std::move(named));
  }
  const auto pack = debuginfo::TypesPack::write(files);
  if (!pack || argc < 2) {
    std::cerr << (pack ? "no file was named" : pack.error().what) << "\n";
    return 1;
  }
  std::ofstream out(argv[1], std::ios::binary | std::ios::trunc);
  out.write(reinterpret_cast<const char*>(pack->data()), static_cast<std::streamsize>(pack->size()));
  out.flush();
  return out ? 0 : 1;
}
