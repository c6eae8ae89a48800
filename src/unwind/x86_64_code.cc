// SPDX-License-Identifier: GPL-2.0-or-later
#include "unwind/x86_64_code.h"

#include <algorithm>
#include <array>

#include "arch/x86_64.h"

namespace whyhung::unwind {
namespace {

constexpr std::size_t kMark = 4;       // endbr64, and what takes its place where nothing jumps there
constexpr std::size_t kTraceCall = 5;  // of the tracer, before the frame is made: a call, or what replaces it
constexpr std::size_t kPush = 1, kMove = 3;
constexpr std::size_t kPrologue = kMark + kTraceCall + kPush + kMove;
constexpr std::uint64_t kLongestPadding = 32;  // in front of a function, where calls are counted (v6.2)
// Modules, and all that the kernel writes itself, of kernels with and without a moved base.
constexpr std::uint64_t kModules = 0xffffffffa0000000, kModulesEnd = 0xffffffffff000000;

template <std::size_t N>
class Bytes {
 public:
  explicit Bytes(const std::array<std::byte, N>& bytes) : bytes_(bytes) {}
  unsigned operator[](std::size_t at) const { return at < N ? std::to_integer<unsigned>(bytes_[at]) : 0; }
  bool at(std::size_t place, std::initializer_list<unsigned> wanted) const {
    for (const unsigned one : wanted) {
      if ((*this)[place++] != one) return false;
    }
    return true;
  }

 private:
  const std::array<std::byte, N>& bytes_;
};

// Bytes of the function from its first on that come before `push %rbp`.
template <std::size_t N>
std::size_t before_push(const Bytes<N>& code) {
  std::size_t at = 0;
  // v5.18 (156ff4a544ae): endbr64; where nothing jumps to it, it is overwritten, since v6.15 by another.
  if (code.at(0, {0xf3, 0x0f, 0x1e, 0xfa}) || code.at(0, {0x66, 0x0f, 0x1f, 0x00}) ||
      code.at(0, {0x0f, 0x1f, 0x40, 0xd6})) {
    at = kMark;
  }
  if (code[at] == 0xe8 || code.at(at, {0x0f, 0x1f, 0x44}) || code.at(at, {0x66, 0x66, 0x66, 0x66})) at += kTraceCall;
  return at;
}

bool is_cold_part_of(std::string_view part, std::string_view whole) {
  return part.starts_with(whole) && part.substr(whole.size()).starts_with(".cold");
}

// v4.15 (76b043848fd2), and kernels that took it back: calls through a register go through a piece of code for each;
// v5.10: calls that are patched at run time go through a jump.
bool leads_anywhere(std::string_view function) {
  return function.starts_with("__x86_indirect_") || function.starts_with("__SCT__");
}

}  // namespace

bool X86Code::is_code(std::uint64_t address) const {
  const VirtualAddress at(address);
  if (!arch::kX86_64.is_kernel_address(at)) return false;
  const auto symbol = symbols_.find_covering(at);
  return symbol && symbol->symbol.may_be_code();
}

bool X86Code::may_be_code(std::uint64_t address) const {
  const VirtualAddress at(address);
  if (!arch::kX86_64.is_kernel_address(at)) return false;
  if (const auto symbol = symbols_.find_covering(at)) return symbol->symbol.may_be_code();
  return address >= kModules && address < kModulesEnd;
}

X86Code::CallBefore X86Code::direct_call(std::uint64_t target, VirtualAddress function) const {
  if (VirtualAddress(target) == function) return CallBefore::kOfFunction;
  if (!may_be_code(target)) return CallBefore::kNone;
  const auto called = symbols_.find_covering(VirtualAddress(target));
  if (!called) return CallBefore::kIndirect;
  if (called->symbol.address == function) return CallBefore::kOfFunction;
  const bool is_marked = debuginfo::is_mark(called->symbol.name);
  const bool is_padding = target < function.value && function.value - target <= kLongestPadding;
  if (is_padding && (called->offset != 0 || is_marked)) return CallBefore::kOfFunction;
  if (leads_anywhere(called->symbol.name)) return CallBefore::kIndirect;
  const auto waited = symbols_.find_covering(function);
  if (waited && is_cold_part_of(waited->symbol.name, called->symbol.name)) return CallBefore::kOfFunction;
  return CallBefore::kOfAnother;
}

X86Code::CallBefore X86Code::call_before(std::uint64_t address, VirtualAddress function) const {
  constexpr std::size_t kLongest = 7;
  // In the place of any return address, whatever called.
  if (hooks_.is_trampoline(VirtualAddress(address))) return CallBefore::kIndirect;
  if (!may_be_code(address - 1)) return CallBefore::kNone;
  std::array<std::byte, kLongest> bytes;
  if (!memory_.read(VirtualAddress(address - kLongest), bytes)) return CallBefore::kNone;
  const auto at = [&](std::size_t before) { return std::to_integer<unsigned>(bytes[kLongest - before]); };
  if (at(5) == 0xe8) {
    const auto distance = load<std::int32_t>(bytes.data() + kLongest - 4, ByteOrder::kLittle);
    const CallBefore call = direct_call(address + static_cast<std::uint64_t>(std::int64_t{distance}), function);
    if (call != CallBefore::kNone) return call;
  }
  // ff /2 in each length that it can have.
  for (const std::size_t length : {2, 3, 4, 6, 7}) {
    if (at(length) == 0xff && (at(length - 1) >> 3 & 7) == 2) return CallBefore::kIndirect;
  }
  return CallBefore::kNone;
}

bool X86Code::follows_far_return(std::uint64_t address) const {
  std::array<std::byte, 2> bytes;
  if (!is_code(address - 1) || !memory_.read(VirtualAddress(address - 2), bytes)) return false;
  return Bytes(bytes).at(0, {0x48, 0xcb});
}

X86Code::Progress X86Code::progress(VirtualAddress begin, VirtualAddress pc) const {
  std::array<std::byte, kPrologue> bytes;
  if (!memory_.read(begin, bytes)) return Progress::kUnknown;
  const Bytes code(bytes);
  const std::size_t push = before_push(code);
  if (!code.at(push, {0x55, 0x48, 0x89, 0xe5}) && !code.at(push, {0x55, 0x48, 0x8b, 0xec})) return Progress::kUnknown;
  const std::uint64_t done = pc - begin;
  if (done <= push) return Progress::kNothingPushed;
  if (done < push + kPush + kMove) return Progress::kPointerPushed;
  // In front of its `ret` the frame is gone again; that may be a jump: to the code that returns for all (v5.19), or to
  // what is called last.
  std::array<std::byte, 3> around;
  if (!memory_.read(pc - 1, around)) return Progress::kMade;
  const Bytes next(around);
  const bool is_popped = next[0] == 0x5d || next[0] == 0xc9;
  const bool jumps = next[1] == 0xe9 || next[1] == 0xeb || next[1] == 0x2e || (next[1] == 0xff && next[2] == 0xe0);
  return next[1] == 0xc3 || (is_popped && jumps) ? Progress::kNothingPushed : Progress::kMade;
}

X86Code::StackChange X86Code::stack_change(VirtualAddress pc) const {
  std::array<std::byte, 1> next;
  if (!memory_.read(pc, next)) return StackChange::kNone;
  if (next[0] == std::byte{0x5c}) return StackChange::kFromWord;
  if (next[0] == std::byte{0xc9}) return StackChange::kFromFramePointer;
  return StackChange::kNone;
}

std::optional<FrameState> X86Code::interrupted_above(VirtualAddress end) const {
  namespace x86 = arch::x86;
  constexpr std::size_t kPtRegsBytes = 21 * 8;
  constexpr std::uint64_t kKernelCode = 0x10, kAlignment = 16;
  std::array<std::byte, kPtRegsBytes> bytes;
  const VirtualAddress at = end - kPtRegsBytes;
  if (!memory_.read(at, bytes)) return std::nullopt;
  FrameState state;
  state.registers = arch::kX86_64.decode_pt_regs(bytes);
  const std::uint64_t sp = state.registers.get(x86::kRsp).value_or(0);
  if (state.registers.get(x86::kCs) != kKernelCode || sp / kAlignment * kAlignment != end.value) return std::nullopt;
  if (!is_code(state.registers.get(x86::kRip).value_or(0))) return std::nullopt;
  state.pc_is_exact = true;
  state.source = FrameSource::kException;
  state.saved_at = at;
  return state;
}

}  // namespace whyhung::unwind
