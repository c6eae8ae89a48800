// SPDX-License-Identifier: GPL-2.0-or-later
#include "log/read_log.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/tar.h"
#include "log/boots.h"
#include "log/decode.h"
#include "log/episodes.h"
#include "log/frame.h"
#include "log/join.h"
#include "log/prefix.h"
#include "log/reader.h"
#include "log/report.h"
#include "log/scan.h"
#include "log/sources.h"
#include "log/transport.h"
#include "log/unwrap.h"

namespace whyhung::log {
namespace {

constexpr std::size_t kLongestLook = 4096;  // of a line, to see what it is
constexpr std::size_t kFewestStamps = 3;    // lines with a kernel's clock or name that make a text a kernel's log

// Texts that continue each other, decoded. The records of all of them are in `decoded`, their texts in `parts`.
struct Unit {
  Decoded decoded;
  std::vector<Decoded> parts;
};

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

// Of several texts the plain truth: how many there are.
std::string description_of(const std::vector<Unit>& units, std::size_t boots) {
  const auto any = [&](bool Decoded::*is) {
    return std::ranges::any_of(units, [is](const Unit& unit) { return unit.decoded.*is; });
  };
  std::string text = any(&Decoded::from_pstore) ? "kernel log kept by pstore" : "kernel log";
  if (units.size() > 1) text = fmt::format("{} kernel logs", units.size());
  if (boots > 1) text += fmt::format(", {} boots", boots);
  if (any(&Decoded::newest_first)) text += ", newest first";
  if (any(&Decoded::doubled)) text += ", lines doubled";
  if (any(&Decoded::wrapped)) text += ", lines wrapped";
  return text;
}

// Lines of all sources are numbered through; `files` tells which number belongs to which.
std::vector<Unit> decode_sources(Input& input, std::vector<SourceFile>& files) {
  std::ranges::stable_sort(input.sources, {}, [](const TextSource& source) { return family_of(source.name); });
  std::vector<Unit> units;
  std::uint64_t before = 0;
  for (auto source = input.sources.begin(); source != input.sources.end();) {
    // Pieces of pstore are one text; rotated files are several whose records follow each other.
    const std::string family = family_of(source->name);
    const bool is_pstore = family.ends_with("dmesg-*");
    std::vector<Decoded> parts;
    std::vector<RawLine> lines;
    for (; source != input.sources.end() && family_of(source->name) == family; ++source) {
      if (!source->name.empty()) files.push_back({before + 1, source->name, source->first_line_in_file});
      for (RawLine& line : source->input.lines) {
        line.number += before;
        lines.push_back(std::move(line));
      }
      before += source->input.total;
      if (is_pstore) continue;
      parts.push_back(decode(std::move(lines)));
      lines.clear();
      const bool goes_on = std::next(source) != input.sources.end() && std::next(source)->name == source->name;
      if (goes_on) {  // another section of the same file is a text of its own
        ++source;
        break;
      }
    }
    if (is_pstore) parts.push_back(decode(std::move(lines)));
    std::ranges::stable_sort(parts, [](const Decoded& a, const Decoded& b) {
      const auto first = [](const Decoded& one) {
        return one.records.empty() ? std::nullopt : one.records.front().wall;
      };
      return first(a) && first(b) && *first(a) < *first(b);
    });
    Unit unit;
    for (Decoded& part : parts) {
      unit.decoded.newest_first |= part.newest_first;
      unit.decoded.doubled |= part.doubled;
      unit.decoded.wrapped |= part.wrapped;
      unit.decoded.from_pstore |= part.from_pstore;
      unit.decoded.disordered |= part.disordered;
      auto& records = unit.decoded.records;
      records.insert(records.end(), part.records.begin(), part.records.end());
      part.records = {};
    }
    unit.parts = std::move(parts);
    units.push_back(std::move(unit));
  }
  return units;
}

// What a boot has to say: an answer, a hang without an answer, nothing.
int weight_of(const Verdict& verdict) {
  if (is_explained(verdict)) return verdict.confidence == model::Certainty::kLikely ? 4 : 3;
  return verdict.hang_class == diagnose::HangClass::kNone ? 1 : 2;
}

// Whether it is a kernel's log though no message in it is known: nothing was wrong.
bool says_kernel(const Boot& boot) {
  const auto of_kernel = std::ranges::count_if(
      boot.records, [](const Record& record) { return record.uptime.has_value() || record.from_kernel; });
  return static_cast<std::size_t>(of_kernel) >= kFewestStamps;
}

// Of several hangs in one boot the last one. The devices, servers and what else went on before it stay known.
// The result is the first line of it.
std::optional<std::uint64_t> leave_last_episode(Events& events, std::span<const Record> records) {
  const auto begin = begin_of_last_episode(events);
  if (!begin) return std::nullopt;
  Events later;
  Reader(later).read(records.subspan(*begin));
  later.devices = std::move(events.devices);
  later.servers = std::move(events.servers);
  later.notes = std::move(events.notes);
  later.release = events.release;
  later.hardware = events.hardware;
  later.node_name = events.node_name;
  later.recognised = events.recognised;
  events = std::move(later);
  return records[*begin].line;
}

struct Judged {
  Case facts;
  CpuStories stories;
  Verdict verdict;
};

Judged judge_boot(const Boot& boot, const Events& events, const std::vector<Unit>& units) {
  Judged judged;
  judged.facts = make_case(events, boot.records);
  judged.facts.disordered =
      std::ranges::any_of(boot.sources, [&](std::size_t source) { return units[source].decoded.disordered; });
  judged.stories = cpu_stories(judged.facts);
  judged.verdict = judge(judged.facts, judged.stories);
  return judged;
}

Result<LogReport> judge_input(Input input, const std::string& name) {
  constexpr std::size_t kMostWeighed = 16;
  std::vector<SourceFile> files;
  std::vector<Unit> units = decode_sources(input, files);
  std::vector<Boot> boots;
  for (std::size_t i = 0; i < units.size(); ++i) {
    for (Boot& host : split_hosts(std::move(units[i].decoded.records), i)) {
      const auto parts = split_boots(host.records);
      if (parts.size() == 1) {
        boots.push_back(std::move(host));
      } else {
        for (const auto& part : parts) boots.push_back({{part.begin(), part.end()}, {i}, host.host});
      }
    }
    units[i].decoded.records = {};
  }
  boots = join_boots(std::move(boots));
  std::vector<Events> events(boots.size());
  std::size_t recognised = 0;
  const bool is_of_kernel = std::ranges::any_of(boots, says_kernel);
  for (Boot& boot : boots) fill_in_uptimes(boot.records);
  std::optional<std::size_t> chosen;
  std::optional<Judged> judged;
  std::size_t weighed = 0;
  std::vector<std::optional<std::uint64_t>> last_episodes(boots.size());
  for (std::size_t i = 0; i < boots.size(); ++i) {
    Reader(events[i]).read(boots[i].records);
    recognised += events[i].recognised;
    if (!has_signs(events[i])) continue;
    last_episodes[i] = leave_last_episode(events[i], boots[i].records);
    const auto later = chosen ? is_later(boots[*chosen], boots[i]) : true;
    if (later.value_or(false)) {
      chosen = i;
      judged.reset();
    } else if (!later && ++weighed <= kMostWeighed) {
      // No clock says which one is newer: the one that says more is told.
      if (!judged) judged = judge_boot(boots[*chosen], events[*chosen], units);
      Judged other = judge_boot(boots[i], events[i], units);
      if (weight_of(other.verdict) <= weight_of(judged->verdict)) continue;
      chosen = i;
      judged = std::move(other);
    }
  }
  if (recognised == 0 && !is_of_kernel)
    return fail(ErrorKind::kNotADump, "{}: no kernel messages found in this text", name);
  const std::size_t boot = chosen.value_or(boots.size() - 1);
  if (!judged) judged = judge_boot(boots[boot], events[boot], units);
  LogReport report =
      make_report(judged->facts, judged->stories, judged->verdict, {name, description_of(units, boots.size())});
  report.files = std::move(files);
  if (const auto line = last_episodes[boot]) {
    report.snapshot.gaps.push_back({fmt::format("the complaints before {}", place_of(report, *line)),
                                    "they were over long before the last ones began, which are judged"});
  }
  for (std::size_t i = 0; i < boots.size(); ++i) {
    if (i == boot || !has_signs(events[i])) continue;
    const std::uint64_t line = boots[i].records.front().line;
    report.snapshot.gaps.push_back({fmt::format("the boot that begins at {}", place_of(report, line)),
                                    "it has complaints too; the last boot with any is judged"});
  }
  return report;
}

// What the reading itself has left out.
void add_gaps(const Input& input, std::vector<Gap>& gaps) {
  for (const TextSource& source : input.sources) {
    const std::string of = source.name.empty() ? std::string() : " of " + source.name;
    if (source.input.thinned) {
      gaps.push_back({fmt::format("most of the {} lines{}", source.input.total, of),
                      "a large log: lines without a known word were passed over"});
    }
    if (source.input.forgot_oldest) {
      gaps.push_back({fmt::format("the oldest reports{}", of), "there are too many: only the last ones are judged"});
    }
  }
  gaps.insert(gaps.end(), input.gaps.begin(), input.gaps.end());
}

Result<LogReport> judge_read(Result<Input> input, const std::string& name) {
  if (!input) return fail(input.error());
  std::vector<Gap> gaps;
  add_gaps(*input, gaps);
  // Something else may be in an archive that holds no log.
  const auto no_log = fail(ErrorKind::kNotFound, "{}: no kernel log is in it", name);
  const bool wrapped = input->wrapped;
  if (input->sources.empty()) return no_log;
  auto judged = judge_input(*std::move(input), name);
  if (!judged && wrapped && judged.error().kind == ErrorKind::kNotADump) return no_log;
  TRY_ASSIGN(LogReport report, std::move(judged));
  report.snapshot.gaps.insert(report.snapshot.gaps.begin(), gaps.begin(), gaps.end());
  return report;
}

}  // namespace

Result<LogReport> judge_lines(std::vector<RawLine> lines, const std::string& name) {
  Input input;
  input.sources.emplace_back();
  input.sources.back().input.lines = std::move(lines);
  return judge_input(std::move(input), name);
}

Result<LogReport> judge_file(const std::string& path, const ReadWatch& watch) {
  return judge_read(read_input(path, watch), path == "-" ? "standard input" : path);
}

Result<LogReport> judge_folder(const std::string& folder, const ReadWatch& watch) {
  auto report = judge_read(read_folder(folder, watch), folder);
  if (report || report.error().kind != ErrorKind::kNotFound) return report;
  return fail(ErrorKind::kNotADump, "{}: is a directory, not a dump, and no kernel log is in it", folder);
}

Result<bool> is_log(const std::string& path) {
  if (path == "-") return true;
  TRY_ASSIGN(const std::string beginning, read_beginning(path));
  return is_tar(std::as_bytes(std::span(beginning))) || beginning.starts_with(kApportReport) ||
         looks_like_log(beginning);
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
    if (trimmed_left(line).starts_with('#') && parse_frame(trimmed_left(line)) && ++stamps >= kFewestStamps)
      return true;
    const auto undone = undo_transport(line.substr(0, kLongestLook));
    const Record record = strip_prefix(undone ? *undone : line).record;
    if ((record.uptime || record.from_kernel) && ++stamps >= kFewestStamps) return true;
  }
  return false;
}

}  // namespace whyhung::log
