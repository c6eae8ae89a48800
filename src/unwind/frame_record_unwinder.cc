// SPDX-License-Identifier: GPL-2.0-or-later
#include "unwind/frame_record_unwinder.h"

#include "unwind/frame_record_stepper.h"

namespace whyhung::unwind {
namespace {

constexpr std::uint64_t kMostPtRegs = 1024;
constexpr std::uint64_t kPlainRecord = 16;  // bytes; one with a type has a word more

class FrameRecordUnwinder final : public Unwinder {
 public:
  FrameRecordUnwinder(const UnwindInputs& inputs, std::optional<ExceptionFrame> exception)
      : architecture_(inputs.architecture),
        hooks_(inputs.memory, inputs.symbols, inputs.types),
        stepper_(inputs.architecture, *inputs.address_space, inputs.memory, inputs.symbols, exception) {}

  Stack walk(const WalkStart& start) override { return walk_stack(architecture_, stepper_, start, &hooks_); }
  std::string description() const override { return "frame records"; }

 private:
  const arch::Architecture& architecture_;
  ReturnHooks hooks_;
  FrameRecordStepper stepper_;
};

}  // namespace

Result<std::unique_ptr<Unwinder>> make_frame_record_unwinder(const UnwindInputs& inputs) {
  if (inputs.address_space == nullptr) {
    return fail(ErrorKind::kNotFound, "without page tables it is not known which bits of a pointer are its address");
  }
  std::optional<ExceptionFrame> exception;
  const auto size = inputs.types.size_of("pt_regs");
  const auto record = inputs.types.member("pt_regs", "stackframe");
  if (size && record && *size <= kMostPtRegs && record->offset < *size) {
    exception = ExceptionFrame{*size, record->offset, record->size > kPlainRecord};
  }
  return std::make_unique<FrameRecordUnwinder>(inputs, exception);
}

}  // namespace whyhung::unwind
