// SPDX-License-Identifier: GPL-2.0-or-later
#include "unwind/s390x_unwinder.h"

#include "unwind/s390x_stepper.h"

namespace whyhung::unwind {
namespace {

class S390xUnwinder final : public Unwinder {
 public:
  S390xUnwinder(const UnwindInputs& inputs, const S390xFrame& frame, std::optional<S390xLowcore> lowcore)
      : architecture_(inputs.architecture),
        hooks_(inputs.memory, inputs.symbols, inputs.types),
        stepper_(inputs.architecture, inputs.memory, inputs.symbols, frame, lowcore) {}

  Stack walk(const WalkStart& start) override { return walk_stack(architecture_, stepper_, start, &hooks_); }
  std::string description() const override { return "back chain"; }

 private:
  const arch::Architecture& architecture_;
  ReturnHooks hooks_;
  S390xStepper stepper_;
};

// Members whose offset would lie outside of what a frame or a lowcore can have are not believed.
std::optional<std::uint64_t> offset_of(const UnwindInputs& inputs, std::string_view type, std::string_view member) {
  constexpr std::uint64_t kLargest = 8192;
  const auto found = inputs.types.member(type, member);
  return found && found->offset < kLargest ? std::optional(found->offset) : std::nullopt;
}

S390xFrame find_frame(const UnwindInputs& inputs) {
  const auto chain = offset_of(inputs, "stack_frame", "back_chain");
  const auto registers = offset_of(inputs, "stack_frame", "gprs");
  const auto size = inputs.types.size_of("stack_frame");
  if (!chain || !registers || !size) return {};
  return {*chain, *registers, *size};
}

std::optional<S390xLowcore> find_lowcore(const UnwindInputs& inputs) {
  const auto table = inputs.symbols.address_of("lowcore_ptr");
  if (!table) return std::nullopt;
  const auto external = offset_of(inputs, "lowcore", "external_old_psw");
  const auto io = offset_of(inputs, "lowcore", "io_old_psw");
  const auto stack = offset_of(inputs, "lowcore", "kernel_stack");
  const auto async = offset_of(inputs, "lowcore", "async_stack");
  if (!external || !io || !stack || !async) return std::nullopt;
  return S390xLowcore{*table, *external, *io, *stack, *async};
}

}  // namespace

Result<std::unique_ptr<Unwinder>> make_s390x_unwinder(const UnwindInputs& inputs) {
  TRY_CHECK(need_symbols(inputs));
  return std::make_unique<S390xUnwinder>(inputs, find_frame(inputs), find_lowcore(inputs));
}

}  // namespace whyhung::unwind
