// SPDX-License-Identifier: GPL-2.0-or-later
// log: the kernel's message buffer.
#include "base/text.h"
#include "collect/machine.h"
#include "commands/command.h"
#include "commands/expression.h"
#include "commands/object.h"
#include "report/system_header.h"

namespace whyhung::commands {
namespace {

constexpr std::size_t kMostRecords = 1u << 20;

constexpr auto kOptions = std::to_array<Option>({{"T", "", "the time of day in place of seconds since boot"},
                                                 {"t", "", "no time at all"},
                                                 {"d", "", "every record's parts by name"},
                                                 {"m", "", "the level too, <4>"},
                                                 {"l", "LEVEL", "only messages of this level and more urgent ones"},
                                                 {"c", "", "who wrote it, where the kernel records that"},
                                                 {"a", "", "what the audit daemon has not fetched yet"}});

// "emerg" … "debug", or 0 … 7.
std::optional<unsigned> parse_level(std::string_view text) {
  constexpr std::array<std::string_view, 8> kNames = {"emerg", "alert",  "crit", "err",
                                                      "warn",  "notice", "info", "debug"};
  const auto number = parse_unsigned(text, 10);
  if (number && *number < kNames.size()) return static_cast<unsigned>(*number);
  const auto found = std::ranges::find(kNames, text);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<unsigned>(found - kNames.begin());
}

class LogWriter {
 public:
  explicit LogWriter(Call& call) : call_(call) {
    const model::Machine& machine = call.snapshot().machine;
    if (machine.date && machine.uptime) boot_ = *machine.date - static_cast<std::int64_t>(*machine.uptime);
  }

  void write(const model::LogRecord& record) {
    Value value = Value::object();
    value.set("sequence", record.sequence);
    value.set("time_ns", record.time);
    value.set("level", static_cast<unsigned>(record.level));
    value.set("caller", record.caller);
    value.set("text", record.text);
    call_.output.row([&] { return text_of(record); }, [&] { return value; });
  }

 private:
  std::string text_of(const model::LogRecord& record) const {
    if (call_.has("d")) {
      return fmt::format("seq: {}  level: {}  ts: {}  caller: {}  text: \"{}\"\n", record.sequence, record.level & 7,
                         record.time, record.caller.empty() ? "-" : record.caller, printable(record.text));
    }
    std::string stamp;
    if (call_.has("T")) {
      const auto seconds = static_cast<std::int64_t>(record.time / 1'000'000'000);
      stamp = fmt::format("[{}] ", boot_ ? report::date_text(*boot_ + seconds) : std::string("(time of day unknown)"));
    } else if (!call_.has("t")) {
      stamp = fmt::format("[{:5}.{:06}] ", record.time / 1'000'000'000, record.time / 1000 % 1'000'000);
    }
    if (call_.has("c") && !record.caller.empty()) stamp += fmt::format("[{:>6}] ", record.caller);
    if (call_.has("m")) stamp += fmt::format("<{}>", record.level & 7);
    // Lines that one message holds stand below each other.
    std::string text = printable_lines(record.text);
    for (std::size_t at = 0; (at = text.find('\n', at)) != std::string::npos; at += stamp.size()) {
      text.insert(++at, std::string(stamp.size(), ' '));
    }
    return stamp + text + "\n";
  }

  Call& call_;
  std::optional<std::int64_t> boot_;
};

// Records that the audit daemon has not fetched. Each is a message of netlink: its length and kind, then text.
Result<void> show_audit_queue(Call& call, VirtualAddress queue) {
  constexpr std::uint64_t kHeader = 16, kMostText = 16384;
  constexpr unsigned kMostPackets = 1u << 16;
  const VirtualMemory& memory = call.machine().access.memory;
  auto at = Object(call, "sk_buff_head", queue.value).pointer({"next", "list.next"});
  for (unsigned i = 0; at && *at != queue.value && i < kMostPackets && !call.context.is_stopped(); ++i) {
    const Object packet(call, "sk_buff", *at);
    const auto data = packet.pointer({"data"});
    const auto length = packet.number({"len"});
    if (!data || !length || *length < kHeader) return fail(ErrorKind::kUnreadable, "audit's backlog cannot be read");
    const auto kind = memory.read_unsigned(VirtualAddress(*data + 4), 2);
    std::string text(std::min(*length - kHeader, kMostText), '\0');
    const auto done = memory.read(VirtualAddress(*data + kHeader), std::as_writable_bytes(std::span(text)));
    if (!kind || !done) return fail(ErrorKind::kUnreadable, "a record of audit's backlog cannot be read");
    text.resize(std::min(text.find('\0'), text.size()));
    Value value = Value::object();
    value.set("type", *kind);
    value.set("text", text);
    call.output.row(fmt::format("type={} {}\n", *kind, printable(text)), value);
    at = packet.pointer({"next"});
  }
  return {};
}

Result<void> show_audit(Call& call) {
  TRY_CHECK(need_machine(call.context, "log -a"));
  auto& symbols = call.machine().access.symbols;
  bool is_known = false;
  // v4.11 made three queues of the one: what was tried and failed waits in its own.
  for (const std::string_view name : {"audit_hold_queue", "audit_retry_queue", "audit_queue", "audit_skb_queue"}) {
    const auto queue = symbols.address_of(name);
    if (!queue) continue;
    is_known = true;
    TRY_CHECK(show_audit_queue(call, *queue));
  }
  if (!is_known)
    return fail(ErrorKind::kNotFound, "this kernel has no queue of audit's, or its variables have no names");
  if (!call.output.wrote_any()) call.output.heading("kernel audit log is empty\n");
  return {};
}

Result<void> run(Call& call) {
  if (!call.words().empty()) return fail(ErrorKind::kUsage, "log takes options only");
  if (call.has("a")) return show_audit(call);
  unsigned most_level = 7;
  if (const auto text = call.arguments.value("l")) {
    const auto level = parse_level(*text);
    if (!level) return fail(ErrorKind::kUsage, "\"{}\" is no level: 0 to 7, or emerg to debug", printable(*text));
    most_level = *level;
  }
  std::vector<model::LogRecord> read;
  if (call.context.machine != nullptr) {
    // What the reader cannot read is a gap of the snapshot's when the snapshot is made, and not once more each time.
    auto& gaps = call.machine().snapshot.gaps;
    const auto known = static_cast<std::ptrdiff_t>(gaps.size());
    read = collect::read_log(call.machine(), kMostRecords);
    gaps.erase(gaps.begin() + known, gaps.end());
  }
  const auto& records = call.context.machine != nullptr ? read : call.snapshot().log;
  if (records.empty()) TRY_CHECK(need_machine(call.context, "log"));
  if (records.empty()) return fail(ErrorKind::kNotFound, "the kernel's log cannot be read");
  LogWriter writer(call);
  for (const model::LogRecord& record : records) {
    if (call.context.is_stopped()) break;
    if ((record.level & 7u) <= most_level) writer.write(record);
  }
  return {};
}

}  // namespace

extern const Command kLog = {.name = "log",
                             .usage = "log [-Ttdmc] [-l LEVEL] | -a",
                             .help = "the kernel's message buffer",
                             .options = kOptions,
                             .run = run,
                             .rehearse = [](const model::Snapshot&) { return std::vector<std::string>{"log"}; }};

}  // namespace whyhung::commands
