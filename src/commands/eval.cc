// SPDX-License-Identifier: GPL-2.0-or-later
// eval: a number in all its forms; ascii: what letters bytes are.
#include "base/text.h"
#include "commands/command.h"
#include "commands/expression.h"

namespace whyhung::commands {
namespace {

constexpr auto kEvalOptions = std::to_array<Option>(
    {{"b", "", "the numbers of the bits that are set"}, {"l", "", "nothing: numbers have 64 bits here"}});

// "4k", "2m", "1g" as crash's users write sizes.
std::optional<std::uint64_t> with_unit(std::string_view text) {
  if (text.size() < 2) return std::nullopt;
  unsigned shift = 0;
  switch (text.back()) {
    case 'k':
    case 'K': shift = 10; break;
    case 'm':
    case 'M': shift = 20; break;
    case 'g':
    case 'G': shift = 30; break;
    default: return std::nullopt;
  }
  const auto number = parse_count(text.substr(0, text.size() - 1), ~0ull >> shift);
  if (!number) return std::nullopt;
  return *number << shift;
}

Result<void> run_eval(Call& call) {
  std::string text;
  for (const std::string& word : call.words()) text += (text.empty() ? "" : " ") + word;
  if (text.empty()) return fail(ErrorKind::kUsage, "eval wants an expression: eval 0xffff + 1");
  const auto sized = with_unit(text);
  std::uint64_t value = 0;
  if (sized) {
    value = *sized;
  } else {
    TRY_ASSIGN(value, evaluate_number(call, text));
  }
  std::string size;
  if (value != 0 && value % (1u << 30) == 0) {
    size = fmt::format("  ({}GB)", value >> 30);
  } else if (value != 0 && value % (1u << 20) == 0) {
    size = fmt::format("  ({}MB)", value >> 20);
  } else if (value != 0 && value % (1u << 10) == 0) {
    size = fmt::format("  ({}KB)", value >> 10);
  }
  const auto as_signed = static_cast<std::int64_t>(value);
  std::string out =
      fmt::format("hexadecimal: {:x}{}\n    decimal: {}{}\n      octal: {:o}\n     binary: {:064b}\n", value, size,
                  value, as_signed < 0 ? fmt::format("  ({})", as_signed) : "", value, value);
  Value json = Value::object();
  json.set("hexadecimal", Value::address(value));
  json.set("decimal", std::to_string(value));
  json.set("signed", std::to_string(as_signed));
  if (call.has("b")) {
    Value bits = Value::array();
    std::string list;
    for (unsigned bit = 64; bit-- > 0;) {
      if ((value >> bit & 1) == 0) continue;
      list += fmt::format("{} ", bit);
      bits.push(bit);
    }
    out += fmt::format("   bits set: {}\n", list);
    json.set("bits", std::move(bits));
  }
  call.output.record(out, json);
  return {};
}

std::string_view name_of_control(unsigned char c) {
  constexpr std::array<std::string_view, 33> kNames = {
      "NUL", "SOH", "STX", "ETX", "EOT", "ENQ", "ACK", "BEL", "BS", "HT",  "LF",  "VT", "FF", "CR", "SO", "SI", "DLE",
      "DC1", "DC2", "DC3", "DC4", "NAK", "SYN", "ETB", "CAN", "EM", "SUB", "ESC", "FS", "GS", "RS", "US", "SP"};
  return c < kNames.size() ? kNames[c] : c == 0x7f ? "DEL" : "";
}

Result<void> run_ascii(Call& call) {
  if (call.words().empty()) {
    std::string table;
    for (unsigned row = 0; row < 16; ++row) {
      for (unsigned column = 0; column < 8; ++column) {
        const auto c = static_cast<unsigned char>(column * 16 + row);
        const std::string_view name = name_of_control(c);
        table +=
            fmt::format("  {:02x} {:<3}", c, name.empty() ? std::string(1, static_cast<char>(c)) : std::string(name));
      }
      table += "\n";
    }
    call.output.record(table, Value::object());
    return {};
  }
  for (const std::string& word : call.words()) {
    std::string_view digits = word;
    if (digits.starts_with("0x") || digits.starts_with("0X")) digits.remove_prefix(2);
    const auto value = parse_unsigned(digits, 16);
    if (!value) return fail(ErrorKind::kUsage, "\"{}\" is not a number", printable(word));
    // As it stands in memory of a little-endian machine: the lowest byte first.
    std::string text;
    for (unsigned shift = 0; shift < 64 && (*value >> shift) != 0; shift += 8) {
      const auto c = static_cast<unsigned char>(*value >> shift);
      if (c > 0x20 && c < 0x7f) {
        text += static_cast<char>(c);
      } else {
        text += c == ' ' ? std::string(" ")
                         : fmt::format("<{}>", name_of_control(c).empty() ? fmt::format("{:02x}", c)
                                                                          : std::string(name_of_control(c)));
      }
    }
    Value row = Value::object();
    row.set("number", Value::address(*value));
    row.set("text", text);
    call.output.row(fmt::format("{:016x}: {}\n", *value, text), row);
  }
  return {};
}

}  // namespace

extern const Command kEval = {.name = "eval",
                              .usage = "eval [-b] EXPRESSION",
                              .help = "a number in hexadecimal, decimal, octal and binary",
                              .options = kEvalOptions,
                              .needs = Needs::kMachine,
                              .run = run_eval};
extern const Command kAscii = {.name = "ascii",
                               .usage = "ascii [NUMBER]…",
                               .help = "the letters in a number, or the table of all",
                               .options = {},
                               .run = run_ascii};

}  // namespace whyhung::commands
