// SPDX-License-Identifier: GPL-2.0-or-later
#include "arch/s390x_code.h"

#include <algorithm>

#include "arch/s390x.h"
#include "arch/s390x_operands.h"

namespace whyhung::arch {
namespace {

constexpr unsigned kAlways = 15;     // a mask of conditions
constexpr unsigned kNotEqual = 0xe;  // all that comparing branches look at: lower, higher, equal

// Where a branch leads, and what it looks at.
struct Branch {
  Flow flow = Flow::kNext;
  std::optional<std::int64_t> distance = std::nullopt;  // bytes from the instruction to its target
  std::optional<unsigned> to_register = std::nullopt;   // it goes where this register points
};

Branch conditional(unsigned mask, unsigned always, Branch branch) {
  if ((mask & always) == 0) return {};
  branch.flow = (mask & always) == always ? Flow::kJump : Flow::kConditionalJump;
  return branch;
}

Branch relative(unsigned mask, unsigned always, std::int64_t distance) {
  Branch branch = conditional(mask, always, {.distance = distance});
  constexpr std::int64_t kIntoItself = 2;
  if (branch.flow == Flow::kJump && distance == kIntoItself) branch.flow = Flow::kStop;
  return branch;
}

Branch to_register(unsigned mask, unsigned reg) {
  constexpr unsigned kReturnAddress = 14;
  if (reg == 0) return {};
  Branch branch = conditional(mask, kAlways, {.to_register = reg});
  if (branch.flow == Flow::kJump && reg == kReturnAddress) branch.flow = Flow::kReturn;
  return branch;
}

Branch decode_short_branch(const S390xFields& fields) {
  const unsigned first = fields.nibble(2), second = fields.nibble(3);
  constexpr std::uint16_t kProgramReturn = 0x0101, kTrap2 = 0x01ff;
  switch (fields.byte(0)) {
    case 0x00: return {Flow::kStop};  // no instruction, for ever
    case 0x01:
      if (fields.half(0) == kProgramReturn) return {Flow::kReturn};
      return {fields.half(0) == kTrap2 ? Flow::kStop : Flow::kNext};
    case 0x05:  // balr
    case 0x0c:  // bassm
    case 0x0d:  // basr
      return second == 0 ? Branch{} : Branch{.flow = Flow::kCall, .to_register = second};
    case 0x06: return second == 0 ? Branch{} : Branch{Flow::kConditionalJump};  // bctr
    case 0x07: return to_register(first, second);                               // bcr
    case 0x0b: return to_register(kAlways, second);                             // bsm
    default: return {};
  }
}

Branch decode_system_branch(const S390xFields& fields) {
  switch (fields.half(0)) {
    case 0xb218: return {Flow::kCall};                                                      // pc
    case 0xb228: return {Flow::kJump};                                                      // pt
    case 0xb240:                                                                            // bakr
    case 0xb258:                                                                            // bsg
    case 0xb25a: return {Flow::kConditionalJump};                                           // bsa
    case 0xb277:                                                                            // rp
    case 0xb2b2: return {Flow::kReturn};                                                    // lpswe
    case 0xb2ff: return {Flow::kStop};                                                      // trap4
    case 0xb946: return fields.nibble(7) == 0 ? Branch{} : Branch{Flow::kConditionalJump};  // bctgr
    case 0xb99e: return {Flow::kJump};                                                      // pti
    default: return {};
  }
}

Branch decode_medium_branch(const S390xFields& fields) {
  constexpr unsigned kLinkRegister = 14;
  const std::int64_t distance = fields.signed_half(1) * 2;
  switch (fields.byte(0)) {
    case 0x44: return {Flow::kConditionalJump};  // ex: whatever it carries out
    case 0x45:                                   // bal
    case 0x4d: return {Flow::kCall};             // bas
    case 0x46:                                   // bct
    case 0x86:                                   // bxh
    case 0x87: return {Flow::kConditionalJump};  // bxle
    case 0x47: return conditional(fields.nibble(2), kAlways, {});
    case 0x82: return {Flow::kReturn};                     // lpsw
    case 0x84:                                             // brxh
    case 0x85: return {Flow::kConditionalJump, distance};  // brxle
    case 0xaf: return {Flow::kStop};                       // mc
    case 0xa7: break;
    case 0xb2:
    case 0xb9: return decode_system_branch(fields);
    default: return {};
  }
  switch (fields.nibble(3)) {
    case 4: return relative(fields.nibble(2), kAlways, distance);
    // bras: with another register a jump across the constants that it points at, which may come back.
    case 5: return {fields.nibble(2) == kLinkRegister ? Flow::kCall : Flow::kConditionalJump, distance};
    case 6:                                             // brct
    case 7: return {Flow::kConditionalJump, distance};  // brctg
    default: return {};
  }
}

Branch decode_long_branch(const S390xFields& fields) {
  const std::int64_t near = fields.signed_half(1) * 2;
  const std::int64_t far = fields.signed_word(1) * 2;
  switch (fields.operation()) {
    case 0xc004: return relative(fields.nibble(2), kAlways, far);
    case 0xc005: return {Flow::kCall, far};                            // brasl
    case 0xc600: return {Flow::kConditionalJump};                      // exrl: whatever it carries out
    case 0xcc06: return {Flow::kConditionalJump, far};                 // brcth
    case 0xe346: return {Flow::kConditionalJump};                      // bctg
    case 0xe347: return conditional(fields.nibble(2), kAlways, {});    // bic
    case 0xeb44:                                                       // bxhg
    case 0xeb45: return {Flow::kConditionalJump};                      // bxleg
    case 0xeb71: return {Flow::kReturn};                               // lpswey
    case 0xec44:                                                       // brxhg
    case 0xec45: return {Flow::kConditionalJump, near};                // brxlg
    case 0xec64:                                                       // cgrj
    case 0xec65:                                                       // clgrj
    case 0xec76:                                                       // crj
    case 0xec77: return relative(fields.nibble(8), kNotEqual, near);   // clrj
    case 0xec7c:                                                       // cgij
    case 0xec7d:                                                       // clgij
    case 0xec7e:                                                       // cij
    case 0xec7f: return relative(fields.nibble(3), kNotEqual, near);   // clij
    case 0xece4:                                                       // cgrb
    case 0xece5:                                                       // clgrb
    case 0xecf6:                                                       // crb
    case 0xecf7: return conditional(fields.nibble(8), kNotEqual, {});  // clrb
    case 0xecfc:                                                       // cgib
    case 0xecfd:                                                       // clgib
    case 0xecfe:                                                       // cib
    case 0xecff: return conditional(fields.nibble(3), kNotEqual, {});  // clib
    default: return {};
  }
}

Branch decode_branch(const S390xFields& fields) {
  switch (fields.size()) {
    case 2: return decode_short_branch(fields);
    case 4: return decode_medium_branch(fields);
    default: return decode_long_branch(fields);
  }
}

void fill_branch(const S390xFields& fields, Instruction& out) {
  const Branch branch = decode_branch(fields);
  out.flow = branch.flow;
  if (branch.distance) out.target = out.address + static_cast<std::uint64_t>(*branch.distance);
  // Where a branch has a condition, the registers that it reads are taken for what the condition looks at.
  if (branch.to_register && branch.flow != Flow::kConditionalJump) {
    out.registers_read = {s390x::kR0 + *branch.to_register};
    out.register_distance = 0;
  }
  constexpr std::uint16_t kExecuteRelative = 0xc600;
  if (fields.operation() == kExecuteRelative) {
    const auto distance = static_cast<std::uint64_t>(fields.signed_word(1) * 2);
    out.executes = ExecutedElsewhere{out.address + distance, fields.nibble(2) != 0};
  }
}

bool writes(const Instruction& one, std::size_t reg) {
  return std::ranges::find(one.registers_written, reg) != one.registers_written.end();
}

// Loads registers from the stack.
bool is_load_from_stack(const Instruction& one) {
  return one.memory.size() == 1 && !one.memory.front().is_written && one.memory.front().base == s390x::kSp &&
         !one.memory.front().index && !one.registers_written.empty();
}

// Where on the stack lmg finds what it puts into r14; nothing when it does not restore the stack pointer too.
std::optional<std::int64_t> return_slot(const Instruction& one) {
  constexpr std::int64_t kRegisterBytes = 8;
  if (!is_load_from_stack(one) || !writes(one, s390x::kSp) || !writes(one, s390x::kR14)) return std::nullopt;
  const auto before = static_cast<std::int64_t>(s390x::kR14 - one.registers_written.front());
  return one.memory.front().displacement + before * kRegisterBytes;
}

// The jump at `index` goes to what a load before it fetched from the slot of the return address.
bool is_return(std::span<const Instruction> function, std::size_t index) {
  const std::size_t reg = function[index].registers_read.front();
  std::optional<std::int64_t> slot;
  for (std::size_t i = index; i-- > 0;) {
    const Instruction& one = function[i];
    if (one.flow != Flow::kNext) return false;
    if (!slot && writes(one, s390x::kSp)) {
      slot = return_slot(one);
      if (!slot || writes(one, reg)) return false;
    } else if (writes(one, reg)) {
      return slot && is_load_from_stack(one) && one.memory.front().size == 8 && one.registers_written.size() == 1 &&
             one.memory.front().displacement == *slot;
    } else if (writes(one, s390x::kSp)) {
      return false;
    }
  }
  return false;
}

}  // namespace

std::size_t s390x_instruction_size(std::byte first) {
  const auto kind = std::to_integer<unsigned>(first) >> 6;
  return kind == 0 ? 2 : kind == 3 ? 6 : 4;
}

std::optional<Instruction> decode_s390x(std::span<const std::byte> code, VirtualAddress address) {
  if (code.empty()) return std::nullopt;
  const std::size_t size = s390x_instruction_size(code.front());
  if (code.size() < size) return std::nullopt;
  const S390xFields fields(code.first(size));
  Instruction out;
  out.address = address;
  out.size = static_cast<std::uint8_t>(size);
  fill_s390x_operands(fields, out);
  fill_branch(fields, out);
  return out;
}

void find_s390x_returns(std::span<Instruction> function) {
  for (std::size_t i = 0; i < function.size(); ++i) {
    Instruction& one = function[i];
    const bool is_indirect = one.flow == Flow::kJump && !one.target && one.register_distance;
    if (is_indirect && is_return(function, i)) one.flow = Flow::kReturn;
  }
}

}  // namespace whyhung::arch
