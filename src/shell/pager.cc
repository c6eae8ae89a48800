// SPDX-License-Identifier: GPL-2.0-or-later
#include "shell/pager.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>

#include "base/pager_program.h"

namespace whyhung::shell {
namespace {

std::size_t lines_of_screen() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 2) return size.ws_row - 1u;
  return 23;
}

}  // namespace

Pager::Pager(Paging paging) : paging_(paging), screen_lines_(lines_of_screen()) {}

void Pager::put(const char* text, std::size_t size) {
  if (broken_) return;
  std::FILE* out = pager_ != nullptr ? pager_ : stdout;
  if (std::fwrite(text, 1, size, out) != size) broken_ = true;
}

std::streamsize Pager::xsputn(const char* text, std::streamsize size) {
  const auto count = static_cast<std::size_t>(size);
  if (paging_ == Paging::kNever || pager_ != nullptr) {
    put(text, count);
    return size;
  }
  held_.append(text, count);
  lines_ += static_cast<std::size_t>(std::count(text, text + count, '\n'));
  if (lines_ <= screen_lines_) return size;
  std::fflush(stdout);
  // -E ends at the end, -X leaves the text on the screen.
  const std::string program = pager_program("-EX");
  if (!program.empty()) pager_ = ::popen(program.c_str(), "w");
  if (pager_ == nullptr) paging_ = Paging::kNever;
  put(held_.data(), held_.size());
  held_.clear();
  return size;
}

Pager::int_type Pager::overflow(int_type c) {
  if (traits_type::eq_int_type(c, traits_type::eof())) return traits_type::not_eof(c);
  const char one = traits_type::to_char_type(c);
  xsputn(&one, 1);
  return c;
}

void Pager::finish() {
  if (!held_.empty()) put(held_.data(), held_.size());
  held_.clear();
  lines_ = 0;
  if (pager_ != nullptr) ::pclose(pager_);
  pager_ = nullptr;
  std::fflush(stdout);
}

PipeBuffer::PipeBuffer(const std::string& program) {
  std::fflush(stdout);
  pipe_ = ::popen(program.c_str(), "w");
}

std::streamsize PipeBuffer::xsputn(const char* text, std::streamsize size) {
  if (pipe_ == nullptr) return 0;
  return static_cast<std::streamsize>(std::fwrite(text, 1, static_cast<std::size_t>(size), pipe_));
}

PipeBuffer::int_type PipeBuffer::overflow(int_type c) {
  if (traits_type::eq_int_type(c, traits_type::eof())) return traits_type::not_eof(c);
  const char one = traits_type::to_char_type(c);
  return xsputn(&one, 1) == 1 ? c : traits_type::eof();
}

void PipeBuffer::finish() {
  if (pipe_ != nullptr) ::pclose(pipe_);
  pipe_ = nullptr;
}

}  // namespace whyhung::shell
