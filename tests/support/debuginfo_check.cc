// SPDX-License-Identifier: GPL-2.0-or-later
// debuginfo_check: runs the readers of the kernel's own tables over a stock vmlinux, so that their answers can be
// compared with those of other tools:
//   debuginfo_check btf VMLINUX < NAMES      sizes and members, as "struct.member offset size", a struct a line
//   debuginfo_check lines FILE SLIDE < HEX   source lines and inline frames of addresses, one a line
//   debuginfo_check scan VMLINUX             the same tables, found without their names
//   debuginfo_check types VMLINUX NAME…      the cost of finding these types at once
//   debuginfo_check dwarf VMLINUX < NAMES    the same from its DWARF
//   debuginfo_check kallsyms VMLINUX         every symbol against the file's symbol table, both ways, and what it costs
#include <time.h>

#include <algorithm>
#include <iostream>
#include <map>
#include <set>

#include <fmt/format.h>

#include "base/text.h"
#include "debuginfo/btf.h"
#include "debuginfo/dwarf.h"
#include "debuginfo/dwarf_types.h"
#include "debuginfo/elf_symbols.h"
#include "debuginfo/kallsyms_scan.h"
#include "support/elf_memory.h"

namespace whyhung::test {
namespace {

// Time of this process on a CPU, so that figures hold on a busy machine.
struct Clock {
  static double now() {
    timespec time{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
  }
};
double ms_since(double begin) {
  return Clock::now() - begin;
}

Result<std::shared_ptr<debuginfo::BtfTypes>> open_btf(const ElfMemory& elf) {
  return debuginfo::BtfTypes::open(elf, elf.section(".BTF"), "BTF of the file");
}

Result<int> print_members(debuginfo::TypeSource* types) {
  std::vector<std::string> names;
  for (std::string line; std::getline(std::cin, line);) names.push_back(line);
  types->prepare(std::vector<std::string_view>(names.begin(), names.end()), {});
  for (const std::string& name : names) {
    const auto size = types->size_of(name);
    if (!size) {
      fmt::print("{} unknown\n", name);
      continue;
    }
    fmt::print("{} {}\n", name, *size);
    for (const auto& [member_name, listed] : types->members(name)) {
      const auto asked = types->member(name, member_name);
      if (!asked) return fail(ErrorKind::kNotFound, "{}.{} is listed but not found", name, member_name);
      fmt::print("{}.{} {} {}", name, member_name, listed.offset, listed.size);
      if (listed.bit_size != 0) fmt::print(" bits {} {}", listed.bit_offset, listed.bit_size);
      fmt::print(" {}{}{}\n", listed.is_pointer ? "*" : "", listed.type_name, listed.is_signed ? " signed" : "");
    }
  }
  return 0;
}

Result<int> print_btf_members(const ElfMemory& elf) {
  TRY_ASSIGN(const auto types, open_btf(elf));
  TRY_CHECK(print_members(types.get()));
  if (types->problem()) return fail(*types->problem());
  return 0;
}

Result<int> print_dwarf_members(const std::string& path) {
  const double begin = Clock::now();
  TRY_ASSIGN(const auto image, debuginfo::ElfImage::open(path));
  TRY_ASSIGN(const auto types,
             debuginfo::open_dwarf_types(image,
                                         {"kernel/sched/core.c", "kernel/locking/rwsem.c", "kernel/workqueue.c",
                                          "kernel/stop_machine.c", "kernel/rcu/tree.c"},
                                         "DWARF of the file"));
  TRY_CHECK(print_members(types.get()));
  fmt::print(stderr, "{:.1f} ms\n", ms_since(begin));
  return 0;
}

Result<int> time_types(const ElfMemory& elf, std::span<char*> names) {
  const std::vector<std::string_view> wanted(names.begin(), names.end());
  for (int run = 0; run < 5; ++run) {
    elf.take_pages_touched();
    auto begin = Clock::now();
    TRY_ASSIGN(const auto types, open_btf(elf));
    types->prepare(wanted, {});
    fmt::print("prepare {} names: {:.2f} ms, {} pages", wanted.size(), ms_since(begin), elf.take_pages_touched());
    begin = Clock::now();
    std::size_t found = 0, members = 0;
    for (const std::string_view name : wanted) {
      if (types->size_of(name)) ++found;
      members += types->members(name).size();
    }
    fmt::print("; {} found, {} members: {:.2f} ms, {} pages\n", found, members, ms_since(begin),
               elf.take_pages_touched());
  }
  return 0;
}

class SymbolIndex {
 public:
  explicit SymbolIndex(const ElfMemory& elf) {
    for (const auto& symbol : elf.symbols()) {
      pairs_.emplace(symbol.name, symbol.address);
      addresses_[symbol.name].insert(symbol.address);
    }
  }
  bool has(const std::string& name, std::uint64_t address) const { return pairs_.contains({name, address}); }
  std::optional<VirtualAddress> address_of(const std::string& name) const {
    const auto found = addresses_.find(name);
    if (found == addresses_.end()) return std::nullopt;
    return VirtualAddress(*found->second.begin());
  }
  // What VMCOREINFO would name; without an address where this kernel has no such table.
  std::optional<debuginfo::KallsymsTables> tables() const {
    const auto names = address_of("kallsyms_names"), table = address_of("kallsyms_token_table"),
               index = address_of("kallsyms_token_index"), count = address_of("kallsyms_num_syms");
    if (!names || !table || !index || !count) return std::nullopt;
    return debuginfo::KallsymsTables{*names,
                                     *table,
                                     *index,
                                     *count,
                                     address_of("kallsyms_offsets"),
                                     address_of("kallsyms_addresses"),
                                     address_of("kallsyms_relative_base")};
  }

 private:
  std::set<std::pair<std::string, std::uint64_t>> pairs_;
  std::map<std::string, std::set<std::uint64_t>> addresses_;
};

// Every symbol of the table: is it in the file, is it found by its name, does its address lead back to its address?
void check_symbols(debuginfo::Kallsyms& kallsyms, const SymbolIndex& file) {
  std::size_t in_file = 0, by_name = 0, covering = 0, outside = 0, named_alike = 0;
  VirtualAddress last;
  for (std::uint32_t i = 0; i < kallsyms.count(); ++i) {
    const auto symbol = kallsyms.symbol_at(i);
    if (!symbol) continue;
    if (file.has(symbol->name, symbol->address.value)) ++in_file;
    if (symbol->address < last) fmt::print("out of order: {}\n", symbol->name);
    last = symbol->address;
    if (kallsyms.has_order() || i % 1009 == 0) {
      const auto all = kallsyms.find_all(symbol->name, 1024);
      if (std::any_of(all.begin(), all.end(), [&](const auto& each) { return each.address == symbol->address; })) {
        ++by_name;
      }
    } else {
      ++by_name;
    }
    const auto at = kallsyms.find_covering(symbol->address + symbol->size / 2);
    if (!at) {
      ++outside;
    } else if (at->symbol.address == symbol->address && at->offset == symbol->size / 2) {
      ++covering;
      if (at->symbol.name == symbol->name) ++named_alike;
    }
  }
  fmt::print(
      "{} symbols: {} in the file, {} found by name, {} by an address in them ({} of the same name), {} not covered\n",
      kallsyms.count(), in_file, by_name, covering, named_alike, outside);
}

Result<int> check_kallsyms(const ElfMemory& elf) {
  const SymbolIndex file(elf);
  const auto tables = file.tables();
  if (!tables) return fail(ErrorKind::kNotFound, "the file does not name its kallsyms tables");
  const debuginfo::KnownSymbol stext{"_stext", file.address_of("_stext").value_or(VirtualAddress())};
  std::shared_ptr<debuginfo::Kallsyms> kallsyms;
  for (int run = 0; run < 3; ++run) {
    elf.take_pages_touched();
    auto begin = Clock::now();
    TRY_ASSIGN(kallsyms, debuginfo::Kallsyms::open(elf, *tables, std::span(&stext, 1)));
    fmt::print("open: {:.2f} ms, {} pages: {}, {}; ", ms_since(begin), elf.take_pages_touched(),
               describe(kallsyms->mode()), kallsyms->has_order() ? "order of names" : "no order of names");
    constexpr std::string_view kWanted[] = {"init_task",
                                            "runqueues",
                                            "__per_cpu_offset",
                                            "modules",
                                            "init_pid_ns",
                                            "jiffies_64",
                                            "prb",
                                            "linux_banner",
                                            "__start_orc_unwind_ip",
                                            "__stop_orc_unwind_ip",
                                            "__start_orc_unwind",
                                            "__start_BTF",
                                            "__stop_BTF",
                                            "page_offset_base",
                                            "__cpu_online_mask",
                                            "tk_core",
                                            "rcu_state",
                                            "crashing_cpu",
                                            "panic_cpu",
                                            "nr_cpu_ids"};
    begin = Clock::now();
    kallsyms->prepare(kWanted);
    fmt::print("{} names: {:.2f} ms, {} pages; ", std::size(kWanted), ms_since(begin), elf.take_pages_touched());
    begin = Clock::now();
    std::size_t covered = 0;
    for (std::uint64_t i = 0; i < 60; ++i) {
      if (kallsyms->find_covering(stext.address + i * 123457)) ++covered;
    }
    fmt::print("{} of 60 addresses: {:.2f} ms, {} pages\n", covered, ms_since(begin), elf.take_pages_touched());
  }
  const auto begin = Clock::now();
  check_symbols(*kallsyms, file);
  fmt::print("all that: {:.0f} ms\n", ms_since(begin));
  return 0;
}

Result<int> scan_kallsyms(const ElfMemory& elf) {
  const SymbolIndex file(elf);
  const auto tables = file.tables();
  const debuginfo::KnownSymbol stext{"_stext", file.address_of("_stext").value_or(VirtualAddress())};
  const VirtualAddress end = file.address_of("_end").value_or(stext.address);
  std::uint64_t reports = 0;
  const auto begin = Clock::now();
  TRY_ASSIGN(const auto found, debuginfo::find_kallsyms(elf, {stext.address, end}, std::span(&stext, 1),
                                                        [&](std::uint64_t, std::uint64_t) { ++reports; }));
  fmt::print("found after {} of {} chunks, {:.1f} ms: {} symbols, {}, {}\n", reports, (end - stext.address) / 65536,
             ms_since(begin), found->count(), describe(found->mode()),
             found->has_order() ? "order of names" : "no order of names");
  TRY_ASSIGN(const auto named, debuginfo::Kallsyms::open(elf, *tables, std::span(&stext, 1)));
  std::size_t alike = 0;
  for (std::uint32_t i = 0; i < named->count(); ++i) {
    const auto a = named->symbol_at(i), b = found->symbol_at(i);
    if (a && b && a->name == b->name && a->address == b->address) ++alike;
  }
  fmt::print("{} of {} symbols as in the named tables\n", alike, named->count());
  return 0;
}

Result<int> print_lines(const std::string& path, std::string_view slide) {
  auto begin = Clock::now();
  TRY_ASSIGN(const auto image, debuginfo::ElfImage::open(path));
  debuginfo::ElfPlacement placement;
  placement.slide = parse_unsigned(slide, 16).value_or(0);
  for (const auto& section : image->sections()) {
    if (image->is_relocatable() && section.name == ".text") placement.sections[".text"] = VirtualAddress(0x10000000);
  }
  fmt::print(stderr, "{}: machine {}, build id {}: {:.1f} ms\n", path, image->machine(), image->build_id(),
             ms_since(begin));
  begin = Clock::now();
  TRY_ASSIGN(const auto lines, debuginfo::DwarfLines::open(*image, placement));
  fmt::print(stderr, "DWARF opened: {:.1f} ms\n", ms_since(begin));
  begin = Clock::now();
  TRY_ASSIGN(const auto symbols, debuginfo::ElfSymbols::open(image, placement, ""));
  fmt::print(stderr, "{} symbols: {:.1f} ms\n", symbols->count(), ms_since(begin));
  begin = Clock::now();
  std::size_t count = 0;
  for (std::string line; std::getline(std::cin, line); ++count) {
    const VirtualAddress address(parse_unsigned(line, 16).value_or(0));
    const auto at = symbols->find_covering(address);
    fmt::print("{:#x} {}\n", address.value, at ? fmt::format("{}+{:#x}", at->symbol.name, at->offset) : "?");
    for (const auto& frame : lines->frames_at(address))
      fmt::print("  {} {}:{}\n", frame.function, frame.file, frame.line);
  }
  fmt::print(stderr, "{} addresses: {:.1f} ms\n", count, ms_since(begin));
  return 0;
}

Result<int> run(std::span<char*> arguments) {
  if (arguments.size() < 3) return fail(ErrorKind::kUsage, "usage: debuginfo_check COMMAND VMLINUX …");
  const std::string_view command = arguments[1];
  if (command == "lines") return print_lines(arguments[2], arguments.size() > 3 ? arguments[3] : "0");
  if (command == "dwarf") return print_dwarf_members(arguments[2]);
  TRY_ASSIGN(const auto elf, ElfMemory::open(arguments[2]));
  const auto rest = arguments.subspan(3);
  if (command == "btf") return print_btf_members(*elf);
  if (command == "kallsyms") return check_kallsyms(*elf);
  if (command == "scan") return scan_kallsyms(*elf);
  if (command == "types") return time_types(*elf, rest);
  return fail(ErrorKind::kUsage, "unknown command {}", command);
}

}  // namespace
}  // namespace whyhung::test

int main(int argc, char** argv) {
  const auto done = whyhung::test::run(std::span(argv, static_cast<std::size_t>(argc)));
  if (done) return *done;
  fmt::print(stderr, "debuginfo_check: {}\n", done.error().what);
  return 1;
}
