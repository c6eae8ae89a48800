// SPDX-License-Identifier: GPL-2.0-or-later
// log: the kernel's message buffer.
#include <ostream>

#include "base/text.h"
#include "collect/machine.h"
#include "commands/command.h"
#include "report/json_values.h"

namespace whyhung::commands {
namespace {

constexpr std::size_t kMostRecords = 1u << 20;

void write_text(std::ostream& out, const model::LogRecord& record) {
  const std::string stamp = fmt::format("[{:5}.{:06}] ", record.time / 1'000'000'000, record.time / 1000 % 1'000'000);
  // Lines that one message holds stand below each other.
  std::string text = printable_lines(record.text);
  for (std::size_t at = 0; (at = text.find('\n', at)) != std::string::npos; at += stamp.size()) {
    text.insert(++at, std::string(stamp.size(), ' '));
  }
  out << stamp << text << "\n";
}

Result<void> run(Context& context, const std::vector<std::string>& arguments) {
  if (!arguments.empty()) return fail(ErrorKind::kUsage, "log takes no arguments");
  const auto records = collect::read_log(*context.machine, kMostRecords);
  if (records.empty()) return fail(ErrorKind::kNotFound, "the kernel's log cannot be read");
  if (context.format == Format::kText) {
    for (const model::LogRecord& record : records) write_text(context.out, record);
    return {};
  }
  context.out << "[";
  const char* separator = "\n";
  for (const model::LogRecord& record : records) {
    const report::Json json = {{"sequence", record.sequence},
                               {"time_ns", record.time},
                               {"level", record.level},
                               {"caller", record.caller},
                               {"text", valid_utf8(record.text)}};
    context.out << separator << json.dump();
    separator = ",\n";
  }
  context.out << "]";
  return {};
}

}  // namespace

const Command kLog = {.name = "log",
                      .alias = "dmesg",
                      .usage = "log",
                      .help = "the kernel's message buffer",
                      .needs = Needs::kMachine,
                      .run = run};

}  // namespace whyhung::commands
