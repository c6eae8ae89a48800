// SPDX-License-Identifier: GPL-2.0-or-later
// dis: machine code of a function, from the dump's memory: what really ran, patches included.
#include <algorithm>

#include "base/text.h"
#include "commands/command.h"
#include "commands/expression.h"
#include "commands/gdb_text.h"
#include "commands/process_memory.h"
#include "commands/task_choice.h"

namespace whyhung::commands {
namespace {

constexpr std::uint64_t kMostInstructions = 100000;
constexpr std::uint64_t kLongestInstruction = 16;

constexpr auto kOptions =
    std::to_array<Option>({{"l", "", "source lines, where a vmlinux tells them"},
                           {"r", "", "from the function's start to the address, backwards from it with a count"},
                           {"f", "", "from the address to the end of its function"},
                           {"s", "", "the same as -l"},
                           {"u", "", "the address is of the task that is set"},
                           {"x", "", "offsets in hexadecimal"},
                           {"d", "", "offsets in decimal"},
                           {"/r", "", "the bytes too, in gdb's form"},
                           {"/m", "", "source lines too, in gdb's form"},
                           {"/s", "", "the same as /m"}});

struct Request {
  VirtualAddress begin;
  VirtualAddress end;                   // do not go beyond
  std::uint64_t count = 0;              // instructions; 0: up to the end
  std::optional<VirtualAddress> last;   // the instruction there, or the first behind it, is the last
  std::optional<VirtualAddress> first;  // likewise the first: what stands before it is only decoded
};

// A symbol names a whole function; an address, or a place in a function, one instruction.
Result<Request> parse_place(const Call& call, std::string_view word) {
  auto& symbols = call.machine().access.symbols;
  Request request;
  if (call.has("u")) {
    // The symbols of the kernel mean nothing there.
    TRY_ASSIGN(const std::uint64_t address, parse_address(call, word));
    return Request{VirtualAddress(address), VirtualAddress(address) + kLongestInstruction, 1, std::nullopt,
                   std::nullopt};
  }
  const auto named = symbols.find_all(word, 1);
  if (!named.empty()) {
    request.begin = named.front().address;
    request.end = request.begin + named.front().size;
    return request;
  }
  TRY_ASSIGN(const std::uint64_t address, parse_address(call, word));
  request.begin = VirtualAddress(address);
  request.count = 1;
  const auto covering = symbols.find_covering(request.begin);
  request.end = covering ? covering->symbol.address + covering->symbol.size : request.begin + kLongestInstruction;
  return request;
}

Result<Request> parse(const Call& call) {
  const auto& words = call.words();
  if (words.empty() || words.size() > 2) {
    return fail(ErrorKind::kUsage, "dis wants a symbol or an address, and may take a count: dis multi_cpu_stop+16 8");
  }
  TRY_ASSIGN(Request request, parse_place(call, words.front()));
  // In gdb's form an address stands for the whole function that it is in.
  const bool is_gdb_form = call.has("/r") || call.has("/m") || call.has("/s");
  std::uint64_t count = 0;
  if (words.size() == 2) {
    TRY_ASSIGN(count, parse_count(words[1], kMostInstructions));
    if (count == 0) return fail(ErrorKind::kUsage, "\"{}\" is not a number of instructions", printable(words[1]));
  }
  if (call.has("u") && (call.has("r") || call.has("f") || is_gdb_form)) {
    return fail(ErrorKind::kUsage, "where a function of a process begins and ends is not known: -u takes a count");
  }
  if (call.has("r") || call.has("f") || (is_gdb_form && count == 0)) {
    const auto covering = call.machine().access.symbols.find_covering(request.begin);
    if (!covering) return fail(ErrorKind::kNotFound, "no function covers {:#x}", request.begin.value);
    // From the start of the function, so that no instruction is taken apart in its middle.
    if (call.has("r")) request.last = request.begin;
    if (call.has("f")) request.first = request.begin;
    request.begin = covering->symbol.address;
    request.end = covering->symbol.address + covering->symbol.size;
    request.count = count;
  } else if (count != 0) {
    request.count = count;
    request.end = request.begin + count * kLongestInstruction;
  }
  return request;
}

class Lister {
 public:
  // `memory` is what the code is read from: the kernel's, or that of the task that is set.
  Lister(Call& call, const Request& request, const VirtualMemory& memory)
      : call_(call), bench_(call.machine()), request_(request), memory_(memory), is_user_(call.has("u")) {
    is_gdb_form_ = call.has("/r") || call.has("/m") || call.has("/s");
    with_lines_ = call.has("l") || call.has("s") || call.has("/m") || call.has("/s");
  }

  Result<void> list() {
    if (is_gdb_form_) {
      call_.output.heading(fmt::format("Dump of assembler code for function {}:\n", function_name(request_.begin)));
    }
    VirtualAddress at = request_.begin;
    const bool keeps_last = request_.last && request_.count != 0;
    std::uint64_t left = request_.count == 0 || keeps_last ? kMostInstructions : request_.count;
    std::vector<arch::Instruction> kept, padding;
    bool was_last = false;
    while (left > 0 && !was_last && at < request_.end && !call_.context.is_stopped()) {
      was_last = request_.last && at >= *request_.last;
      auto instruction = decode(at);
      if (!instruction) break;
      at = instruction->end();
      if (request_.first && instruction->address < *request_.first) continue;
      --left;
      if (keeps_last) {
        kept.push_back(*std::move(instruction));
        if (kept.size() > request_.count) kept.erase(kept.begin());
      } else if (request_.count == 0 && instruction->address != request_.begin && is_padding(*instruction)) {
        // What fills the space up to the next function is shown only where more of this one follows.
        padding.push_back(*std::move(instruction));
      } else {
        for (const arch::Instruction& one : padding) write(one);
        padding.clear();
        write(*instruction);
      }
    }
    for (const arch::Instruction& instruction : kept) write(instruction);
    if (!call_.output.wrote_any()) {
      return fail(ErrorKind::kUnreadable, "no code can be read at {:#x}{}", request_.begin.value,
                  call_.snapshot().machine.capsule ? ": this capsule does not hold that page" : "");
    }
    if (is_gdb_form_) call_.output.heading("End of assembler dump.\n");
    return {};
  }

 private:
  std::optional<arch::Instruction> decode(VirtualAddress at) {
    code_.fill(std::byte{});
    std::size_t size = code_.size();
    // The last instructions before the end of a page may have nothing readable behind them.
    while (size > 0 && !memory_.read(at, std::span(code_).first(size))) --size;
    return bench_.disassembler->decode(std::span(code_).first(size), at);
  }

  static bool is_padding(const arch::Instruction& instruction) {
    const std::string_view name(instruction.mnemonic);
    return name.starts_with("nop") || name == "int3" || name.ends_with(" nopw");
  }

  std::string function_name(VirtualAddress address) const {
    const auto symbol = bench_.access.symbols.find_covering(address);
    return symbol ? printable(symbol->symbol.name) : fmt::format("{:#x}", address.value);
  }

  std::string place_text(VirtualAddress address, bool always_offset) const {
    const auto symbol = is_user_ ? std::nullopt : bench_.access.symbols.find_covering(address);
    if (!symbol) return {};
    std::string text = printable(symbol->symbol.name);
    if (symbol->offset == 0 && !always_offset) return text;
    const bool is_hexadecimal =
        call_.has("x") || (!call_.has("d") && call_.desk.radix == debuginfo::Radix::kHexadecimal);
    return text + (is_hexadecimal ? fmt::format("+{:#x}", symbol->offset) : fmt::format("+{}", symbol->offset));
  }

  // "file: line" of an address; empty when that is not known.
  std::string line_text(VirtualAddress address) const {
    if (!with_lines_ || !bench_.target.lines) return {};
    const auto frames = bench_.target.lines->at(address);
    if (frames.empty() || frames.front().file.empty()) return {};
    return fmt::format("{}: {}", printable(frames.front().file), frames.front().line);
  }

  std::string bytes_text(const arch::Instruction& instruction) const {
    std::array<std::byte, kLongestInstruction> code{};
    const auto part = std::span(code).first(std::min<std::size_t>(instruction.size, code.size()));
    if (!memory_.read(instruction.address, part)) return {};
    std::string text;
    for (const std::byte byte : part) text += fmt::format("{:02x} ", std::to_integer<unsigned>(byte));
    if (!text.empty()) text.back() = '\t';
    return text;
  }

  void write(const arch::Instruction& instruction) {
    const std::string line = line_text(instruction.address);
    const GdbText text = gdb_text(*bench_.target.architecture, instruction);
    std::string words = text.text;
    const auto target = instruction.target ? instruction.target : text.refers_to;
    const std::string place = target ? place_text(*target, false) : std::string();
    if (text.refers_to) words += fmt::format("        # {:#x}", text.refers_to->value);
    if (!place.empty()) words += fmt::format(" <{}>", place);
    if (text.is_patched_nop) words += " [FTRACE NOP]";
    Value row = Value::object();
    row.set("address", Value::address(instruction.address.value));
    row.set("place", place_text(instruction.address, false));
    row.set("text", text.text);
    if (!place.empty()) row.set("target", place);
    if (!line.empty()) row.set("line", line);
    std::string shown = !line.empty() && line != last_line_ ? line + "\n" : std::string();
    last_line_ = line;
    if (is_gdb_form_) {
      const auto symbol = bench_.access.symbols.find_covering(instruction.address);
      shown += fmt::format("   {:#018x} <+{}>:\t{}{}\n", instruction.address.value, symbol ? symbol->offset : 0,
                           call_.has("/r") ? bytes_text(instruction) : std::string(), words);
    } else if (is_user_) {
      shown += fmt::format("   {:#x}:\t{}\n", instruction.address.value, words);
    } else {
      shown +=
          fmt::format("{:#018x} <{}>:\t{}\n", instruction.address.value, place_text(instruction.address, false), words);
    }
    call_.output.row(shown, row);
  }

  Call& call_;
  collect::Workbench& bench_;
  const Request& request_;
  const VirtualMemory& memory_;
  bool is_user_;
  bool is_gdb_form_ = false;
  bool with_lines_ = false;
  std::string last_line_;
  std::array<std::byte, kLongestInstruction> code_{};
};

Result<void> run(Call& call) {
  if (!call.machine().disassembler) {
    return fail(ErrorKind::kUnsupported, "there is no disassembler for {}", call.machine().target.architecture->name);
  }
  TRY_ASSIGN(const Request request, parse(call));
  if (!call.has("u")) return Lister(call, request, call.machine().access.memory).list();
  const model::Task* task = current_task(call);
  const auto process = task == nullptr ? std::nullopt : ProcessMemory::open(call.machine(), *task);
  if (!process) {
    return with_hint(fail(ErrorKind::kNotFound, "the task that is set has no memory of its own that could be read"),
                     "set PID chooses another");
  }
  return Lister(call, request, process->user()).list();
}

// The code of all functions that CPUs stand in.
std::vector<std::string> rehearse(const model::Snapshot& snapshot) {
  std::vector<std::string> lines;
  std::vector<bool> done(snapshot.locations.size(), false);
  for (const model::Cpu& cpu : snapshot.cpus) {
    for (const model::StackFrame& frame : cpu.stack.frames) {
      const model::CodeLocation& location = snapshot.location(frame);
      if (done[frame.location] || location.function.empty()) continue;
      done[frame.location] = true;
      lines.push_back(fmt::format("dis {:#x} 1", location.address - location.offset));
      lines.push_back(fmt::format("dis {}", location.function));
    }
  }
  return lines;
}

}  // namespace

extern const Command kDis = {.name = "dis",
                             .usage = "dis [-lrfsuxd] [/r|/m|/s] SYMBOL[+OFFSET]|ADDRESS [COUNT]",
                             .help = "machine code of a function; -l adds source lines when there is a vmlinux",
                             .options = kOptions,
                             .needs = Needs::kMachine,
                             .run = run,
                             .rehearse = rehearse};

}  // namespace whyhung::commands
