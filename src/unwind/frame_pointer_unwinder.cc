// SPDX-License-Identifier: GPL-2.0-or-later
#include "unwind/frame_pointer_unwinder.h"

#include "unwind/frame_pointer_stepper.h"

namespace whyhung::unwind {
namespace {

class FramePointerUnwinder final : public Unwinder {
 public:
  explicit FramePointerUnwinder(const UnwindInputs& inputs)
      : architecture_(inputs.architecture), stepper_(inputs.memory, inputs.symbols) {}

  Stack walk(const WalkStart& start) override { return walk_stack(architecture_, stepper_, start); }
  std::string description() const override { return "frame pointers"; }

 private:
  const arch::Architecture& architecture_;
  FramePointerStepper stepper_;
};

}  // namespace

Result<std::unique_ptr<Unwinder>> make_frame_pointer_unwinder(const UnwindInputs& inputs) {
  TRY_CHECK(need_symbols(inputs));
  return std::make_unique<FramePointerUnwinder>(inputs);
}

}  // namespace whyhung::unwind
