// SPDX-License-Identifier: GPL-2.0-or-later
// The encodings are those of the RISC-V ISA manual, volume I: chapter 34 (opcode map) for 32 bits, chapter 27 ("C") for
// 16 bits.
#include "arch/riscv64_code.h"

#include <array>

#include "base/endian.h"

namespace whyhung::arch {
namespace {

// Bits [low, low + count) of an instruction.
constexpr std::uint32_t bits(std::uint32_t code, unsigned low, unsigned count) {
  return code >> low & ((std::uint32_t{1} << count) - 1);
}
constexpr std::uint8_t reg(std::uint32_t code, unsigned low) {
  return static_cast<std::uint8_t>(bits(code, low, 5));
}
// The eight registers that a compressed instruction names with three bits: x8 to x15.
constexpr std::uint8_t short_reg(std::uint32_t code, unsigned low) {
  return static_cast<std::uint8_t>(8 + bits(code, low, 3));
}
constexpr std::int64_t extend(std::uint32_t value, unsigned width) {
  const std::int64_t sign = std::int64_t{1} << (width - 1);
  return (static_cast<std::int64_t>(value) ^ sign) - sign;
}

// A scattered immediate: bits [from, from + count) of the code are bits [to, to + count) of it.
struct Piece {
  std::uint8_t from, count, to;
};
template <std::size_t N>
constexpr std::uint32_t gather(std::uint32_t code, const std::array<Piece, N>& pieces) {
  std::uint32_t value = 0;
  for (const Piece& piece : pieces) value |= bits(code, piece.from, piece.count) << piece.to;
  return value;
}

constexpr std::array<Piece, 4> kBranchPieces = {{{8, 4, 1}, {25, 6, 5}, {7, 1, 11}, {31, 1, 12}}};
constexpr std::array<Piece, 4> kJumpPieces = {{{21, 10, 1}, {20, 1, 11}, {12, 8, 12}, {31, 1, 20}}};
constexpr std::array<Piece, 8> kShortJumpPieces = {
    {{3, 3, 1}, {11, 1, 4}, {2, 1, 5}, {7, 1, 6}, {6, 1, 7}, {9, 2, 8}, {8, 1, 10}, {12, 1, 11}}};
constexpr std::array<Piece, 5> kShortBranchPieces = {{{3, 2, 1}, {10, 2, 3}, {2, 1, 5}, {5, 2, 6}, {12, 1, 8}}};
constexpr std::array<Piece, 4> kFromStackPieces = {{{6, 1, 2}, {5, 1, 3}, {11, 2, 4}, {7, 4, 6}}};  // c.addi4spn
constexpr std::array<Piece, 5> kMoveStackPieces = {{{6, 1, 4}, {2, 1, 5}, {5, 1, 6}, {3, 2, 7}, {12, 1, 9}}};
constexpr std::array<Piece, 3> kWordPieces = {{{6, 1, 2}, {10, 3, 3}, {5, 1, 6}}};
constexpr std::array<Piece, 2> kDoublePieces = {{{10, 3, 3}, {5, 2, 6}}};
constexpr std::array<Piece, 3> kStackWordLoad = {{{4, 3, 2}, {12, 1, 5}, {2, 2, 6}}};
constexpr std::array<Piece, 3> kStackDoubleLoad = {{{5, 2, 3}, {12, 1, 5}, {2, 3, 6}}};
constexpr std::array<Piece, 2> kStackWordStore = {{{9, 4, 2}, {7, 2, 6}}};
constexpr std::array<Piece, 2> kStackDoubleStore = {{{10, 3, 3}, {7, 3, 6}}};

constexpr std::uint8_t kRa = 1, kSp = 2;

constexpr std::int64_t short_immediate(std::uint32_t code) {
  return extend(bits(code, 12, 1) << 5 | bits(code, 2, 5), 6);
}

using Names = std::array<std::string_view, 8>;  // by the three bits of an instruction's function
constexpr Names kLoads = {"lb", "lh", "lw", "ld", "lbu", "lhu", "lwu", ""};
constexpr Names kStores = {"sb", "sh", "sw", "sd", "", "", "", ""};
constexpr Names kBranches = {"beq", "bne", "", "", "blt", "bge", "bltu", "bgeu"};
constexpr Names kImmediate = {"addi", "slli", "slti", "sltiu", "xori", "srli", "ori", "andi"};
constexpr Names kImmediateWord = {"addiw", "slliw", "", "", "", "srliw", "", ""};
constexpr Names kTwo = {"add", "sll", "slt", "sltu", "xor", "srl", "or", "and"};
constexpr Names kTwoWord = {"addw", "sllw", "", "", "", "srlw", "", ""};
constexpr Names kMultiply = {"mul", "mulh", "mulhsu", "mulhu", "div", "divu", "rem", "remu"};
constexpr Names kMultiplyWord = {"mulw", "", "", "", "divw", "divuw", "remw", "remuw"};
constexpr Names kControl = {"", "csrrw", "csrrs", "csrrc", "", "csrrwi", "csrrsi", "csrrci"};
struct AtomicName {
  std::uint32_t function;
  std::array<std::string_view, 2> names;  // of words, of double words
};
constexpr std::array<AtomicName, 11> kAtomics = {{{0x00, {"amoadd.w", "amoadd.d"}},
                                                  {0x01, {"amoswap.w", "amoswap.d"}},
                                                  {0x02, {"lr.w", "lr.d"}},
                                                  {0x03, {"sc.w", "sc.d"}},
                                                  {0x04, {"amoxor.w", "amoxor.d"}},
                                                  {0x08, {"amoor.w", "amoor.d"}},
                                                  {0x0c, {"amoand.w", "amoand.d"}},
                                                  {0x10, {"amomin.w", "amomin.d"}},
                                                  {0x14, {"amomax.w", "amomax.d"}},
                                                  {0x18, {"amominu.w", "amominu.d"}},
                                                  {0x1c, {"amomaxu.w", "amomaxu.d"}}}};

struct Operands {
  std::uint8_t rd = 0, rs1 = 0, rs2 = 0;
  std::int64_t immediate = 0;
  std::uint8_t width = 0;
};
RiscvInstruction make(std::string_view name, RiscvKind kind, const Operands& operands) {
  return {2, kind, operands.rd, operands.rs1, operands.rs2, operands.width, operands.immediate, name};
}

RiscvInstruction decode_quadrant_0(std::uint32_t code) {
  const std::uint8_t value = short_reg(code, 2);
  const std::uint8_t base = short_reg(code, 7);
  const std::int64_t word = gather(code, kWordPieces);
  const std::int64_t wide = gather(code, kDoublePieces);
  switch (bits(code, 13, 3)) {
    case 0:
      if (code == 0) return make("unimp", RiscvKind::kTrap, {});
      return make("addi", RiscvKind::kAddImmediate,
                  {.rd = value, .rs1 = kSp, .immediate = gather(code, kFromStackPieces)});
    case 1: return make("", RiscvKind::kLoad, {.rs1 = base, .immediate = wide, .width = 8});
    case 2: return make("lw", RiscvKind::kLoad, {.rd = value, .rs1 = base, .immediate = word, .width = 4});
    case 3: return make("ld", RiscvKind::kLoad, {.rd = value, .rs1 = base, .immediate = wide, .width = 8});
    case 5: return make("", RiscvKind::kStore, {.rs1 = base, .immediate = wide, .width = 8});
    case 6: return make("sw", RiscvKind::kStore, {.rs1 = base, .rs2 = value, .immediate = word, .width = 4});
    case 7: return make("sd", RiscvKind::kStore, {.rs1 = base, .rs2 = value, .immediate = wide, .width = 8});
    default: return make("", RiscvKind::kOther, {.rd = value});
  }
}

RiscvInstruction decode_short_arithmetic(std::uint32_t code) {
  const std::uint8_t rd = short_reg(code, 7);
  const std::uint8_t rs2 = short_reg(code, 2);
  constexpr std::array<std::string_view, 8> kNames = {"sub", "xor", "or", "and", "subw", "addw", "", ""};
  const std::int64_t shift = bits(code, 12, 1) << 5 | bits(code, 2, 5);
  switch (bits(code, 10, 2)) {
    case 0: return make("srli", RiscvKind::kArithmeticImmediate, {.rd = rd, .rs1 = rd, .immediate = shift});
    case 1: return make("srai", RiscvKind::kArithmeticImmediate, {.rd = rd, .rs1 = rd, .immediate = shift});
    case 2:
      return make("andi", RiscvKind::kArithmeticImmediate, {.rd = rd, .rs1 = rd, .immediate = short_immediate(code)});
    default:
      return make(kNames[bits(code, 12, 1) << 2 | bits(code, 5, 2)], RiscvKind::kArithmetic,
                  {.rd = rd, .rs1 = rd, .rs2 = rs2});
  }
}

RiscvInstruction decode_quadrant_1(std::uint32_t code) {
  const std::uint8_t rd = reg(code, 7);
  const std::int64_t immediate = short_immediate(code);
  const std::uint32_t function = bits(code, 13, 3);
  switch (function) {
    case 0: return make("addi", RiscvKind::kAddImmediate, {.rd = rd, .rs1 = rd, .immediate = immediate});
    case 1: return make("addiw", RiscvKind::kArithmeticImmediate, {.rd = rd, .rs1 = rd, .immediate = immediate});
    case 2: return make("li", RiscvKind::kAddImmediate, {.rd = rd, .immediate = immediate});
    case 3:
      if (rd != kSp) return make("lui", RiscvKind::kUpper, {.rd = rd, .immediate = immediate * 4096});
      return make("addi", RiscvKind::kAddImmediate,
                  {.rd = kSp, .rs1 = kSp, .immediate = extend(gather(code, kMoveStackPieces), 10)});
    case 4: return decode_short_arithmetic(code);
    case 5: return make("j", RiscvKind::kJump, {.immediate = extend(gather(code, kShortJumpPieces), 12)});
    default:
      return make(function == 6 ? "beq" : "bne", RiscvKind::kBranch,
                  {.rs1 = short_reg(code, 7), .immediate = extend(gather(code, kShortBranchPieces), 9)});
  }
}

RiscvInstruction decode_quadrant_2(std::uint32_t code) {
  const std::uint8_t rd = reg(code, 7);
  const std::uint8_t rs2 = reg(code, 2);
  const bool upper = bits(code, 12, 1) != 0;
  const std::int64_t wide = gather(code, kStackDoubleLoad);
  const std::int64_t wide_store = gather(code, kStackDoubleStore);
  switch (bits(code, 13, 3)) {
    case 0: {
      const std::int64_t shift = bits(code, 12, 1) << 5 | bits(code, 2, 5);
      return make("slli", RiscvKind::kArithmeticImmediate, {.rd = rd, .rs1 = rd, .immediate = shift});
    }
    case 1: return make("", RiscvKind::kLoad, {.rs1 = kSp, .immediate = wide, .width = 8});
    case 2:
      return make("lw", RiscvKind::kLoad,
                  {.rd = rd, .rs1 = kSp, .immediate = gather(code, kStackWordLoad), .width = 4});
    case 3: return make("ld", RiscvKind::kLoad, {.rd = rd, .rs1 = kSp, .immediate = wide, .width = 8});
    case 4:
      if (rs2 != 0) return make("add", RiscvKind::kAdd, {.rd = rd, .rs1 = upper ? rd : std::uint8_t{0}, .rs2 = rs2});
      if (rd == 0) return make("ebreak", RiscvKind::kTrap, {});
      return make("jalr", RiscvKind::kJumpRegister, {.rd = upper ? kRa : std::uint8_t{0}, .rs1 = rd});
    case 5: return make("", RiscvKind::kStore, {.rs1 = kSp, .immediate = wide_store, .width = 8});
    case 6:
      return make("sw", RiscvKind::kStore,
                  {.rs1 = kSp, .rs2 = rs2, .immediate = gather(code, kStackWordStore), .width = 4});
    default: return make("sd", RiscvKind::kStore, {.rs1 = kSp, .rs2 = rs2, .immediate = wide_store, .width = 8});
  }
}

// Shifts to the right are told by bit 30 whether they keep the sign.
std::string_view shift_name(std::string_view name, std::uint32_t code) {
  if (bits(code, 30, 1) == 0) return name;
  if (name == "srli") return "srai";
  if (name == "srliw") return "sraiw";
  if (name == "srl") return "sra";
  if (name == "srlw") return "sraw";
  if (name == "add") return "sub";
  return name == "addw" ? "subw" : "";
}

void decode_immediate(std::uint32_t code, RiscvInstruction& out, bool is_word) {
  const std::uint32_t function = bits(code, 12, 3);
  const bool is_shift = function == 1 || function == 5;
  const std::uint32_t upper = code >> 26;  // of a shift: which one
  out.kind = RiscvKind::kArithmeticImmediate;
  out.rs2 = 0;
  out.name = (is_word ? kImmediateWord : kImmediate)[function];
  out.immediate = is_shift ? bits(code, 20, is_word ? 5 : 6) : extend(code >> 20, 12);
  if (function == 0 && !is_word) out.kind = RiscvKind::kAddImmediate;
  if (function == 5) out.name = shift_name(out.name, code);
  const bool is_newer = is_shift && (upper & ~0x10u) != 0;
  if (is_newer || (function == 1 && upper != 0)) out.name = {};
}

void decode_two(std::uint32_t code, RiscvInstruction& out, bool is_word) {
  const std::uint32_t function = bits(code, 12, 3);
  const std::uint32_t upper = bits(code, 25, 7);
  out.kind = RiscvKind::kArithmetic;
  if (upper == 1) {
    out.name = (is_word ? kMultiplyWord : kMultiply)[function];
  } else if (upper == 0 || (upper == 0x20 && (function == 0 || function == 5))) {
    out.name = shift_name((is_word ? kTwoWord : kTwo)[function], code);
    if (function == 0 && upper == 0 && !is_word) out.kind = RiscvKind::kAdd;
  }
}

void decode_atomic(std::uint32_t code, RiscvInstruction& out) {
  const std::uint32_t function = bits(code, 12, 3);
  out.kind = RiscvKind::kAtomic;
  out.width = static_cast<std::uint8_t>(1u << (function & 3));
  for (const AtomicName& one : kAtomics) {
    const bool has_name = function == 2 || function == 3;
    if (has_name && bits(code, 27, 5) == one.function) out.name = one.names[function - 2];
  }
}

void decode_memory(std::uint32_t code, RiscvInstruction& out, RiscvKind kind, bool is_integer) {
  const std::uint32_t function = bits(code, 12, 3);
  const bool stores = kind == RiscvKind::kStore;
  out.kind = kind;
  out.immediate = extend(stores ? bits(code, 25, 7) << 5 | bits(code, 7, 5) : code >> 20, 12);
  out.width = static_cast<std::uint8_t>(1u << (function & 3));
  if (stores || !is_integer) out.rd = 0;
  if (!stores || !is_integer) out.rs2 = 0;
  if (is_integer) out.name = (stores ? kStores : kLoads)[function];
}

void decode_system(std::uint32_t code, RiscvInstruction& out) {
  constexpr std::uint32_t kSret = 0x10200073, kMret = 0x30200073, kEbreak = 0x00100073, kWfi = 0x10500073,
                          kEcall = 0x00000073;
  const std::uint32_t function = bits(code, 12, 3);
  out.rs2 = 0;
  out.name = kControl[function];
  if ((function & 4) != 0) out.rs1 = 0;  // a constant stands there
  if (function != 0) {
    out.kind = RiscvKind::kControl;
    out.immediate = code >> 20;
    return;
  }
  out.rd = out.rs1 = 0;
  if (code == kSret || code == kMret) out.kind = RiscvKind::kTrapReturn;
  if (code == kEbreak) out.kind = RiscvKind::kTrap;
  out.name = code == kSret     ? "sret"
             : code == kMret   ? "mret"
             : code == kEbreak ? "ebreak"
             : code == kWfi    ? "wfi"
             : code == kEcall  ? "ecall"
                               : "";
}

RiscvInstruction decode_long(std::uint32_t code) {
  RiscvInstruction out{4, RiscvKind::kOther, reg(code, 7), reg(code, 15), reg(code, 20), 0, 0, {}};
  constexpr std::uint32_t kPause = 0x0100000f;
  switch (const std::uint32_t opcode = bits(code, 0, 7)) {
    case 0x03: decode_memory(code, out, RiscvKind::kLoad, true); break;
    case 0x07: decode_memory(code, out, RiscvKind::kLoad, false); break;
    case 0x23: decode_memory(code, out, RiscvKind::kStore, true); break;
    case 0x27: decode_memory(code, out, RiscvKind::kStore, false); break;
    case 0x2f: decode_atomic(code, out); break;
    case 0x0f: out = {4, RiscvKind::kOther, 0, 0, 0, 0, 0, code == kPause ? "pause" : "fence"}; break;
    case 0x13: decode_immediate(code, out, false); break;
    case 0x1b: decode_immediate(code, out, true); break;
    case 0x33: decode_two(code, out, false); break;
    case 0x3b: decode_two(code, out, true); break;
    case 0x17:
    case 0x37:
      out.rs1 = out.rs2 = 0;
      out.kind = opcode == 0x17 ? RiscvKind::kUpperOfPc : RiscvKind::kUpper;
      out.name = opcode == 0x17 ? "auipc" : "lui";
      out.immediate = extend(code >> 12, 20) * 4096;
      break;
    case 0x63:
      out.rd = 0;
      out.kind = RiscvKind::kBranch;
      out.name = kBranches[bits(code, 12, 3)];
      out.immediate = extend(gather(code, kBranchPieces), 13);
      break;
    case 0x67:
      out.rs2 = 0;
      out.kind = RiscvKind::kJumpRegister;
      out.name = "jalr";
      out.immediate = extend(code >> 20, 12);
      break;
    case 0x6f:
      out.rs1 = out.rs2 = 0;
      out.kind = RiscvKind::kJump;
      out.name = "jal";
      out.immediate = extend(gather(code, kJumpPieces), 21);
      break;
    case 0x73: decode_system(code, out); break;
    default: out.rs1 = out.rs2 = 0; break;
  }
  return out;
}

}  // namespace

Flow RiscvInstruction::flow() const {
  switch (kind) {
    case RiscvKind::kBranch: return Flow::kConditionalJump;
    case RiscvKind::kTrapReturn: return Flow::kReturn;
    case RiscvKind::kTrap: return Flow::kStop;
    case RiscvKind::kJump: return is_call() ? Flow::kCall : Flow::kJump;
    case RiscvKind::kJumpRegister:
      if (is_call()) return Flow::kCall;
      return is_link(rs1) ? Flow::kReturn : Flow::kJump;
    default: return Flow::kNext;
  }
}

std::optional<RiscvInstruction> decode_riscv(std::span<const std::byte> code) {
  if (code.size() < 2) return std::nullopt;
  const std::uint32_t low = load<std::uint16_t>(code.data(), ByteOrder::kLittle);
  switch (low & 3) {
    case 0: return decode_quadrant_0(low);
    case 1: return decode_quadrant_1(low);
    case 2: return decode_quadrant_2(low);
    default: break;
  }
  const bool is_longer = (low >> 2 & 7) == 7;
  if (is_longer || code.size() < 4) return std::nullopt;
  return decode_long(load<std::uint32_t>(code.data(), ByteOrder::kLittle));
}

}  // namespace whyhung::arch
