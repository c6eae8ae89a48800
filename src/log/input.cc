// SPDX-License-Identifier: GPL-2.0-or-later
#include "log/input.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>

#include "log/reader.h"
#include "log/unwrap.h"

namespace whyhung::log {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kFollowing = 60;  // lines behind a known word: the rest of a report
constexpr std::size_t kRecent = 40;       // the last lines, which tell how long the log goes on
constexpr std::size_t kChunk = 1u << 18;

struct Closed {
  void operator()(const int* descriptor) const {
    ::close(*descriptor);
    delete descriptor;
  }
};
using Descriptor = std::unique_ptr<int, Closed>;

Result<Descriptor> open_bytes(const std::string& path) {
  const int descriptor = path == "-" ? ::dup(STDIN_FILENO) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return fail(ErrorKind::kIo, "{}: {}", path, std::strerror(errno));
  return Descriptor(new int(descriptor));
}

// 0 at the end.
Result<std::size_t> read_piece(int descriptor, const std::string& path, std::span<std::byte> out) {
  while (true) {
    const ssize_t count = ::read(descriptor, out.data(), out.size());
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno != EINTR) return fail(ErrorKind::kIo, "{}: {}", path, std::strerror(errno));
  }
}

// All of a file through the layers of its wrapping. What came before some damage is kept, and the damage is said.
Result<void> read_through(const std::string& path, Sources& sources, Volume& volume, std::string name,
                          const ReadWatch& watch) {
  TRY_ASSIGN(const Descriptor descriptor, open_bytes(path));
  Unwrap unwrap(sources, volume, std::move(name));
  std::vector<std::byte> piece(kChunk);
  while (true) {
    TRY_ASSIGN(const std::size_t count, read_piece(*descriptor, path, piece));
    volume.packed += count;
    if (watch) watch(volume.packed);
    auto done = count == 0 ? unwrap.finish() : unwrap.feed(std::span(piece).first(count));
    if (!done && count != 0) static_cast<void>(unwrap.finish());
    if (!done || count == 0) return done;
  }
}

Result<Input> gathered(const std::string& path, Sources& sources, const Result<void>& done) {
  Input input{sources.take(), sources.several(), sources.take_gaps()};
  if (!done && input.sources.empty()) return fail(in_context(path, done.error()));
  if (!done) input.gaps.push_back({"the rest of the file", done.error().what});
  return input;
}

}  // namespace

void LineKeeper::keep(std::uint64_t number, std::string_view line) {
  bytes_ += line.size() + sizeof(RawLine);
  out_.lines.push_back({number, std::string(line)});
  if (bytes_ > most_bytes_ && out_.thinned) forget();
}

// The oldest go: the episode that matters is the last. The vector is closed up now and then.
void LineKeeper::forget() {
  out_.forgot_oldest = true;
  while (bytes_ > most_bytes_ && first_ < out_.lines.size()) {
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
  line = line.substr(0, kLongestLine);
  ++out_.total;
  if (!out_.thinned) {
    keep(out_.total, line);
    if (bytes_ > most_bytes_) thin();
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
  constexpr std::size_t kBeginning = kChunk / 4;
  constexpr int kMostLayers = 3;
  TRY_ASSIGN(const Descriptor descriptor, open_bytes(path));
  std::vector<std::byte> beginning(kBeginning);
  std::size_t filled = 0;
  while (filled < kBeginning) {
    TRY_ASSIGN(const std::size_t count, read_piece(*descriptor, path, std::span(beginning).subspan(filled)));
    if (count == 0) break;
    filled += count;
  }
  beginning.resize(filled);
  for (int layer = 0; layer < kMostLayers; ++layer) {
    const auto packing = packing_of(beginning);
    if (!packing) break;
    std::vector<std::byte> inner;
    // It ends where there is enough, or where the piece that was read does.
    static_cast<void>(make_unpacker(*packing)->feed(beginning, [&](std::span<const std::byte> bytes) -> Result<void> {
      const std::size_t wanted = std::min(bytes.size(), kBeginning - inner.size());
      inner.insert(inner.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(wanted));
      if (inner.size() == kBeginning) return fail(ErrorKind::kLimit, "enough");
      return {};
    }));
    beginning = std::move(inner);
  }
  if (auto wide = WideText::from_mark(beginning)) return wide->narrow(beginning);
  return std::string(reinterpret_cast<const char*>(beginning.data()), beginning.size());
}

Result<Input> read_input(const std::string& path, const ReadWatch& watch) {
  Sources sources;
  Volume volume;
  const auto done = read_through(path, sources, volume, {}, watch);
  return gathered(path, sources, done);
}

Result<Input> read_folder(const std::string& folder, const ReadWatch& watch) {
  constexpr std::size_t kMostFiles = 20000;
  constexpr int kDeepest = 12;
  std::vector<std::string> files;
  std::error_code error;
  fs::recursive_directory_iterator at(folder, fs::directory_options::skip_permission_denied, error);
  for (; !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
    if (files.size() == kMostFiles) break;
    if (at.depth() >= kDeepest) at.disable_recursion_pending();
    std::error_code ignored;
    if (!at->is_symlink(ignored) && at->is_regular_file(ignored)) files.push_back(at->path().string());
  }
  std::ranges::sort(files);
  Sources sources;
  sources.expect_several();
  Volume volume;
  for (const std::string& file : files) {
    // One that cannot be read, or is damaged, is no reason to leave out the others.
    auto name = fs::path(file).lexically_relative(folder).string();
    static_cast<void>(read_through(file, sources, volume, std::move(name), watch));
  }
  Input input{sources.take(), true, sources.take_gaps()};
  if (files.size() == kMostFiles) input.gaps.push_back({"the rest of the folder", "it holds too many files"});
  return input;
}

}  // namespace whyhung::log
