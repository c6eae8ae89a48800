// SPDX-License-Identifier: GPL-2.0-or-later
#include "session/find_dump.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/byte_source.h"
#include "session/file_kinds.h"

namespace whyhung::session {
namespace {

namespace fs = std::filesystem;

constexpr int kDeepest = 4;                // folders below the one that was named
constexpr std::size_t kMostFiles = 20000;  // that are looked at
constexpr std::size_t kMostSettings = 64 * 1024;

struct Candidate {
  std::string path;
  int rank = 0;  // 0: named as kdump names a dump; 1: otherwise; 2 more: not complete
  fs::file_time_type written;
};

int rank_of(const std::string& name) {
  const bool is_usual = name.starts_with("vmcore") || name.starts_with("dump.");
  const bool is_incomplete = name.find("incomplete") != std::string::npos;
  return (is_usual ? 0 : 1) + (is_incomplete ? 2 : 0);
}

std::vector<Candidate> files_of(const std::string& folder) {
  std::vector<Candidate> files;
  std::error_code error;
  fs::recursive_directory_iterator at(folder, fs::directory_options::skip_permission_denied, error);
  // Links to folders are not followed, so there is no going round in a circle.
  for (const fs::recursive_directory_iterator end; !error && at != end; at.increment(error)) {
    if (at.depth() >= kDeepest) at.disable_recursion_pending();
    std::error_code one;
    if (!at->is_regular_file(one) || one) continue;
    const auto written = at->last_write_time(one);
    if (one) continue;
    files.push_back({at->path().string(), rank_of(at->path().filename().string()), written});
    if (files.size() == kMostFiles) break;
  }
  std::ranges::sort(files, [](const Candidate& a, const Candidate& b) {
    if (a.rank != b.rank) return a.rank < b.rank;
    return a.written != b.written ? a.written > b.written : a.path < b.path;
  });
  return files;
}

std::optional<Candidate> newest(const std::string& folder) {
  for (Candidate& file : files_of(folder)) {
    if (is_dump_file(file.path)) return std::move(file);
  }
  return std::nullopt;
}

std::string text_of(const char* path) {
  std::ifstream file(path);
  std::string text(kMostSettings, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(std::max<std::streamsize>(file.gcount(), 0)));
  return text;
}

}  // namespace

bool is_dump_file(const std::string& path) {
  const auto source = open_file_source(path);
  if (!source) return false;
  std::array<std::byte, kHeadBytes> head{};
  const auto count = (*source)->read_some(0, head);
  return count && is_dump(std::span(head).first(*count));
}

std::optional<std::string> log_beside(const std::string& dump) {
  const fs::path path(dump);
  std::vector<std::string> names = {"vmcore-dmesg.txt", "vmcore-dmesg-incomplete.txt", "dmesg.txt"};
  constexpr std::string_view kDebian = "dump.";
  const std::string name = path.filename().string();
  if (name.starts_with(kDebian)) names.push_back("dmesg." + name.substr(kDebian.size()));
  for (const std::string& one : names) {
    const fs::path beside = path.parent_path() / one;
    std::error_code error;
    if (fs::is_regular_file(beside, error)) return beside.string();
  }
  return std::nullopt;
}

Result<std::string> newest_dump_in(const std::string& folder) {
  if (auto found = newest(folder)) return std::move(found->path);
  return with_hint(fail(ErrorKind::kNotFound, "{}: is a directory without a dump in it", folder),
                   "name the dump; kdump calls it vmcore or dump.DATE, and writes it when the machine starts again");
}

std::optional<std::string> folder_in_settings(std::string_view text) {
  constexpr std::array<std::string_view, 3> kKeys = {"path ", "KDUMP_COREDIR=", "KDUMP_SAVEDIR="};
  constexpr std::string_view kLocal = "file://";
  std::optional<std::string> folder;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const auto key = std::ranges::find_if(kKeys, [&](std::string_view one) { return line.starts_with(one); });
    if (key == kKeys.end()) continue;
    line.remove_prefix(key->size());
    line.remove_prefix(std::min(line.find_first_not_of(" \t\"'"), line.size()));
    line = line.substr(0, line.find_first_of(" \t\r\"'"));
    if (line.starts_with(kLocal)) line.remove_prefix(kLocal.size());
    // The last line counts, as it does for kdump.
    if (line.starts_with('/')) folder = std::string(line);
  }
  return folder;
}

std::vector<std::string> usual_dump_folders() {
  std::vector<std::string> folders;
  if (const char* named = std::getenv("WHYHUNG_DUMPS"); named != nullptr && named[0] != '\0') {
    std::istringstream all(named);
    for (std::string one; std::getline(all, one, ':');) {
      if (!one.empty()) folders.push_back(std::move(one));
    }
    return folders;
  }
  folders = {"/var/crash", "/var/log/dump"};
  for (const char* settings : {"/etc/kdump.conf", "/etc/default/kdump-tools", "/etc/sysconfig/kdump"}) {
    const auto folder = folder_in_settings(text_of(settings));
    if (folder && std::ranges::find(folders, *folder) == folders.end()) folders.push_back(*folder);
  }
  return folders;
}

Result<std::string> newest_dump_of(const std::vector<std::string>& folders) {
  std::optional<Candidate> best;
  std::string looked;
  for (const std::string& folder : folders) {
    looked += (looked.empty() ? "" : ", ") + folder;
    auto found = newest(folder);
    const bool is_better = found && (!best || found->rank / 2 < best->rank / 2 ||
                                     (found->rank / 2 == best->rank / 2 && found->written > best->written));
    if (is_better) best = std::move(found);
  }
  if (best) return std::move(best->path);
  return with_hint(fail(ErrorKind::kUsage, "no dump was named, and none was found in {}", looked),
                   "whyhung VMCORE says why that machine hung; whyhung --help tells the rest");
}

}  // namespace whyhung::session
