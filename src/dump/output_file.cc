// SPDX-License-Identifier: GPL-2.0-or-later
#include "dump/output_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace whyhung::dump {
namespace {

tl::unexpected<Error> refusal(const std::string& path) {
  return with_hint(fail(ErrorKind::kUsage, "{}: exists already", path),
                   "choose another name, or say that it may be replaced");
}

}  // namespace

Result<OutputFile> OutputFile::create(const std::string& path, Existing existing) {
  struct stat status {};
  const bool exists = ::lstat(path.c_str(), &status) == 0;
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

}  // namespace whyhung::dump
