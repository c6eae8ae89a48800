// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/power_stack.h"

#include <utility>

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

constexpr std::uint64_t kUserNip = 0x3fff8a6e1234, kUserSp = 0x3fffd21c5e60;

std::vector<std::uint32_t> words_of(FakeMachine& machine, const debuginfo::Symbol& function) {
  const auto code = code_of(machine, function);
  std::vector<std::uint32_t> words;
  for (std::size_t at = 0; at + 4 <= code.size(); at += 4) {
    words.push_back(load<std::uint32_t>(code.data() + at, ByteOrder::kLittle));
  }
  return words;
}

// Bytes of a function's frame: 0 of one that makes none.
std::uint64_t frame_size(FakeMachine& machine, std::string_view name) {
  constexpr std::uint32_t kStduR1 = 0xf8210001;  // stdu r1,N(r1)
  for (const std::uint32_t word : words_of(machine, function_named(machine, name))) {
    if ((word & 0xffff0003) == kStduR1)
      return static_cast<std::uint64_t>(-std::int64_t{static_cast<std::int16_t>(word & 0xfffc)});
  }
  return 0;
}

}  // namespace

// Behind the call of `callee` in `caller`; an indirect call when there is no direct one.
std::uint64_t PowerStack::back_to(std::string_view caller, std::string_view callee) const {
  constexpr std::uint64_t kLocalEntry = 8;  // a call within the kernel passes over two instructions
  const debuginfo::Symbol from = function_named(machine_, caller);
  const std::uint64_t to = address_of(machine_, callee);
  const auto words = words_of(machine_, from);
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

PowerStack::PowerStack(FakeMachine& machine, std::string_view function, std::uint64_t sp)
    : KernelStack(machine, function, sp) {
  machine_.memory.write_u64(sp_, 0);
}

void PowerStack::push(std::uint64_t bytes) {
  machine_.memory.write_u64(sp_ - bytes, sp_);
  caller_sp_ = sp_;
  sp_ -= bytes;
}

KernelStack& PowerStack::call(std::string_view callee) {
  machine_.memory.write_u64(sp_ + kLinkSlot, back_to(function_, callee));
  push(frame_size(machine_, callee));
  caller_ = std::exchange(function_, callee);
  return *this;
}

KernelStack& PowerStack::loop_in(std::string_view leaf) {
  // A function that calls nobody makes no frame.
  spot_ = {address_of(machine_, leaf), sp_, back_to(function_, leaf)};
  return *this;
}

KernelStack& PowerStack::come_back_from(std::string_view callee) {
  const std::uint64_t back = back_to(function_, callee);
  spot_ = {back, sp_, back};
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

KernelStack& PowerStack::tick() {
  const std::uint64_t interrupted_sp = sp_;
  push(kInterruptFrame);
  write_registers(spot_.pc, kKernelMsr, spot_.link, kDecrementer, interrupted_sp);
  function_ = "decrementer_common";
  return path({"timer_interrupt", "hrtimer_interrupt"});
}

KernelStack& PowerStack::system_call(std::string_view function) {
  machine_.memory.write_u64(sp_, kUserSp);
  write_registers(kUserNip, kUserMsr, kUserNip + 0x40, kSystemCall, kUserSp);
  return call(function);
}

std::uint64_t PowerStack::switch_out() {
  call("__switch_to");
  const std::uint64_t back = back_to(function_, "_switch");
  machine_.memory.write_u64(sp_ + kLinkSlot, back);
  push(kSwitchFrame);
  machine_.memory.write_u64(sp_ + kOverhead + 8 * ppc64::kNip, back);
  return sp_;
}

Spot PowerStack::dump_spot() {
  // The stack pointer that is saved belongs to the link register's function.
  return {address_of(machine_, function_) + 0x20, caller_sp_, back_to(caller_, function_)};
}

std::uint64_t PowerStack::local(std::uint64_t bytes) const {
  constexpr std::uint64_t kHead = 32;  // of a frame, ELFv2
  if (kHead + bytes > caller_sp_ - sp_) throw std::invalid_argument(fmt::format("no room in {}", function_));
  return sp_ + kHead;
}

std::vector<std::byte> power_prstatus(const Spot& spot, std::uint32_t pid) {
  constexpr std::size_t kSize = 504, kPid = 32, kRegisters = 112;
  std::vector<std::byte> note(kSize);
  store(note.data() + kPid, pid, ByteOrder::kLittle);
  const auto put = [&](std::size_t reg, std::uint64_t value) {
    store(note.data() + kRegisters + 8 * reg, value, ByteOrder::kLittle);
  };
  put(ppc64::kNip, spot.pc);
  put(ppc64::kR1, spot.sp);
  put(ppc64::kLink, spot.link);
  put(ppc64::kMsr, kKernelMsr);
  put(ppc64::kSoftMask, 1);
  return note;
}

}  // namespace whyhung::test
