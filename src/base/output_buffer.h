// SPDX-License-Identifier: GPL-2.0-or-later
// A stream's bytes on their way out, in large pieces. A stream can only say that something went wrong; who takes the
// bytes knows what.
#pragma once

#include <array>
#include <functional>
#include <span>
#include <streambuf>
#include <utility>

namespace whyhung {

class OutputBuffer final : public std::streambuf {
 public:
  // Takes the next bytes; false when they are lost, and then it is asked no more.
  using Sink = std::function<bool(std::span<const char>)>;

  explicit OutputBuffer(Sink sink) : sink_(std::move(sink)) { empty(); }

 protected:
  int_type overflow(int_type c) override {
    if (sync() != 0) return traits_type::eof();
    if (!traits_type::eq_int_type(c, traits_type::eof())) sputc(traits_type::to_char_type(c));
    return traits_type::not_eof(c);
  }
  int sync() override {
    intact_ = intact_ && (pptr() == pbase() || sink_(std::span<const char>(pbase(), pptr())));
    empty();
    return intact_ ? 0 : -1;
  }

 private:
  void empty() { setp(bytes_.data(), bytes_.data() + bytes_.size()); }

  Sink sink_;
  bool intact_ = true;
  std::array<char, 65536> bytes_;
};

}  // namespace whyhung
