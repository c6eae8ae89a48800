// SPDX-License-Identifier: GPL-2.0-or-later
#include "dump/flattened.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

#include <fmt/format.h>

#include "base/byte_reader.h"
#include "dump/segment_index.h"

namespace whyhung::dump {
namespace {

// struct makedumpfile_header and makedumpfile_data_header: always big-endian, whatever the machine.
constexpr std::string_view kSignature{"makedumpfile\0\0\0\0", 16};
constexpr std::uint64_t kHeaderBytes = 4096;
constexpr std::uint64_t kSegmentHeaderBytes = 16;
constexpr std::int64_t kType = 1;
constexpr std::int64_t kVersion = 1;
constexpr std::int64_t kEndMark = -1;

constexpr std::int64_t kMostDestination = std::int64_t{1} << 56;
// Writers leave holes only inside of a header block. A small file that claims to be a huge one is not to cost the time
// of a huge one.
constexpr std::uint64_t kMostHoleBytes = 64 * 1024 * 1024;
// 16 GB of what QEMU writes: about a second of CPU time, and far more when the file has to come from a disk.
constexpr std::uint64_t kManySegments = 1024 * 1024;

class FlattenedSource final : public ByteSource {
 public:
  FlattenedSource(std::shared_ptr<ByteSource> stream, SegmentIndex index, std::uint64_t size, bool cut)
      : stream_(std::move(stream)), index_(std::move(index)), size_(size), cut_(cut) {}

  Result<std::size_t> read_some(std::uint64_t offset, std::span<std::byte> out) const override {
    std::size_t done = 0;
    while (done < out.size() && offset + done < size_) {
      const SegmentIndex::Piece piece = index_.find(offset + done);
      const auto part = out.subspan(done, std::min<std::uint64_t>(out.size() - done, piece.length));
      if (piece.source) {
        TRY_ASSIGN(const std::size_t count, stream_->read_some(*piece.source, part));
        done += count;
        if (count < part.size()) break;
      } else {
        if (cut_) break;
        std::memset(part.data(), 0, part.size());
        done += part.size();
      }
    }
    return done;
  }

  std::uint64_t size() const override { return size_; }
  const std::string& name() const override { return stream_->name(); }
  std::uint64_t bytes_read() const override { return stream_->bytes_read(); }

  void prefetch(std::span<const SourceRange> ranges) const override {
    std::vector<SourceRange> inner;
    for (const SourceRange& range : ranges) {
      for (std::uint64_t done = 0; done < range.length && range.offset + done < size_;) {
        const SegmentIndex::Piece piece = index_.find(range.offset + done);
        const std::uint64_t length = std::min(piece.length, range.length - done);
        if (piece.source) inner.push_back({*piece.source, length});
        done += length;
      }
    }
    stream_->prefetch(inner);
  }

 private:
  std::shared_ptr<ByteSource> stream_;
  SegmentIndex index_;
  std::uint64_t size_;
  bool cut_;
};

// Takes the segment headers out of the stream, one by one. Large segments are stepped over; between small ones a whole
// buffer is read, since a system call costs about as much as copying two kilobytes.
class HeaderWalker {
 public:
  explicit HeaderWalker(const ByteSource& stream) : stream_(stream) {}

  struct Header {
    std::int64_t destination;
    std::int64_t length;
  };
  // Nothing when the stream ends before or inside of the header.
  Result<std::optional<Header>> at(std::uint64_t offset) {
    if (offset < buffer_offset_ || offset + kSegmentHeaderBytes > buffer_offset_ + filled_) {
      const std::size_t wanted = small_segments_ >= kSmallInARow ? kBufferBytes : kSegmentHeaderBytes;
      if (buffer_.size() < wanted) buffer_.resize(wanted);
      buffer_offset_ = offset;
      filled_ = 0;
      TRY_ASSIGN(filled_, stream_.read_some(offset, std::span<std::byte>(buffer_).first(wanted)));
      if (filled_ < kSegmentHeaderBytes) return std::nullopt;
    }
    small_segments_ = offset - last_offset_ < kSmall ? small_segments_ + 1 : 0;
    last_offset_ = offset;
    ByteReader reader(std::span<const std::byte>(buffer_).subspan(offset - buffer_offset_, kSegmentHeaderBytes),
                      ByteOrder::kBig);
    const std::int64_t destination = reader.i64();
    return Header{destination, reader.i64()};
  }

 private:
  // A single small segment says nothing: makedumpfile writes one after every large one.
  static constexpr std::uint64_t kSmall = 2048;
  static constexpr unsigned kSmallInARow = 4;
  static constexpr std::size_t kBufferBytes = 64 * 1024;

  const ByteSource& stream_;
  std::vector<std::byte> buffer_;
  std::uint64_t buffer_offset_ = 0;
  std::size_t filled_ = 0;
  std::uint64_t last_offset_ = 0;
  unsigned small_segments_ = 0;
};

// How the walk over the segments ended.
struct Walk {
  SegmentIndex index;
  std::string problem;  // empty after a whole stream
};

Result<Walk> walk_segments(const ByteSource& stream) {
  Walk walk;
  HeaderWalker headers(stream);
  std::uint64_t offset = kHeaderBytes;
  for (;;) {
    TRY_ASSIGN(const auto header, headers.at(offset));
    if (!header) {
      walk.problem = fmt::format("the flattened stream ends at {:#x} without its end mark", stream.size());
      break;
    }
    if (header->destination == kEndMark) break;
    const bool sane = header->destination >= 0 && header->destination < kMostDestination && header->length >= 0 &&
                      header->length < kMostDestination;
    if (!sane) {
      walk.problem = fmt::format("the flattened stream is damaged at {:#x}; what follows is not used", offset);
      break;
    }
    const std::uint64_t begin = offset + kSegmentHeaderBytes;
    const std::uint64_t claimed = static_cast<std::uint64_t>(header->length);
    const std::uint64_t length = std::min(claimed, stream.size() - std::min(begin, stream.size()));
    if (length != 0 && !walk.index.add({static_cast<std::uint64_t>(header->destination), begin, length})) {
      return with_hint(
          fail(ErrorKind::kUnsupported, "{}: the pieces of this flattened dump come in no usable order", stream.name()),
          "rearrange it first: makedumpfile -R rearranged < flattened");
    }
    if (length < claimed) {
      walk.problem = fmt::format("the flattened stream is cut off at {:#x}, inside of a piece of {} bytes",
                                 stream.size(), claimed);
      break;
    }
    offset = begin + length;
  }
  walk.index.finish();
  return walk;
}

}  // namespace

bool is_flattened_signature(std::span<const std::byte> head) {
  return head.size() >= kSignature.size() && std::memcmp(head.data(), kSignature.data(), kSignature.size()) == 0;
}

Result<DumpFile> open_flattened(std::shared_ptr<ByteSource> stream) {
  std::array<std::byte, 32> head{};
  TRY_CHECK(stream->read_exactly(0, head));
  ByteReader reader(head, ByteOrder::kBig);
  reader.skip(kSignature.size());
  const std::int64_t type = reader.i64();
  const std::int64_t version = reader.i64();
  if (type != kType || version != kVersion) {
    return fail(ErrorKind::kUnsupported, "{}: flattened dump of type {} and version {}; only {} and {} are known",
                stream->name(), type, version, kType, kVersion);
  }
  TRY_ASSIGN(Walk walk, walk_segments(*stream));
  if (walk.index.segments() == 0) {
    return with_hint(fail(ErrorKind::kTruncated, "{}: a flattened dump without any content", stream->name()),
                     "whatever wrote or copied it stopped at once: take it again");
  }
  const std::uint64_t size = walk.index.end();
  if (size > walk.index.bytes_written() + kMostHoleBytes) {
    return fail(ErrorKind::kCorrupt, "{}: the pieces of this flattened dump leave {} of {} bytes open", stream->name(),
                size - walk.index.bytes_written(), size);
  }
  const bool cut = !walk.problem.empty();
  DumpFile file;
  file.flattened = true;
  file.incomplete = cut;
  if (cut) file.remarks.push_back(fmt::format("{}: {}", stream->name(), walk.problem));
  if (walk.index.segments() > kManySegments) {
    file.remarks.push_back(
        fmt::format("{}: a flattened stream of {} pieces, all of which have to be visited to open it; "
                    "makedumpfile -R would rearrange it",
                    stream->name(), walk.index.segments()));
  }
  file.bytes = std::make_shared<FlattenedSource>(std::move(stream), std::move(walk.index), size, cut);
  return file;
}

}  // namespace whyhung::dump
