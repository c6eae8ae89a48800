// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/first_look.h"

#include <algorithm>
#include <array>

#include "arch/machine_names.h"
#include "base/text.h"
#include "dump/vmcoreinfo_copies.h"

namespace whyhung::target {
namespace {

constexpr std::size_t kMostCandidates = 16;  // copies of VMCOREINFO in memory that are tried

std::optional<std::size_t> prstatus_size(const dump::Dump& dump) {
  for (const dump::Note& note : dump.notes()) {
    if (note.type == kNtPrstatus && note.name == "CORE") return note.data.size();
  }
  return std::nullopt;
}

std::string known_architectures() {
  std::string names;
  for (const arch::Architecture* one : arch::all_architectures()) {
    names += names.empty() ? "" : ", ";
    names += one->name;
  }
  return names;
}

// Names of machines that Linux runs on and that are not read here. Another name that is not known is a damaged one.
bool is_foreign(std::string_view machine) {
  constexpr std::array<std::string_view, 14> kForeign = {"i386",  "i486", "i586",  "i686",   "arm",   "mips",  "ia64",
                                                         "sparc", "s390", "alpha", "parisc", "riscv", "loong", "m68k"};
  return machine == "ppc" || machine == "ppc64" ||
         std::ranges::any_of(kForeign, [&](std::string_view name) { return machine.starts_with(name); });
}

// By lines that only one machine writes into VMCOREINFO.
const arch::Architecture* machine_by_vmcoreinfo(const dump::VmcoreInfo& info) {
  const auto named = [](std::string_view name) { return arch::find_architecture(std::nullopt, name, std::nullopt); };
  if (info.symbol("init_top_pgt") || info.symbol("init_level4_pgt")) return named("x86_64");
  if (info.number("kimage_voffset")) return named("aarch64");
  if (info.number("phys_ram_base")) return named("riscv64");
  if (info.symbol("lowcore_ptr")) return named("s390x");
  if (info.symbol("mmu_vmemmap_psize")) return named("ppc64le");
  return nullptr;
}

Result<const arch::Architecture*> find_architecture(const dump::Dump& dump, const dump::VmcoreInfo& info,
                                                    std::vector<Gap>& gaps) {
  const dump::DumpFacts& facts = dump.facts();
  if (const auto* found = arch::find_architecture(facts.elf_machine, facts.machine, prstatus_size(dump))) return found;
  if (!facts.elf_machine && !is_foreign(facts.machine)) {
    const auto* found = machine_by_vmcoreinfo(info);
    if (found == nullptr) found = arch::find_architecture(std::nullopt, "", prstatus_size(dump));
    if (found != nullptr && !facts.machine.empty() && facts.machine != "Unknown") {
      gaps.push_back(
          {"header of the dump", fmt::format("it names the machine \"{}\", which is none; the kernel is of {}",
                                             printable(facts.machine), found->name)});
    }
    if (found != nullptr) return found;
  }
  std::string what = facts.machine.empty() ? "a machine that neither header nor notes name" : facts.machine;
  if (facts.elf_machine) {
    what = arch::name_of_elf_machine(*facts.elf_machine);
    if (what.empty()) what = fmt::format("ELF machine {}", *facts.elf_machine);
  }
  return with_hint(fail(ErrorKind::kUnsupported, "the dump is of {}, which this whyhung does not read", what),
                   fmt::format("it reads {}", known_architectures()));
}

arch::MachineFacts machine_facts(const dump::VmcoreInfo& info, const dump::Dump& dump) {
  arch::MachineFacts facts;
  facts.number = [&info](std::string_view name) -> std::optional<std::uint64_t> {
    const auto number = info.number(name);
    if (!number) return std::nullopt;
    return static_cast<std::uint64_t>(*number);
  };
  facts.symbol = [&info](std::string_view name) { return info.symbol(name); };
  facts.page_size = info.page_size();
  facts.kernel_offset = info.kernel_offset();
  facts.kernel_offset_physical = info.kernel_offset_physical();
  const auto text = info.symbol("_stext");
  for (const dump::LoadSegment& segment : dump.segments()) {
    const bool covers = text && *text >= segment.virtual_begin && *text - segment.virtual_begin < segment.memory_size;
    if (covers) facts.image_mapping = {segment.virtual_begin, segment.physical_begin};
  }
  return facts;
}

Result<FirstLook> look_with(const dump::Dump& dump, dump::VmcoreInfo info) {
  FirstLook look;
  look.vmcoreinfo = std::move(info);
  TRY_ASSIGN(look.architecture, find_architecture(dump, look.vmcoreinfo, look.gaps));
  // From here on physical memory can be read, and the machine is known.
  const arch::MachineFacts facts = machine_facts(look.vmcoreinfo, dump);
  TRY_ASSIGN(look.address_space, look.architecture->make_address_space(dump, facts));
  look.memory = std::make_unique<KernelMemory>(dump, *look.address_space, look.architecture->byte_order);
  return look;
}

enum class Fit : std::uint8_t { kFits, kUnknown, kContradicts };

// Whether the release that VMCOREINFO names stands in init_uts_ns, where VMCOREINFO says that is.
Fit fit_of(const FirstLook& look) {
  constexpr std::size_t kBytes = 512;  // of the namespace; the names begin within its first few words
  const auto name_space = look.vmcoreinfo.symbol("init_uts_ns");
  const auto release = look.vmcoreinfo.os_release();
  if (!name_space || !release || release->empty()) return Fit::kUnknown;
  std::string text(kBytes, '\0');
  const auto done = look.memory->read(*name_space, std::as_writable_bytes(std::span(text)));
  if (!done) return done.error().kind == FaultKind::kNotMapped ? Fit::kContradicts : Fit::kUnknown;
  return text.find(*release) != std::string::npos ? Fit::kFits : Fit::kContradicts;
}

bool is_whole(const dump::VmcoreInfo& info) {
  return info.os_release() && info.page_size() && info.symbol("_stext");
}

// The copy in memory that fits, else the first one that could be.
std::optional<FirstLook> look_by_memory(const dump::Dump& dump, StageClock& clock, bool must_fit) {
  clock.enter("search memory for VMCOREINFO");
  std::optional<FirstLook> first;
  std::optional<FirstLook> fitting;
  std::size_t tried = 0;
  const auto accept = [&](const dump::FoundVmcoreInfo& found) {
    auto look = look_with(dump, dump::VmcoreInfo(found.text));
    const Fit fit = look ? fit_of(*look) : Fit::kContradicts;
    if (fit == Fit::kFits) {
      fitting = *std::move(look);
    } else if (fit == Fit::kUnknown && !first) {
      first = *std::move(look);
    }
    return fit == Fit::kFits || ++tried == kMostCandidates;
  };
  (void)dump::find_accepted_vmcoreinfo(
      dump, [](PhysicalAddress) { return true; }, accept);
  if (fitting) return fitting;
  if (must_fit) return std::nullopt;
  return first;
}

void note_missing_start(FirstLook& look) {
  if (look.vmcoreinfo.symbol("_stext")) return;
  look.gaps.push_back({"VMCOREINFO", "it does not say where the kernel's code begins (_stext): it is damaged"});
}

}  // namespace

Result<FirstLook> take_first_look(const dump::Dump& dump, StageClock& clock) {
  const std::string_view text = dump.vmcoreinfo();
  if (text.empty()) {
    if (auto look = look_by_memory(dump, clock, false)) return *std::move(look);
    return with_hint(fail(ErrorKind::kNotFound, "{}: the dump holds no VMCOREINFO, neither as a note nor in memory",
                          dump.facts().format),
                     dump.facts().incomplete
                         ? "the file is cut off: copy it again"
                         : "is this the memory of a Linux kernel? For a QEMU guest add -device vmcoreinfo");
  }
  dump::VmcoreInfo info(text);
  const bool was_whole = is_whole(info);
  auto look = look_with(dump, std::move(info));
  const Fit fit = look ? fit_of(*look) : Fit::kContradicts;
  // A machine that is not read here has no better copy either.
  const bool is_refused = !look && look.error().kind == ErrorKind::kUnsupported;
  if (is_refused || (was_whole && fit != Fit::kContradicts)) return look;
  if (auto better = look_by_memory(dump, clock, true)) {
    better->gaps.push_back(
        {"VMCOREINFO", was_whole ? "the dump's note is not of the kernel that is in memory; its own copy is used"
                                 : "the dump's note is damaged; the kernel's own copy in memory is used"});
    return *std::move(better);
  }
  if (!look) return look;
  if (fit == Fit::kContradicts) {
    look->gaps.push_back(
        {"VMCOREINFO of another boot", "the kernel's name does not stand where it says: it may be of another boot"});
  }
  note_missing_start(*look);
  return look;
}

}  // namespace whyhung::target
