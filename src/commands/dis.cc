// SPDX-License-Identifier: GPL-2.0-or-later
// dis: machine code of a function, from the dump's memory: what really ran, patches included.
#include <ostream>

#include "base/text.h"
#include "commands/command.h"
#include "report/json_values.h"

namespace whyhung::commands {
namespace {

constexpr std::uint64_t kMostInstructions = 100000;
constexpr std::uint64_t kLongestInstruction = 16;

struct Request {
  VirtualAddress begin;
  VirtualAddress end;       // do not go beyond
  std::uint64_t count = 0;  // instructions; 0: up to the end
  bool with_lines = false;
};

// SYMBOL, SYMBOL+OFFSET, or a hexadecimal address.
Result<Request> parse_place(debuginfo::SymbolSource& symbols, std::string_view word) {
  Request request;
  const std::size_t plus = word.find('+');
  const std::string_view name = word.substr(0, plus);
  const auto found = symbols.find_all(name, 1);
  std::uint64_t offset = 0;
  if (plus != std::string_view::npos) {
    std::string_view digits = word.substr(plus + 1);
    const bool is_hex = digits.starts_with("0x");
    if (is_hex) digits.remove_prefix(2);
    const auto value = parse_unsigned(digits, is_hex ? 16 : 10);
    if (!value) return fail(ErrorKind::kUsage, "\"{}\" is not an offset", printable(word.substr(plus + 1)));
    offset = *value;
  }
  if (!found.empty()) {
    request.begin = found.front().address + offset;
    request.end = found.front().address + found.front().size;
    if (offset != 0) request.count = 1;
    return request;
  }
  std::string_view digits = name;
  if (digits.starts_with("0x")) digits.remove_prefix(2);
  const auto address = parse_unsigned(digits, 16);
  if (!address) return fail(ErrorKind::kNotFound, "there is no symbol \"{}\"", printable(name));
  request.begin = VirtualAddress(*address + offset);
  request.count = 1;
  const auto covering = symbols.find_covering(request.begin);
  request.end = covering ? covering->symbol.address + covering->symbol.size : request.begin + kLongestInstruction;
  return request;
}

Result<Request> parse(debuginfo::SymbolSource& symbols, const std::vector<std::string>& arguments) {
  std::vector<std::string> words;
  bool with_lines = false;
  for (const std::string& argument : arguments) {
    if (argument == "-l") {
      with_lines = true;
    } else if (argument.starts_with("-")) {
      return fail(ErrorKind::kUsage, "dis does not know the option {}", printable(argument));
    } else {
      words.push_back(argument);
    }
  }
  if (words.empty() || words.size() > 2) {
    return fail(ErrorKind::kUsage, "dis wants a symbol or an address, and may take a count: dis multi_cpu_stop+16 8");
  }
  TRY_ASSIGN(Request request, parse_place(symbols, words.front()));
  request.with_lines = with_lines;
  if (words.size() == 2) {
    const auto count = parse_unsigned(words[1], 10);
    if (!count || *count == 0 || *count > kMostInstructions) {
      return fail(ErrorKind::kUsage, "\"{}\" is not a number of instructions", printable(words[1]));
    }
    request.count = *count;
    request.end = request.begin + *count * kLongestInstruction;
  }
  return request;
}

class Lister {
 public:
  Lister(Context& context, const Request& request) : context_(context), bench_(*context.machine), request_(request) {}

  Result<void> list() {
    VirtualAddress at = request_.begin;
    std::uint64_t left = request_.count == 0 ? kMostInstructions : request_.count;
    if (context_.format == Format::kJson) context_.out << "[";
    while (left-- > 0 && at < request_.end) {
      const auto instruction = decode(at);
      if (!instruction) break;
      write(*instruction);
      at = instruction->end();
    }
    if (context_.format == Format::kJson) context_.out << "]";
    if (!written_any_) return fail(ErrorKind::kUnreadable, "no code can be read at {:#x}", request_.begin.value);
    return {};
  }

 private:
  std::optional<arch::Instruction> decode(VirtualAddress at) const {
    std::array<std::byte, kLongestInstruction> code;
    std::size_t size = code.size();
    // The last instructions before the end of a page may have nothing readable behind them.
    while (size > 0 && !bench_.access.memory.read(at, std::span(code).first(size))) --size;
    return bench_.disassembler->decode(std::span(code).first(size), at);
  }

  std::string place_text(VirtualAddress address) const {
    const auto symbol = bench_.access.symbols.find_covering(address);
    if (!symbol) return {};
    std::string text = printable(symbol->symbol.name);
    if (symbol->offset != 0) text += fmt::format("+{}", symbol->offset);
    return text;
  }

  // "file: line" of an address; empty when that is not known.
  std::string line_text(VirtualAddress address) const {
    if (!request_.with_lines || !bench_.target.lines) return {};
    const auto frames = bench_.target.lines->at(address);
    if (frames.empty() || frames.front().file.empty()) return {};
    return fmt::format("{}: {}", printable(frames.front().file), frames.front().line);
  }

  void write(const arch::Instruction& instruction) {
    const std::string line = line_text(instruction.address);
    std::string text = instruction.mnemonic;
    if (!instruction.operands.empty()) text = fmt::format("{:<6} {}", text, instruction.operands);
    const std::string target = instruction.target ? place_text(*instruction.target) : std::string();
    if (context_.format == Format::kJson) {
      report::Json json = {{"address", report::hex(instruction.address.value)},
                           {"place", place_text(instruction.address)},
                           {"text", text}};
      if (!target.empty()) json["target"] = target;
      if (!line.empty()) json["line"] = line;
      context_.out << (written_any_ ? ",\n" : "\n") << json.dump();
    } else {
      if (!line.empty() && line != last_line_) context_.out << line << "\n";
      last_line_ = line;
      context_.out << fmt::format("{:#018x} <{}>:\t{}{}\n", instruction.address.value, place_text(instruction.address),
                                  text, target.empty() ? "" : fmt::format(" <{}>", target));
    }
    written_any_ = true;
  }

  Context& context_;
  collect::Workbench& bench_;
  const Request& request_;
  bool written_any_ = false;
  std::string last_line_;
};

Result<void> run(Context& context, const std::vector<std::string>& arguments) {
  const collect::Workbench& bench = *context.machine;
  if (!bench.disassembler) {
    return fail(ErrorKind::kUnsupported, "there is no disassembler for {}", bench.target.architecture->name);
  }
  TRY_ASSIGN(const Request request, parse(bench.access.symbols, arguments));
  return Lister(context, request).list();
}

}  // namespace

const Command kDis = {.name = "dis",
                      .alias = "disassemble",
                      .usage = "dis [-l] SYMBOL[+OFFSET]|ADDRESS [COUNT]",
                      .help = "machine code of a function; -l adds source lines when there is a vmlinux",
                      .needs = Needs::kMachine,
                      .run = run};

}  // namespace whyhung::commands
