// SPDX-License-Identifier: GPL-2.0-or-later
// Frame records over any bytes: a layout of pt_regs, registers to begin with, and the rest as stack and code at once.
#include "arch/arm64.h"
#include "base/byte_reader.h"
#include "support/fake_memory.h"
#include "support/fake_symbols.h"
#include "unwind/frame_record_stepper.h"

namespace {

class Addresses final : public whyhung::arch::AddressSpace {
 public:
  whyhung::ReadResult<Mapping> translate(whyhung::VirtualAddress address) const override {
    return tl::unexpected(whyhung::ReadFault{whyhung::FaultKind::kNotMapped, address.value});
  }
  whyhung::VirtualAddress canonical(whyhung::VirtualAddress pointer) const override {
    return whyhung::VirtualAddress(pointer.value | 0xffff'0000'0000'0000);
  }
  std::string description() const override { return {}; }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace whyhung;
  namespace arm64 = arch::arm64;
  constexpr std::uint64_t kBase = 0xffff800008000000;
  const std::span<const std::byte> bytes(reinterpret_cast<const std::byte*>(data), size);
  ByteReader reader(bytes, ByteOrder::kLittle);
  const unsigned flags = reader.u8();
  const unwind::ExceptionFrame exception{reader.u16(), reader.u16(), (flags & 1) != 0};
  const std::uint64_t frame = kBase + reader.u16();
  const std::uint64_t link = kBase + reader.u16();
  if (!reader.ok()) return 0;
  test::FakeMemory memory;
  const auto rest = bytes.subspan(reader.position());
  memory.put(kBase, {rest.begin(), rest.end()});
  test::FakeSymbols symbols;
  symbols.add("first", kBase, 0x400).add("vectors", kBase + 0x400, 0x800).add("last", kBase + 0xc00, 0x2000);
  const Addresses addresses;
  unwind::FrameRecordStepper stepper(arch::kArm64, addresses, memory, symbols,
                                     (flags & 2) != 0 ? std::optional(exception) : std::nullopt);
  for (std::uint64_t pc = kBase; pc < kBase + 0x1000; pc += 0x80) {
    unwind::WalkStart start;
    start.registers.set(arm64::kPc, pc + (flags & 0x78));
    start.registers.set(arm64::kSp, frame);
    start.registers.set(arm64::kFramePointer, frame);
    start.registers.set(arm64::kLink, link);
    start.registers.set(arm64::kPstate, 0x3c5);
    start.pc_is_exact = (flags & 4) != 0;
    unwind::walk_stack(arch::kArm64, stepper, start);
  }
  arch::kArm64.addresses_in_code(rest, VirtualAddress(kBase));
  return 0;
}
