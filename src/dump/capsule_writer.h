// SPDX-License-Identifier: GPL-2.0-or-later
// Capsules: a kdump-compressed file of just the page frames that an analysis read, a few megabytes of a dump of any
// size. It is a valid dump: whatever reads vmcores reads it, and the same analysis of it says the same.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/output_file.h"
#include "dump/dump.h"

namespace whyhung::dump {

struct CapsuleOptions {
  Existing existing = Existing::kRefuse;
  std::vector<std::string> inputs;  // the files of the dump, which the capsule never replaces
  std::string note;                 // free text for the note that marks the file as a capsule; no secrets, no dates
  std::string vmcoreinfo;           // used when the dump has no such note: what find_vmcoreinfo_text() found
  // Used where the dump's header is silent, as QEMU's is; drgn and crash want them.
  std::string machine, node_name, release, version;
  // A file of distilled types that goes along; empty: none.
  std::vector<std::byte> types;
  bool types_are_near = false;  // of another build of the same series
};

struct CapsuleSummary {
  std::uint64_t pages = 0;         // stored
  std::uint64_t unreadable = 0;    // stored as the fault that they give
  std::uint64_t partly_known = 0;  // stored with zeros where an ELF segment began or ended inside of them
  std::uint64_t bytes = 0;         // of the file
};

// Writes the frames (facts().page_size each, in any order; repetitions are dropped) to `path`. The same dump and frames
// give the same bytes. A frame that cannot be read gives the same fault when the capsule is read: kFilteredOut,
// kBeyondDump, kCorrupt and kTruncated stay; kIo becomes kTruncated. A frame that is not in the list reads as
// kBeyondDump. Errors: kIo, kUsage (the file exists), kLimit (a page frame number that no bitmap should be made for).
Result<CapsuleSummary> write_capsule(const Dump& dump, std::span<const std::uint64_t> frames, const std::string& path,
                                     const CapsuleOptions& options);

// What touched_pages() gives, as write_capsule() wants it.
std::vector<std::uint64_t> frames_of(std::span<const Dump::TouchedPage> pages);

}  // namespace whyhung::dump
