// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/standard_output.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <iostream>
#include <streambuf>

#include "cli/complain.h"

namespace whyhung::cli {
namespace {

// The library's own buffer only knows that something failed.
class OutputBuffer final : public std::streambuf {
 public:
  OutputBuffer() { empty(); }
  int error() const { return error_; }

 protected:
  int_type overflow(int_type c) override {
    if (sync() != 0) return traits_type::eof();
    if (!traits_type::eq_int_type(c, traits_type::eof())) sputc(traits_type::to_char_type(c));
    return traits_type::not_eof(c);
  }
  int sync() override {
    for (const char* at = pbase(); error_ == 0 && at < pptr();) {
      const ssize_t count = ::write(STDOUT_FILENO, at, static_cast<std::size_t>(pptr() - at));
      if (count > 0) {
        at += count;
      } else if (count == 0 || errno != EINTR) {
        error_ = count == 0 ? ENOSPC : errno;
      }
    }
    empty();
    return error_ == 0 ? 0 : -1;
  }

 private:
  void empty() { setp(bytes_.data(), bytes_.data() + bytes_.size()); }

  std::array<char, 65536> bytes_;
  int error_ = 0;
};

// Never destroyed: the library looks at it once more when the program ends.
OutputBuffer& output_buffer() {
  static OutputBuffer& buffer = *new OutputBuffer;
  return buffer;
}

}  // namespace

void begin_output() {
  constexpr int kLast = 2;
  for (int descriptor = 0; descriptor <= kLast; ++descriptor) {
    if (::fcntl(descriptor, F_GETFD) != -1 || errno != EBADF) continue;
    // The lowest free number is given out, which is this one. For reading only: what is written there stays an error.
    const int opened = ::open("/dev/null", O_RDONLY);
    if (opened > kLast) ::close(opened);
  }
  std::ios::sync_with_stdio(false);
  std::cout.rdbuf(&output_buffer());
}

int finish_output(int exit_status) {
  constexpr int kLost = 2;
  std::cout.flush();
  const int error = output_buffer().error();
  if (error == 0) return exit_status;
  complain({ErrorKind::kIo, fmt::format("standard output could not be written: {}", std::strerror(error)), {}});
  return kLost;
}

}  // namespace whyhung::cli
