// SPDX-License-Identifier: GPL-2.0-or-later
// MemoryImage: the memory of a machine that never was, from which the builders make dumps of every form. A page is
// either in the dump, or left out of it, or does not exist.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/endian.h"

namespace whyhung::test {

using Bytes = std::vector<std::byte>;

struct MemoryImage {
  std::uint32_t page_size = 4096;
  std::uint64_t frames = 0;              // highest page frame + 1
  std::map<std::uint64_t, Bytes> pages;  // by page frame, each of page_size bytes
  std::set<std::uint64_t> left_out;      // frames that exist but are not in the dump
};

// Pages of every kind that a codec meets (zeros, repeated, text, noise), with holes, pages that were left out, and
// neighbours that are equal. The same seed gives the same image.
MemoryImage sample_image(std::uint32_t seed, std::uint32_t page_size = 4096, std::uint64_t frames = 300);

Bytes bytes_of(std::string_view text);

// An ELF note, padded, with its name's NUL counted as all writers do.
Bytes build_note(std::string_view name, std::uint32_t type, std::span<const std::byte> data, ByteOrder order);

inline constexpr std::string_view kSampleVmcoreinfo =
    "OSRELEASE=6.1.0-test\nBUILD-ID=0123456789abcdef\nPAGESIZE=4096\nSYMBOL(init_uts_ns)=ffffffff81e13360\n"
    "SYMBOL(_stext)=ffffffff81000000\nOFFSET(list_head.next)=0\nSIZE(page)=64\nLENGTH(free_area.free_list)=6\n"
    "NUMBER(phys_base)=-155189248\nNUMBER(VA_BITS)=48\nNUMBER(kimage_voffset)=0xffffc00008000000\n"
    "KERNELOFFSET=1e400000\nCRASHTIME=1700000000\n";

// Two registers' notes, as many as CPUs, and VMCOREINFO.
Bytes sample_notes(ByteOrder order, std::string_view vmcoreinfo = kSampleVmcoreinfo);

}  // namespace whyhung::test
