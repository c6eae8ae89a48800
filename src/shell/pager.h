// SPDX-License-Identifier: GPL-2.0-or-later
// Pager: a stream to the terminal that goes through the user's pager once there is more than a screen of it, and a
// stream into a program behind "|".
#pragma once

#include <cstdio>
#include <ostream>
#include <streambuf>
#include <string>

namespace whyhung::shell {

enum class Paging : std::uint8_t { kNever, kWhenLong };

class Pager final : public std::streambuf {
 public:
  explicit Pager(Paging paging);
  ~Pager() override { finish(); }
  Pager(const Pager&) = delete;
  Pager& operator=(const Pager&) = delete;
  // Shows what is left and waits for the pager to be closed.
  void finish();
  // False once the reader of the output has gone away: then there is no use in going on.
  bool is_read() const { return !broken_; }

 protected:
  int_type overflow(int_type c) override;
  std::streamsize xsputn(const char* text, std::streamsize size) override;

 private:
  void put(const char* text, std::size_t size);

  Paging paging_;
  std::size_t screen_lines_;
  std::size_t lines_ = 0;
  std::string held_;
  std::FILE* pager_ = nullptr;
  bool broken_ = false;
};

class PipeBuffer final : public std::streambuf {
 public:
  // Runs `program` with the user's shell; is_open() is false when that cannot be.
  explicit PipeBuffer(const std::string& program);
  ~PipeBuffer() override { finish(); }
  PipeBuffer(const PipeBuffer&) = delete;
  PipeBuffer& operator=(const PipeBuffer&) = delete;
  bool is_open() const { return pipe_ != nullptr; }
  void finish();

 protected:
  int_type overflow(int_type c) override;
  std::streamsize xsputn(const char* text, std::streamsize size) override;

 private:
  std::FILE* pipe_;
};

}  // namespace whyhung::shell
