// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include <dlfcn.h>
#include <unistd.h>

#include <curl/curl.h>

#include "target/download.h"

namespace whyhung::target {
namespace {

constexpr long kNotFoundStatus = 404;
constexpr long kSlowestBytes = 100L * 1024;  // a second
constexpr long kMostRedirections = 8;
constexpr long kConnectSeconds = 30;

// The functions of libcurl that are used, found in the library as it is installed.
class Curl {
 public:
  static Result<Curl> load() {
    Curl curl;
    // Never unloaded: it leaves things behind that run at exit.
    curl.library_ = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
    if (curl.library_ == nullptr) {
      return with_hint(fail(ErrorKind::kUnsupported, "libcurl.so.4 cannot be loaded, so nothing can be fetched"),
                       "install libcurl (Debian: libcurl4, Red Hat: libcurl)");
    }
    const bool whole = curl.find(curl.init, "curl_easy_init") && curl.find(curl.set, "curl_easy_setopt") &&
                       curl.find(curl.perform, "curl_easy_perform") && curl.find(curl.info, "curl_easy_getinfo") &&
                       curl.find(curl.cleanup, "curl_easy_cleanup") && curl.find(curl.describe, "curl_easy_strerror");
    if (!whole) return fail(ErrorKind::kUnsupported, "libcurl.so.4 lacks a function that is needed");
    return curl;
  }

  decltype(&curl_easy_init) init = nullptr;
  decltype(&curl_easy_setopt) set = nullptr;
  decltype(&curl_easy_perform) perform = nullptr;
  decltype(&curl_easy_getinfo) info = nullptr;
  decltype(&curl_easy_cleanup) cleanup = nullptr;
  decltype(&curl_easy_strerror) describe = nullptr;

 private:
  template <typename Function>
  bool find(Function& function, const char* name) const {
    function = reinterpret_cast<Function>(dlsym(library_, name));
    return function != nullptr;
  }
  void* library_ = nullptr;
};

struct Sink {
  int file;
  std::uint64_t room;
  std::string trouble;  // why it took no more
};

std::size_t take(char* data, std::size_t size, std::size_t count, void* to) {
  Sink& sink = *static_cast<Sink*>(to);
  const std::size_t bytes = size * count;
  if (bytes > sink.room) {
    sink.trouble = "it is larger than the limit";
    return 0;
  }
  sink.room -= bytes;
  for (std::size_t done = 0; done < bytes;) {
    const ssize_t written = write(sink.file, data + done, bytes - done);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      sink.trouble = fmt::format("it cannot be stored: {}", std::strerror(errno));
      return 0;
    }
    done += static_cast<std::size_t>(written);
  }
  return bytes;
}

// Nothing but the web, wherever a server sends us.
void restrict_protocols(const Curl& curl, CURL* easy) {
  if (curl.set(easy, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK) {
    curl.set(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    return;
  }
  // Before 7.85 these took bits: CURLOPT_PROTOCOLS and CURLOPT_REDIR_PROTOCOLS.
  constexpr auto kProtocols = static_cast<CURLoption>(CURLOPTTYPE_LONG + 181);
  constexpr auto kRedirected = static_cast<CURLoption>(CURLOPTTYPE_LONG + 182);
  curl.set(easy, kProtocols, static_cast<long>(CURLPROTO_HTTP | CURLPROTO_HTTPS));
  curl.set(easy, kRedirected, static_cast<long>(CURLPROTO_HTTP | CURLPROTO_HTTPS));
}

}  // namespace

Result<void> download(const std::string& url, int file, const DownloadLimits& limits) {
  TRY_ASSIGN(const Curl curl, Curl::load());
  const std::unique_ptr<CURL, decltype(curl.cleanup)> handle(curl.init(), curl.cleanup);
  if (!handle) return fail(ErrorKind::kIo, "libcurl cannot be started");
  Sink sink{file, limits.bytes, {}};
  CURL* const easy = handle.get();
  curl.set(easy, CURLOPT_URL, url.c_str());
  restrict_protocols(curl, easy);
  curl.set(easy, CURLOPT_FOLLOWLOCATION, 1L);
  curl.set(easy, CURLOPT_MAXREDIRS, kMostRedirections);
  curl.set(easy, CURLOPT_FAILONERROR, 1L);
  curl.set(easy, CURLOPT_NOSIGNAL, 1L);
  curl.set(easy, CURLOPT_CONNECTTIMEOUT, std::min(kConnectSeconds, limits.idle_seconds));
  curl.set(easy, CURLOPT_LOW_SPEED_LIMIT, kSlowestBytes);
  curl.set(easy, CURLOPT_LOW_SPEED_TIME, limits.idle_seconds);
  curl.set(easy, CURLOPT_TIMEOUT, limits.total_seconds);
  curl.set(easy, CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(limits.bytes));
  curl.set(easy, CURLOPT_USERAGENT, "whyhung");
  curl.set(easy, CURLOPT_WRITEFUNCTION, take);
  curl.set(easy, CURLOPT_WRITEDATA, static_cast<void*>(&sink));
  const CURLcode done = curl.perform(easy);
  if (done == CURLE_OK) return {};
  if (!sink.trouble.empty()) return fail(ErrorKind::kLimit, "{}: {}", url, sink.trouble);
  long status = 0;
  curl.info(easy, CURLINFO_RESPONSE_CODE, &status);
  if (done == CURLE_HTTP_RETURNED_ERROR) {
    const ErrorKind kind = status == kNotFoundStatus ? ErrorKind::kNotFound : ErrorKind::kIo;
    return fail(kind, "{}: the server answers {}", url, status);
  }
  if (done == CURLE_FILESIZE_EXCEEDED) {
    return fail(ErrorKind::kLimit, "{}: it is larger than the limit of {} bytes", url, limits.bytes);
  }
  if (done == CURLE_OPERATION_TIMEDOUT) return fail(ErrorKind::kLimit, "{}: the server is too slow", url);
  return fail(ErrorKind::kIo, "{}: {}", url, curl.describe(done));
}

}  // namespace whyhung::target
