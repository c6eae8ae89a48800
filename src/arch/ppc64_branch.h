// SPDX-License-Identifier: GPL-2.0-or-later
// Branches of the Power instruction set, from their bits: for walking stacks and for loops.
#pragma once

#include <cstdint>
#include <optional>

namespace whyhung::arch {

struct Ppc64Branch {
  bool links = false;                        // a call: LR becomes the next instruction
  bool falls_through = false;                // may go on behind itself; a call does when it returns
  bool to_link_register = false;             // blr: a return
  bool from_interrupt = false;               // rfid and its kin
  bool asks_for_pc = false;                  // bcl 20,31,$+4: no call, it only wants its own address
  std::optional<std::int64_t> displacement;  // from the instruction to its target; absent for indirect branches
};

// Nothing when the instruction is no branch.
std::optional<Ppc64Branch> decode_ppc64_branch(std::uint32_t code);

}  // namespace whyhung::arch
