// SPDX-License-Identifier: GPL-2.0-or-later
// The table of unwinders by architecture.
#include "unwind/unwinders.h"

#include <array>

#include "unwind/backchain_unwinder.h"
#include "unwind/frame_pointer_unwinder.h"
#include "unwind/frame_record_unwinder.h"
#include "unwind/orc_unwinder.h"
#include "unwind/riscv64_unwinder.h"
#include "unwind/s390x_unwinder.h"

namespace whyhung::unwind {
namespace {

struct Entry {
  std::string_view architecture;
  Result<std::unique_ptr<Unwinder>> (*make)(const UnwindInputs&);
};

// v4.14 (ee9f8fce9964): ORC; kernels before are built with frame pointers, and some after, whose makers chose so.
// Without symbols of data the type of a row tells: only the unwinder itself has it.
Result<std::unique_ptr<Unwinder>> make_x86_unwinder(const UnwindInputs& inputs) {
  const bool has_tables = inputs.symbols.address_of("__start_orc_unwind_ip").has_value();
  if (has_tables || !inputs.symbols.address_of("_stext")) return make_orc_unwinder(inputs);
  if (inputs.types.size_of("orc_entry")) return make_orc_unwinder(inputs);
  return make_frame_pointer_unwinder(inputs);
}

constexpr std::array<Entry, 5> kUnwinders = {{{"x86_64", make_x86_unwinder},
                                              {"arm64", make_frame_record_unwinder},
                                              {"ppc64le", make_backchain_unwinder},
                                              {"riscv64", make_riscv64_unwinder},
                                              {"s390x", make_s390x_unwinder}}};

}  // namespace

std::optional<FrameState> outermost_interruption(
    Unwinder& unwinder, VirtualRange stack,
    const std::function<std::optional<FrameState>(VirtualAddress)>& interrupted_at) {
  constexpr std::uint64_t kLargestStack = 256 * 1024;
  constexpr std::uint64_t kFrameAlignment = 16;
  if (stack.empty() || stack.size() > kLargestStack) return std::nullopt;
  const VirtualAddress last = (stack.end - 1).align_down(kFrameAlignment);
  // The outermost is the one that the thread is most likely still in: what lies deeper may be left over from calls that
  // are long done, while a frame nearer to the start would have been written over. Counted, since a stack that begins
  // at 0 has no place below it.
  for (std::uint64_t below = 0; last >= stack.begin && below <= last - stack.begin; below += kFrameAlignment) {
    auto state = interrupted_at(last - below);
    if (!state) continue;
    const Stack whole = unwinder.walk({state->registers, /*pc_is_exact=*/true});
    if (whole.end == StackEnd::kOutermost || whole.end == StackEnd::kUserMode) return state;
  }
  return std::nullopt;
}

Result<void> need_symbols(const UnwindInputs& inputs) {
  if (inputs.symbols.address_of("_stext")) return {};
  return fail(ErrorKind::kNotFound,
              "the kernel's symbols are not known, and they tell return addresses from other words");
}

Result<std::unique_ptr<Unwinder>> make_unwinder(const UnwindInputs& inputs) {
  for (const Entry& entry : kUnwinders) {
    if (entry.architecture == inputs.architecture.name) return entry.make(inputs);
  }
  return fail(ErrorKind::kUnsupported, "stacks of {} cannot be walked", inputs.architecture.name);
}

}  // namespace whyhung::unwind
