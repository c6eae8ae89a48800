// SPDX-License-Identifier: GPL-2.0-or-later
// A folder of logs: what pstore left, a crash folder, an unpacked report of a support tool. Each source is judged by
// itself; the one that says most is told, and the others are named.
#include <algorithm>
#include <filesystem>
#include <map>

#include <fmt/format.h>

#include "log/input.h"
#include "log/read_log.h"

namespace whyhung::log {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostFiles = 20000;
constexpr std::size_t kMostJudged = 200;
constexpr int kDeepest = 8;

// Records of one crash that pstore kept lie side by side: "dmesg-efi-179610435301001", "dmesg-ramoops-0".
bool is_pstore_name(std::string_view name) {
  return name.starts_with("dmesg-") && name.find_first_of("0123456789") != std::string_view::npos &&
         !name.ends_with(".gz") && !name.ends_with(".enc.z");
}

std::map<std::string, std::vector<std::string>> sources_in(const std::string& folder) {
  std::map<std::string, std::vector<std::string>> sources;
  std::error_code error;
  std::size_t seen = 0;
  fs::recursive_directory_iterator at(folder, fs::directory_options::skip_permission_denied, error);
  for (; !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
    if (++seen > kMostFiles) break;
    if (at.depth() >= kDeepest) at.disable_recursion_pending();
    std::error_code ignored;
    if (at->is_symlink(ignored) || !at->is_regular_file(ignored)) continue;
    const std::string path = at->path().string();
    const bool kept = is_pstore_name(at->path().filename().string());
    sources[kept ? at->path().parent_path().string() + "/dmesg-*" : path].push_back(path);
  }
  for (auto& [name, files] : sources) std::ranges::sort(files);
  return sources;
}

// What a source has to say: an answer, a hang without an answer, nothing.
int weight_of(const LogReport& report) {
  if (is_explained(report.verdict)) return report.verdict.confidence == model::Certainty::kLikely ? 4 : 3;
  return report.verdict.hang_class == diagnose::HangClass::kNone ? 1 : 2;
}

Result<LogReport> judge_files(const std::string& name, const std::vector<std::string>& files) {
  if (files.size() == 1) return judge_file(files.front());
  std::vector<RawLine> lines;
  std::vector<SourceFile> places;
  for (const std::string& file : files) {
    auto input = read_lines(file);
    if (!input) continue;
    places.push_back({lines.empty() ? 1 : lines.back().number + 1, fs::path(file).filename().string()});
    const std::uint64_t before = places.back().first_line - 1;
    for (RawLine& line : input->lines) {
      line.number += before;
      lines.push_back(std::move(line));
    }
  }
  TRY_ASSIGN(LogReport report, judge_lines(std::move(lines), name));
  report.files = std::move(places);
  return report;
}

}  // namespace

Result<LogReport> judge_folder(const std::string& folder) {
  std::optional<LogReport> best;
  std::vector<std::string> others;
  std::size_t judged = 0;
  for (const auto& [name, files] : sources_in(folder)) {
    const auto text = is_log(files.front());
    if (!text || !*text) continue;
    if (++judged > kMostJudged) break;
    auto report = judge_files(name, files);
    if (!report) continue;
    const bool better = !best || weight_of(*report) > weight_of(*best);
    if (better && best) others.push_back(best->snapshot.machine.dump_file);
    if (!better) others.push_back(name);
    if (better) best = std::move(*report);
  }
  if (!best) return fail(ErrorKind::kNotADump, "{}: is a directory, not a dump, and no kernel log is in it", folder);
  for (const std::string& name : others) {
    best->snapshot.gaps.push_back({fmt::format("the log {}", name), "read too; what it says is less or the same"});
  }
  return *std::move(best);
}

}  // namespace whyhung::log
