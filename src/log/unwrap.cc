// SPDX-License-Identifier: GPL-2.0-or-later
#include "log/unwrap.h"

#include <algorithm>
#include <utility>

#include "base/byte_text.h"
#include "log/scan.h"

namespace whyhung::log {
namespace {

constexpr std::size_t kHead = 4096;
constexpr int kDeepest = 6;
// No log is packed so well: what goes beyond is made to fill a machine.
constexpr std::uint64_t kFreely = std::uint64_t{1} << 30;
constexpr std::uint64_t kMostTimes = 2000;
constexpr std::uint64_t kMostUnpacked = std::uint64_t{256} << 30;

int value_of(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (is_digit(c)) return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

std::vector<std::byte> from_base64(std::string_view text) {
  std::vector<std::byte> bytes;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const int value = value_of(c);
    if (value < 0) break;
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes.push_back(static_cast<std::byte>(bits >> count & 0xff));
  }
  return bytes;
}

}  // namespace

// A report of apport: "Name: value", lines of a long value with a blank before, or packed and in base64.
class Unwrap::Report {
 public:
  Report(Sources& sources, Volume& volume, std::string name, int depth)
      : sources_(sources), volume_(volume), name_(std::move(name)), depth_(depth) {}

  void add(std::string_view line) {
    if (!line.starts_with(' ')) {
      end();
      std::string_view rest = line;
      const std::size_t colon = rest.find(':');
      if (colon == std::string_view::npos) return;
      const std::string_view value = trimmed(rest.substr(colon + 1));
      const std::string name =
          name_.empty() ? std::string(line.substr(0, colon)) : name_ + "/" + std::string(line.substr(0, colon));
      if (value == "base64" && !name.ends_with("Core") && !name.ends_with("CoreDump")) {
        packed_ = std::make_unique<Unwrap>(sources_, volume_, name, depth_ + 1);
      } else if (value.empty()) {
        sources_.begin(name);
        in_text_ = true;
      }
      return;
    }
    line.remove_prefix(1);
    if (in_text_) sources_.add(line);
    if (packed_ != nullptr && !packed_->feed(from_base64(line))) packed_.reset();
  }

  void end() {
    if (in_text_) sources_.end();
    in_text_ = false;
    // One whose stream is cut has given what it had.
    if (packed_ != nullptr) static_cast<void>(packed_->finish());
    packed_.reset();
  }

 private:
  Sources& sources_;
  Volume& volume_;
  std::string name_;
  int depth_;
  bool in_text_ = false;
  std::unique_ptr<Unwrap> packed_;
};

Unwrap::Unwrap(Sources& sources, Volume& volume, std::string name, int depth)
    : sources_(sources), volume_(volume), name_(std::move(name)), depth_(depth) {}

Unwrap::~Unwrap() = default;

Result<void> Unwrap::decide() {
  const std::string_view text = text_of(head_);
  const bool too_deep = depth_ > kDeepest;
  const auto packing = too_deep ? std::nullopt : packing_of(head_);
  if (packing) {
    kind_ = Kind::kPacked;
    unpacker_ = make_unpacker(*packing);
    inner_ = std::make_unique<Unwrap>(sources_, volume_, name_, depth_ + 1);
  } else if (!too_deep && is_tar(head_)) {
    kind_ = Kind::kArchive;
    sources_.expect_several();
    archive_ = std::make_unique<TarReader>(*this);
  } else if (wide_ = WideText::from_mark(head_); too_deep || (!wide_ && text.find('\0') != std::string_view::npos)) {
    kind_ = Kind::kOther;
  } else if (!wide_ && text.starts_with(kApportReport)) {
    kind_ = Kind::kReport;
    sources_.expect_several();
    report_ = std::make_unique<Report>(sources_, volume_, name_, depth_);
  } else {
    kind_ = Kind::kText;
    sources_.begin(name_);
  }
  const std::vector<std::byte> head = std::exchange(head_, {});
  return pass_on(head);
}

Result<void> Unwrap::feed(std::span<const std::byte> bytes) {
  if (kind_ != Kind::kUnknown) return pass_on(bytes);
  const std::size_t count = std::min(bytes.size(), kHead - head_.size());
  head_.insert(head_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count));
  if (head_.size() < kHead) return {};
  TRY_CHECK(decide());
  return pass_on(bytes.subspan(count));
}

Result<void> Unwrap::unpacked(std::span<const std::byte> bytes) {
  volume_.unpacked += bytes.size();
  const bool sane = volume_.unpacked <= kFreely || volume_.unpacked / kMostTimes <= volume_.packed;
  if (!sane || volume_.unpacked > kMostUnpacked) {
    return fail(ErrorKind::kLimit, "unpacked it has more than {} bytes", volume_.unpacked);
  }
  return inner_->feed(bytes);
}

Result<void> Unwrap::pass_on(std::span<const std::byte> bytes) {
  if (bytes.empty()) return {};
  switch (kind_) {
    case Kind::kPacked: return unpacker_->feed(bytes, [this](auto piece) { return unpacked(piece); });
    case Kind::kArchive: return archive_->feed(bytes);
    case Kind::kText:
    case Kind::kReport: take_text(wide_ ? std::string_view(wide_->narrow(bytes)) : text_of(bytes)); break;
    case Kind::kUnknown:
    case Kind::kOther: break;
  }
  return {};
}

void Unwrap::take_text(std::string_view text) {
  if (kind_ == Kind::kText && !sources_.wants_more()) return;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view piece = text.substr(0, end);
    if (end == std::string_view::npos || !partial_.empty()) {
      partial_.append(piece.substr(0, LineKeeper::kLongestLine - std::min(LineKeeper::kLongestLine, partial_.size())));
      if (end == std::string_view::npos) return;
      take_line(partial_);
      partial_.clear();
    } else {
      take_line(piece);
    }
    text.remove_prefix(end + 1);
  }
}

void Unwrap::take_line(std::string_view line) {
  if (report_ != nullptr) {
    report_->add(line);
  } else {
    sources_.add(line);
  }
}

Result<void> Unwrap::finish() {
  if (kind_ == Kind::kUnknown && !head_.empty()) TRY_CHECK(decide());
  if (!partial_.empty()) take_line(partial_);
  partial_.clear();
  if (report_ != nullptr) report_->end();
  if (kind_ == Kind::kText) sources_.end();
  Result<void> done;
  if (unpacker_ != nullptr) done = unpacker_->finish([this](auto piece) { return unpacked(piece); });
  // What came before the damage is handed on all the same.
  if (archive_ != nullptr) done = archive_->finish();
  if (inner_ != nullptr && unpacker_ != nullptr) {
    auto inner = inner_->finish();
    if (done) done = std::move(inner);
  }
  return done;
}

Result<void> Unwrap::begin_file(const TarHeader& file) {
  inner_ = std::make_unique<Unwrap>(sources_, volume_, file.name, depth_ + 1);
  return {};
}

// A damaged file of an archive is no reason to leave out the others.
Result<void> Unwrap::file_bytes(std::span<const std::byte> bytes) {
  if (inner_ == nullptr) return {};
  auto fed = inner_->feed(bytes);
  if (fed) return {};
  if (fed.error().kind == ErrorKind::kLimit) return fed;
  static_cast<void>(inner_->finish());
  inner_.reset();
  return {};
}

Result<void> Unwrap::end_file() {
  if (inner_ != nullptr) static_cast<void>(inner_->finish());
  inner_.reset();
  return {};
}

}  // namespace whyhung::log
