// SPDX-License-Identifier: GPL-2.0-or-later
// The first look at a dump: what has to be known before a single byte of kernel memory can be read. What the kernel
// says of itself (VMCOREINFO) may be missing, damaged, or of an earlier boot whose memory was not wiped, so it is
// tried: the kernel's name that it gives must stand where it says.
#pragma once

#include <memory>
#include <vector>

#include "arch/architecture.h"
#include "base/gap.h"
#include "base/stage_clock.h"
#include "dump/dump.h"
#include "dump/vmcoreinfo.h"
#include "target/kernel_memory.h"

namespace whyhung::target {

inline constexpr std::uint32_t kNtPrstatus = 1;  // ELF: NT_PRSTATUS

struct FirstLook {
  dump::VmcoreInfo vmcoreinfo;
  const arch::Architecture* architecture = nullptr;
  std::unique_ptr<arch::AddressSpace> address_space;
  std::unique_ptr<KernelMemory> memory;
  std::vector<Gap> gaps;
};

// `dump` must outlive the result.
Result<FirstLook> take_first_look(const dump::Dump& dump, StageClock& clock);

}  // namespace whyhung::target
