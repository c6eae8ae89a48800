// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/unpack.h"

#include <bzlib.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>

namespace whyhung {
namespace {

constexpr std::size_t kPiece = std::size_t{256} * 1024;
constexpr std::uint64_t kMostMemory = std::uint64_t{512} << 20;  // xz -9 needs 65 MB, zstd --ultra -22 128 MB
constexpr int kGzipWindow = 15 + 16;                             // zlib: the largest window, with gzip's header

using Bytes = std::span<const std::byte>;

// What all kinds have in common.
class Stream : public Unpacker {
 protected:
  static Result<void> damaged(std::string_view name) {
    return fail(ErrorKind::kCorrupt, "the {} stream is damaged", name);
  }
  static Result<void> cut(std::string_view name) {
    return fail(ErrorKind::kTruncated, "the {} stream is cut off", name);
  }
  std::vector<std::byte> out_ = std::vector<std::byte>(kPiece);
};

// Streams of which one may follow another in a file. zlib and bzip2 call their parts alike.
template <typename State>
class StreamOfMembers : public Stream {
 public:
  explicit StreamOfMembers(std::string_view name) : name_(name) {}

  Result<void> feed(Bytes piece, const UnpackSink& sink) override {
    state_.next_in = reinterpret_cast<decltype(state_.next_in)>(const_cast<std::byte*>(piece.data()));
    state_.avail_in = static_cast<decltype(state_.avail_in)>(piece.size());
    do {
      if (ended_) {
        if (!begin_next()) return {};
        ended_ = false;
      }
      if (!ready_) return damaged(name_);
      state_.next_out = reinterpret_cast<decltype(state_.next_out)>(out_.data());
      state_.avail_out = static_cast<decltype(state_.avail_out)>(out_.size());
      const auto ended = step();
      if (!ended) return damaged(name_);
      TRY_CHECK(sink(Bytes(out_).first(out_.size() - state_.avail_out)));
      ended_ = *ended;
    } while (state_.avail_in != 0 || state_.avail_out == 0);
    return {};
  }
  Result<void> finish(const UnpackSink&) override { return ended_ ? Result<void>() : cut(name_); }

 protected:
  // False when nothing follows.
  virtual bool begin_next() = 0;
  // Whether the member has come to its end; nothing: it is damaged.
  virtual std::optional<bool> step() = 0;

  State state_{};
  bool ready_ = false;

 private:
  std::string_view name_;
  bool ended_ = false;
};

class GzipStream final : public StreamOfMembers<z_stream> {
 public:
  GzipStream() : StreamOfMembers("gzip") { ready_ = inflateInit2(&state_, kGzipWindow) == Z_OK; }
  ~GzipStream() override { inflateEnd(&state_); }
  GzipStream(const GzipStream&) = delete;
  GzipStream& operator=(const GzipStream&) = delete;

 private:
  bool begin_next() override {
    // What follows is another member, or padding of zeros.
    while (state_.avail_in != 0 && *state_.next_in == 0) ++state_.next_in, --state_.avail_in;
    if (state_.avail_in == 0) return false;
    inflateReset(&state_);
    return true;
  }
  std::optional<bool> step() override {
    const int status = inflate(&state_, Z_NO_FLUSH);
    if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR) return std::nullopt;
    return status == Z_STREAM_END;
  }
};

class XzStream final : public Stream {
 public:
  XzStream() { ready_ = lzma_stream_decoder(&state_, kMostMemory, LZMA_CONCATENATED) == LZMA_OK; }
  ~XzStream() override { lzma_end(&state_); }
  XzStream(const XzStream&) = delete;
  XzStream& operator=(const XzStream&) = delete;

  Result<void> feed(Bytes piece, const UnpackSink& sink) override { return run(piece, LZMA_RUN, sink); }
  Result<void> finish(const UnpackSink& sink) override {
    TRY_CHECK(run({}, LZMA_FINISH, sink));
    return ended_ ? Result<void>() : cut("xz");
  }

 private:
  Result<void> run(Bytes piece, lzma_action action, const UnpackSink& sink) {
    if (!ready_) return damaged("xz");
    state_.next_in = reinterpret_cast<const std::uint8_t*>(piece.data());
    state_.avail_in = piece.size();
    do {
      state_.next_out = reinterpret_cast<std::uint8_t*>(out_.data());
      state_.avail_out = out_.size();
      const lzma_ret status = lzma_code(&state_, action);
      if (status == LZMA_MEMLIMIT_ERROR) return fail(ErrorKind::kLimit, "the xz stream needs too much memory");
      if (status == LZMA_BUF_ERROR) return cut("xz");
      if (status != LZMA_OK && status != LZMA_STREAM_END) return damaged("xz");
      TRY_CHECK(sink(Bytes(out_).first(out_.size() - state_.avail_out)));
      ended_ = status == LZMA_STREAM_END;
    } while (!ended_ && (state_.avail_in != 0 || state_.avail_out == 0 || action == LZMA_FINISH));
    return {};
  }

  lzma_stream state_ = LZMA_STREAM_INIT;
  bool ready_ = false;
  bool ended_ = false;
};

class ZstdStream final : public Stream {
 public:
  ZstdStream() : state_(ZSTD_createDStream(), &ZSTD_freeDStream) {}

  Result<void> feed(Bytes piece, const UnpackSink& sink) override {
    if (!state_) return damaged("zstd");
    ZSTD_inBuffer in{piece.data(), piece.size(), 0};
    std::size_t written = 0;
    do {
      ZSTD_outBuffer out{out_.data(), out_.size(), 0};
      wanted_ = ZSTD_decompressStream(state_.get(), &out, &in);
      if (ZSTD_isError(wanted_) != 0) return damaged("zstd");
      written = out.pos;
      TRY_CHECK(sink(Bytes(out_).first(written)));
    } while (in.pos < in.size || written == out_.size());
    return {};
  }
  Result<void> finish(const UnpackSink&) override { return wanted_ == 0 ? Result<void>() : cut("zstd"); }

 private:
  std::unique_ptr<ZSTD_DStream, decltype(&ZSTD_freeDStream)> state_;
  std::size_t wanted_ = 1;
};

class Bzip2Stream final : public StreamOfMembers<bz_stream> {
 public:
  Bzip2Stream() : StreamOfMembers("bzip2") { ready_ = BZ2_bzDecompressInit(&state_, 0, 0) == BZ_OK; }
  ~Bzip2Stream() override {
    if (ready_) BZ2_bzDecompressEnd(&state_);
  }
  Bzip2Stream(const Bzip2Stream&) = delete;
  Bzip2Stream& operator=(const Bzip2Stream&) = delete;

 private:
  bool begin_next() override {
    if (state_.avail_in == 0) return false;
    const bz_stream rest = state_;
    BZ2_bzDecompressEnd(&state_);
    state_ = {};
    ready_ = BZ2_bzDecompressInit(&state_, 0, 0) == BZ_OK;
    state_.next_in = rest.next_in;
    state_.avail_in = rest.avail_in;
    return true;
  }
  std::optional<bool> step() override {
    const int status = BZ2_bzDecompress(&state_);
    if (status != BZ_OK && status != BZ_STREAM_END) return std::nullopt;
    return status == BZ_STREAM_END;
  }
};

}  // namespace

std::unique_ptr<Unpacker> make_unpacker(Packing packing) {
  switch (packing) {
    case Packing::kGzip: return std::make_unique<GzipStream>();
    case Packing::kXz: return std::make_unique<XzStream>();
    case Packing::kBzip2: return std::make_unique<Bzip2Stream>();
    case Packing::kZstd: break;
  }
  return std::make_unique<ZstdStream>();
}

std::optional<Packing> packing_of(std::span<const std::byte> head) {
  const auto begins = [&](std::string_view magic) {
    return head.size() >= magic.size() && std::memcmp(head.data(), magic.data(), magic.size()) == 0;
  };
  if (begins("\x1f\x8b\x08")) return Packing::kGzip;
  if (begins(std::string_view("\xfd"
                              "7zXZ\0",
                              6))) {
    return Packing::kXz;
  }
  if (begins("\x28\xb5\x2f\xfd")) return Packing::kZstd;
  if (begins("BZh") && head.size() >= 10 && std::memcmp(head.data() + 4, "1AY&SY", 6) == 0) return Packing::kBzip2;
  return std::nullopt;
}

std::string_view name_of(Packing packing) {
  switch (packing) {
    case Packing::kGzip: return "gzip";
    case Packing::kXz: return "xz";
    case Packing::kZstd: return "zstd";
    case Packing::kBzip2: return "bzip2";
  }
  return "unknown";
}

Result<void> unpack(const ByteSource& packed, Packing packing, const UnpackSink& sink,
                    const std::function<void(std::uint64_t)>& progress) {
  const auto stream = make_unpacker(packing);
  std::vector<std::byte> piece(kPiece);
  for (std::uint64_t offset = 0; offset < packed.size();) {
    TRY_ASSIGN(const std::size_t count, packed.read_some(offset, piece));
    if (count == 0) break;
    auto done = stream->feed(std::span(piece).first(count), sink);
    if (!done) return fail(in_context(packed.name(), done.error()));
    offset += count;
    if (progress) progress(offset);
  }
  auto done = stream->finish(sink);
  if (!done) return fail(in_context(packed.name(), done.error()));
  return {};
}

Result<std::vector<std::byte>> unpack_to_memory(const ByteSource& packed, Packing packing, std::size_t limit) {
  std::vector<std::byte> bytes;
  const auto take = [&](Bytes piece) -> Result<void> {
    if (piece.size() > limit - bytes.size()) {
      return fail(ErrorKind::kLimit, "unpacked it has more than {} bytes", limit);
    }
    bytes.insert(bytes.end(), piece.begin(), piece.end());
    return {};
  };
  TRY_CHECK(unpack(packed, packing, take, {}));
  return bytes;
}

}  // namespace whyhung
