// SPDX-License-Identifier: GPL-2.0-or-later
#include "unwind/frame_pointer_unwinder.h"

#include "unwind/frame_pointer_stepper.h"
#include "unwind/x86_64_code.h"

namespace whyhung::unwind {
namespace {

class FramePointerUnwinder final : public Unwinder {
 public:
  explicit FramePointerUnwinder(const UnwindInputs& inputs)
      : architecture_(inputs.architecture),
        hooks_(inputs.memory, inputs.symbols, inputs.types),
        code_(inputs.memory, inputs.symbols, hooks_),
        stepper_(inputs.memory, inputs.symbols, hooks_) {}

  std::optional<FrameState> find_interruption(VirtualRange stack) override {
    return outermost_interruption(*this, stack, [this](VirtualAddress end) { return code_.interrupted_above(end); });
  }
  Stack walk(const WalkStart& start) override { return walk_stack(architecture_, stepper_, start, &hooks_); }
  std::string description() const override { return "frame pointers"; }

 private:
  const arch::Architecture& architecture_;
  ReturnHooks hooks_;
  X86Code code_;
  FramePointerStepper stepper_;
};

}  // namespace

Result<std::unique_ptr<Unwinder>> make_frame_pointer_unwinder(const UnwindInputs& inputs) {
  TRY_CHECK(need_symbols(inputs));
  return std::make_unique<FramePointerUnwinder>(inputs);
}

}  // namespace whyhung::unwind
