// SPDX-License-Identifier: GPL-2.0-or-later
#include "arch/ppc64_branch.h"

namespace whyhung::arch {
namespace {

unsigned bits_of(std::uint32_t code, unsigned from_top, unsigned count) {
  return code >> (32 - from_top - count) & ((1u << count) - 1);
}

// XL-form: the target is in a register.
std::optional<Ppc64Branch> decode_register_branch(std::uint32_t code, bool links, bool always) {
  constexpr unsigned kToLink = 16;
  constexpr unsigned kToCount = 528;
  constexpr unsigned kToTar = 560;
  constexpr unsigned kRfid = 18;
  constexpr unsigned kHrfid = 274;
  constexpr unsigned kRfscv = 82;
  Ppc64Branch branch;
  switch (bits_of(code, 21, 10)) {
    case kToLink: branch.to_link_register = true; [[fallthrough]];
    case kToCount:
    case kToTar:
      branch.links = links;
      branch.falls_through = links || !always;
      return branch;
    case kRfid:
    case kHrfid:
    case kRfscv: branch.from_interrupt = true; return branch;
    default: return std::nullopt;
  }
}

}  // namespace

std::optional<Ppc64Branch> decode_ppc64_branch(std::uint32_t code) {
  constexpr unsigned kUnconditional = 18;
  constexpr unsigned kConditional = 16;
  constexpr unsigned kByRegister = 19;
  constexpr unsigned kAlways = 20;  // BO: neither condition nor count
  constexpr std::uint32_t kAskForPc = 0x429f0005;
  const bool absolute = (code & 2) != 0;
  const bool links = (code & 1) != 0;
  const bool always = (bits_of(code, 6, 5) & kAlways) == kAlways;
  Ppc64Branch branch;
  switch (bits_of(code, 0, 6)) {
    case kUnconditional: {
      std::int64_t distance = code & 0x03fffffc;
      if ((distance & 0x02000000) != 0) distance -= 0x04000000;
      if (!absolute) branch.displacement = distance;
      branch.links = links;
      branch.falls_through = links;
      return branch;
    }
    case kConditional:
      if (!absolute) branch.displacement = static_cast<std::int16_t>(code & 0xfffc);
      branch.asks_for_pc = code == kAskForPc;
      branch.links = links && !branch.asks_for_pc;
      branch.falls_through = links || !always;
      return branch;
    case kByRegister: return decode_register_branch(code, links, always);
    default: return std::nullopt;
  }
}

}  // namespace whyhung::arch
