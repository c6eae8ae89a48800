// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/fake_target.h"

namespace whyhung::test {
namespace {

// Virtual addresses are physical ones; a page that was never written is not mapped.
class SameSpace final : public arch::AddressSpace {
 public:
  explicit SameSpace(const PagedMemory& memory) : memory_(memory) {}
  ReadResult<Mapping> translate(VirtualAddress address) const override {
    if (!memory_.has_page(address.value)) return tl::unexpected(ReadFault{FaultKind::kNotMapped, address.value});
    return Mapping{PhysicalAddress(address.value), PagedMemory::kPage - address.value % PagedMemory::kPage};
  }
  std::string description() const override { return "no page tables"; }

 private:
  const PagedMemory& memory_;
};

template <typename T>
std::shared_ptr<T> borrowed(T& object) {
  return std::shared_ptr<T>(&object, [](T*) {});
}

}  // namespace

void FakeDump::add_note(std::string name, std::uint32_t type, std::vector<std::byte> data) {
  note_bytes_.push_back(
      std::make_unique<std::pair<std::string, std::vector<std::byte>>>(std::move(name), std::move(data)));
  notes_.push_back({note_bytes_.back()->first, type, note_bytes_.back()->second});
}

unwind::Stack FakeUnwinder::walk(const unwind::WalkStart& start) {
  const auto sp = start.registers.get(arch::x86::kRsp);
  const auto found = stacks.find(sp.value_or(0));
  if (found != stacks.end()) return found->second;
  unwind::Stack stack;
  stack.end = unwind::StackEnd::kNoUnwindData;
  const auto pc = start.registers.get(arch::x86::kRip);
  if (!pc || !sp) return stack;
  unwind::Frame frame;
  frame.pc = VirtualAddress(*pc);
  frame.sp = VirtualAddress(*sp);
  frame.source = unwind::FrameSource::kRegisters;
  frame.pc_is_exact = start.pc_is_exact;
  frame.registers = start.registers;
  stack.frames.push_back(frame);
  return stack;
}

FakeTarget::FakeTarget() {
  auto made_dump = std::make_unique<FakeDump>(machine.memory);
  dump = made_dump.get();
  target.dump = std::move(made_dump);
  target.architecture = &arch::kX86_64;
  target.address_space = std::make_unique<SameSpace>(machine.memory);
  target.memory = std::make_unique<target::KernelMemory>(*target.dump, *target.address_space, ByteOrder::kLittle);
  target.symbols = std::make_unique<debuginfo::SymbolChain>();
  target.symbols->add(borrowed(machine.symbols));
  target.symbols_from = machine.symbols.description();
  target.types = std::make_unique<debuginfo::TypeChain>();
  target.types->add(borrowed(machine.types));
  auto made_unwinder = std::make_unique<FakeUnwinder>();
  unwinder = made_unwinder.get();
  target.unwinder = std::move(made_unwinder);
}

std::vector<std::byte> prstatus_of(const arch::RegisterSet& registers, std::uint32_t pid) {
  std::vector<std::byte> bytes(336);
  store(bytes.data() + 32, pid, ByteOrder::kLittle);
  for (std::size_t i = 0; i < 21; ++i) {
    store<std::uint64_t>(bytes.data() + 112 + 8 * i, registers.get(i).value_or(0), ByteOrder::kLittle);
  }
  store<std::uint64_t>(bytes.data() + 112 + 8 * 21, registers.get(arch::x86::kFsBase).value_or(0), ByteOrder::kLittle);
  store<std::uint64_t>(bytes.data() + 112 + 8 * 22, registers.get(arch::x86::kGsBase).value_or(0), ByteOrder::kLittle);
  return bytes;
}

}  // namespace whyhung::test
