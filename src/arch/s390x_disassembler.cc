// SPDX-License-Identifier: GPL-2.0-or-later
#include "arch/s390x_disassembler.h"

#include <algorithm>
#include <array>
#include <string>

#include <fmt/format.h>

#include "arch/capstone_decoder.h"
#include "arch/s390x_code.h"
#include "arch/s390x_operands.h"
#include "base/text.h"

namespace whyhung::arch {
namespace {

// As gdb writes operands: no blanks, and numbers decimal unless they are addresses.
std::string as_gdb_writes(std::string_view operands, bool ends_in_address) {
  std::string out;
  while (!operands.empty()) {
    const bool is_number = operands.starts_with("0x");
    const std::size_t end =
        is_number ? std::min(operands.find_first_not_of("0123456789abcdef", 2), operands.size()) : 1;
    const std::string_view piece = operands.substr(0, end);
    operands.remove_prefix(end);
    const auto number = is_number ? parse_unsigned(piece.substr(2), 16) : std::nullopt;
    const bool is_address = ends_in_address && operands.empty();
    if (number && !is_address) {
      out += std::to_string(*number);
    } else if (piece != " ") {
      out += piece;
    }
  }
  return out;
}

// gdb's names of branches, where there are several: a branch that never branches is a nop, and comparisons that are not
// equal, not higher or not lower are written so.
void rename_as_gdb(Instruction& one) {
  struct Name {
    std::string_view ours;
    std::string_view gdbs;
  };
  constexpr auto kNever = std::to_array<Name>({{"bcr", "nopr"}, {"bc", "nop"}, {"brc", "jnop"}, {"brcl", "jgnop"}});
  constexpr auto kComparisons = std::to_array<Name>({{"jlh", "jne"}, {"jle", "jnh"}, {"jhe", "jnl"}});
  constexpr std::string_view kNoCondition = "0,";
  for (const Name& name : kNever) {
    if (one.mnemonic != name.ours || !one.operands.starts_with(kNoCondition)) continue;
    one.mnemonic = name.gdbs;
    one.operands.erase(0, kNoCondition.size());
  }
  if (!one.mnemonic.starts_with('c')) return;
  for (const Name& name : kComparisons) {
    if (!one.mnemonic.ends_with(name.ours)) continue;
    one.mnemonic.replace(one.mnemonic.size() - name.ours.size(), name.ours.size(), name.gdbs);
  }
}

// The relative branches that capstone does not know; empty for other instructions.
std::string_view name_of_branch(const S390xFields& fields) {
  switch (fields.operation()) {
    case 0x8400: return "brxh";
    case 0x8500: return "brxle";
    case 0xec44: return "brxhg";
    case 0xec45: return "brxlg";
    case 0xc600: return "exrl";
    default: return {};
  }
}

class S390xDisassembler final : public Disassembler {
 public:
  explicit S390xDisassembler(std::unique_ptr<CapstoneDecoder> decoder) : decoder_(std::move(decoder)) {}

  std::optional<Instruction> decode(std::span<const std::byte> code, VirtualAddress address) const override {
    auto out = decode_s390x(code, address);
    if (out) write_text(code.first(out->size), *out);
    return out;
  }
  void complete(std::span<Instruction> function) const override { find_s390x_returns(function); }

 private:
  // Whether the last operand is an address that the instruction reaches from its own.
  static bool has_relative_operand(std::span<const std::byte> code, const Instruction& one) {
    const auto first = std::to_integer<unsigned>(code.front());
    return one.target || one.constant || first == 0xc4 || first == 0xc6 || one.mnemonic.starts_with("brc");
  }

  void write_text(std::span<const std::byte> code, Instruction& out) const {
    if (decoder_->decode(code, out.address) && decoder_->instruction().size == out.size) {
      out.mnemonic = decoder_->instruction().mnemonic;
      out.operands = as_gdb_writes(decoder_->instruction().op_str, has_relative_operand(code, out));
      rename_as_gdb(out);
      return;
    }
    const S390xFields fields(code);
    out.mnemonic = name_of_branch(fields);
    if (out.executes) {
      out.operands = fmt::format("%r{},{:#x}", fields.nibble(2), out.executes->address.value);
    } else if (!out.mnemonic.empty()) {
      out.operands = fmt::format("%r{},%r{},{:#x}", fields.nibble(2), fields.nibble(3), out.target->value);
    } else {
      out.mnemonic = ".insn";
      out.operands = "0x";
      for (const std::byte byte : code) out.operands += fmt::format("{:02x}", std::to_integer<unsigned>(byte));
    }
  }

  std::unique_ptr<CapstoneDecoder> decoder_;
};

}  // namespace

std::unique_ptr<Disassembler> make_s390x_disassembler() {
  cs_err status = CS_ERR_OK;
  auto decoder = CapstoneDecoder::open(CS_ARCH_SYSZ, CS_MODE_BIG_ENDIAN, CS_OPT_OFF, status);
  return decoder ? std::make_unique<S390xDisassembler>(std::move(decoder)) : nullptr;
}

}  // namespace whyhung::arch
