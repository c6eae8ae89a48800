// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/power_stack.h"

#include "arch/ppc64.h"

namespace whyhung::test {
namespace {

namespace ppc64 = arch::ppc64;

// arch/powerpc/include/asm/ptrace.h and asm-offsets.c of v3.10.
constexpr std::uint64_t kOverhead = 112;
constexpr std::uint64_t kPtRegs = ppc64::kRegisterCount * 8;
constexpr std::uint64_t kInterruptFrame = kOverhead + kPtRegs + 288;
constexpr std::uint64_t kSwitchFrame = kOverhead + kPtRegs;
constexpr std::uint64_t kLinkSlot = 16;
constexpr std::uint64_t kMark = 0x7265677368657265;
constexpr std::uint64_t kKernelMsr = 0x8000000000009033;
constexpr std::uint64_t kUserMsr = 0x800000000280f033;
constexpr std::uint64_t kDecrementer = 0x901;
constexpr std::uint64_t kSystemCall = 0xc01;

std::vector<std::uint32_t> code_of(FakeMachine& machine, const debuginfo::Symbol& function) {
  std::vector<std::uint32_t> words;
  for (std::uint64_t at = 0; at + 4 <= function.size; at += 4) {
    words.push_back(machine.memory.read_u32(function.address + at).value());
  }
  return words;
}

debuginfo::Symbol symbol(FakeMachine& machine, std::string_view name) {
  const auto found = machine.symbols.find_all(name, 1);
  if (found.empty()) throw std::invalid_argument(fmt::format("no symbol {}", name));
  return found.front();
}

}  // namespace

std::uint64_t address_of(FakeMachine& machine, std::string_view name) {
  return symbol(machine, name).address.value;
}

std::uint64_t frame_size(FakeMachine& machine, std::string_view name) {
  constexpr std::uint32_t kStduR1 = 0xf8210001;  // stdu r1,N(r1)
  for (const std::uint32_t word : code_of(machine, symbol(machine, name))) {
    if ((word & 0xffff0003) == kStduR1)
      return static_cast<std::uint64_t>(-std::int64_t{static_cast<std::int16_t>(word & 0xfffc)});
  }
  return 0;
}

std::uint64_t return_address(FakeMachine& machine, std::string_view caller, std::string_view callee) {
  constexpr std::uint64_t kLocalEntry = 8;  // a call within the kernel passes over two instructions
  const debuginfo::Symbol from = symbol(machine, caller);
  const std::uint64_t to = address_of(machine, callee);
  const auto words = code_of(machine, from);
  std::uint64_t indirect = 0;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::uint64_t at = from.address.value + 4 * i;
    if ((words[i] & 0xfc000003) == 0x48000001) {  // bl
      const std::int64_t distance = (static_cast<std::int32_t>(words[i] << 6) >> 6) & ~3;
      const std::uint64_t target = at + static_cast<std::uint64_t>(distance);
      if (target >= to && target <= to + kLocalEntry) return at + 4;
    }
    if (words[i] == 0x4e800421 || words[i] == 0x4e800021) indirect = at + 4;  // bctrl, blrl
  }
  if (indirect == 0) throw std::invalid_argument(fmt::format("{} does not call {}", caller, callee));
  return indirect;
}

PowerStack::PowerStack(FakeMachine& machine, std::uint64_t sp, std::uint64_t chain) : machine_(machine), sp_(sp) {
  machine_.memory.write_u64(sp_, chain);
}

void PowerStack::push(std::uint64_t bytes) {
  machine_.memory.write_u64(sp_ - bytes, sp_);
  sp_ -= bytes;
}

PowerStack& PowerStack::call(std::string_view caller, std::string_view callee) {
  machine_.memory.write_u64(sp_ + kLinkSlot, return_address(machine_, caller, callee));
  const std::uint64_t bytes = frame_size(machine_, callee);
  if (bytes != 0) push(bytes);
  return *this;
}

void PowerStack::write_registers(std::uint64_t nip, std::uint64_t msr, std::uint64_t link, std::uint64_t trap,
                                 std::uint64_t interrupted_sp) {
  registers_ = sp_ + kOverhead;
  const auto put = [&](std::size_t reg, std::uint64_t value) {
    machine_.memory.write_u64(registers_ + 8 * reg, value);
  };
  for (std::size_t i = 0; i < ppc64::kRegisterCount; ++i) put(i, 0);
  put(ppc64::kR1, interrupted_sp);
  put(ppc64::kNip, nip);
  put(ppc64::kMsr, msr);
  put(ppc64::kLink, link);
  put(ppc64::kSoftMask, 1);
  put(ppc64::kTrap, trap);
  machine_.memory.write_u64(registers_ - 16, kMark);
}

PowerStack& PowerStack::interrupt(std::uint64_t nip, std::uint64_t link) {
  const std::uint64_t interrupted_sp = sp_;
  push(kInterruptFrame);
  write_registers(nip, kKernelMsr, link, kDecrementer, interrupted_sp);
  return *this;
}

PowerStack& PowerStack::system_call(std::uint64_t user_nip, std::uint64_t user_sp) {
  machine_.memory.write_u64(sp_, user_sp);
  write_registers(user_nip, kUserMsr, user_nip + 0x40, kSystemCall, user_sp);
  return *this;
}

std::uint64_t PowerStack::switch_out(std::string_view caller) {
  const std::uint64_t back = return_address(machine_, caller, "_switch");
  machine_.memory.write_u64(sp_ + kLinkSlot, back);
  push(kSwitchFrame);
  machine_.memory.write_u64(sp_ + kOverhead + 8 * ppc64::kNip, back);
  return sp_;
}

std::vector<std::byte> power_prstatus(std::uint64_t nip, std::uint64_t sp, std::uint64_t link, std::uint32_t pid) {
  constexpr std::size_t kSize = 504, kPid = 32, kRegisters = 112;
  std::vector<std::byte> note(kSize);
  store(note.data() + kPid, pid, ByteOrder::kLittle);
  const auto put = [&](std::size_t reg, std::uint64_t value) {
    store(note.data() + kRegisters + 8 * reg, value, ByteOrder::kLittle);
  };
  put(ppc64::kNip, nip);
  put(ppc64::kR1, sp);
  put(ppc64::kLink, link);
  put(ppc64::kMsr, kKernelMsr);
  put(ppc64::kSoftMask, 1);
  return note;
}

}  // namespace whyhung::test
