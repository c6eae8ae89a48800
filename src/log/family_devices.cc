// SPDX-License-Identifier: GPL-2.0-or-later
// Devices that do not answer and servers that do not either.
#include <algorithm>
#include <array>

#include "log/reader.h"

namespace whyhung::log {
namespace {

constexpr std::size_t kMostTroubles = 20000;

// The device that a driver's message is about: "[sdb]", "dev sdb,", or what stands before the colon.
std::string_view device_of(std::string_view text) {
  for (const std::string_view mark : {"[sd", "[sr", "[nvme"}) {
    const std::size_t at = text.find(mark);
    const std::size_t end = text.find(']', at == std::string_view::npos ? 0 : at);
    if (at != std::string_view::npos && end != std::string_view::npos && end - at < 16)
      return text.substr(at + 1, end - at - 1);
  }
  for (const std::string_view mark : {"error, dev ", "error on dev ", "on device "}) {
    const std::size_t at = text.find(mark);
    if (at == std::string_view::npos) continue;
    std::string_view rest = text.substr(at + mark.size());
    return rest.substr(0, rest.find_first_of(", "));
  }
  // "device-mapper: thin: 253:4: …", "device-mapper: multipath: 253:3: Failing path 8:64.", the same without a number
  if (const std::size_t path = text.find("path ");
      text.starts_with("device-mapper: multipath: Fail") && path < text.size())
    return text.substr(path, text.find('.', path) - path);
  std::string_view mapped = text;
  if (take(mapped, "device-mapper: ")) return mapped.substr(0, mapped.find(": ", mapped.find(": ") + 1));
  // "[drm:amdgpu_job_timedout [amdgpu]] *ERROR* ring sdma0 timeout, …"
  if (const auto ring = match(text, "ring %w timeout")) return ring->text[0];
  std::string_view before = text.substr(0, text.find(": "));
  if (before.size() == text.size() || before.size() > 48) return {};
  // "nvme nvme0", "block nbd0", "scsi host6": driver and device.
  if (const std::size_t blank = before.rfind(' '); blank != std::string_view::npos) {
    const std::string_view last = before.substr(blank + 1);
    if (!last.empty() && is_alpha(last.front())) return last;
  }
  return before;
}

DeviceKind kind_of(std::string_view text) {
  const auto says = [&](std::string_view word) { return text.find(word) != std::string_view::npos; };
  if (says("amdgpu") || says("drm") || says("NVRM") || says("i915") || says("nouveau") || says("GPU")) {
    return DeviceKind::kGraphics;
  }
  if (says("xhci") || says("xHCI") || says("usb ") || says("ehci")) return DeviceKind::kUsb;
  if (says("NETDEV WATCHDOG")) return DeviceKind::kNetwork;
  return DeviceKind::kStorage;
}

DeviceTrouble* add_trouble(Reader& reader, std::string_view device) {
  auto& all = reader.events().devices;
  if (all.size() >= kMostTroubles) return nullptr;
  DeviceTrouble trouble;
  trouble.at = reader.here();
  trouble.kind = kind_of(reader.text());
  trouble.device = device;
  trouble.text = reader.text();
  constexpr auto kStates = std::to_array<std::string_view>(
      {"device-mapper: ", "Pool '", "HC died", "assume dead", "time out", "timed out after", "Connection timed out",
       "is down; will reset", "after reset failure", "disable controller", "reset failed", "rejecting I/O"});
  const auto says = [&](std::string_view words) { return trouble.text.find(words) != std::string_view::npos; };
  trouble.lasts = std::ranges::any_of(kStates, says);
  all.push_back(trouble);
  return &all.back();
}

void add_server(Reader& reader, std::string_view server, bool answers) {
  while (!server.empty() && (server.front() == '\\' || server.front() == '"')) server.remove_prefix(1);
  while (!server.empty() && (server.back() == '"' || server.back() == ':' || server.back() == ','))
    server.remove_suffix(1);
  if (server.empty() || reader.events().servers.size() >= kMostTroubles) return;
  const auto says = [&](std::string_view word) { return reader.text().find(word) != std::string_view::npos; };
  ServerTrouble trouble;
  trouble.at = reader.here();
  trouble.server = server;
  trouble.answers = answers;
  trouble.gave_up = says("not responding, timed out");
  trouble.kind = says("ceph") ? ServerKind::kCeph : says("CIFS") || says("VFS: ") ? ServerKind::kSmb : ServerKind::kNfs;
  reader.events().servers.push_back(trouble);
}

}  // namespace

void read_nvme(Reader& reader) {
  const std::string_view text = reader.text();
  const auto says = [&](std::string_view words) { return text.find(words) != std::string_view::npos; };
  if (!says("nvme")) return;
  DeviceTrouble* trouble = add_trouble(reader, device_of(text));
  if (trouble != nullptr) trouble->interrupts_lost = says("completion polled");
}

void read_nbd(Reader& reader) {
  if (reader.text().find("nbd") != std::string_view::npos) read_device_trouble(reader);
}

// "amdgpu 0000:0c:00.0: amdgpu: GPU reset(1) failed"
void read_gpu_reset(Reader& reader) {
  if (match(reader.text(), "GPU reset(%d) failed")) read_device_trouble(reader);
}

void read_device_trouble(Reader& reader) {
  add_trouble(reader, device_of(reader.text()));
}

// ZFS: "WARNING: Pool 'tank' has encountered an uncorrectable I/O failure and has been suspended."
void read_suspended_pool(Reader& reader) {
  if (const auto found = match(reader.text(), "Pool '%s' has")) add_trouble(reader, found->text[0]);
}

void read_io_error(Reader& reader) {
  add_trouble(reader, device_of(reader.text()));
}

void read_server_silent(Reader& reader) {
  const std::string_view text = reader.text();
  for (const std::string_view pattern :
       {"server %w not responding", "erver %w has not responded", "VFS: %w has not responded",
        "Connection to %w was lost", "libceph: %w %s socket closed", "libceph: %w %s session lost",
        "libceph: %w %s connect error", "libceph: %w down", "ceph: %w hung", "ceph: %w caps stale",
        "ceph: %w reconnect denied"}) {
    const auto found = match(text, pattern);
    if (!found) continue;
    add_server(reader, found->text[0], false);
    return;
  }
}

void read_server_answers(Reader& reader) {
  const std::string_view text = reader.text();
  for (const std::string_view pattern : {"server %w OK", "libceph: %w %s session established", "libceph: %w up",
                                         "ceph: %w recovery completed", "ceph: %w caps renewed"}) {
    const auto found = match(text, pattern);
    if (!found) continue;
    add_server(reader, found->text[0], true);
    return;
  }
}

}  // namespace whyhung::log
