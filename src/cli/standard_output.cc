// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/standard_output.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <iostream>
#include <span>

#include "base/output_buffer.h"
#include "cli/complain.h"

namespace whyhung::cli {
namespace {

// What became of the bytes that were printed: 0, or why they were lost.
int& output_error() {
  static int error = 0;
  return error;
}

bool print(std::span<const char> bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(STDOUT_FILENO, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      output_error() = count == 0 ? ENOSPC : errno;
      return false;
    }
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return true;
}

// Never destroyed: the library looks at it once more when the program ends.
OutputBuffer& output_buffer() {
  static OutputBuffer& buffer = *new OutputBuffer(print);
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
  const int error = output_error();
  if (error == 0) return exit_status;
  complain({ErrorKind::kIo, fmt::format("standard output could not be written: {}", std::strerror(error)), {}});
  return kLost;
}

}  // namespace whyhung::cli
