// SPDX-License-Identifier: GPL-2.0-or-later
// A file from the network. Of two implementations one is built: over libcurl, which is loaded when it is first needed,
// so that a run which fetches nothing does not pay for it; and none, for the static binary, which can load nothing.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace whyhung::target {

struct DownloadLimits {
  long idle_seconds;    // so long less than 100 KB/s may come
  long total_seconds;   // for the whole file
  std::uint64_t bytes;  // the largest file
};

// Writes what http or https gives at `url` to `file`, a file descriptor. kNotFound: the server has no such file (404).
Result<void> download(const std::string& url, int file, const DownloadLimits& limits);

}  // namespace whyhung::target
