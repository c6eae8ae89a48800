// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/vmcoreinfo_types.h"

#include <array>

#include <fmt/format.h>

namespace whyhung::target {
namespace {

// VMCOREINFO gives where a member lies and not how large it is. Of a member that is reached through another one both
// lines are needed.
struct KnownMember {
  std::string_view type;
  std::string_view path;
  std::string_view line;  // OFFSET(line)
  std::string_view then;  // and OFFSET(then); empty: none
  std::uint64_t size;
};

// v5.10 (896fbe20b4e2): printk_ringbuffer; v3.5 (7ff9554bb578): records, called log and, since v3.11, printk_log.
constexpr std::array kMembers = {
    KnownMember{"printk_ringbuffer", "desc_ring.count_bits", "printk_ringbuffer.desc_ring", "prb_desc_ring.count_bits",
                4},
    KnownMember{"printk_ringbuffer", "desc_ring.descs", "printk_ringbuffer.desc_ring", "prb_desc_ring.descs", 8},
    KnownMember{"printk_ringbuffer", "desc_ring.infos", "printk_ringbuffer.desc_ring", "prb_desc_ring.infos", 8},
    KnownMember{"printk_ringbuffer", "desc_ring.head_id", "printk_ringbuffer.desc_ring", "prb_desc_ring.head_id", 8},
    KnownMember{"printk_ringbuffer", "desc_ring.tail_id", "printk_ringbuffer.desc_ring", "prb_desc_ring.tail_id", 8},
    KnownMember{"printk_ringbuffer", "text_data_ring.size_bits", "printk_ringbuffer.text_data_ring",
                "prb_data_ring.size_bits", 4},
    KnownMember{"printk_ringbuffer", "text_data_ring.data", "printk_ringbuffer.text_data_ring", "prb_data_ring.data",
                8},
    KnownMember{"prb_desc", "state_var", "prb_desc.state_var", "", 8},
    KnownMember{"prb_desc", "text_blk_lpos.begin", "prb_desc.text_blk_lpos", "prb_data_blk_lpos.begin", 8},
    KnownMember{"prb_desc", "text_blk_lpos.next", "prb_desc.text_blk_lpos", "prb_data_blk_lpos.next", 8},
    KnownMember{"printk_info", "seq", "printk_info.seq", "", 8},
    KnownMember{"printk_info", "ts_nsec", "printk_info.ts_nsec", "", 8},
    KnownMember{"printk_info", "text_len", "printk_info.text_len", "", 2},
    KnownMember{"printk_info", "caller_id", "printk_info.caller_id", "", 4},
    KnownMember{"printk_log", "ts_nsec", "printk_log.ts_nsec", "", 8},
    KnownMember{"printk_log", "len", "printk_log.len", "", 2},
    KnownMember{"printk_log", "text_len", "printk_log.text_len", "", 2},
    KnownMember{"log", "ts_nsec", "log.ts_nsec", "", 8},
    KnownMember{"log", "len", "log.len", "", 2},
    KnownMember{"log", "text_len", "log.text_len", "", 2},
    KnownMember{"uts_namespace", "name", "uts_namespace.name", "", 6 * 65},
};

}  // namespace

std::optional<std::uint64_t> VmcoreinfoTypes::size_of(std::string_view type) {
  if (const auto size = info_.size(type)) return size;
  // Only that there is such a type: of uts_namespace no kernel states the size.
  for (const KnownMember& known : kMembers) {
    if (known.type == type && info_.offset(known.line)) return 0;
  }
  return std::nullopt;
}

std::optional<debuginfo::Member> VmcoreinfoTypes::member(std::string_view type, std::string_view path) {
  if (path == "level") return level_of_record(type);
  for (const KnownMember& known : kMembers) {
    if (known.type != type || known.path != path) continue;
    const auto first = info_.offset(known.line);
    const auto second = known.then.empty() ? std::optional<std::uint64_t>(0) : info_.offset(known.then);
    if (!first || !second) return std::nullopt;
    debuginfo::Member member;
    member.offset = *first + *second;
    member.size = known.size;
    return member;
  }
  return std::nullopt;
}

// The byte behind the facility's holds five bits of flags and three of the level. No line names either, but what comes
// before them is named and never changed.
std::optional<debuginfo::Member> VmcoreinfoTypes::level_of_record(std::string_view type) const {
  const bool is_new = type == "printk_info";
  const auto before = info_.offset(fmt::format("{}.{}", type, is_new ? "text_len" : "dict_len"));
  if (!before) return std::nullopt;
  debuginfo::Member member;
  member.offset = *before + 3;
  member.size = 1;
  member.bit_offset = 5;
  member.bit_size = 3;
  return member;
}

}  // namespace whyhung::target
