// SPDX-License-Identifier: GPL-2.0-or-later
#include "arch/s390x_operands.h"

#include <algorithm>

#include "arch/s390x.h"
#include "arch/s390x_operations.h"

namespace whyhung::arch {
namespace {

constexpr unsigned kRegisters = 16;
constexpr unsigned kDisplacement = 0xfff;  // the bits of a short one

// Where an instruction keeps its operands.
class Operands {
 public:
  Operands(const S390xFields& fields, Instruction& out) : fields_(fields), out_(out) {}

  void fill(const S390xOperation& operation) {
    const S390xEffect effect = operation.effect;
    if (has(effect, S390xEffect::kLoads) || has(effect, S390xEffect::kStores)) {
      access(place(), has(effect, S390xEffect::kLoads), has(effect, S390xEffect::kStores), operation.bytes);
    }
    if (has(effect, S390xEffect::kFromMemory)) add_second_memory();
    if (has(effect, S390xEffect::kReadsFirst)) read(first());
    if (has(effect, S390xEffect::kReadsLast)) read(last());
    if (has(effect, S390xEffect::kReadsMiddle)) read(fields_.nibble(4));
    if (has(effect, S390xEffect::kWritesFirst)) write_range(first(), first());
    if (has(effect, S390xEffect::kWritesRange)) write_range(first(), last());
    out_.sets_flags = has(effect, S390xEffect::kTests);
    constexpr std::uint16_t kLoadAddress = 0xc000;  // larl
    if (operation.code == kLoadAddress) out_.constant = relative_address();
  }

  // An instruction that is not in the table: its registers and those that make a pair with them may be changed, and the
  // condition.
  void fill_unknown() {
    write_range(first(), (first() + 1) % kRegisters);
    if (fields_.size() == 4) write_range(last(), (last() + 1) % kRegisters);
    out_.sets_flags = true;
  }

 private:
  // Formats RRE, RRF: the registers are in the fourth byte.
  bool has_late_registers() const { return fields_.size() == 4 && fields_.byte(0) >= 0xb2 && fields_.byte(0) <= 0xb9; }
  unsigned first() const { return fields_.nibble(has_late_registers() ? 6 : 2); }
  unsigned last() const { return fields_.nibble(has_late_registers() ? 7 : 3); }

  void read(unsigned reg) { out_.registers_read.push_back(s390x::kR0 + reg); }
  // From one to another, which may have a smaller number: behind r15 comes r0.
  void write_range(unsigned from, unsigned to) {
    for (unsigned reg = from;; reg = (reg + 1) % kRegisters) {
      out_.registers_written.push_back(s390x::kR0 + reg);
      if (reg == to) break;
    }
  }

  void access(MemoryOperand memory, bool reads, bool writes, unsigned bytes) {
    memory.size = static_cast<std::uint8_t>(bytes);
    memory.is_read = reads;
    memory.is_written = writes;
    out_.memory.push_back(memory);
  }
  void add_second_memory() {
    const unsigned bytes = std::min(fields_.byte(1) + 1, 255u);
    out_.memory.front().size = static_cast<std::uint8_t>(bytes);
    access(at_base(fields_.nibble(8), fields_.half(2) & kDisplacement), true, false, bytes);
  }

  // Without a base the address is in each CPU's own lowcore (arch/s390/include/asm/lowcore.h), or made of an index.
  static MemoryOperand at_base(unsigned base, std::int64_t displacement) {
    MemoryOperand memory;
    memory.displacement = displacement;
    if (base != 0) memory.base = s390x::kR0 + base;
    memory.is_segmented = base == 0;
    return memory;
  }
  std::uint64_t relative_address() const {
    return out_.address.value + static_cast<std::uint64_t>(fields_.signed_word(1)) * 2;
  }
  MemoryOperand place() const {
    const unsigned code = fields_.byte(0);
    if (code == 0xc4 || code == 0xc6) {
      MemoryOperand memory;
      memory.displacement = static_cast<std::int64_t>(relative_address());
      return memory;
    }
    std::int64_t displacement = fields_.half(1) & kDisplacement;
    const bool is_long = code == 0xe3 || code == 0xeb;
    if (is_long) displacement += std::int64_t{static_cast<std::int8_t>(fields_.byte(4))} * (kDisplacement + 1);
    MemoryOperand memory = at_base(fields_.nibble(4), displacement);
    const bool is_indexed = (code >= 0x40 && code < 0x80) || code == 0xe3;
    if (is_indexed && fields_.nibble(3) != 0) {
      memory.index = s390x::kR0 + fields_.nibble(3);
      memory.is_segmented = false;
    }
    return memory;
  }

  const S390xFields& fields_;
  Instruction& out_;
};

}  // namespace

std::uint16_t S390xFields::operation() const {
  const unsigned first = byte(0);
  unsigned rest = 0;
  switch (first) {
    case 0xa5:
    case 0xa7:
    case 0xc0:
    case 0xc2:
    case 0xc4:
    case 0xc6:
    case 0xc8:
    case 0xcc: rest = nibble(3); break;
    case 0x01:
    case 0xb2:
    case 0xb3:
    case 0xb9:
    case 0xe5: rest = byte(1); break;
    case 0xe3:
    case 0xe6:
    case 0xe7:
    case 0xeb:
    case 0xec:
    case 0xed: rest = byte(5); break;
    default: break;
  }
  return static_cast<std::uint16_t>(first << 8 | rest);
}

void fill_s390x_operands(const S390xFields& fields, Instruction& out) {
  Operands operands(fields, out);
  if (const S390xOperation* operation = find_s390x_operation(fields.operation())) {
    operands.fill(*operation);
  } else {
    operands.fill_unknown();
  }
}

}  // namespace whyhung::arch
