// SPDX-License-Identifier: GPL-2.0-or-later
#include "log/read_log.h"

#include <algorithm>

#include <fmt/format.h>

#include "log/boots.h"
#include "log/decode.h"
#include "log/input.h"
#include "log/prefix.h"
#include "log/reader.h"
#include "log/report.h"
#include "log/transport.h"

namespace whyhung::log {
namespace {

// Whether a boot's log complains of anything that may be a hang.
bool has_signs(const Events& events) {
  const auto is_sign = [](const Note& note) {
    return note.kind == NoteKind::kOops || note.kind == NoteKind::kPanic || note.kind == NoteKind::kHangPanic ||
           note.kind == NoteKind::kGracePeriodOld || note.kind == NoteKind::kDeviceKept ||
           note.kind == NoteKind::kFreezeRefused || note.kind == NoteKind::kSysrqBlocked;
  };
  return !events.hung.empty() || !events.lockups.empty() || !events.stalls.empty() || !events.calls.empty() ||
         !events.pool_lockups.empty() || !events.spins.empty() || std::ranges::any_of(events.notes, is_sign);
}

std::string description_of(const Decoded& decoded, std::size_t boots) {
  std::string text = decoded.from_pstore ? "kernel log kept by pstore" : "kernel log";
  if (boots > 1) text += fmt::format(", {} boots", boots);
  if (decoded.newest_first) text += ", newest first";
  if (decoded.doubled) text += ", lines doubled";
  if (decoded.wrapped) text += ", lines wrapped";
  return text;
}

}  // namespace

Result<LogReport> judge_lines(std::vector<RawLine> lines, const std::string& name) {
  const Decoded decoded = decode(std::move(lines));
  const auto boots = split_boots(decoded.records);
  std::vector<Events> events(boots.size());
  std::size_t recognised = 0;
  std::optional<std::size_t> chosen;
  for (std::size_t i = 0; i < boots.size(); ++i) {
    Reader(events[i]).read(boots[i]);
    recognised += events[i].recognised;
    if (has_signs(events[i])) chosen = i;
  }
  if (recognised == 0) return fail(ErrorKind::kNotADump, "{}: no kernel messages found in this text", name);
  const std::size_t boot = chosen.value_or(boots.size() - 1);
  const Case facts = make_case(events[boot], boots[boot]);
  const CpuStories stories = cpu_stories(facts);
  const Verdict verdict = judge(facts, stories);
  LogReport report = make_report(facts, stories, verdict, {name, description_of(decoded, boots.size())});
  for (std::size_t i = 0; i < boots.size(); ++i) {
    if (i == boot || !has_signs(events[i])) continue;
    report.snapshot.gaps.push_back({fmt::format("the boot that begins at line {}", boots[i].front().line),
                                    "it has complaints too; the last boot with any is judged"});
  }
  return report;
}

Result<LogReport> judge_file(const std::string& path) {
  TRY_ASSIGN(InputLines input, read_lines(path));
  TRY_ASSIGN(LogReport report, judge_lines(std::move(input.lines), path == "-" ? "standard input" : path));
  if (input.thinned) {
    report.snapshot.gaps.push_back(
        {fmt::format("most of the {} lines", input.total), "a large log: lines without a known word were passed over"});
  }
  if (input.forgot_oldest) {
    report.snapshot.gaps.push_back({"the oldest reports", "there are too many: only the last ones are judged"});
  }
  return report;
}

Result<bool> is_log(const std::string& path) {
  if (path == "-") return true;
  TRY_ASSIGN(const std::string beginning, read_beginning(path));
  return looks_like_log(beginning);
}

bool looks_like_log(std::string_view beginning) {
  if (beginning.find('\0') != std::string_view::npos) return false;
  // A saved snapshot holds functions and messages of the kernel too, and says what it is.
  if (beginning.substr(0, 256).find("\"whyhung-snapshot") != std::string_view::npos) return false;
  std::size_t stamps = 0;
  while (!beginning.empty()) {
    const std::size_t end = std::min(beginning.find('\n'), beginning.size());
    std::string_view line = beginning.substr(0, end);
    beginning.remove_prefix(std::min(end + 1, beginning.size()));
    if (kept_triggers().any(line)) return true;
    if (strip_prefix(line).record.uptime && ++stamps >= 3) return true;
  }
  return false;
}

}  // namespace whyhung::log
