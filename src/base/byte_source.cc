// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/byte_source.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace whyhung {

Result<void> ByteSource::read_exactly(std::uint64_t offset, std::span<std::byte> out) const {
  TRY_ASSIGN(const std::size_t count, read_some(offset, out));
  if (count < out.size()) {
    return fail(ErrorKind::kTruncated, "{}: is cut off: it has {} bytes, and {} are needed at offset {:#x}", name(),
                size(), out.size(), offset);
  }
  return {};
}

namespace {

class FileSource final : public ByteSource {
 public:
  FileSource(int descriptor, std::uint64_t size, std::string path)
      : descriptor_(descriptor), size_(size), path_(std::move(path)) {}
  FileSource(const FileSource&) = delete;
  FileSource& operator=(const FileSource&) = delete;
  ~FileSource() override { ::close(descriptor_); }

  Result<std::size_t> read_some(std::uint64_t offset, std::span<std::byte> out) const override {
    std::size_t done = 0;
    while (done < out.size() && offset + done < size_) {
      const ssize_t count =
          ::pread(descriptor_, out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) {
        return fail(ErrorKind::kIo, "{}: reading at offset {:#x} failed: {}", path_, offset + done,
                    std::strerror(errno));
      }
      if (count == 0) break;
      done += static_cast<std::size_t>(count);
    }
    bytes_read_ += done;
    return done;
  }
  std::uint64_t size() const override { return size_; }
  const std::string& name() const override { return path_; }
  void prefetch(std::span<const SourceRange> ranges) const override {
    for (const SourceRange& range : ranges) {
      ::posix_fadvise(descriptor_, static_cast<off_t>(range.offset), static_cast<off_t>(range.length),
                      POSIX_FADV_WILLNEED);
    }
  }
  std::uint64_t bytes_read() const override { return bytes_read_; }

 private:
  int descriptor_;
  std::uint64_t size_;
  std::string path_;
  mutable std::uint64_t bytes_read_ = 0;
};

class MemorySource final : public ByteSource {
 public:
  MemorySource(std::vector<std::byte> bytes, std::string name) : bytes_(std::move(bytes)), name_(std::move(name)) {}

  Result<std::size_t> read_some(std::uint64_t offset, std::span<std::byte> out) const override {
    if (offset >= bytes_.size() || out.empty()) return 0;
    const std::size_t count = std::min<std::uint64_t>(out.size(), bytes_.size() - offset);
    std::memcpy(out.data(), bytes_.data() + offset, count);
    bytes_read_ += count;
    return count;
  }
  std::uint64_t size() const override { return bytes_.size(); }
  const std::string& name() const override { return name_; }
  std::uint64_t bytes_read() const override { return bytes_read_; }

 private:
  std::vector<std::byte> bytes_;
  std::string name_;
  mutable std::uint64_t bytes_read_ = 0;
};

Error open_error(const std::string& path, int code) {
  Error error{ErrorKind::kIo, fmt::format("{}: cannot be opened: {}", path, std::strerror(code)), {}};
  if (code == EACCES || code == EPERM) error.hint = "run as a user who may read it (dumps usually belong to root)";
  if (code == ENOENT) error.hint = "check the path; dumps often lie under /var/crash";
  return error;
}

}  // namespace

Result<std::shared_ptr<ByteSource>> open_file_source(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return fail(open_error(path, errno));
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) {
    const int code = errno;
    ::close(descriptor);
    return fail(open_error(path, code));
  }
  std::uint64_t size = static_cast<std::uint64_t>(status.st_size);
  if (S_ISDIR(status.st_mode)) {
    ::close(descriptor);
    return with_hint(fail(ErrorKind::kIo, "{}: is a directory, not a dump", path), "name the vmcore file inside of it");
  }
  if (S_ISBLK(status.st_mode)) {
    if (::ioctl(descriptor, BLKGETSIZE64, &size) != 0) size = 0;
  } else if (!S_ISREG(status.st_mode)) {
    ::close(descriptor);
    return with_hint(fail(ErrorKind::kIo, "{}: is not a regular file, so it cannot be read at offsets", path),
                     "copy it into a file first");
  }
  return std::make_shared<FileSource>(descriptor, size, path);
}

std::shared_ptr<ByteSource> make_memory_source(std::vector<std::byte> bytes, std::string name) {
  return std::make_shared<MemorySource>(std::move(bytes), std::move(name));
}

}  // namespace whyhung
