// SPDX-License-Identifier: GPL-2.0-or-later
#include "unwind/backchain_unwinder.h"

#include "unwind/backchain_stepper.h"

namespace whyhung::unwind {
namespace {

class BackchainUnwinder final : public Unwinder {
 public:
  explicit BackchainUnwinder(const UnwindInputs& inputs)
      : architecture_(inputs.architecture),
        hooks_(inputs.memory, inputs.symbols, inputs.types),
        stepper_(inputs.architecture, inputs.memory, inputs.symbols) {}

  Stack walk(const WalkStart& start) override { return walk_stack(architecture_, stepper_, start, &hooks_); }
  std::optional<FrameState> find_interruption(VirtualRange stack) override;
  std::string description() const override { return "back chain"; }

 private:
  const arch::Architecture& architecture_;
  ReturnHooks hooks_;
  BackchainStepper stepper_;
};

std::optional<FrameState> BackchainUnwinder::find_interruption(VirtualRange stack) {
  return outermost_interruption(*this, stack, [&](VirtualAddress at) -> std::optional<FrameState> {
    auto state = stepper_.interrupted_at(at);
    const auto sp = state ? state->registers.get(architecture_.stack_pointer) : std::nullopt;
    if (!sp || VirtualAddress(*sp) <= at || !stack.contains(VirtualAddress(*sp))) return std::nullopt;
    return state;
  });
}

}  // namespace

Result<std::unique_ptr<Unwinder>> make_backchain_unwinder(const UnwindInputs& inputs) {
  TRY_CHECK(need_symbols(inputs));
  return std::make_unique<BackchainUnwinder>(inputs);
}

}  // namespace whyhung::unwind
