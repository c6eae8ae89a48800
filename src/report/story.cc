// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/story.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "base/columns.h"
#include "base/text.h"
#include "report/first_screen.h"
#include "report/log_document.h"
#include "report/log_graph.h"
#include "report/log_screen.h"
#include "report/log_signature.h"
#include "report/signature.h"

namespace whyhung::report {
namespace {

constexpr std::size_t kMostDrawn = 60;  // nodes; a larger picture shows nothing
constexpr std::size_t kMostLogLines = 160;
constexpr std::size_t kFirstLogLines = 60;  // of them, from where it began
constexpr std::size_t kLeastLogLines = 40;
constexpr std::size_t kLongestLogLine = 300;
constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr std::uint64_t kBefore = 5 * kSecond;  // the culprit began

// When the first culprit of the verdict began what it is accused of.
std::optional<std::uint64_t> beginning(const model::Index& index, const diagnose::Diagnosis& diagnosis) {
  std::optional<std::uint64_t> first = index.snapshot().machine.crash ? std::nullopt : index.snapshot().machine.clock;
  if (diagnosis.findings.empty()) return std::nullopt;
  for (const diagnose::Culprit& culprit : diagnosis.findings.front().culprits) {
    const model::Task* task = index.task(culprit.task);
    if (first && task != nullptr && task->last_arrival) first = std::min(*first, *task->last_arrival);
  }
  return first;
}

// The lines since then, and the last ones where these are many.
std::vector<Story::LogLine> lines_around(const model::Index& index, const diagnose::Diagnosis& diagnosis,
                                         std::span<const model::LogRecord> log) {
  const model::Machine& machine = index.snapshot().machine;
  const auto begin = beginning(index, diagnosis);
  std::size_t first = log.size() - std::min(log.size(), kMostLogLines);
  if (begin) {
    const std::uint64_t from = *begin - std::min(*begin, kBefore);
    first = static_cast<std::size_t>(
        std::ranges::find_if(log, [&](const auto& record) { return record.time >= from; }) - log.begin());
  }
  first = std::min(first, log.size() - std::min(log.size(), kLeastLogLines));
  std::vector<Story::LogLine> lines;
  std::size_t skipped = 0;
  for (std::size_t i = first; i < log.size(); ++i) {
    const bool is_early = i - first < kFirstLogLines;
    const bool is_late = log.size() - i <= kMostLogLines - kFirstLogLines;
    if (!is_early && !is_late) {
      ++skipped;
      continue;
    }
    const model::LogRecord& record = log[i];
    Story::LogLine& line = lines.emplace_back();
    line.stamp = fmt::format("[{:5}.{:06}]", record.time / kSecond, record.time / 1000 % 1'000'000);
    line.text = cut_to(printable(record.text), kLongestLogLine);
    line.skipped = std::exchange(skipped, 0);
    const bool is_panic =
        !machine.panic_message.empty() && record.text.find(machine.panic_message) != std::string::npos;
    line.is_marked = is_panic || (machine.complaint && record.time == machine.complaint->time);
  }
  return lines;
}

std::vector<Story::LogLine> cited_lines(const log::LogReport& report) {
  std::vector<Story::LogLine> lines;
  std::uint64_t expected = 0;
  for (const auto& [number, text] : report.cited) {
    if (lines.size() == kMostLogLines) break;
    Story::LogLine& line = lines.emplace_back();
    line.stamp = printable(log::place_of(report, number));
    line.text = cut_to(printable(text), kLongestLogLine);
    if (expected != 0 && number > expected) line.skipped = number - expected;
    expected = number + 1;
  }
  return lines;
}

}  // namespace

std::string title_of(const model::Index& index, const diagnose::Diagnosis& diagnosis) {
  if (diagnosis.findings.empty()) return std::string(diagnose::name_of(diagnosis.verdict));
  return signature_of(index, diagnosis.findings.front()).title;
}

Story make_story(const model::Index& index, const diagnose::Diagnosis& diagnosis,
                 std::span<const model::LogRecord> log) {
  Story story;
  story.title = title_of(index, diagnosis);
  story.class_name = std::string(diagnose::name_of(diagnosis.verdict));
  story.screen = make_screen(index, diagnosis);
  story.document = make_document(index, diagnosis);
  if (!diagnosis.findings.empty()) story.graph = make_graph(index, diagnosis.findings.front(), kMostDrawn);
  story.cpus = picture_cpus(index, diagnosis);
  story.stacks = merge_stacks(index, diagnosis);
  story.log = lines_around(index, diagnosis, log);
  story.snapshot = &index.snapshot();
  return story;
}

std::string title_of(const log::LogReport& report) {
  const std::string title = log_signature_of(report).title;
  return title.empty() ? std::string(log::class_name(report.verdict)) : title;
}

Story make_story(const log::LogReport& report) {
  Story story;
  story.class_name = std::string(log::class_name(report.verdict));
  story.title = title_of(report);
  story.graph = make_log_graph(report, kMostDrawn);
  story.screen = make_log_screen(report);
  story.document = make_log_document(report);
  story.stacks = merge_stacks(report.snapshot);
  story.log = cited_lines(report);
  story.snapshot = &report.snapshot;
  return story;
}

}  // namespace whyhung::report
