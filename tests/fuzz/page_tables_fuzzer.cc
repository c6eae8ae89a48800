// SPDX-License-Identifier: GPL-2.0-or-later
// The address space of every registered machine over any tables. The lines name the machine, the facts and symbols that
// it asks for, ADDRESS=hex to translate, and where the bytes lie: SYMBOL(memory)=hex, a physical address. With
// NUMBER(everywhere)=1 they lie everywhere, so that each entry leads to a table and each table to itself.
#include <cstdlib>

#include "base/text.h"
#include "described.h"

namespace {

using namespace whyhung;

class Memory final : public PhysicalMemory {
 public:
  Memory(std::span<const std::byte> bytes, std::uint64_t base, bool everywhere)
      : bytes_(bytes), base_(base), everywhere_(everywhere) {}

  ReadResult<void> read(PhysicalAddress address, std::span<std::byte> out) const override {
    for (std::size_t i = 0; i < out.size(); ++i) {
      std::uint64_t at = address.value + i - base_;
      if (everywhere_ && !bytes_.empty()) at %= bytes_.size();
      if (at >= bytes_.size()) return tl::unexpected(ReadFault{FaultKind::kBeyondDump, address.value + i});
      out[i] = bytes_[at];
    }
    return {};
  }

 private:
  std::span<const std::byte> bytes_;
  std::uint64_t base_;
  bool everywhere_;
};

void require(bool holds) {
  if (!holds) std::abort();
}

void translate_all(const arch::AddressSpace& space, const std::vector<VirtualAddress>& addresses,
                   PhysicalAddress root) {
  for (const VirtualAddress address : addresses) {
    const auto mapping = space.translate(address);
    require(!mapping || mapping->bytes_to_end != 0);
    const auto user = space.translate_user(root, address);
    require(!user || user->bytes_to_end != 0);
    const VirtualAddress canonical = space.canonical(address);
    require(space.canonical(canonical) == canonical);
  }
  require(!space.description().empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::Described input(data, size);
  const Memory memory(input.memory(), input.value("memory"), input.info().number("everywhere").value_or(0) != 0);
  arch::MachineFacts facts;
  facts.number = [&](std::string_view name) -> std::optional<std::uint64_t> {
    const auto number = input.info().number(name);
    return number ? std::optional(static_cast<std::uint64_t>(*number)) : std::nullopt;
  };
  facts.symbol = [&](std::string_view name) { return input.info().symbol(name); };
  facts.page_size = input.info().page_size();
  if (const auto mapped = input.info().symbol("mapped")) {
    facts.image_mapping = {*mapped, PhysicalAddress(input.value("mapped_to"))};
  }
  auto space = input.machine().make_address_space(memory, facts);
  if (!space) {
    require(!space.error().what.empty());
    return 0;
  }
  std::vector<VirtualAddress> addresses;
  constexpr std::size_t kMostAddresses = 64;
  for (const std::string_view text : input.all("ADDRESS")) {
    const auto address = parse_unsigned(text, 16);
    if (address && addresses.size() < kMostAddresses) addresses.emplace_back(*address);
  }
  for (unsigned shift = 0; shift < 64; shift += 3) addresses.emplace_back(~std::uint64_t{0} << shift);
  const PhysicalAddress root(input.value("process"));
  translate_all(**space, addresses, root);
  (*space)->learn_symbols([&](std::string_view name) { return input.info().symbol(name); });
  translate_all(**space, addresses, root);
  return 0;
}
