// SPDX-License-Identifier: GPL-2.0-or-later
// swap: the files and partitions that the kernel swaps to.
#include <algorithm>

#include "commands/command.h"
#include "commands/file_paths.h"
#include "commands/object.h"

namespace whyhung::commands {
namespace {

constexpr std::uint64_t kMostAreas = 64;
constexpr std::uint64_t kUsed = 1;  // SWP_USED

Result<void> run(Call& call) {
  auto& access = call.machine().access;
  const auto table = access.symbols.address_of("swap_info");
  const auto count = variable_number(call, "nr_swapfiles", 4);
  if (!table || !count) return fail(ErrorKind::kNotFound, "this kernel names no swap_info");
  const std::uint64_t page = call.machine().target.vmcoreinfo.page_size().value_or(4096);
  call.output.heading("SWAP_INFO_STRUCT    TYPE       SIZE       USED     PCT  PRI  FILENAME\n");
  for (std::uint64_t i = 0; i < std::min(*count, kMostAreas); ++i) {
    const auto at = access.memory.read_u64(*table + i * 8);
    if (!at) return fail(to_error(at.error(), "swap_info"));
    const Object area(call, "swap_info_struct", *at);
    const auto flags = area.number({"flags"});
    if (!flags || (*flags & kUsed) == 0) continue;
    const auto pages = area.number({"pages"});
    const auto used = area.number({"inuse_pages"});
    const auto priority = area.signed_number({"prio"});
    const Object file(call, "file", area.pointer({"swap_file"}).value_or(0));
    const auto mode = Object(call, "inode", file.pointer({"f_inode"}).value_or(0)).number({"i_mode"});
    const std::string_view kind = !mode ? "?" : file_kind(*mode) == "BLK" ? "PARTITION" : "FILE";
    const std::string path =
        path_of(call, file.number({"f_path.dentry"}).value_or(0), file.number({"f_path.mnt"}).value_or(0));
    const auto kilobytes = [&](const std::optional<std::uint64_t>& number) {
      return number ? fmt::format("{}k", *number * (page / 1024)) : std::string("?");
    };
    const std::string share = pages && used && *pages != 0 ? fmt::format("{}%", *used * 100 / *pages) : "?";
    Value value = Value::object();
    value.set("swap_info", Value::address(*at));
    value.set("type", kind);
    value.set("pages", shown_value(pages));
    value.set("used", shown_value(used));
    value.set("priority", priority ? Value(*priority) : Value());
    value.set("file", path);
    call.output.row(fmt::format("{:016x}  {:<9} {:>9} {:>10}  {:>4} {:>4}  {}\n", *at, kind, kilobytes(pages),
                                kilobytes(used), share, priority ? std::to_string(*priority) : "?", path),
                    value);
  }
  return {};
}

}  // namespace

extern const Command kSwap = {.name = "swap",
                              .usage = "swap",
                              .help = "the files and partitions that are swapped to",
                              .options = {},
                              .needs = Needs::kMachine,
                              .run = run};

}  // namespace whyhung::commands
