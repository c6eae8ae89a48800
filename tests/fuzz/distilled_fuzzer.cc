// SPDX-License-Identifier: GPL-2.0-or-later
// Distilled types over any bytes, packed or plain: reading, and every question to what was read.
#include "debuginfo/distilled.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace whyhung;
  const auto* begin = reinterpret_cast<const std::byte*>(data);
  const auto file = debuginfo::read_distilled(*make_memory_source({begin, begin + size}, "fuzzed"));
  if (!file) return 0;
  const auto types = debuginfo::distilled_types(*file, "fuzzed");
  const auto symbols = debuginfo::distilled_symbols(*file, 0x1000);
  std::size_t questions = 0;
  for (const auto& [name, id] : (*file)->names) {
    if (++questions > 16) break;
    types->size_of(name);
    types->member(name, "a.b[1].c");
    std::size_t shown = 0;
    for (const auto& [member_name, member] : types->members(name)) {
      if (++shown > 16) break;
      types->member(name, member_name);
    }
  }
  types->enumerator("MULTI_STOP_RUN");
  symbols->find_all("init_task", 4);
  // What was read can be written, and is read as the same again.
  const auto again = debuginfo::read_distilled(*make_memory_source(debuginfo::write_distilled(**file), "written"));
  if (!again || (*again)->types.size() != (*file)->types.size() || (*again)->names != (*file)->names) __builtin_trap();
  return 0;
}
