// SPDX-License-Identifier: GPL-2.0-or-later
// Any bytes as the code of a function, of x86_64 and of s390x: decoded, made a flow graph, searched for loops from each
// of the first instructions, and the addresses of its memory operands computed.
#include <algorithm>

#include "arch/s390x.h"
#include "arch/x86_64.h"
#include "collect/flow_graph.h"
#include "support/fake_memory.h"

namespace {

using namespace whyhung;

constexpr std::uint64_t kAt = 0xffffffffc0201000;

void decode(const arch::Disassembler& disassembler, const VirtualMemory& memory, std::size_t size) {
  const auto graph = collect::decode_function(disassembler, memory, VirtualAddress(kAt), size);
  arch::RegisterSet registers;
  for (std::size_t i = 0; i < arch::x86::kRegisterCount; ++i) registers.set(i, ~std::uint64_t{0} - i);
  for (const arch::Instruction& one : graph.instructions) {
    for (const arch::MemoryOperand& operand : one.memory) arch::effective_address(one, operand, registers);
    if (graph.index_of(one.address) == std::nullopt) __builtin_trap();
  }
  const auto count = std::min<std::size_t>(graph.instructions.size(), 16);
  for (std::uint32_t start = 0; start < count; ++start) {
    const auto loop = collect::loop_around(graph, start);
    if (!loop.empty() && !std::binary_search(loop.begin(), loop.end(), start)) __builtin_trap();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto x86_64 = arch::Disassembler::create(arch::kX86_64);
  static const auto s390x = arch::Disassembler::create(arch::kS390x);
  if (!x86_64 || !s390x || size == 0) return 0;
  const std::span<const std::byte> bytes(reinterpret_cast<const std::byte*>(data), size);
  test::FakeMemory memory;
  memory.put(kAt, {bytes.begin(), bytes.end()});
  decode(**x86_64, memory, size);
  decode(**s390x, memory, size);
  return 0;
}
