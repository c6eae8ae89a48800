// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/x86_stack.h"

#include "arch/disassembler.h"
#include "arch/x86_64.h"

namespace whyhung::test {
namespace {

namespace x86 = arch::x86;

// arch/x86/include/asm/calling.h, segment.h and ptrace.h, arch/x86/kernel/entry_64.S of v3.10.
constexpr std::uint64_t kWord = 8;
constexpr std::uint64_t kKernelCode = 0x10, kKernelStack = 0x18;
constexpr std::uint64_t kFlags = 0x246, kFlagsMasked = 0x46;
constexpr std::uint64_t kTimerVector = ~std::uint64_t{0xef};
constexpr std::uint64_t kNoSystemCall = ~std::uint64_t{0};
constexpr std::uint64_t kFromArguments = x86::kR11 * kWord;  // where a system call's saved registers begin
constexpr std::uint64_t kNmiBookkeeping = 12 * kWord;        // of nested NMIs: three return frames, RDX and a flag
constexpr std::uint64_t kUserRip = 0x7f3a8c2e1234, kUserRsp = 0x7ffd21c5e608;

std::vector<arch::Instruction> instructions_of(FakeMachine& machine, std::string_view name) {
  const auto disassembler = arch::Disassembler::create(arch::kX86_64);
  if (!disassembler) throw std::invalid_argument("no disassembler");
  const debuginfo::Symbol function = function_named(machine, name);
  const auto code = code_of(machine, function);
  std::vector<arch::Instruction> all;
  for (std::size_t at = 0; at < code.size(); at += all.back().size) {
    auto one = (*disassembler)->decode(std::span(code).subspan(at), function.address + at);
    if (!one) throw std::invalid_argument(fmt::format("{}+{:#x} is no code", name, at));
    all.push_back(*std::move(one));
  }
  return all;
}

// Bytes that a function takes of the stack below its caller's frame pointer, which it pushed.
std::uint64_t frame_size(FakeMachine& machine, std::string_view name) {
  std::uint64_t bytes = 0;
  bool has_frame = false;
  for (const arch::Instruction& one : instructions_of(machine, name)) {
    // The switch of tasks pushes what switch_out() does.
    if (one.flow != arch::Flow::kNext || one.mnemonic.starts_with("pushf")) break;
    if (one.mnemonic.starts_with("mov") && one.operands == "%rsp, %rbp") {
      has_frame = true;
      bytes = 0;
    }
    if (one.mnemonic.starts_with("push")) bytes += kWord;
    if (one.mnemonic.starts_with("sub") && one.operands.ends_with(", %rsp")) {
      bytes += static_cast<std::uint64_t>(one.immediates.at(0));
    }
  }
  if (!has_frame) throw std::invalid_argument(fmt::format("{} makes no frame", name));
  return bytes;
}

std::uint64_t flags_of(const Spot& spot) {
  return spot.takes_interrupts ? kFlags : kFlagsMasked;
}

}  // namespace

X86Stack::X86Stack(FakeMachine& machine, std::string_view function, std::uint64_t sp, const Tops& tops)
    : KernelStack(machine, function, sp), tops_(tops) {}

void X86Stack::push(std::uint64_t value) {
  sp_ -= kWord;
  machine_.memory.write_u64(sp_, value);
}

// Behind the call of `callee` in the innermost function; an indirect call when there is no direct one.
std::uint64_t X86Stack::back_to(std::string_view callee) const {
  const std::uint64_t to = address_of(machine_, callee);
  std::uint64_t indirect = 0;
  for (const arch::Instruction& one : instructions_of(machine_, function_)) {
    if (one.flow != arch::Flow::kCall) continue;
    if (one.target == VirtualAddress(to)) return one.end().value;
    const auto called = one.target ? machine_.symbols.find_covering(*one.target) : std::nullopt;
    if (!called || called->symbol.name.starts_with("__x86_indirect_thunk_")) indirect = one.end().value;
  }
  if (indirect == 0) throw std::invalid_argument(fmt::format("{} does not call {}", function_, callee));
  return indirect;
}

KernelStack& X86Stack::call(std::string_view callee) {
  push(back_to(callee));
  push(frame_pointer_);
  frame_pointer_ = sp_;
  sp_ -= frame_size(machine_, callee);
  function_ = callee;
  return *this;
}

KernelStack& X86Stack::loop_in(std::string_view leaf) {
  call(leaf);
  for (const arch::Instruction& one : instructions_of(machine_, leaf)) {
    if (one.flow != arch::Flow::kJump || one.target != one.address) continue;
    spot_ = {one.address.value, sp_, 0, frame_pointer_};
    return *this;
  }
  throw std::invalid_argument(fmt::format("{} does not jump on the spot", leaf));
}

KernelStack& X86Stack::come_back_from(std::string_view callee) {
  spot_ = {back_to(callee), sp_, 0, frame_pointer_};
  return *this;
}

// What the processor pushes, and the number that entry code adds.
void X86Stack::push_interrupted(std::uint64_t number) {
  push(kKernelStack);
  push(spot_.sp);
  push(flags_of(spot_));
  push(kKernelCode);
  push(spot_.pc);
  push(number);
}

KernelStack& X86Stack::tick() {
  sp_ = sp_ / 16 * 16;
  push_interrupted(kTimerVector);
  sp_ -= (x86::kOrigRax - x86::kRbp) * kWord;
  registers_ = sp_ - x86::kRbp * kWord;  // of a struct pt_regs whose first words are never written
  for (std::uint64_t at = sp_ + kWord; at < registers_ + x86::kOrigRax * kWord; at += kWord) {
    machine_.memory.write_u64(at, 0);
  }
  machine_.memory.write_u64(sp_, spot_.frame_pointer);
  const std::uint64_t before = sp_;
  sp_ = tops_.irq;
  push(before);
  function_ = "apic_timer_interrupt";
  return path({"smp_apic_timer_interrupt", "local_apic_timer_interrupt", "hrtimer_interrupt"});
}

KernelStack& X86Stack::nmi() {
  sp_ = tops_.nmi - kNmiBookkeeping;
  push_interrupted(kNoSystemCall);
  for (std::size_t reg = x86::kOrigRax; reg-- > 0;) push(reg == x86::kRbp ? spot_.frame_pointer : 0);
  registers_ = sp_;
  function_ = "end_repeat_nmi";
  return call("do_nmi");
}

KernelStack& X86Stack::system_call(std::string_view function) {
  // Of user mode's registers those that C code keeps are not saved.
  const std::uint64_t registers = sp_;
  const auto put = [&](std::size_t reg, std::uint64_t value) {
    machine_.memory.write_u64(registers + reg * kWord, value);
  };
  for (std::size_t reg = x86::kR11; reg <= x86::kSs; ++reg) put(reg, 0);
  put(x86::kRip, kUserRip);
  put(x86::kCs, 0x33);
  put(x86::kRflags, kFlags);
  put(x86::kRsp, kUserRsp);
  put(x86::kSs, 0x2b);
  sp_ = registers + kFromArguments;
  return call(function);
}

std::uint64_t X86Stack::switch_out() {
  push(kFlags);
  push(frame_pointer_);
  return sp_;
}

Spot X86Stack::dump_spot() {
  come_back_from("cpu_relax_once");
  mask_interrupts();
  return spot_;
}

std::uint64_t X86Stack::local(std::uint64_t bytes) const {
  if (sp_ + bytes > frame_pointer_) throw std::invalid_argument(fmt::format("no room in {}", function_));
  return sp_;
}

std::vector<std::byte> x86_prstatus(const Spot& spot, std::uint32_t pid) {
  constexpr std::size_t kSize = 336, kPid = 32, kRegisters = 112;
  std::vector<std::byte> note(kSize);
  store(note.data() + kPid, pid, ByteOrder::kLittle);
  const auto put = [&](std::size_t reg, std::uint64_t value) {
    store(note.data() + kRegisters + kWord * reg, value, ByteOrder::kLittle);
  };
  put(x86::kRip, spot.pc);
  put(x86::kRsp, spot.sp);
  put(x86::kRbp, spot.frame_pointer);
  put(x86::kCs, kKernelCode);
  put(x86::kSs, kKernelStack);
  put(x86::kRflags, flags_of(spot));
  return note;
}

}  // namespace whyhung::test
