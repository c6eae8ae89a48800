// SPDX-License-Identifier: GPL-2.0-or-later
// Any bytes as a log: taken apart, judged and told, without a crash and in time that grows with their number.
#include <cstddef>
#include <cstdint>
#include <sstream>
#include <string_view>

#include "log/read_log.h"
#include "report/log_report.h"
#include "report/log_screen.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace whyhung;
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  log::looks_like_log(rest);
  std::vector<log::RawLine> lines;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    lines.push_back({lines.size() + 1, std::string(rest.substr(0, end))});
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  if (const auto report = log::judge_lines(std::move(lines), "input")) {
    std::ostringstream out;
    report::write_log_text(out, *report, report::Style(report::Colour::kNever), 80);
    report::write_screen(out, report::make_log_screen(*report), report::Style(report::Colour::kNever), 80);
    report::write_log_json(out, *report);
  }
  return 0;
}
