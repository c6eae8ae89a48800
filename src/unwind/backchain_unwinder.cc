// SPDX-License-Identifier: GPL-2.0-or-later
#include "unwind/backchain_unwinder.h"

#include "unwind/backchain_stepper.h"

namespace whyhung::unwind {
namespace {

class BackchainUnwinder final : public Unwinder {
 public:
  explicit BackchainUnwinder(const UnwindInputs& inputs)
      : architecture_(inputs.architecture), stepper_(inputs.architecture, inputs.memory, inputs.symbols) {}

  Stack walk(const WalkStart& start) override { return walk_stack(architecture_, stepper_, start); }
  std::optional<FrameState> find_interruption(VirtualRange stack) override;
  std::string description() const override { return "back chain"; }

 private:
  const arch::Architecture& architecture_;
  BackchainStepper stepper_;
};

// The outermost is the one that the thread is most likely still in: what lies deeper may be left over from calls that
// are long done, while a frame nearer to the start would have been written over.
std::optional<FrameState> BackchainUnwinder::find_interruption(VirtualRange stack) {
  constexpr std::uint64_t kLargestStack = 256 * 1024;
  constexpr std::uint64_t kFrameAlignment = 16;
  if (stack.empty() || stack.size() > kLargestStack) return std::nullopt;
  const VirtualAddress last = (stack.end - 1).align_down(kFrameAlignment);
  // Counted, since a stack that begins at 0 has no place below it.
  for (std::uint64_t below = 0; last >= stack.begin && below <= last - stack.begin; below += kFrameAlignment) {
    const VirtualAddress at = last - below;
    auto state = stepper_.interrupted_at(at);
    if (!state) continue;
    const auto sp = state->registers.get(architecture_.stack_pointer);
    if (!sp || VirtualAddress(*sp) <= at || !stack.contains(VirtualAddress(*sp))) continue;
    const Stack whole = walk({state->registers, /*pc_is_exact=*/true});
    if (whole.end == StackEnd::kOutermost || whole.end == StackEnd::kUserMode) return state;
  }
  return std::nullopt;
}

}  // namespace

Result<std::unique_ptr<Unwinder>> make_backchain_unwinder(const UnwindInputs& inputs) {
  if (!inputs.symbols.address_of("_stext")) {
    return fail(ErrorKind::kNotFound,
                "the kernel's symbols are not known, and they tell return addresses from other words");
  }
  return std::make_unique<BackchainUnwinder>(inputs);
}

}  // namespace whyhung::unwind
