// SPDX-License-Identifier: GPL-2.0-or-later
#include "unwind/orc_table.h"

#include <algorithm>
#include <array>

namespace whyhung::unwind {
namespace {

constexpr std::uint64_t kLookupBlock = 256;     // LOOKUP_BLOCK_SIZE
constexpr std::uint64_t kMostRows = 64u << 20;  // far beyond any kernel; keeps index arithmetic harmless
constexpr std::size_t kRowSize = 6;

constexpr std::array<OrcBase, 10> kOldBases = {OrcBase::kUndefined,  OrcBase::kPreviousSp, OrcBase::kDx,  OrcBase::kDi,
                                               OrcBase::kBp,         OrcBase::kSp,         OrcBase::kR10, OrcBase::kR13,
                                               OrcBase::kBpIndirect, OrcBase::kSpIndirect};
constexpr std::array<OrcBase, 11> kNewBases = {
    OrcBase::kUndefined, OrcBase::kAx,  OrcBase::kDx,         OrcBase::kSp,         OrcBase::kBp,        OrcBase::kDi,
    OrcBase::kR10,       OrcBase::kR13, OrcBase::kPreviousSp, OrcBase::kSpIndirect, OrcBase::kBpIndirect};
constexpr std::array<OrcType, 3> kOldTypes = {OrcType::kCall, OrcType::kRegs, OrcType::kRegsPartial};
constexpr std::array<OrcType, 5> kNewTypes = {OrcType::kUndefined, OrcType::kEndOfStack, OrcType::kCall, OrcType::kRegs,
                                              OrcType::kRegsPartial};

template <typename T, std::size_t N>
T lookup_or(const std::array<T, N>& table, unsigned index, T otherwise) {
  return index < N ? table[index] : otherwise;
}

OrcBase base_of(unsigned code, OrcVersion version) {
  return version == OrcVersion::k4 ? lookup_or(kNewBases, code, OrcBase::kUndefined)
                                   : lookup_or(kOldBases, code, OrcBase::kUndefined);
}

}  // namespace

std::optional<OrcVersion> orc_version_of_hash(std::span<const std::byte> hash) {
  struct Known {
    std::array<std::uint8_t, 4> first_bytes;
    OrcVersion version;
  };
  // The hash covers the text of the structure and its constants, so its first bytes tell versions apart.
  constexpr std::array<Known, 3> kKnown = {{{{0xdb, 0x84, 0xae, 0xd4}, OrcVersion::k2},
                                            {{0xfe, 0x5d, 0x32, 0xbf}, OrcVersion::k3},
                                            {{0x13, 0x7c, 0x36, 0xad}, OrcVersion::k4}}};
  if (hash.size() < 4) return std::nullopt;
  for (const Known& known : kKnown) {
    const bool same = std::equal(known.first_bytes.begin(), known.first_bytes.end(), hash.begin(),
                                 [](std::uint8_t a, std::byte b) { return std::byte{a} == b; });
    if (same) return known.version;
  }
  return std::nullopt;
}

OrcRow decode_orc_row(std::span<const std::byte, 6> bytes, OrcVersion version) {
  OrcRow row;
  row.sp_offset = load<std::int16_t>(bytes.data(), ByteOrder::kLittle);
  row.bp_offset = load<std::int16_t>(bytes.data() + 2, ByteOrder::kLittle);
  const unsigned bits = load<std::uint16_t>(bytes.data() + 4, ByteOrder::kLittle);
  row.sp_base = base_of(bits & 0xf, version);
  row.bp_base = base_of(bits >> 4 & 0xf, version);
  if (version == OrcVersion::k1 || version == OrcVersion::k2) {
    const unsigned end_bit = version == OrcVersion::k1 ? 10 : 11;
    row.type = lookup_or(kOldTypes, bits >> 8 & 3, OrcType::kUndefined);
    if (row.sp_base == OrcBase::kUndefined) row.type = OrcType::kUndefined;
    if ((bits >> end_bit & 1) != 0) row.type = OrcType::kEndOfStack;
  } else {
    row.type = lookup_or(kNewTypes, bits >> 8 & 7, OrcType::kUndefined);
  }
  return row;
}

void OrcTables::add(const OrcTableLocation& table) {
  if (table.count == 0 || table.count > kMostRows || table.text.empty()) return;
  tables_.push_back(table);
}

const OrcTableLocation* OrcTables::find_table(VirtualAddress pc) const {
  const auto found = std::ranges::find_if(tables_, [&](const auto& table) { return table.text.contains(pc); });
  return found == tables_.end() ? nullptr : &*found;
}

std::optional<OrcRow> OrcTables::row_at(VirtualAddress pc) {
  const auto [entry, is_new] = remembered_.try_emplace(pc);
  if (is_new) {
    if (const OrcTableLocation* table = find_table(pc)) entry->second = search(*table, pc);
  }
  return entry->second;
}

ReadResult<VirtualAddress> OrcTables::ip_at(const OrcTableLocation& table, std::uint64_t index) const {
  const VirtualAddress at = table.ips + index * 4;
  const auto distance = memory_.read_integer<std::int32_t>(at);
  if (!distance) return tl::unexpected(distance.error());
  return at + static_cast<std::uint64_t>(static_cast<std::int64_t>(*distance));
}

std::optional<OrcRow> OrcTables::search(const OrcTableLocation& table, VirtualAddress pc) const {
  std::uint64_t low = 0;
  std::uint64_t high = table.count;  // the row in force is in [low, high), if any
  const std::uint64_t block = (pc - table.text.begin) / kLookupBlock;
  if (!table.lookup.is_null() && block + 1 < table.lookup_count) {
    const auto first = memory_.read_u32(table.lookup + block * 4);
    const auto last = memory_.read_u32(table.lookup + (block + 1) * 4);
    if (first && last && *first <= *last && *last < table.count) {
      // The index is filled at boot and could be stale or damaged: believe it only when pc lies between its rows.
      const auto start = ip_at(table, *first);
      const auto behind = *last + 1 < table.count ? ip_at(table, *last + 1) : VirtualAddress(pc + 1);
      if (start && behind && *start <= pc && pc < *behind) {
        low = *first;
        high = *last + 1;
      }
    }
  }
  while (high - low > 1) {
    const std::uint64_t middle = low + (high - low) / 2;
    const auto ip = ip_at(table, middle);
    if (!ip) return std::nullopt;
    (*ip <= pc ? low : high) = middle;
  }
  const auto ip = ip_at(table, low);
  if (!ip || *ip > pc) return std::nullopt;
  std::array<std::byte, kRowSize> bytes;
  if (!memory_.read(table.rows + low * kRowSize, bytes)) return std::nullopt;
  return decode_orc_row(bytes, version_);
}

}  // namespace whyhung::unwind
