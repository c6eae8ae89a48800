// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/output_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ostream>

#include "base/output_buffer.h"

namespace whyhung {
namespace {

tl::unexpected<Error> refusal(const std::string& path) {
  return with_hint(fail(ErrorKind::kUsage, "{}: exists already", path),
                   "choose another name, or give -f to replace it");
}

bool is_same_file(const std::string& input, const struct stat& status) {
  struct stat other {};
  return ::stat(input.c_str(), &other) == 0 && other.st_dev == status.st_dev && other.st_ino == status.st_ino;
}

}  // namespace

Result<OutputFile> OutputFile::create(const std::string& path, Existing existing, std::span<const std::string> inputs) {
  struct stat status {};
  const bool exists = ::lstat(path.c_str(), &status) == 0;
  if (exists && std::ranges::any_of(inputs, [&](const std::string& input) { return is_same_file(input, status); })) {
    return with_hint(fail(ErrorKind::kUsage, "{}: is the file that is being read, so it is not replaced", path),
                     "choose another name");
  }
  if (exists && existing == Existing::kRefuse) return refusal(path);
  if (exists && !S_ISREG(status.st_mode)) {
    return fail(ErrorKind::kUsage, "{}: is not a regular file, so it is not replaced", path);
  }
  // mkstemp makes it readable by its owner only, which is right for a machine's memory.
  std::string temporary = path + ".partial-XXXXXX";
  const int descriptor = ::mkostemp(temporary.data(), O_CLOEXEC);
  if (descriptor < 0) {
    return with_hint(fail(ErrorKind::kIo, "{}: cannot be written: {}", path, std::strerror(errno)),
                     "choose a folder that exists and that you may write to");
  }
  return OutputFile(path, std::move(temporary), descriptor, existing);
}

OutputFile::OutputFile(std::string path, std::string temporary, int descriptor, Existing existing)
    : path_(std::move(path)), temporary_(std::move(temporary)), descriptor_(descriptor), existing_(existing) {}

OutputFile::OutputFile(OutputFile&& other) noexcept
    : path_(std::move(other.path_)),
      temporary_(std::move(other.temporary_)),
      descriptor_(other.descriptor_),
      existing_(other.existing_) {
  other.descriptor_ = -1;
  other.temporary_.clear();
}

OutputFile::~OutputFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

tl::unexpected<Error> OutputFile::failure(std::string_view action, int code) const {
  return fail(ErrorKind::kIo, "{}: {} failed: {}", path_, action, std::strerror(code));
}

Result<void> OutputFile::write(std::uint64_t offset, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return failure("writing", count < 0 ? errno : ENOSPC);
    bytes = bytes.subspan(static_cast<std::size_t>(count));
    offset += static_cast<std::uint64_t>(count);
  }
  return {};
}

Result<void> OutputFile::read(std::uint64_t offset, std::span<std::byte> out) const {
  while (!out.empty()) {
    const ssize_t count = ::pread(descriptor_, out.data(), out.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return failure("reading back", count < 0 ? errno : EIO);
    out = out.subspan(static_cast<std::size_t>(count));
    offset += static_cast<std::uint64_t>(count);
  }
  return {};
}

Result<void> OutputFile::set_size(std::uint64_t size) {
  if (::ftruncate(descriptor_, static_cast<off_t>(size)) != 0) return failure("writing", errno);
  return {};
}

Result<void> OutputFile::allow_everybody() {
  const mode_t mask = ::umask(0);
  ::umask(mask);
  if (::fchmod(descriptor_, 0666 & ~mask) != 0) return failure("changing its permissions", errno);
  return {};
}

Result<void> OutputFile::commit() {
  if (::fsync(descriptor_) != 0) return failure("writing", errno);
  const int descriptor = descriptor_;
  descriptor_ = -1;
  if (::close(descriptor) != 0) return failure("writing", errno);
  const unsigned flags = existing_ == Existing::kRefuse ? RENAME_NOREPLACE : 0;
  if (::renameat2(AT_FDCWD, temporary_.c_str(), AT_FDCWD, path_.c_str(), flags) != 0) {
    // Some file systems know no flags. The window that this opens is that of any other program.
    if (errno != EINVAL || flags == 0) return errno == EEXIST ? refusal(path_) : failure("renaming", errno);
    if (::access(path_.c_str(), F_OK) == 0) return refusal(path_);
    if (::rename(temporary_.c_str(), path_.c_str()) != 0) return failure("renaming", errno);
  }
  temporary_.clear();
  return {};
}

Result<void> write_text_file(const std::string& path, Existing existing, std::span<const std::string> inputs,
                             const std::function<void(std::ostream&)>& write) {
  TRY_ASSIGN(OutputFile file, OutputFile::create(path, existing, inputs));
  std::uint64_t offset = 0;
  Result<void> written;
  OutputBuffer buffer([&](std::span<const char> bytes) {
    if (written) written = file.write(offset, std::as_bytes(bytes));
    offset += bytes.size();
    return written.has_value();
  });
  std::ostream stream(&buffer);
  write(stream);
  stream.flush();
  TRY_CHECK(std::move(written));
  return file.commit();
}

}  // namespace whyhung
