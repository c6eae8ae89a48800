// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/types_file.h"

#include <algorithm>
#include <filesystem>

#include "base/text.h"
#include "target/environment.h"
#include "target/kernel_identity.h"
#include "target/known_types.h"

namespace whyhung::target {
namespace {

constexpr std::string_view kEnding = ".types";
constexpr std::size_t kMostFiles = 4096;  // of a folder that are looked at

FileIdentity identity_of(const debuginfo::DistilledFile& file) {
  FileIdentity identity{file.name, file.build_id, [&file] { return file.banner; }, {}};
  identity.address_of = [&file](std::string_view name) -> std::optional<VirtualAddress> {
    const auto known = file.symbols.find(name);
    if (known == file.symbols.end() || known->second.is_offset) return std::nullopt;
    return VirtualAddress(known->second.value);
  };
  return identity;
}

}  // namespace

// $XDG_DATA_HOME/whyhung/types, or its default under the home folder, then those of the system's $XDG_DATA_DIRS.
std::vector<std::string> usual_types_folders() {
  std::vector<std::string> folders;
  const std::string data = environment("XDG_DATA_HOME");
  const std::string home = environment("HOME");
  if (!data.empty()) {
    folders.push_back(data + "/whyhung/types");
  } else if (!home.empty()) {
    folders.push_back(home + "/.local/share/whyhung/types");
  }
  std::string system = environment("XDG_DATA_DIRS");
  if (system.empty()) system = "/usr/local/share:/usr/share";
  for (std::size_t begin = 0; begin < system.size();) {
    const std::size_t end = std::min(system.find(':', begin), system.size());
    if (end > begin) folders.push_back(system.substr(begin, end - begin) + "/whyhung/types");
    begin = end + 1;
  }
  return folders;
}

std::vector<std::string> types_files_of(const std::string& folder) {
  std::vector<std::string> files;
  std::error_code error;
  for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    std::error_code unreadable;
    if (at->path().extension() != kEnding || !at->is_regular_file(unreadable)) continue;
    files.push_back(at->path().string());
    if (files.size() == kMostFiles) break;
  }
  std::ranges::sort(files);
  return files;
}

TypesFile::TypesFile(const std::string& path, const dump::VmcoreInfo& info, const VirtualMemory& memory,
                     std::vector<Gap>& gaps) {
  if (path.empty()) {
    for (const std::string& folder : usual_types_folders()) {
      if (search(folder, info, memory)) return;
    }
    return;
  }
  std::error_code error;
  if (!std::filesystem::is_directory(path, error)) {
    if (const auto used = use(path, info, memory); !used) refusal_ = used.error();
  } else if (!search(path, info, memory)) {
    refusal_ = Error{ErrorKind::kUsage,
                     fmt::format("{}: none of its {} files ending in {} belongs to this dump", path,
                                 types_files_of(path).size(), kEnding),
                     {}};
  }
  if (refusal_) gaps.push_back({"distilled types", refusal_->what});
}

bool TypesFile::search(const std::string& folder, const dump::VmcoreInfo& info, const VirtualMemory& memory) {
  return std::ranges::any_of(types_files_of(folder),
                             [&](const std::string& file) { return use(file, info, memory).has_value(); });
}

Result<void> TypesFile::use(const std::string& path, const dump::VmcoreInfo& info, const VirtualMemory& memory) {
  TRY_ASSIGN(const auto source, open_file_source(path));
  TRY_ASSIGN(auto file, debuginfo::read_distilled(*source));
  TRY_ASSIGN(auto identified, identify(identity_of(*file), info, memory));
  file_ = std::move(file);
  proof_ = std::move(identified.how);
  slide_ = identified.slide;
  return {};
}

std::shared_ptr<debuginfo::TypeSource> TypesFile::types() const {
  return debuginfo::distilled_types(file_, fmt::format("distilled types {} ({})", file_->name, proof_));
}

std::shared_ptr<debuginfo::SymbolSource> TypesFile::symbols() const {
  return debuginfo::distilled_symbols(file_, slide_);
}

}  // namespace whyhung::target
