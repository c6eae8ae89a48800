// SPDX-License-Identifier: GPL-2.0-or-later
#include "commands/gdb_text.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"

namespace whyhung::commands {
namespace {

// Instructions that gdb names without the size, although the decoder names it: the size is that of every stack slot.
constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kOtherNames = {{{"pushfq", "pushf"},
                                                                                       {"popfq", "popf"},
                                                                                       {"movabsq", "movabs"},
                                                                                       {"cltq", "cltq"},
                                                                                       {"cqto", "cqto"},
                                                                                       {"nopl", "nopl"}}};
// Names that end in b, w, l or q without meaning a size.
constexpr auto kNotSized = std::to_array<std::string_view>(
    {"call",   "shl",    "rol",    "sal",    "rcl",     "mul",    "imul",   "jl",      "jnl",     "setl",   "cmovl",
     "cmovb",  "cmovnl", "setb",   "jb",     "sub",     "sbb",    "nop",    "syscall", "sysretq", "iretq",  "lretq",
     "retq",   "callq",  "jmpq",   "leaveq", "cwtl",    "cltq",   "pushq",  "movzbl",  "movzwl",  "movsbl", "movswl",
     "movslq", "movzbq", "movzwq", "movsbq", "movswq",  "movsbw", "movzbw", "rdpmcl",  "swapgs",  "lfence", "rep",
     "repne",  "lock",   "cmovll", "vmovq",  "movq2dq", "invlpg", "wbinvd", "wrmsr",   "rdmsr"});

std::vector<std::string> operands_of(std::string_view text) {
  std::vector<std::string> operands;
  std::string one;
  int depth = 0;
  for (const char c : text) {
    if (c == '(') ++depth;
    if (c == ')') --depth;
    if (c == ',' && depth == 0) {
      operands.push_back(std::move(one));
      one.clear();
    } else if (c != ' ') {
      one += c;
    }
  }
  if (!one.empty()) operands.push_back(std::move(one));
  return operands;
}

std::string hexadecimal(std::string_view number, bool may_be_negative) {
  const bool is_negative = number.starts_with('-');
  if (is_negative) number.remove_prefix(1);
  const bool has_prefix = number.starts_with("0x");
  const auto value = parse_unsigned(has_prefix ? number.substr(2) : number, has_prefix ? 16 : 10);
  if (!value) return std::string(is_negative ? "-" : "") + std::string(number);
  if (!is_negative) return fmt::format("{:#x}", *value);
  return may_be_negative ? fmt::format("-{:#x}", *value) : fmt::format("{:#x}", 0 - *value);
}

// "$5", "8(%rax)", "(%rax, %rax)" → "$0x5", "0x8(%rax)", "(%rax,%rax,1)".
std::string operand_text(std::string operand, unsigned size) {
  if (operand.starts_with('$')) {
    std::string value = hexadecimal(std::string_view(operand).substr(1), false);
    // A negative number has as many bits as the instruction works on.
    if (operand.starts_with("$-") && size < 8) {
      if (const auto number = parse_unsigned(std::string_view(value).substr(2), 16)) {
        value = fmt::format("{:#x}", *number & ((1ull << (8 * size)) - 1));
      }
    }
    return "$" + value;
  }
  const std::size_t parenthesis = operand.find('(');
  std::size_t begin = operand.find_last_of(":*");
  begin = begin == std::string::npos || (parenthesis != std::string::npos && begin > parenthesis) ? 0 : begin + 1;
  const std::string number =
      operand.substr(begin, parenthesis == std::string::npos ? parenthesis : parenthesis - begin);
  if (!number.empty() && (std::isdigit(static_cast<unsigned char>(number[0])) != 0 || number[0] == '-')) {
    operand = operand.substr(0, begin) + hexadecimal(number, parenthesis != std::string::npos) +
              (parenthesis == std::string::npos ? "" : operand.substr(parenthesis));
  }
  // These two as a base are encoded with a displacement always, and gdb shows it.
  if (number.empty() && parenthesis != std::string::npos &&
      (operand.compare(parenthesis, 5, "(%rbp") == 0 || operand.compare(parenthesis, 5, "(%r13") == 0)) {
    operand.insert(parenthesis, "0x0");
  }
  // An index without a scale has the scale 1.
  const std::size_t open = operand.find('(');
  if (open != std::string::npos && std::ranges::count(operand.substr(open), ',') == 1) {
    operand.insert(operand.rfind(')'), ",1");
  }
  return operand;
}

// Bytes of a register by its name: %rax, %r8d, %ecx, %ax, %al.
std::optional<unsigned> size_of_register(std::string_view name) {
  if (!name.starts_with('%') || name.size() < 3) return std::nullopt;
  name.remove_prefix(1);
  if (name[0] == 'r') {
    switch (name.back()) {
      case 'd': return 4;
      case 'w': return 2;
      case 'b': return 1;
      default: return 8;
    }
  }
  if (name[0] == 'e') return 4;
  return name.back() == 'l' || name.back() == 'h' ? 1 : 2;
}

unsigned size_of_suffix(char suffix) {
  switch (suffix) {
    case 'b': return 1;
    case 'w': return 2;
    case 'l': return 4;
    default: return 8;
  }
}

}  // namespace

GdbText gdb_text(const arch::Architecture& architecture, const arch::Instruction& instruction) {
  GdbText out;
  if (architecture.name != "x86_64") {
    out.text = instruction.operands.empty() ? instruction.mnemonic
                                            : fmt::format("{:<6} {}", instruction.mnemonic, instruction.operands);
    return out;
  }
  std::string mnemonic = instruction.mnemonic;
  std::vector<std::string> operands = operands_of(instruction.operands);
  const char suffix = mnemonic.empty() ? '\0' : mnemonic.back();
  const bool is_sized = suffix == 'b' || suffix == 'w' || suffix == 'l' || suffix == 'q';
  const std::string_view last_word = std::string_view(mnemonic).substr(mnemonic.rfind(' ') + 1);
  const bool is_exempt = std::ranges::find(kNotSized, last_word) != kNotSized.end();
  const bool has_register = std::ranges::any_of(
      operands, [](const std::string& one) { return one.starts_with('%') && one.find(':') == std::string::npos; });
  unsigned size = is_sized ? size_of_suffix(suffix) : 8;
  for (const std::string& operand : operands) {
    if (const auto of_register = size_of_register(operand)) size = *of_register;
  }
  for (std::string& operand : operands) operand = operand_text(std::move(operand), size);
  // A long nop has a displacement, which is 0.
  if (mnemonic.starts_with("nop") && instruction.size > 3 && operands.size() == 1) {
    const std::size_t open = operands[0].find('(');
    if (open != std::string::npos && (open == 0 || operands[0][open - 1] == ':')) operands[0].insert(open, "0x0");
  }
  // A register tells the size; the name then does without.
  const bool is_string_operation = operands.size() == 2 && std::ranges::all_of(operands, [](const std::string& one) {
                                     return one.find('(') != std::string::npos;
                                   });
  if (is_sized && !is_exempt && (has_register || mnemonic.starts_with("movabs")) && !is_string_operation)
    mnemonic.pop_back();
  if ((last_word == "pushq" || last_word == "popq") &&
      (has_register || operands.empty() || operands[0].starts_with('$'))) {
    if (has_register) mnemonic = last_word == "pushq" ? "push" : "pop";
  }
  for (const auto& [known, name] : kOtherNames) {
    if (mnemonic == known) mnemonic = name;
  }
  std::string joined;
  for (const std::string& operand : operands) joined += (joined.empty() ? "" : ",") + operand;
  // A prefix stands before the name, which is padded by itself.
  out.text = joined.empty() ? mnemonic : fmt::format("{:<6} {}", mnemonic, joined);
  if (instruction.size == 5 && mnemonic == "nopl") out.is_patched_nop = true;
  for (const arch::MemoryOperand& memory : instruction.memory) {
    if (!memory.is_pc_relative) continue;
    out.refers_to = instruction.end() + static_cast<std::uint64_t>(memory.displacement);
  }
  return out;
}

}  // namespace whyhung::commands
