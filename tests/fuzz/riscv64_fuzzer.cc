// SPDX-License-Identifier: GPL-2.0-or-later
// Any bytes as the memory of a riscv64 machine: its stacks walked from many places, its code decoded, and addresses
// translated through tables made of the same bytes.
#include "arch/riscv64.h"
#include "base/byte_reader.h"
#include "collect/flow_graph.h"
#include "support/fake_memory.h"
#include "support/fake_symbols.h"
#include "unwind/riscv64_stepper.h"

namespace {

using namespace whyhung;

// The bytes lie at every address again and again.
class EndlessMemory final : public PhysicalMemory {
 public:
  explicit EndlessMemory(std::span<const std::byte> bytes) : bytes_(bytes) {}
  ReadResult<void> read(PhysicalAddress address, std::span<std::byte> out) const override {
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = bytes_[(address.value + i) % bytes_.size()];
    return {};
  }

 private:
  std::span<const std::byte> bytes_;
};

void translate(std::span<const std::byte> bytes, std::uint64_t bits) {
  const EndlessMemory memory(bytes);
  arch::MachineFacts facts;
  facts.number = [&](std::string_view name) -> std::optional<std::uint64_t> {
    if (name == "VA_BITS") return bits;
    if (name == "va_kernel_pa_offset") return 0xffffffff00000000;
    return std::nullopt;
  };
  facts.symbol = [](std::string_view) { return VirtualAddress(0xffffffff82307000); };
  const auto space = arch::kRiscv64.make_address_space(memory, facts);
  if (!space) __builtin_trap();
  for (std::uint64_t address = 0; address < 64; ++address) {
    const VirtualAddress at(~(address << ((address + 3) % 64)));
    const auto mapping = (*space)->translate(at);
    if (mapping && mapping->bytes_to_end == 0) __builtin_trap();
    (void)(*space)->translate_user(PhysicalAddress(address << 12), VirtualAddress(address << (address / 2)));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace riscv64 = arch::riscv64;
  constexpr std::uint64_t kBase = 0xffffffff80000000;
  const std::span<const std::byte> bytes(reinterpret_cast<const std::byte*>(data), size);
  ByteReader reader(bytes, ByteOrder::kLittle);
  const unsigned flags = reader.u8();
  const std::uint64_t frame = kBase + reader.u16();
  const std::uint64_t link = kBase + reader.u16();
  const auto rest = bytes.subspan(reader.position());
  if (!reader.ok() || rest.empty()) return 0;
  test::FakeMemory memory;
  memory.put(kBase, {rest.begin(), rest.end()});
  test::FakeSymbols symbols;
  symbols.add("first", kBase, 0x400).add("handle_exception", kBase + 0x400, 0x100).add("last", kBase + 0x500, 0x2000);
  unwind::Riscv64Stepper stepper(arch::kRiscv64, memory, symbols, 288);
  for (std::uint64_t pc = kBase; pc < kBase + 0x1000; pc += 0x40) {
    unwind::WalkStart start;
    start.registers.set(riscv64::kPc, pc + (flags & 0x3e));
    start.registers.set(riscv64::kSp, frame - 16);
    start.registers.set(riscv64::kFramePointer, frame);
    start.registers.set(riscv64::kLink, link);
    start.pc_is_exact = (flags & 1) != 0;
    unwind::walk_stack(arch::kRiscv64, stepper, start);
    (void)stepper.interrupted_at(VirtualAddress(pc));
  }
  static const auto disassembler = arch::Disassembler::create(arch::kRiscv64);
  if (disassembler) (void)collect::decode_function(**disassembler, memory, VirtualAddress(kBase), rest.size());
  for (const std::uint64_t bits : {39, 48, 57}) translate(rest, bits);
  return 0;
}
