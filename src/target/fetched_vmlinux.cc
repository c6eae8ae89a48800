// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/fetched_vmlinux.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "dump/elf_notes.h"
#include "target/download.h"
#include "target/environment.h"

namespace whyhung::target {
namespace {

namespace files = std::filesystem;

constexpr std::uint32_t kNtGnuBuildId = 3;
constexpr std::uint64_t kMostNotes = 65536;
constexpr std::size_t kShortestId = 16, kLongestId = 128;  // digits
constexpr std::size_t kMostServers = 16;
constexpr long kIdleSeconds = 90, kTotalSeconds = 1800;
constexpr std::uint64_t kLargestFile = std::uint64_t{4} << 30;
// So long an empty file in the cache means that no server has it (elfutils: cache_miss_s).
constexpr std::chrono::minutes kMissIsFresh(10);

template <typename Number>
Number number_from(const char* name, Number otherwise) {
  constexpr std::uint64_t kMost = std::uint64_t{1} << 40;
  const auto value = parse_unsigned(environment(name), 10);
  if (!value || *value == 0) return otherwise;
  return static_cast<Number>(std::min(*value, kMost));
}

std::vector<std::string> servers() {
  constexpr std::string_view kSpaces = " \t\n";
  std::vector<std::string> urls;
  const std::string all = environment("DEBUGINFOD_URLS");
  for (std::size_t at = 0; at < all.size() && urls.size() < kMostServers;) {
    const std::size_t begin = all.find_first_not_of(kSpaces, at);
    if (begin == std::string::npos) break;
    at = std::min(all.find_first_of(kSpaces, begin), all.size());
    std::string url = all.substr(begin, at - begin);
    // Other words tell elfutils how to check signatures.
    if (!url.starts_with("http://") && !url.starts_with("https://")) continue;
    while (url.ends_with('/')) url.pop_back();
    if (!url.ends_with("/buildid")) url += "/buildid";
    urls.push_back(std::move(url));
  }
  return urls;
}

// Where elfutils' client keeps its files (debuginfod_find_debuginfo(3)).
files::path cache_folder() {
  if (const std::string named = environment("DEBUGINFOD_CACHE_PATH"); !named.empty()) return named;
  const files::path home = environment("HOME");
  files::path old = home / ".debuginfod_client_cache";
  std::error_code error;
  if (files::is_directory(old, error)) return old;
  const std::string cache = environment("XDG_CACHE_HOME");
  return (cache.empty() ? home / ".cache" : files::path(cache)) / "debuginfod_client";
}

bool is_sound(std::string_view id) {
  return id.size() >= kShortestId && id.size() <= kLongestId && id.size() % 2 == 0 &&
         id.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// A file that vanishes unless it is kept.
class TemporaryFile {
 public:
  explicit TemporaryFile(const files::path& beside) : path_(beside.string() + ".XXXXXX") {
    descriptor_ = mkstemp(path_.data());
  }
  ~TemporaryFile() {
    if (descriptor_ < 0) return;
    close(descriptor_);
    if (!kept_) unlink(path_.c_str());
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  int descriptor() const { return descriptor_; }
  const std::string& path() const { return path_; }
  bool clear() const { return ftruncate(descriptor_, 0) == 0 && lseek(descriptor_, 0, SEEK_SET) == 0; }
  bool keep_as(const files::path& place) {
    kept_ = fchmod(descriptor_, S_IRUSR) == 0 && rename(path_.c_str(), place.c_str()) == 0;
    return kept_;
  }

 private:
  std::string path_;
  int descriptor_ = -1;
  bool kept_ = false;
};

// Says to all who share the cache that nobody has the file.
void note_miss(const files::path& place) {
  const int made = open(place.c_str(), O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (made >= 0) close(made);
}

// The file in the cache; nothing: ask the servers. Fails when they were asked a moment ago.
Result<std::optional<std::string>> look_into_cache(const files::path& place) {
  std::error_code error;
  if (!files::is_regular_file(place, error)) return std::nullopt;
  const std::uintmax_t size = files::file_size(place, error);
  if (!error && size != 0) return place.string();
  const auto age = files::file_time_type::clock::now() - files::last_write_time(place, error);
  if (!error && age < kMissIsFresh) {
    return fail(ErrorKind::kNotFound, "no server had it less than {} minutes ago ({})", kMissIsFresh.count(),
                place.string());
  }
  files::remove(place, error);
  return std::nullopt;
}

}  // namespace

bool asks_servers() {
  return !servers().empty();
}

std::optional<std::string> build_id_of(const dump::VmcoreInfo& info, const VirtualMemory& memory,
                                       debuginfo::SymbolSource& symbols) {
  if (const auto id = info.build_id()) return is_sound(*id) ? std::optional(std::string(*id)) : std::nullopt;
  const auto begin = symbols.address_of("__start_notes");
  const auto end = begin ? symbols.address_of("__stop_notes") : std::nullopt;
  if (!end || *end <= *begin || *end - *begin > kMostNotes) return std::nullopt;
  std::vector<std::byte> bytes(*end - *begin);
  if (!memory.read(*begin, bytes)) return std::nullopt;
  const dump::NoteList list = dump::parse_notes(bytes, memory.byte_order());
  for (const dump::Note& note : list.notes) {
    if (note.type != kNtGnuBuildId || note.name != "GNU") continue;
    std::string id;
    for (const std::byte byte : note.data) id += fmt::format("{:02x}", std::to_integer<unsigned>(byte));
    if (is_sound(id)) return id;
  }
  return std::nullopt;
}

Result<std::string> fetch_vmlinux(const std::string& build_id,
                                  const std::function<Result<void>(const std::string& path)>& proof) {
  const files::path place = cache_folder() / build_id / "debuginfo";
  TRY_ASSIGN(const auto known, look_into_cache(place));
  if (known) return *known;
  std::error_code error;
  files::create_directories(place.parent_path(), error);
  TemporaryFile file(place);
  if (file.descriptor() < 0) {
    return fail(ErrorKind::kIo, "{}: no file can be made there", place.parent_path().string());
  }
  const DownloadLimits limits{number_from("DEBUGINFOD_TIMEOUT", kIdleSeconds),
                              number_from("DEBUGINFOD_MAXTIME", kTotalSeconds),
                              number_from("DEBUGINFOD_MAXSIZE", kLargestFile)};
  std::string troubles;
  bool nobody_has_it = true;
  for (const std::string& server : servers()) {
    const std::string url = fmt::format("{}/{}/debuginfo", server, build_id);
    Result<void> done = file.clear() ? download(url, file.descriptor(), limits)
                                     : fail(ErrorKind::kIo, "{}: cannot be written", file.path());
    nobody_has_it = nobody_has_it && !done && done.error().kind == ErrorKind::kNotFound;
    if (done) done = proof(file.path());
    if (done && file.keep_as(place)) return place.string();
    if (!troubles.empty()) troubles += "; ";
    troubles += done ? fmt::format("{}: cannot be stored", place.string()) : done.error().what;
  }
  if (nobody_has_it) note_miss(place);
  return fail(nobody_has_it ? ErrorKind::kNotFound : ErrorKind::kIo, "{}", troubles);
}

}  // namespace whyhung::target
