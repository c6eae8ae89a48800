// SPDX-License-Identifier: GPL-2.0-or-later
// A snapshot that was saved earlier: everything but the memory.
#include "model/json.h"
#include "session/input.h"

namespace whyhung::session {
namespace {

constexpr std::uint64_t kLargestSnapshot = 1ull << 30;  // some half a million tasks
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

// JSON begins with a brace, which no dump format does, and may have been sent through an editor.
bool is_one(std::span<const std::byte> head) {
  std::string_view text(reinterpret_cast<const char*>(head.data()), head.size());
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  return begin != std::string_view::npos && text[begin] == '{';
}

Result<Opened> open(Inputs inputs, StageClock& clock) {
  if (inputs.files.size() > 1) {
    return with_hint(fail(ErrorKind::kUsage, "{} and {}: a saved snapshot is looked at alone", inputs.files[0]->name(),
                          inputs.files[1]->name()),
                     "give one snapshot at a time");
  }
  clock.enter("read the snapshot");
  const ByteSource& file = *inputs.files.front();
  if (file.size() > kLargestSnapshot) return fail(ErrorKind::kLimit, "{}: too large for a snapshot", file.name());
  std::string text(file.size(), '\0');
  TRY_CHECK(file.read_exactly(0, std::as_writable_bytes(std::span(text))));
  std::string_view json = text;
  if (json.starts_with(kByteOrderMark)) json.remove_prefix(kByteOrderMark.size());
  auto snapshot = model::read_snapshot(json);
  if (!snapshot) return fail(in_context(file.name(), snapshot.error()));
  Opened opened;
  opened.snapshot = *std::move(snapshot);
  opened.lack = {ErrorKind::kNotFound, "a saved snapshot holds no memory", "ask the dump that it was made of"};
  for (const auto& [option, path] : {std::pair("--vmlinux", &inputs.vmlinux), std::pair("--types", &inputs.types)}) {
    if (path->empty()) continue;
    opened.notices.push_back(
        {ErrorKind::kUsage, fmt::format("{} {} is not used: {} is a saved snapshot", option, *path, file.name()), {}});
  }
  return opened;
}

}  // namespace

const InputKind kSnapshotInput = {"saved snapshot", is_one, open};

}  // namespace whyhung::session
