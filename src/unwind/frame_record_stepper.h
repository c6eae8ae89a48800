// SPDX-License-Identifier: GPL-2.0-or-later
// From one arm64 frame to its caller by frame records: pairs {caller's record, return address} that X29 points to. They
// lead across stacks. Three things they do not tell, and this does: what an exception interrupted (its pt_regs lie
// right below the record), who called a function that has made no record (the link register knows), and what a CPU was
// doing that stands at the very first instruction of an interrupt.
#pragma once

#include "debuginfo/symbols.h"
#include "unwind/unwinder.h"

namespace whyhung::unwind {

// How this kernel's struct pt_regs holds the frame record that its exception entry makes.
struct ExceptionFrame {
  std::uint64_t size = 0;    // of struct pt_regs
  std::uint64_t record = 0;  // offset of the record in it
  // v6.13: the record is {0, 0} with a word behind it that says what it is (struct frame_record_meta). Before, it is
  // like any other, only that its second word is where the interrupted code goes on.
  bool has_type = false;
};

class FrameRecordStepper final : public Stepper {
 public:
  // All references must outlive the stepper.
  FrameRecordStepper(const arch::Architecture& architecture, const arch::AddressSpace& addresses,
                     const VirtualMemory& memory, debuginfo::SymbolSource& symbols,
                     std::optional<ExceptionFrame> exception)
      : architecture_(architecture), addresses_(addresses), memory_(memory), symbols_(symbols), exception_(exception) {}

  std::variant<FrameState, EndOfStack> step(const FrameState& state) override;

 private:
  using Step = std::variant<FrameState, EndOfStack>;
  struct Record {
    VirtualAddress at;
    VirtualAddress next;            // the caller's record
    VirtualAddress return_address;  // without signature
  };
  ReadResult<Record> read_record(VirtualAddress at) const;
  VirtualAddress canonical(std::uint64_t pointer) const { return addresses_.canonical(VirtualAddress(pointer)); }
  bool is_code(VirtualAddress address) const;
  bool follows_call(VirtualAddress return_address) const;
  bool has_made_record(VirtualAddress begin, VirtualAddress pc) const;
  std::optional<arch::RegisterSet> read_registers(VirtualAddress at) const;

  std::optional<FrameState> caller_by_link_register(const FrameState& state) const;
  std::optional<FrameState> under_new_interrupt(const FrameState& state) const;
  std::optional<FrameState> interrupted_by(const Record& record) const;
  Step end_of(const Record& record) const;

  const arch::Architecture& architecture_;
  const arch::AddressSpace& addresses_;
  const VirtualMemory& memory_;
  debuginfo::SymbolSource& symbols_;
  std::optional<ExceptionFrame> exception_;
};

}  // namespace whyhung::unwind
