// SPDX-License-Identifier: GPL-2.0-or-later
// Bytes of a file as they come, out of whatever they are wrapped in: streams are unpacked, archives and reports opened,
// and texts handed on line by line. Nothing is held but a piece of each layer.
#pragma once

#include <memory>

#include "base/tar.h"
#include "base/unpack.h"
#include "log/sources.h"
#include "log/wide_text.h"

namespace whyhung::log {

// How a report of apport begins.
inline constexpr std::string_view kApportReport = "ProblemType:";

// What all layers of one input share: how much came in and how much came out of it.
struct Volume {
  std::uint64_t packed = 0;
  std::uint64_t unpacked = 0;
};

class Unwrap final : public TarVisitor {
 public:
  Unwrap(Sources& sources, Volume& volume, std::string name, int depth = 0);
  ~Unwrap() override;
  Unwrap(const Unwrap&) = delete;
  Unwrap& operator=(const Unwrap&) = delete;

  Result<void> feed(std::span<const std::byte> bytes);
  Result<void> finish();

  Result<void> begin_file(const TarHeader& file) override;
  Result<void> file_bytes(std::span<const std::byte> bytes) override;
  Result<void> end_file() override;

 private:
  enum class Kind : std::uint8_t { kUnknown, kPacked, kArchive, kText, kReport, kOther };
  class Report;

  Result<void> decide();
  Result<void> pass_on(std::span<const std::byte> bytes);
  Result<void> unpacked(std::span<const std::byte> bytes);
  void take_text(std::string_view text);
  void take_line(std::string_view line);

  Sources& sources_;
  Volume& volume_;
  std::string name_;
  int depth_;
  Kind kind_ = Kind::kUnknown;
  std::vector<std::byte> head_;
  std::unique_ptr<Unpacker> unpacker_;
  std::unique_ptr<TarReader> archive_;
  std::unique_ptr<Report> report_;
  std::unique_ptr<Unwrap> inner_;
  std::optional<WideText> wide_;
  std::string partial_;  // a line whose end has not come yet
};

}  // namespace whyhung::log
