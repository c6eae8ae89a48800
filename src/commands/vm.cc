// SPDX-License-Identifier: GPL-2.0-or-later
// vm: the address space of tasks; -p: each page of it, -m: its structure, -f: what flags of mappings mean.
#include <algorithm>
#include <set>

#include "base/text.h"
#include "commands/command.h"
#include "commands/expression.h"
#include "commands/file_paths.h"
#include "commands/object.h"
#include "commands/objects.h"
#include "commands/process_files.h"
#include "commands/process_memory.h"
#include "commands/task_choice.h"
#include "kernel/memory_map.h"
#include "kernel/tree.h"

namespace whyhung::commands {
namespace {

constexpr std::size_t kMostMappings = 1u << 17;
constexpr std::uint64_t kMostPages = 1u << 22;  // of one process: 16 GB

constexpr auto kOptions = std::to_array<Option>({{"p", "", "and where each page lies"},
                                                 {"m", "", "the mm_struct"},
                                                 {"x", "", "with -m: numbers in hexadecimal"},
                                                 {"d", "", "with -m: numbers in decimal"},
                                                 {"f", "FLAGS", "what these flags of a mapping mean"}});

// Flags of mappings that have stood where they are since v3.0 (include/linux/mm.h).
struct MappingFlag {
  std::uint64_t bit;
  std::string_view name;
};
constexpr auto kFlags = std::to_array<MappingFlag>({{0x1, "READ"},
                                                    {0x2, "WRITE"},
                                                    {0x4, "EXEC"},
                                                    {0x8, "SHARED"},
                                                    {0x10, "MAYREAD"},
                                                    {0x20, "MAYWRITE"},
                                                    {0x40, "MAYEXEC"},
                                                    {0x80, "MAYSHARE"},
                                                    {0x100, "GROWSDOWN"},
                                                    {0x400, "PFNMAP"},
                                                    {0x800, "DENYWRITE"},
                                                    {0x2000, "LOCKED"},
                                                    {0x4000, "IO"},
                                                    {0x8000, "SEQ_READ"},
                                                    {0x10000, "RAND_READ"},
                                                    {0x20000, "DONTCOPY"},
                                                    {0x40000, "DONTEXPAND"},
                                                    {0x100000, "ACCOUNT"},
                                                    {0x200000, "NORESERVE"},
                                                    {0x400000, "HUGETLB"},
                                                    {0x4000000, "DONTDUMP"},
                                                    {0x10000000, "MIXEDMAP"},
                                                    {0x20000000, "HUGEPAGE"},
                                                    {0x40000000, "NOHUGEPAGE"},
                                                    {0x80000000, "MERGEABLE"}});

Result<void> explain_flags(Call& call, const std::string& text) {
  const auto flags = parse_unsigned(text.starts_with("0x") ? text.substr(2) : text, 16);
  if (!flags) return fail(ErrorKind::kUsage, "\"{}\" is no hexadecimal number", printable(text));
  std::string names;
  std::uint64_t rest = *flags;
  for (const MappingFlag& flag : kFlags) {
    if ((*flags & flag.bit) == 0) continue;
    names += fmt::format("{}{}", names.empty() ? "" : "|", flag.name);
    rest &= ~flag.bit;
  }
  if (rest != 0) names += fmt::format("{}{:#x}", names.empty() ? "" : "|", rest);
  Value value = Value::object();
  value.set("flags", Value::address(*flags));
  value.set("names", names);
  call.output.record(fmt::format("{:x}: ({})\n", *flags, names), value);
  return {};
}

Result<void> show_structure(Call& call, const std::string& heading, std::uint64_t mm) {
  TRY_ASSIGN(const ObjectChoice choice, parse_choice(call, "struct", "mm_struct"));
  TRY_ASSIGN(const ObjectText shown, show_object(call, choice, mm, radix_of(call)));
  call.output.row(heading + shown.text, shown.value);
  return {};
}

struct Extent {
  std::uint64_t start = 0, end = 0;
  const std::string& path;
};

// -p: each page of a mapping. `left`: how many may still be shown.
std::string pages_text(const Call& call, const ProcessMemory& process, const Object& mapping, const Extent& extent,
                       std::uint64_t& left, Value& list) {
  const std::uint64_t size = call.machine().target.vmcoreinfo.page_size().value_or(4096);
  const std::uint64_t first = mapping.number({"vm_pgoff"}).value_or(0);
  std::string text = fmt::format("{:<17} {}\n", "VIRTUAL", "PHYSICAL");
  for (std::uint64_t at = extent.start; at < extent.end; at += size) {
    if (left == 0 || call.context.is_stopped()) return text + "(more pages are not shown)\n";
    --left;
    const auto found = call.machine().target.address_space->translate_user(process.root(), VirtualAddress(at));
    Value page = Value::object();
    page.set("virtual", Value::address(at));
    page.set("physical", found ? Value::address(found->physical.value) : Value());
    list.push(std::move(page));
    if (found) {
      text += fmt::format("{:<17x} {:x}\n", at, found->physical.value);
    } else if (!extent.path.empty()) {
      text += fmt::format("{:<17x} FILE: {}  OFFSET: {:x}\n", at, extent.path, first * size + (at - extent.start));
    } else {
      text += fmt::format("{:<17x} ({})\n", at, describe(found.error().kind));
    }
  }
  return text;
}

}  // namespace

std::vector<std::uint64_t> mappings_of(const Call& call, const Object& mm, std::string& broken) {
  std::vector<std::uint64_t> mappings;
  if (const auto tree = mm.place({"mm_mt"})) {
    kernel::Binder binder(call.machine().access.types);
    const auto walk =
        kernel::MapleTreeView::bind(binder).entries(call.machine().access.memory, VirtualAddress(*tree), kMostMappings);
    for (const auto& entry : walk.entries) {
      if ((entry.value & 3) == 0) mappings.push_back(entry.value);
    }
    broken = walk.broken;
    return mappings;
  }
  // Before v6.1 (763ecb035029) a list.
  std::set<std::uint64_t> seen;
  auto next = mm.pointer({"mmap"});
  while (next && mappings.size() < kMostMappings && seen.insert(*next).second) {
    mappings.push_back(*next);
    next = Object(call, "vm_area_struct", *next).pointer({"vm_next"});
  }
  if (next) broken = fmt::format("the list runs in a circle at {:#x}", *next);
  return mappings;
}

namespace {

Result<void> run_vm(Call& call) {
  if (const auto flags = call.arguments.value("f")) return explain_flags(call, *flags);
  TRY_ASSIGN(const auto tasks, tasks_of(call));
  kernel::Binder binder(call.machine().access.types);
  const auto sizes = kernel::MemoryMapView::bind(binder);
  const std::uint64_t page_kilobytes = call.machine().target.vmcoreinfo.page_size().value_or(4096) / 1024;
  bool is_first = true;
  for (const model::Task* task : tasks) {
    if (call.context.is_stopped()) break;
    std::string text = (is_first ? "" : "\n") + task_line(*task);
    is_first = false;
    const auto at = Object(call, "task_struct", task->address).pointer({"mm"});
    Value value = Value::object();
    value.set("pid", task->pid);
    if (!at) {
      call.output.row(text + "(no memory of its own)\n", value);
      continue;
    }
    const Object mm(call, "mm_struct", *at);
    if (call.has("m")) {
      TRY_CHECK(show_structure(call, text, *at));
      continue;
    }
    const auto pages = call.has("p") ? ProcessMemory::open(call.machine(), *task) : std::nullopt;
    const auto use = sizes.use(call.machine().access, call.machine().percpu(), VirtualAddress(*at));
    text += fmt::format("       MM               PGD          RSS    TOTAL_VM\n{:016x}  {:016x}  {:>6}  {:>8}\n", *at,
                        mm.number({"pgd"}).value_or(0),
                        use ? fmt::format("{}k", use->resident_pages * page_kilobytes) : "?",
                        use ? fmt::format("{}k", use->virtual_pages * page_kilobytes) : "?");
    value.set("mm", Value::address(*at));
    std::string broken;
    Value rows = Value::array();
    std::uint64_t left = kMostPages;
    bool rows_are_empty = true;
    text += "      VMA           START       END     FLAGS FILE\n";
    for (const std::uint64_t address : mappings_of(call, mm, broken)) {
      const Object mapping(call, "vm_area_struct", address);
      const auto begin = mapping.number({"vm_start"});
      const auto end = mapping.number({"vm_end"});
      const auto flags = mapping.number({"vm_flags", "__vm_flags"});
      const auto file = mapping.pointer({"vm_file"});
      std::string path;
      if (file) {
        const Object open(call, "file", *file);
        path = path_of(call, open.number({"f_path.dentry"}).value_or(0), open.number({"f_path.mnt"}).value_or(0));
      }
      if (call.has("p") && !rows_are_empty) text += "      VMA           START       END     FLAGS FILE\n";
      rows_are_empty = false;
      text += fmt::format("{:016x} {:>10x} {:>10x} {:>6x} {}\n", address, begin.value_or(0), end.value_or(0),
                          flags.value_or(0), path);
      Value one = Value::object();
      one.set("vma", Value::address(address));
      one.set("start", begin ? Value::address(*begin) : Value());
      one.set("end", end ? Value::address(*end) : Value());
      one.set("flags", flags ? Value::address(*flags) : Value());
      if (!path.empty()) one.set("file", path);
      if (pages && begin && end) {
        Value list = Value::array();
        text += pages_text(call, *pages, mapping, {*begin, *end, path}, left, list);
        one.set("pages", std::move(list));
      } else if (call.has("p")) {
        text += "(the page tables cannot be read)\n";
      }
      rows.push(std::move(one));
    }
    value.set("mappings", std::move(rows));
    call.output.row(text + (broken.empty() ? "" : fmt::format("(the mappings are damaged: {})\n", broken)), value);
  }
  return {};
}

}  // namespace

extern const Command kVm = {.name = "vm",
                            .usage = "vm [-p|-m [-x|-d]] [PID|TASK|NAME]… | vm -f FLAGS",
                            .help = "the address space of tasks",
                            .options = kOptions,
                            .needs = Needs::kMachine,
                            .per_task = PerTask::kYes,
                            .run = run_vm};

}  // namespace whyhung::commands
