// SPDX-License-Identifier: GPL-2.0-or-later
#include "log/decode.h"

#include <algorithm>
#include <map>
#include <unordered_set>

#include <fmt/format.h>

#include "log/prefix.h"
#include "log/pstore.h"
#include "log/scan.h"
#include "log/transport.h"

namespace whyhung::log {
namespace {

constexpr std::size_t kLongestLine = 16384;  // a kernel's record is at most 1 KB; a journal's JSON some more
constexpr int kMostGlued = 64;

class Decoder {
 public:
  explicit Decoder(Decoded& out) : out_(out) {}

  void add(RawLine& raw) {
    if (raw.text.size() > kLongestLine) raw.text.resize(kLongestLine);
    while (!raw.text.empty() && (raw.text.back() == '\r' || raw.text.back() == '\n')) raw.text.pop_back();
    if (auto undone = undo_transport(raw.text)) raw.text = std::move(*undone);
    const std::string& kept = out_.storage.emplace_back(std::move(raw.text));
    std::string_view rest = kept;
    while (true) {  // a message of several lines in one entry
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      add_piece(rest.substr(0, end), raw.number);
      if (end == rest.size()) break;
      rest.remove_prefix(end + 1);
    }
  }

 private:
  void add_piece(std::string_view text, std::uint64_t number) {
    Stripped stripped = strip_prefix(text);
    if (!text.empty() && !out_.records.empty() && !stripped.record.has_prefix && number == last_number_) {
      inherit(stripped.record, out_.records.back());
    }
    last_number_ = number;
    for (int glued = 0; glued < kMostGlued; ++glued) {
      stripped.record.line = number;
      use_delta(stripped);
      const auto inner = find_inner_stamp(stripped.record.text);
      std::string_view behind;
      if (inner) {
        behind = stripped.record.text.substr(*inner);
        stripped.record.text = trimmed(stripped.record.text.substr(0, *inner));
      }
      push(stripped, text);
      if (!inner) return;
      Stripped next = strip_prefix(behind);
      if (!next.record.wall) next.record.wall = stripped.record.wall;
      next.record.host = stripped.record.host;
      stripped = next;
    }
  }

  static void inherit(Record& record, const Record& from) {
    record.uptime = from.uptime;
    record.wall = from.wall;
    record.level = from.level;
    record.caller = from.caller;
    record.host = from.host;
    record.from_user_space = from.from_user_space;
    record.has_prefix = from.has_prefix;
  }

  // dmesg -H says only the first second in full and then what has passed since.
  void use_delta(Stripped& stripped) {
    if (stripped.delta && knows_wall_) stripped.record.wall = last_wall_ + *stripped.delta;
    if (!stripped.record.wall) return;
    last_wall_ = *stripped.record.wall;
    knows_wall_ = true;
  }

  void push(const Stripped& stripped, std::string_view line) {
    if (!stripped.fragment.empty() && join_fragment(stripped)) return;
    if (stripped.record.text.empty() && !stripped.record.has_prefix) return;
    if (out_.records.empty() || stripped.record.has_prefix) ++with_prefix_;
    out_.records.push_back(stripped.record);
    widths_.push_back(line.size());
    begins_blank_.push_back(!line.empty() && is_blank(line.front()));
    ends_blank_.push_back(!line.empty() && is_blank(line.back()));
  }

  // netconsole cuts long records; the parts have one sequence number and follow each other.
  bool join_fragment(const Stripped& stripped) {
    std::string_view fragment = stripped.fragment;
    const auto offset = take_number(fragment);
    const bool goes_on = has_fragment_ && stripped.sequence && *stripped.sequence == fragment_of_;
    if (!offset || *offset == 0 || !goes_on) {
      has_fragment_ = stripped.sequence.has_value();
      fragment_of_ = stripped.sequence.value_or(0);
      return false;
    }
    Record& last = out_.records.back();
    last.text = out_.storage.emplace_back(std::string(last.text) + std::string(stripped.record.text));
    last.mended = true;
    return true;
  }

 public:
  // Lines without a prefix among lines that have one are the ends of lines that were too long for a column.
  void mend_wrapped() {
    auto& records = out_.records;
    if (records.size() < 8 || with_prefix_ * 10 < records.size() * 3) return;
    std::map<std::size_t, std::size_t> widths;
    for (std::size_t i = 1; i < records.size(); ++i) {
      if (is_tail(i, 0)) ++widths[widths_[i - 1]];
    }
    if (widths.empty()) return;
    const auto column = std::ranges::max_element(widths, {}, [](const auto& entry) { return entry.second; });
    const bool hard = column->second >= 3 || (column->second * 2 >= tails(widths) && column->second >= 2);
    // Where most lines have no prefix, only one width that they all break at tells that they are ends.
    const bool few = with_prefix_ * 10 < records.size() * 6;
    if (few && (!hard || column->second * 10 < tails(widths) * 9)) return;
    const std::size_t breaks_at = hard ? column->first : 0;
    std::vector<Record> joined;
    for (std::size_t i = 0; i < records.size(); ++i) {
      if (i == 0 || !is_tail(i, breaks_at) || joined.empty()) {
        joined.push_back(records[i]);
        continue;
      }
      Record& last = joined.back();
      const bool at_column = hard && widths_[i - 1] == column->first;
      const bool inside_word = at_column && !ends_blank_[i - 1] && !begins_blank_[i];
      last.text =
          out_.storage.emplace_back(std::string(last.text) + (inside_word ? "" : " ") + std::string(records[i].text));
      last.mended = true;
      out_.wrapped = true;
    }
    records = std::move(joined);
  }

 private:
  static std::size_t tails(const std::map<std::size_t, std::size_t>& widths) {
    std::size_t sum = 0;
    for (const auto& [width, count] : widths) sum += count;
    return sum;
  }

  // A tail follows a line with a prefix, or another tail that reaches to the column at which lines break.
  bool is_tail(std::size_t i, std::size_t breaks_at) const {
    constexpr std::size_t kNarrowest = 56;
    constexpr std::size_t kWidest = 140;
    const Record& record = out_.records[i];
    if (record.has_prefix || record.text.empty()) return false;
    if (!out_.records[i - 1].has_prefix && (breaks_at == 0 || widths_[i - 1] != breaks_at)) return false;
    if (widths_[i - 1] < kNarrowest || widths_[i - 1] > kWidest) return false;
    if (record.line != out_.records[i - 1].line + 1) return false;
    return !is_part_header(record.text) && !record.text.starts_with("--");
  }

  Decoded& out_;
  std::vector<std::size_t> widths_;  // of the line that each record came from
  std::vector<bool> begins_blank_;   // that line
  std::vector<bool> ends_blank_;
  std::size_t with_prefix_ = 0;
  std::uint64_t last_number_ = 0;
  double last_wall_ = 0;
  bool knows_wall_ = false;
  std::uint64_t fragment_of_ = 0;
  bool has_fragment_ = false;
};

// Two consoles, or a journal and a console, wrote each record twice.
void drop_doubles(Decoded& out) {
  std::size_t pairs = 0;
  for (std::size_t i = 1; i < out.records.size(); ++i) {
    const Record& a = out.records[i - 1];
    const Record& b = out.records[i];
    if (a.text == b.text && a.uptime == b.uptime && !a.text.empty()) {
      ++pairs;
      ++i;
    }
  }
  const bool all_doubled = out.records.size() >= 8 && pairs * 5 >= out.records.size() * 2;
  std::unordered_set<std::string> seen;
  std::vector<Record> kept;
  double last = 0;
  for (const Record& record : out.records) {
    bool repeated = false;
    if (record.uptime) {
      if (*record.uptime + 5 < last) seen.clear();
      last = *record.uptime;
      repeated = !record.text.empty() && !seen.insert(fmt::format("{:.6f} {}", *record.uptime, record.text)).second;
      if (seen.size() > 20000) seen.clear();
    } else if (all_doubled && !kept.empty()) {
      repeated = kept.back().text == record.text && kept.back().line + 1 == record.line;
    }
    if (repeated) {
      out.doubled = true;
    } else {
      kept.push_back(record);
    }
  }
  out.records = std::move(kept);
}

// Whether the file runs backwards: its clocks say so, or, where all stands in one second, its stacks are upside down.
bool runs_backwards(const std::vector<Record>& records) {
  std::size_t rises = 0;
  std::size_t falls = 0;
  std::size_t upright = 0;
  std::size_t upside_down = 0;
  bool inside = false;
  const Record* last = nullptr;
  for (const Record& record : records) {
    if (record.text == "<TASK>" || record.text == "<IRQ>" || record.text == "<NMI>") {
      inside ? ++upside_down : ++upright;
      inside = false;
    } else if (record.text == "</TASK>" || record.text == "</IRQ>" || record.text == "</NMI>") {
      inside = true;
    } else if (record.text == "Call Trace:" || record.text == "Call trace:") {
      inside = false;
    }
    if (last != nullptr && last->uptime.has_value() == record.uptime.has_value() && last->when() && record.when()) {
      if (*record.when() > *last->when()) ++rises;
      if (*record.when() < *last->when()) ++falls;
    }
    if (record.when()) last = &record;
  }
  if (falls > rises * 2 && falls >= 2) return true;
  if (rises > falls * 2) return false;
  return upside_down > upright;
}

// An export of a collector may have lost the order. The kernel's own clock gives it back; a clock of seconds does not.
void sort_disordered(Decoded& out) {
  constexpr std::size_t kFewest = 4;
  constexpr std::size_t kRatio = 4;  // CPUs whose clocks differ make some falls, and a new boot makes one
  std::size_t stamped = 0;
  std::size_t rises = 0;
  std::size_t falls = 0;
  std::optional<double> last;
  for (const Record& record : out.records) {
    stamped += record.uptime ? 1 : 0;
    if (!record.when()) continue;
    rises += last && *record.when() > *last ? 1 : 0;
    falls += last && *record.when() < *last ? 1 : 0;
    last = record.when();
  }
  if (falls < kFewest || falls * kRatio < rises) return;
  const bool exact = stamped * 10 >= out.records.size() * 9;
  out.disordered = !exact;
  std::vector<std::pair<double, std::size_t>> order;
  double time = 0;
  for (std::size_t i = 0; i < out.records.size(); ++i) {
    const Record& record = out.records[i];
    if (exact ? record.uptime : record.when()) time = exact ? *record.uptime : *record.when();
    order.emplace_back(time, i);
  }
  std::ranges::stable_sort(order, {}, [](const auto& entry) { return entry.first; });
  std::vector<Record> sorted;
  sorted.reserve(order.size());
  for (const auto& [when, index] : order) sorted.push_back(out.records[index]);
  out.records = std::move(sorted);
}

}  // namespace

Decoded decode(std::vector<RawLine> lines) {
  Decoded out;
  Decoder decoder(out);
  for (RawLine& line : lines) decoder.add(line);
  decoder.mend_wrapped();
  sort_parts(out);
  if (!out.from_pstore && runs_backwards(out.records)) {
    std::ranges::reverse(out.records);
    out.newest_first = true;
  } else {
    sort_disordered(out);
  }
  drop_doubles(out);
  return out;
}

}  // namespace whyhung::log
