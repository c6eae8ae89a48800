// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/download.h"

namespace whyhung::target {

Result<void> download(const std::string& url, int, const DownloadLimits&) {
  return with_hint(fail(ErrorKind::kUnsupported, "{}: this whyhung was built without libcurl and fetches nothing", url),
                   "fetch the file by another program, and give it with --vmlinux");
}

}  // namespace whyhung::target
