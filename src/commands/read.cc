// SPDX-License-Identifier: GPL-2.0-or-later
// rd: memory as it is, in units of 8 to 64 bits, with its letters; search: where a value stands in memory.
#include <algorithm>

#include "base/text.h"
#include "commands/command.h"
#include "commands/expression.h"
#include "commands/task_choice.h"
#include "target/user_memory.h"

namespace whyhung::commands {
namespace {

constexpr std::uint64_t kMostUnits = 1u << 24;
constexpr std::size_t kLine = 16;

constexpr auto kOptions = std::to_array<Option>({{"8", "", "units of 8 bits"},
                                                 {"16", "", "units of 16 bits"},
                                                 {"32", "", "units of 32 bits"},
                                                 {"64", "", "units of 64 bits"},
                                                 {"a", "", "text only, up to its end"},
                                                 {"d", "", "signed decimal"},
                                                 {"D", "", "unsigned decimal"},
                                                 {"e", "ADDRESS", "read up to there"},
                                                 {"o", "OFFSET", "begin so many bytes behind"},
                                                 {"p", "", "the address is physical"},
                                                 {"s", "", "symbols in place of addresses"},
                                                 {"S", "", "the same as -s"},
                                                 {"x", "", "without the letters"}});

struct Request {
  std::uint64_t begin = 0;
  std::uint64_t count = 0;
  std::size_t unit = 8;
};

Result<Request> parse(const Call& call) {
  const auto& words = call.words();
  if (words.empty() || words.size() > 2) {
    return fail(ErrorKind::kUsage, "rd wants an address or a symbol, and may take a count: rd jiffies 2");
  }
  Request request;
  for (const auto& [name, bytes] : {std::pair<std::string_view, std::size_t>{"8", 1}, {"16", 2}, {"32", 4}}) {
    if (call.has(name)) request.unit = bytes;
  }
  TRY_ASSIGN(request.begin, parse_address(call, words[0]));
  if (const auto offset = call.arguments.value("o")) {
    TRY_ASSIGN(const std::uint64_t distance, parse_count(*offset, ~0ull));
    request.begin += distance;
  }
  request.count = call.has("a") ? 4096 : 1;
  if (words.size() == 2) {
    TRY_ASSIGN(request.count, parse_count(words[1], kMostUnits));
  } else if (const auto end = call.arguments.value("e")) {
    TRY_ASSIGN(const std::uint64_t address, parse_address(call, *end));
    if (address <= request.begin) return fail(ErrorKind::kUsage, "the end is not behind the beginning");
    request.count = std::min((address - request.begin) / request.unit, kMostUnits);
  }
  return request;
}

ReadResult<void> read(const Call& call, std::uint64_t address, std::span<std::byte> out) {
  if (call.has("p")) return call.machine().target.dump->read(PhysicalAddress(address), out);
  return call.machine().access.memory.read(VirtualAddress(address), out);
}

std::string letters_of(std::span<const std::byte> bytes) {
  std::string letters;
  for (const std::byte byte : bytes) {
    const auto c = std::to_integer<unsigned char>(byte);
    letters += c >= 0x20 && c < 0x7f ? static_cast<char>(c) : '.';
  }
  return letters;
}

std::uint64_t unit_at(std::span<const std::byte> bytes, ByteOrder order) {
  switch (bytes.size()) {
    case 1: return load<std::uint8_t>(bytes.data(), order);
    case 2: return load<std::uint16_t>(bytes.data(), order);
    case 4: return load<std::uint32_t>(bytes.data(), order);
    default: return load<std::uint64_t>(bytes.data(), order);
  }
}

std::string unit_text(const Call& call, std::uint64_t value, std::size_t unit) {
  if (call.has("d")) {
    const unsigned shift = static_cast<unsigned>(64 - 8 * unit);
    return fmt::format("{:>{}} ", static_cast<std::int64_t>(value << shift) >> shift, unit == 8 ? 20 : unit * 2 + 2);
  }
  if (call.has("D")) return fmt::format("{:>{}} ", value, unit == 8 ? 20 : unit * 2 + 2);
  if (unit == 8 && (call.has("s") || call.has("S"))) {
    const std::string symbol = call.desk.meaning().symbol(value);
    return fmt::format("{:<16} ", symbol.empty() ? fmt::format("{:016x}", value) : symbol);
  }
  return fmt::format("{:0{}x} ", value, unit * 2);
}

Result<void> show_text(Call& call, const Request& request) {
  std::string text;
  for (std::uint64_t i = 0; i < request.count; ++i) {
    std::byte byte{};
    const auto done = read(call, request.begin + i, std::span(&byte, 1));
    if (!done && i == 0) return fail(to_error(done.error(), "memory"));
    const auto c = std::to_integer<unsigned char>(byte);
    if (!done || c < 0x20 || c >= 0x7f) break;
    text += static_cast<char>(c);
  }
  for (std::size_t at = 0; at < text.size() || at == 0; at += 60) {
    Value row = Value::object();
    row.set("address", Value::address(request.begin + at));
    row.set("text", text.substr(at, 60));
    call.output.row(fmt::format("{:>16x}:  {}\n", request.begin + at, text.substr(at, 60)), row);
  }
  return {};
}

Result<void> run_read(Call& call) {
  TRY_ASSIGN(const Request request, parse(call));
  if (call.has("a")) return show_text(call, request);
  const ByteOrder order = call.machine().access.memory.byte_order();
  const std::uint64_t bytes = request.count * request.unit;
  // Symbols are wide and letters are not wanted beside them.
  const bool plain = call.has("x") || call.has("s") || call.has("S") || call.has("d") || call.has("D");
  for (std::uint64_t at = 0; at < bytes && !call.context.is_stopped(); at += kLine) {
    std::array<std::byte, kLine> line{};
    const auto part = std::span(line).first(std::min<std::uint64_t>(kLine, bytes - at));
    if (const auto done = read(call, request.begin + at, part); !done) return fail(to_error(done.error(), "memory"));
    std::string text = fmt::format("{:>16x}:  ", request.begin + at);
    Value values = Value::array();
    for (std::size_t i = 0; i < kLine; i += request.unit) {
      if (i >= part.size()) {
        if (!plain) text += std::string(request.unit * 2 + 1, ' ');
        continue;
      }
      const std::uint64_t value = unit_at(part.subspan(i, request.unit), order);
      text += unit_text(call, value, request.unit);
      values.push(Value::address(value));
    }
    if (!plain) text += "  " + letters_of(part);
    while (text.ends_with(' ') && plain) text.pop_back();
    Value row = Value::object();
    row.set("address", Value::address(request.begin + at));
    row.set("values", std::move(values));
    call.output.row(text + "\n", row);
  }
  return {};
}

}  // namespace

extern const Command kRead = {.name = "rd",
                              .usage = "rd [-8|-16|-32|-64] [-adDpsx] [-e ADDRESS] [-o OFFSET] ADDRESS|SYMBOL [COUNT]",
                              .help = "memory, with its letters or (-s) its symbols",
                              .options = kOptions,
                              .needs = Needs::kMachine,
                              .run = run_read};

}  // namespace whyhung::commands
