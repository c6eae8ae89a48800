// SPDX-License-Identifier: GPL-2.0-or-later
#include "arch/saved_registers.h"

#include "base/byte_reader.h"

namespace whyhung::arch {
namespace {

constexpr std::size_t kPrPidOffset = 32;

}  // namespace

RegisterSet decode_register_words(std::span<const std::byte> bytes, std::size_t count, ByteOrder order) {
  RegisterSet registers;
  ByteReader reader(bytes, order);
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t word = reader.u64();
    if (!reader.ok()) break;
    registers.set(i, word);
  }
  return registers;
}

Result<Architecture::Prstatus> decode_prstatus_words(std::span<const std::byte> descriptor,
                                                     const PrstatusLayout& layout, ByteOrder order) {
  if (descriptor.size() < layout.size) {
    return fail(ErrorKind::kTruncated, "NT_PRSTATUS holds {} bytes where {} has {}", descriptor.size(), layout.machine,
                layout.size);
  }
  Architecture::Prstatus status;
  status.pid = load<std::uint32_t>(descriptor.data() + kPrPidOffset, order);
  status.registers = decode_register_words(descriptor.subspan(kPrRegOffset), layout.word_count, order);
  return status;
}

}  // namespace whyhung::arch
