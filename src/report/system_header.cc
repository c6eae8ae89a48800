// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/system_header.h"

#include <ctime>
#include <ostream>

#include <fmt/format.h>

#include "base/text.h"

namespace whyhung::report {

std::string date_text(std::int64_t seconds) {
  const auto time = static_cast<std::time_t>(seconds);
  std::tm fields{};
  if (::gmtime_r(&time, &fields) == nullptr) return "(unknown)";
  char text[64];
  const std::size_t length = std::strftime(text, sizeof text, "%a %b %e %H:%M:%S UTC %Y", &fields);
  return std::string(text, length);
}

std::string uptime_text(std::uint64_t seconds) {
  const std::uint64_t days = seconds / 86400;
  const std::uint64_t rest = seconds % 86400;
  std::string text = fmt::format("{:02}:{:02}:{:02}", rest / 3600, rest / 60 % 60, rest % 60);
  if (days != 0) text = fmt::format("{} day{}, {}", days, days == 1 ? "" : "s", text);
  return text;
}

std::string memory_text(std::uint64_t bytes) {
  const double mega = static_cast<double>(bytes) / (1 << 20);
  if (mega < 1024) return fmt::format("{:.1f} MB", mega);
  if (mega < 1024 * 1024) return fmt::format("{:.1f} GB", mega / 1024);
  return fmt::format("{:.1f} TB", mega / 1024 / 1024);
}

SystemRows system_rows(const model::Machine& machine) {
  SystemRows rows;
  const auto line = [&](std::string_view name, std::string_view value) { rows.emplace_back(name, value); };
  const std::string unknown = "(unknown)";
  line("KERNEL",
       fmt::format("symbols: {}; types: {}", machine.symbols_from.empty() ? "none" : printable(machine.symbols_from),
                   machine.types_from.empty() ? "none" : printable(machine.types_from)));
  line("DUMPFILE", fmt::format("{} ({}){}{}{}", printable(machine.dump_file), printable(machine.dump_format),
                               machine.partial_dump ? "  [PARTIAL DUMP]" : "",
                               machine.incomplete_dump ? "  [INCOMPLETE]" : "", machine.capsule ? "  [CAPSULE]" : ""));
  std::string cpus = machine.cpu_count ? std::to_string(*machine.cpu_count) : unknown;
  if (machine.cpu_count && machine.online_cpu_count && *machine.online_cpu_count < *machine.cpu_count) {
    cpus += fmt::format(" [OFFLINE: {}]", *machine.cpu_count - *machine.online_cpu_count);
  }
  line("CPUS", cpus);
  line("DATE", machine.date ? date_text(*machine.date) : unknown);
  line("UPTIME", machine.uptime ? uptime_text(*machine.uptime) : unknown);
  std::string loads;
  for (const std::uint64_t load : machine.load_average) {
    loads += fmt::format("{}{}.{:02}", loads.empty() ? "" : ", ", load / 100, load % 100);
  }
  line("LOAD AVERAGE", loads.empty() ? unknown : loads);
  line("TASKS", machine.task_count ? std::to_string(*machine.task_count) : unknown);
  line("NODENAME", printable(machine.node_name));
  line("RELEASE", printable(machine.release));
  line("VERSION", printable(machine.version));
  line("MACHINE", machine.megahertz ? fmt::format("{}  ({} Mhz)", printable(machine.machine), *machine.megahertz)
                                    : printable(machine.machine));
  line("MEMORY", machine.memory_bytes ? memory_text(*machine.memory_bytes) : unknown);
  line("PANIC",
       machine.panic_message.empty() ? std::string("(none)") : fmt::format("\"{}\"", printable(machine.panic_message)));
  return rows;
}

void write_rows(std::ostream& out, const SystemRows& rows) {
  for (const auto& [name, value] : rows) out << fmt::format("{:>12}: {}\n", name, value);
}

void write_system_header(std::ostream& out, const model::Machine& machine) {
  write_rows(out, system_rows(machine));
}

}  // namespace whyhung::report
