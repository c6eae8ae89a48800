// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>
#include <array>

#include "arch/machine_names.h"
#include "debuginfo/btf.h"
#include "debuginfo/btf_scan.h"
#include "debuginfo/dwarf_types.h"
#include "debuginfo/elf_symbols.h"
#include "debuginfo/exported_symbols.h"
#include "debuginfo/kallsyms.h"
#include "debuginfo/kallsyms_scan.h"
#include "dump/elf_notes.h"
#include "target/fetched_vmlinux.h"
#include "target/percpu_section.h"
#include "target/target.h"
#include "target/vmcoreinfo_symbols.h"

namespace whyhung::target {
namespace {

constexpr std::uint32_t kNtPrstatus = 1;             // ELF: NT_PRSTATUS
constexpr std::uint64_t kLargestImage = 128u << 20;  // of a kernel, from its text to the end of its read-only data
constexpr std::string_view kAnyData = "init_task";   // a variable that every kernel has

// VMCOREINFO from the dump's notes, else its text in memory: QEMU leaves the note out when the guest had no device for
// it.
Result<dump::VmcoreInfo> find_vmcoreinfo(const dump::Dump& dump, StageClock& clock) {
  if (const std::string_view text = dump.vmcoreinfo(); !text.empty()) return dump::VmcoreInfo(text);
  clock.enter("search memory for VMCOREINFO");
  const auto found = dump::find_vmcoreinfo_text(dump, [](PhysicalAddress) { return true; });
  if (found) return dump::VmcoreInfo(found->text);
  return with_hint(fail(ErrorKind::kNotFound, "{}: the dump holds no VMCOREINFO, neither as a note nor in memory",
                        dump.facts().format),
                   dump.facts().incomplete
                       ? "the file is cut off: copy it again"
                       : "is this the memory of a Linux kernel? For a QEMU guest add -device vmcoreinfo");
}

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

Result<const arch::Architecture*> find_architecture(const dump::Dump& dump) {
  const dump::DumpFacts& facts = dump.facts();
  if (const auto* found = arch::find_architecture(facts.elf_machine, facts.machine, prstatus_size(dump))) return found;
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

Result<std::shared_ptr<debuginfo::SymbolSource>> open_kallsyms(const Target& target, StageClock& clock) {
  const dump::VmcoreInfo& info = target.vmcoreinfo;
  const auto names = info.symbol("kallsyms_names");
  const auto tokens = info.symbol("kallsyms_token_table");
  const auto index = info.symbol("kallsyms_token_index");
  const auto count = info.symbol("kallsyms_num_syms");
  std::vector<debuginfo::KnownSymbol> known;
  for (const std::string_view name : {"_stext", "swapper_pg_dir", "init_uts_ns"}) {
    if (const auto address = info.symbol(name)) known.push_back({std::string(name), *address});
  }
  if (!names || !tokens || !index || !count) {
    const auto text = info.symbol("_stext");
    if (!text) return fail(ErrorKind::kNotFound, "VMCOREINFO names neither the kernel's symbol table nor _stext");
    clock.enter("search the kernel for its symbol table");
    TRY_ASSIGN(auto found, debuginfo::find_kallsyms(*target.memory, {*text, *text + kLargestImage}, known, {}));
    return found;
  }
  const debuginfo::KallsymsTables tables{*names,
                                         *tokens,
                                         *index,
                                         *count,
                                         info.symbol("kallsyms_offsets"),
                                         info.symbol("kallsyms_addresses"),
                                         info.symbol("kallsyms_relative_base")};
  TRY_ASSIGN(auto kallsyms, debuginfo::Kallsyms::open(*target.memory, tables, known));
  return kallsyms;
}

void add_symbols_of_vmlinux(Target& target) {
  if (!target.lines->available()) return;
  auto symbols = debuginfo::ElfSymbols::open(target.lines->image(), target.lines->placement(), {});
  if (symbols) {
    target.symbols_from = (*symbols)->description();
    target.symbols->add(*std::move(symbols));
  } else {
    target.gaps.push_back({"symbols of the vmlinux", symbols.error().what});
  }
}

// The kernel image as far as it can reach: from its text on.
std::optional<VirtualRange> image_of(const Target& target) {
  const auto text = target.vmcoreinfo.symbol("_stext");
  if (!text) return std::nullopt;
  return VirtualRange{*text, *text + kLargestImage};
}

// Behind the code, where it is known where that ends.
std::optional<VirtualRange> data_of_image(const Target& target) {
  auto image = image_of(target);
  const auto text_end = target.symbols->address_of("_etext");
  if (image && text_end && image->contains(*text_end)) image->begin = *text_end;
  return image;
}

// Without CONFIG_KALLSYMS_ALL the kernel's table names functions only.
void add_exported_symbols(Target& target, std::span<const std::string_view> wanted, StageClock& clock) {
  const auto image = data_of_image(target);
  if (!image) return;
  clock.enter("search the kernel for exported symbols");
  auto exported = debuginfo::ExportedSymbols::find(*target.memory, *image, wanted);
  if (exported) {
    target.symbols->add(*std::move(exported));
  } else {
    target.gaps.push_back({"symbols of the kernel's data", exported.error().what});
  }
}

// Looks for distilled types once, and only when something is missing in the dump or the user named them.
TypesFile& types_file(Target& target, const OpenOptions& options) {
  if (!target.types_file) {
    target.types_file = std::make_unique<TypesFile>(options.types, target.vmcoreinfo, *target.memory, target.gaps);
  }
  return *target.types_file;
}

// Variables that kallsyms does not name, from whatever does.
void find_data_symbols(Target& target, const OpenOptions& options, StageClock& clock) {
  const auto found = [&] { return target.symbols->address_of(kAnyData).has_value(); };
  target.names_data = found();
  if (target.names_data) return;
  add_symbols_of_vmlinux(target);
  if (!found() && types_file(target, options).available()) target.symbols->add(target.types_file->symbols());
  target.names_data = found();
  if (!target.names_data) add_exported_symbols(target, options.symbols_wanted, clock);
}

void find_symbols(Target& target, const OpenOptions& options, StageClock& clock) {
  target.symbols = std::make_unique<debuginfo::SymbolChain>();
  auto kallsyms = open_kallsyms(target, clock);
  if (kallsyms) {
    target.symbols_from = (*kallsyms)->description();
    target.symbols->add(*std::move(kallsyms));
    target.symbols->prepare(options.symbols_wanted);
    find_data_symbols(target, options, clock);
  } else {
    target.gaps.push_back({"symbols of the kernel", kallsyms.error().what});
    add_symbols_of_vmlinux(target);
    target.symbols->prepare(options.symbols_wanted);
  }
  target.symbols->add(std::make_shared<VmcoreinfoSymbols>(target.vmcoreinfo));
}

Result<VirtualRange> find_btf(const Target& target, StageClock& clock) {
  const auto begin = target.symbols->address_of("__start_BTF");
  const auto end = target.symbols->address_of("__stop_BTF");
  if (begin && end && *end > *begin) return VirtualRange{*begin, *end};
  const auto image = data_of_image(target);
  // Without symbols nothing is known of the kernel, not even what it lacks.
  if (target.symbols_from.empty()) return fail(ErrorKind::kNotFound, "no symbol says where they are");
  if (target.names_data || !image) {
    return fail(ErrorKind::kNotFound, "the kernel carries no BTF (no symbol __start_BTF)");
  }
  clock.enter("search the kernel for its types");
  return debuginfo::find_btf(*target.memory, *image);
}

Result<std::shared_ptr<debuginfo::TypeSource>> types_of_dump(Target& target, StageClock& clock) {
  TRY_ASSIGN(const auto range, find_btf(target, clock));
  TRY_ASSIGN(target.btf, debuginfo::BtfTypes::open(*target.memory, range, "BTF in the dump"));
  return target.btf;
}

// From the DWARF of the vmlinux: for kernels that carry no BTF.
Result<std::shared_ptr<debuginfo::TypeSource>> types_of_vmlinux(const Target& target, const OpenOptions& options) {
  const SourceLines& lines = *target.lines;
  return debuginfo::open_dwarf_types(lines.image(), {options.sources_wanted.begin(), options.sources_wanted.end()},
                                     fmt::format("DWARF of {} ({})", lines.image()->path(), lines.proof()));
}

// The vmlinux from the servers that the user configured, when nothing else was named or found.
void fetch_vmlinux_if_asked(Target& target, const OpenOptions& options, StageClock& clock) {
  constexpr std::string_view kWhat = "vmlinux from debuginfod";
  if (!options.vmlinux.empty() || !options.types.empty() || !asks_servers()) return;
  const auto id = build_id_of(target.vmcoreinfo, *target.memory, *target.symbols);
  if (!id) {
    target.gaps.push_back({std::string(kWhat), "the dump names no build id to ask for"});
    return;
  }
  clock.enter("ask debuginfod for the vmlinux");
  const auto path = fetch_vmlinux(*id, [&](const std::string& file) -> Result<void> {
    TRY_ASSIGN(const auto image, debuginfo::ElfImage::open(file));
    if (image->build_id() == *id) return {};
    return fail(ErrorKind::kMismatch, "what a server gave for the build id {} has the build id {}", *id,
                image->build_id().empty() ? "missing" : image->build_id());
  });
  if (!path) {
    target.gaps.push_back({std::string(kWhat), path.error().what});
    return;
  }
  target.lines = std::make_unique<SourceLines>(*path, target.vmcoreinfo, *target.memory, target.gaps);
  if (!target.names_data) add_symbols_of_vmlinux(target);
}

// For a kernel that carries no types: distilled ones, or those of the vmlinux, first what the user named.
Result<std::shared_ptr<debuginfo::TypeSource>> types_beside_dump(Target& target, const OpenOptions& options,
                                                                 StageClock& clock) {
  const bool prefers_vmlinux = options.types.empty() && !options.vmlinux.empty() && target.lines->available();
  if (!prefers_vmlinux && types_file(target, options).available()) return target.types_file->types();
  if (!target.lines->available()) fetch_vmlinux_if_asked(target, options, clock);
  if (!target.lines->available()) return fail(ErrorKind::kNotFound, "there is neither a vmlinux nor distilled types");
  return types_of_vmlinux(target, options);
}

void find_types(Target& target, const OpenOptions& options, StageClock& clock) {
  target.types = std::make_unique<debuginfo::TypeChain>();
  auto types = types_of_dump(target, clock);
  if (!types) {
    clock.enter("types beside the dump");
    auto others = types_beside_dump(target, options, clock);
    if (!others) {
      target.gaps.push_back({"types of the kernel", types.error().what});
      if (target.lines->available()) target.gaps.push_back({"types of the vmlinux", others.error().what});
      return;
    }
    types = *std::move(others);
  }
  target.types->add(*std::move(types));
  if (target.names_data) return;
  auto section = std::make_shared<PerCpuSection>(*target.symbols, *target.types);
  if (section->found()) target.symbols->add(std::move(section));
}

void find_unwinder(Target& target) {
  auto unwinder = unwind::make_unwinder(
      {*target.architecture, *target.memory, *target.symbols, *target.types, target.address_space.get()});
  if (!unwinder) {
    const bool is_blind = target.symbols_from.empty();
    target.gaps.push_back({"stacks", is_blind ? "no symbol says where the unwind tables are" : unwinder.error().what});
    return;
  }
  target.unwinder = *std::move(unwinder);
}

std::optional<NotedRegisters> decode(const Target& target, const dump::Note& note, ByteOrder order) {
  if (note.type != kNtPrstatus || note.name != "CORE" || target.architecture->decode_prstatus == nullptr) {
    return std::nullopt;
  }
  auto status = target.architecture->decode_prstatus(note.data, order);
  if (!status) return std::nullopt;
  return NotedRegisters{status->registers, status->pid};
}

}  // namespace

Result<Target> open_target(OpenOptions options, StageClock& clock) {
  Target target;
  clock.enter("open the dump");
  TRY_ASSIGN(target.dump, dump::open_dump(std::move(options.dump_files)));
  TRY_ASSIGN(target.vmcoreinfo, find_vmcoreinfo(*target.dump, clock));
  TRY_ASSIGN(target.architecture, find_architecture(*target.dump));
  // From here on physical memory can be read, and the machine is known.
  const arch::MachineFacts facts = machine_facts(target.vmcoreinfo, *target.dump);
  TRY_ASSIGN(target.address_space, target.architecture->make_address_space(*target.dump, facts));
  target.memory = std::make_unique<KernelMemory>(*target.dump, *target.address_space, target.architecture->byte_order);
  // From here on kernel virtual memory can be read.
  clock.enter("symbols");
  target.lines = std::make_unique<SourceLines>(options.vmlinux, target.vmcoreinfo, *target.memory, target.gaps,
                                               options.vmlinux_folders);
  if (!options.types.empty()) types_file(target, options);
  find_symbols(target, options, clock);
  target.address_space->learn_symbols([&](std::string_view name) { return target.symbols->address_of(name); });
  clock.enter("types");
  find_types(target, options, clock);
  if (options.types_wanted) {
    target.types->prepare(options.types_wanted(*target.symbols), options.enumerators_wanted);
  }
  // From here on structures can be read by name.
  clock.enter("unwind tables");
  find_unwinder(target);
  return target;
}

std::vector<NotedRegisters> registers_in_file(const Target& target) {
  std::vector<NotedRegisters> all;
  for (const dump::Note& note : target.dump->notes()) {
    if (auto registers = decode(target, note, target.dump->facts().header_byte_order)) {
      all.push_back(*registers);
    }
  }
  return all;
}

std::optional<NotedRegisters> registers_in_note(const Target& target, std::span<const std::byte> bytes) {
  const dump::NoteList list = dump::parse_notes(bytes, target.architecture->byte_order);
  for (const dump::Note& note : list.notes) {
    if (auto registers = decode(target, note, target.architecture->byte_order)) return registers;
  }
  return std::nullopt;
}

}  // namespace whyhung::target
