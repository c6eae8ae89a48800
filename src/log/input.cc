// SPDX-License-Identifier: GPL-2.0-or-later
#include "log/input.h"

#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include "log/reader.h"

namespace whyhung::log {
namespace {

constexpr std::size_t kAllBytes = 12u << 20;   // up to which everything is kept
constexpr std::size_t kMostBytes = 12u << 20;  // of a large file
constexpr std::uint64_t kFollowing = 60;       // lines behind a known word: the rest of a report
constexpr std::size_t kRecent = 40;            // the last lines, which tell how long the log goes on
constexpr std::size_t kLongestKept = 65536;
constexpr std::size_t kChunk = 1u << 18;

struct GzClose {
  void operator()(gzFile file) const { gzclose(file); }
};
using GzFile = std::unique_ptr<gzFile_s, GzClose>;

Result<GzFile> open_packed(const std::string& path) {
  const int descriptor = path == "-" ? ::dup(STDIN_FILENO) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return fail(ErrorKind::kIo, "{}: {}", path, std::strerror(errno));
  GzFile file(gzdopen(descriptor, "rb"));
  if (file == nullptr) {
    ::close(descriptor);
    return fail(ErrorKind::kIo, "{}: it cannot be read", path);
  }
  return file;
}

}  // namespace

void LineKeeper::keep(std::uint64_t number, std::string_view line) {
  bytes_ += line.size() + sizeof(RawLine);
  out_.lines.push_back({number, std::string(line)});
  if (bytes_ > kMostBytes && out_.thinned) forget();
}

// The oldest go: the episode that matters is the last. The vector is closed up now and then.
void LineKeeper::forget() {
  out_.forgot_oldest = true;
  while (bytes_ > kMostBytes && first_ < out_.lines.size()) {
    bytes_ -= out_.lines[first_].text.size() + sizeof(RawLine);
    std::string().swap(out_.lines[first_].text);
    ++first_;
  }
  if (first_ * 2 > out_.lines.size()) {
    out_.lines.erase(out_.lines.begin(), out_.lines.begin() + static_cast<std::ptrdiff_t>(first_));
    first_ = 0;
  }
}

void LineKeeper::thin() {
  std::vector<RawLine> all = std::move(out_.lines);
  out_ = {{}, out_.total, true, false};
  bytes_ = 0;
  first_ = 0;
  for (RawLine& line : all) {
    if (kept_triggers().any(line.text)) following_ = kFollowing;
    if (following_ == 0) continue;
    --following_;
    keep(line.number, line.text);
  }
}

void LineKeeper::add(std::string_view line) {
  line = line.substr(0, kLongestKept);
  ++out_.total;
  if (!out_.thinned) {
    keep(out_.total, line);
    if (bytes_ > kAllBytes) thin();
    return;
  }
  if (kept_triggers().any(line)) following_ = kFollowing;
  if (following_ != 0) {
    --following_;
    keep(out_.total, line);
    return;
  }
  if (recent_.size() < kRecent) recent_.resize(kRecent);
  RawLine& slot = recent_[next_recent_++ % kRecent];
  slot.number = out_.total;
  slot.text.assign(line);
}

InputLines LineKeeper::take() {
  out_.lines.erase(out_.lines.begin(), out_.lines.begin() + static_cast<std::ptrdiff_t>(first_));
  for (RawLine& line : recent_) {
    if (line.number != 0) out_.lines.push_back(std::move(line));
  }
  std::ranges::stable_sort(out_.lines, {}, &RawLine::number);
  return std::move(out_);
}

Result<std::string> read_beginning(const std::string& path) {
  TRY_ASSIGN(const GzFile file, open_packed(path));
  std::string beginning(kChunk / 4, '\0');
  const int count = gzread(file.get(), beginning.data(), static_cast<unsigned>(beginning.size()));
  beginning.resize(static_cast<std::size_t>(std::max(count, 0)));
  return beginning;
}

Result<InputLines> read_lines(const std::string& path) {
  TRY_ASSIGN(const GzFile file, open_packed(path));
  gzbuffer(file.get(), kChunk);
  LineKeeper keeper;
  std::string chunk(kChunk, '\0');
  std::string partial;
  while (true) {
    const int count = gzread(file.get(), chunk.data(), static_cast<unsigned>(chunk.size()));
    if (count < 0) return fail(ErrorKind::kIo, "{}: it cannot be read, or is a damaged gzip file", path);
    if (count == 0) break;
    std::string_view rest(chunk.data(), static_cast<std::size_t>(count));
    while (!rest.empty()) {
      const std::size_t end = rest.find('\n');
      const std::string_view piece = rest.substr(0, end);
      if (end == std::string_view::npos) {
        if (partial.size() < kLongestKept) partial.append(piece);
        break;
      }
      if (partial.empty()) {
        keeper.add(piece);
      } else {
        partial.append(piece.substr(0, kLongestKept));
        keeper.add(partial);
        partial.clear();
      }
      rest.remove_prefix(end + 1);
    }
  }
  if (!partial.empty()) keeper.add(partial);
  return keeper.take();
}

}  // namespace whyhung::log
