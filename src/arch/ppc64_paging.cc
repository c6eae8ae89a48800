// SPDX-License-Identifier: GPL-2.0-or-later
// What is odd about POWER's address space, for a reader of dumps:
// - All memory, the kernel image included, is mapped at 0xc000000000000000 + physical: no table is needed for it.
// - vmalloc and modules need tables. With the radix MMU those are the hardware's. With the hash MMU the hardware has
//   one large hash table, and Linux keeps trees of its own beside it; these are what is read.
// - v4.7: both kinds have one form of entry, big-endian whatever the kernel is. Bit 63 says valid or present, bit 62
//   says that the entry maps memory. Radix entries that point to a table also tell its size; for the hash MMU, and
//   for the top of either, the sizes are in variables of the kernel (__pgd_index_size, …), since it chooses its MMU
//   when it boots.
// - Before that the entries were in the kernel's byte order and pointed to tables by virtual address.
#include "arch/ppc64_paging.h"

#include <array>

namespace whyhung::arch {
namespace {

constexpr std::uint64_t kPageOffset = 0xc000000000000000;
constexpr std::uint64_t kRegionBits = 0xf000000000000000;
constexpr std::uint64_t kValid = std::uint64_t{1} << 63;  // radix: valid; hash: _PAGE_PRESENT
constexpr std::uint64_t kLeaf = std::uint64_t{1} << 62;   // _PAGE_PTE
constexpr std::uint64_t kFrameBits = 0x001ffffffffff000;
constexpr std::uint64_t kTableBits = 0x0fffffffffffff00;
constexpr std::uint64_t kTableSizeBits = 0x1f;  // of a radix table entry: the next table's index bits
constexpr unsigned kMostLevels = 4;

// Index bits of each level, top first; a level of no bits does not exist.
struct Shape {
  std::array<unsigned, kMostLevels> index_bits{};
  unsigned page_shift = 16;
  bool radix = false;
  bool old_entries = false;  // before v4.7

  unsigned total_bits() const {
    unsigned bits = page_shift;
    for (const unsigned one : index_bits) bits += one;
    return bits;
  }
};

constexpr Shape kRadix64K{{13, 9, 9, 5}, 16, true, false};
constexpr Shape kRadix4K{{13, 9, 9, 9}, 12, true, false};
constexpr Shape kHash64K{{8, 10, 10, 8}, 16, false, false};
constexpr Shape kHash4K{{9, 9, 7, 9}, 12, false, false};
constexpr Shape kOld64K{{12, 0, 10, 8}, 16, false, true};
constexpr Shape kOld4K{{9, 9, 7, 9}, 12, false, true};
// What 64 KB kernels have had besides: v3.7 and v3.10 changed it, distributions took later changes back into older
// ones.
constexpr std::array<Shape, 3> kOther64K = {
    {{{10, 0, 12, 8}, 16, false, true}, {{6, 0, 12, 12}, 16, false, true}, {{4, 0, 12, 12}, 16, false, true}}};

ReadFault not_mapped(VirtualAddress address) {
  return {FaultKind::kNotMapped, address.value};
}

class Ppc64AddressSpace final : public AddressSpace {
 public:
  Ppc64AddressSpace(const PhysicalMemory& memory, std::optional<VirtualAddress> root, Shape shape)
      : memory_(memory), root_(root), shape_(shape), linear_end_(default_linear_end(shape)) {}

  ReadResult<Mapping> translate(VirtualAddress address) const override {
    if (address.value < kPageOffset) return tl::unexpected(not_mapped(address));
    if (address.value < linear_end_) {
      const std::uint64_t page = std::uint64_t{1} << shape_.page_shift;
      return Mapping{PhysicalAddress(address.value - kPageOffset), page - (address.value & (page - 1))};
    }
    return walk_kernel(address);
  }

  // The tables of a process have the shape of the kernel's.
  ReadResult<Mapping> translate_user(PhysicalAddress root, VirtualAddress address) const override {
    if (address.value >> shape_.total_bits() != 0) return tl::unexpected(not_mapped(address));
    return walk(root, address);
  }

  void learn_symbols(const SymbolLookup& address_of) override {
    constexpr std::array<std::string_view, kMostLevels> kSizes = {"__pgd_index_size", "__pud_index_size",
                                                                  "__pmd_index_size", "__pte_index_size"};
    Shape found = shape_;
    found.old_entries = false;
    for (std::size_t level = 0; level < kMostLevels; ++level) {
      const auto symbol = address_of(kSizes[level]);
      const auto bits = symbol ? read_variable(*symbol) : std::nullopt;
      if (!bits || *bits > 16) {
        // The variables came with the choice between two MMUs.
        if (!symbol && !shape_.radix) use_old(address_of("modules"));
        return;
      }
      found.index_bits[level] = static_cast<unsigned>(*bits);
    }
    // Only a radix root is that large.
    found.radix = found.index_bits[0] == kRadix64K.index_bits[0];
    if (found.total_bits() > 60 || found.index_bits.back() == 0) return;
    use(found);
    if (const auto symbol = address_of("__kernel_virt_start")) {
      const auto start = read_variable(*symbol);
      if (start && *start > kPageOffset) linear_end_ = *start;
    }
  }

  std::string description() const override {
    const std::string_view kind = shape_.radix ? "radix page tables" : "Linux page tables of a hash MMU";
    return fmt::format("{}, {} KB pages, linear map up to {:#x}", kind, (1u << shape_.page_shift) / 1024, linear_end_);
  }

 private:
  // v5.2: vmalloc shares the linear map's region, 8 PB or (hash, 4 KB pages) 16 TB above its start; before, it had the
  // region 0xd.
  static std::uint64_t default_linear_end(const Shape& shape) {
    if (shape.old_entries) return 0xd000000000000000;
    return kPageOffset + (shape.page_shift == 12 && !shape.radix ? std::uint64_t{1} << 44 : std::uint64_t{1} << 51);
  }
  void use(const Shape& shape) {
    shape_ = shape;
    linear_end_ = default_linear_end(shape);
  }

  // The shape of old entries stands in no variable. Modules lie in vmalloc space: the head of their list leads to the
  // first one, which must point back.
  void use_old(std::optional<VirtualAddress> modules) {
    use(shape_.page_shift == 16 ? kOld64K : kOld4K);
    if (shape_.page_shift != 16 || !modules || leads_back(*modules)) return;
    const Shape usual = shape_;
    for (const Shape& other : kOther64K) {
      use(other);
      if (leads_back(*modules)) return;
    }
    use(usual);
  }
  bool leads_back(VirtualAddress list) const {
    const auto first = read_variable(list);
    if (!first || *first < linear_end_) return false;
    const auto previous = walk_kernel(VirtualAddress(*first + 8));
    return previous && read_word(previous->physical, ByteOrder::kLittle) == list.value;
  }

  std::optional<std::uint64_t> read_word(PhysicalAddress at, ByteOrder order) const {
    std::array<std::byte, 8> bytes;
    if (!memory_.read(at, bytes)) return std::nullopt;
    return load<std::uint64_t>(bytes.data(), order);
  }
  std::optional<std::uint64_t> read_variable(VirtualAddress at) const {
    if (at.value < kPageOffset || at.value >= linear_end_) return std::nullopt;
    return read_word(PhysicalAddress(at.value - kPageOffset), ByteOrder::kLittle);
  }

  ReadResult<Mapping> walk_kernel(VirtualAddress address) const {
    if (!root_ || root_->value < kPageOffset) return tl::unexpected(not_mapped(address));
    return walk(PhysicalAddress(root_->value - kPageOffset), address);
  }

  ReadResult<Mapping> walk(PhysicalAddress root, VirtualAddress address) const {
    PhysicalAddress table = root;
    unsigned shift = shape_.total_bits();
    unsigned index_bits = shape_.index_bits.front();
    for (unsigned level = 0; level < kMostLevels; ++level) {
      if (index_bits == 0) {
        index_bits = level + 1 < kMostLevels ? shape_.index_bits[level + 1] : 0;
        continue;
      }
      if (index_bits + shape_.page_shift > shift) return tl::unexpected(not_mapped(address));
      shift -= index_bits;
      const std::uint64_t offset = address.value & ~kRegionBits;
      const std::uint64_t index = offset >> shift & ((std::uint64_t{1} << index_bits) - 1);
      std::array<std::byte, 8> bytes;
      if (const auto done = memory_.read(table + index * 8, bytes); !done) {
        return tl::unexpected(ReadFault{done.error().kind, address.value});
      }
      const auto entry = load<std::uint64_t>(bytes.data(), shape_.old_entries ? ByteOrder::kLittle : ByteOrder::kBig);
      if (const auto mapping = leaf(entry, level, shift, address)) return *mapping;
      const auto next = next_table(entry);
      if (!next || level + 1 == kMostLevels) return tl::unexpected(not_mapped(address));
      table = *next;
      index_bits = shape_.radix ? static_cast<unsigned>(entry & kTableSizeBits) : shape_.index_bits[level + 1];
    }
    return tl::unexpected(not_mapped(address));
  }

  std::optional<Mapping> leaf(std::uint64_t entry, unsigned level, unsigned shift, VirtualAddress address) const {
    const std::uint64_t in_page = address.value & ((std::uint64_t{1} << shift) - 1);
    const std::uint64_t left = (std::uint64_t{1} << shift) - in_page;
    if (shape_.old_entries) {
      // PTE_RPN_SHIFT: 30 with 64 KB pages, 18 with 4 KB pages.
      constexpr std::uint64_t kOldPresent = 1;
      if (level + 1 != kMostLevels || (entry & kOldPresent) == 0) return std::nullopt;
      const std::uint64_t frame = entry >> (shape_.page_shift == 16 ? 30 : 18);
      return Mapping{PhysicalAddress((frame << shape_.page_shift) + in_page), left};
    }
    // The hash MMU's first kernels with this form had no such bit in the last table.
    const bool may_lack_leaf_bit = !shape_.radix && level + 1 == kMostLevels;
    if ((entry & kValid) == 0 || ((entry & kLeaf) == 0 && !may_lack_leaf_bit)) return std::nullopt;
    const std::uint64_t base = entry & kFrameBits & ~((std::uint64_t{1} << shift) - 1);
    return Mapping{PhysicalAddress(base + in_page), left};
  }

  std::optional<PhysicalAddress> next_table(std::uint64_t entry) const {
    if (shape_.old_entries) {
      constexpr std::uint64_t kFlagBits = 0x1ff;  // PMD_MASKED_BITS
      if (entry < kPageOffset) return std::nullopt;
      return PhysicalAddress((entry & ~kFlagBits) - kPageOffset);
    }
    if (shape_.radix && (entry & kValid) == 0) return std::nullopt;
    const std::uint64_t table = entry & kTableBits;
    if (table == 0) return std::nullopt;
    return PhysicalAddress(table);
  }

  const PhysicalMemory& memory_;
  std::optional<VirtualAddress> root_;
  Shape shape_;
  std::uint64_t linear_end_;
};

// ELF knows one machine for both byte orders, and the order of the file is that of its writer. A count of symbols makes
// sense in one of them only.
bool is_big_endian(const PhysicalMemory& memory, const MachineFacts& facts) {
  constexpr std::uint32_t kMostSymbols = 1u << 24;
  const auto symbol = facts.symbol("kallsyms_num_syms");
  std::array<std::byte, 4> bytes;
  if (!symbol || symbol->value < kPageOffset) return false;
  if (!memory.read(PhysicalAddress(symbol->value - kPageOffset), bytes)) return false;
  return load<std::uint32_t>(bytes.data(), ByteOrder::kLittle) >= kMostSymbols &&
         load<std::uint32_t>(bytes.data(), ByteOrder::kBig) < kMostSymbols;
}

}  // namespace

Result<std::unique_ptr<AddressSpace>> make_ppc64_address_space(const PhysicalMemory& memory,
                                                               const MachineFacts& facts) {
  const std::uint64_t page_size = facts.page_size.value_or(65536);
  if (page_size != 4096 && page_size != 65536) {
    return fail(ErrorKind::kCorrupt, "VMCOREINFO names pages of {} bytes, which ppc64le does not have", page_size);
  }
  if (is_big_endian(memory, facts)) {
    return fail(ErrorKind::kUnsupported, "the kernel is a big-endian one of ppc64, which this whyhung does not read");
  }
  const bool small = page_size == 4096;
  // Kernels without RADIX_MMU: the size of the root tells, once there are symbols.
  const bool radix = facts.number("RADIX_MMU").value_or(0) != 0;
  const Shape shape = radix ? (small ? kRadix4K : kRadix64K) : (small ? kHash4K : kHash64K);
  return std::make_unique<Ppc64AddressSpace>(memory, facts.symbol("swapper_pg_dir"), shape);
}

}  // namespace whyhung::arch
