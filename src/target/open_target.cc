// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>
#include <array>

#include "debuginfo/btf.h"
#include "debuginfo/btf_scan.h"
#include "debuginfo/elf_symbols.h"
#include "debuginfo/exported_symbols.h"
#include "debuginfo/kallsyms.h"
#include "debuginfo/kallsyms_scan.h"
#include "dump/elf_notes.h"
#include "target/first_look.h"
#include "target/known_types.h"
#include "target/open_dump.h"
#include "target/percpu_section.h"
#include "target/target.h"
#include "target/vmcoreinfo_symbols.h"

namespace whyhung::target {
namespace {

constexpr std::uint64_t kLargestImage = 128u << 20;  // of a kernel, from its text to the end of its read-only data
constexpr std::string_view kAnyData = "init_task";   // a variable that every kernel has

Result<std::shared_ptr<debuginfo::Kallsyms>> open_kallsyms(const Target& target, StageClock& clock) {
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

// Variables that kallsyms does not name, from whatever does.
void find_data_symbols(Target& target, const OpenOptions& options, StageClock& clock) {
  const auto found = [&] { return target.symbols->address_of(kAnyData).has_value(); };
  target.names_data = found();
  if (target.names_data) return;
  add_symbols_of_vmlinux(target);
  if (!found() && types_file_of(target, options).available()) target.symbols->add(target.types_file->symbols());
  target.names_data = found();
  if (!target.names_data) add_exported_symbols(target, options.symbols_wanted, clock);
}

// The kernel's own table is the result, which says what of it could not be read; null: there is none.
std::shared_ptr<debuginfo::Kallsyms> find_symbols(Target& target, const OpenOptions& options, StageClock& clock) {
  target.symbols = std::make_unique<debuginfo::SymbolChain>();
  auto kallsyms = open_kallsyms(target, clock);
  if (kallsyms) {
    target.symbols_from = (*kallsyms)->description();
    target.symbols->add(*kallsyms);
    target.symbols->prepare(options.symbols_wanted);
    find_data_symbols(target, options, clock);
  } else {
    target.gaps.push_back({"symbols of the kernel", kallsyms.error().what});
    add_symbols_of_vmlinux(target);
    target.symbols->prepare(options.symbols_wanted);
  }
  target.symbols->add(std::make_shared<VmcoreinfoSymbols>(target.vmcoreinfo));
  return kallsyms ? *kallsyms : nullptr;
}

void note_torn_symbols(Target& target, const debuginfo::Kallsyms* kallsyms) {
  const auto fault = kallsyms != nullptr ? kallsyms->fault() : std::nullopt;
  if (fault) target.gaps.push_back({"part of the kernel's symbols", to_error(*fault, "the table of symbols").what});
}

Result<VirtualRange> find_btf(const Target& target, const debuginfo::Kallsyms* kallsyms, StageClock& clock) {
  const auto begin = target.symbols->address_of("__start_BTF");
  const auto end = target.symbols->address_of("__stop_BTF");
  if (begin && end && *end > *begin) return VirtualRange{*begin, *end};
  const auto image = data_of_image(target);
  // Without symbols nothing is known of the kernel, not even what it lacks.
  if (target.symbols_from.empty()) return fail(ErrorKind::kNotFound, "no symbol says where they are");
  const bool is_torn = kallsyms != nullptr && kallsyms->fault();
  if ((target.names_data && !is_torn) || !image) {
    return fail(ErrorKind::kNotFound, "the kernel carries no BTF (no symbol __start_BTF)");
  }
  clock.enter("search the kernel for its types");
  return debuginfo::find_btf(*target.memory, *image);
}

Result<std::shared_ptr<debuginfo::TypeSource>> types_of_dump(Target& target, const debuginfo::Kallsyms* kallsyms,
                                                             StageClock& clock) {
  TRY_ASSIGN(const auto range, find_btf(target, kallsyms, clock));
  TRY_ASSIGN(target.btf, debuginfo::BtfTypes::open(*target.memory, range, "BTF in the dump"));
  return target.btf;
}

// The kernel's own types, before which those of the same build from elsewhere are asked where part of its own is lost.
class MendableTypes final : public debuginfo::TypeSource {
 public:
  explicit MendableTypes(std::shared_ptr<debuginfo::TypeSource> own) { chain_.push_back(std::move(own)); }
  void mend(std::shared_ptr<debuginfo::TypeSource> others) { chain_.insert(chain_.begin(), std::move(others)); }

  std::string description() const override { return chain_.front()->description(); }
  void prepare(std::span<const std::string_view> types, std::span<const std::string_view> enumerators) override {
    chain_.front()->prepare(types, enumerators);
  }
  std::optional<std::uint64_t> size_of(std::string_view type) override { return knowing(type).size_of(type); }
  std::optional<debuginfo::Member> member(std::string_view type, std::string_view path) override {
    return knowing(type).member(type, path);
  }
  std::vector<debuginfo::NamedMember> members(std::string_view type) override { return knowing(type).members(type); }
  std::optional<std::int64_t> enumerator(std::string_view name) override {
    const auto value = chain_.front()->enumerator(name);
    return value || chain_.size() == 1 ? value : chain_.back()->enumerator(name);
  }
  std::optional<std::uint64_t> per_cpu_offset(std::string_view variable) override {
    return chain_.back()->per_cpu_offset(variable);
  }

 private:
  debuginfo::TypeSource& knowing(std::string_view type) {
    const bool is_first = chain_.size() == 1 || chain_.front()->size_of(type).has_value();
    return is_first ? *chain_.front() : *chain_.back();
  }
  std::vector<std::shared_ptr<debuginfo::TypeSource>> chain_;  // one, or two
};

void mend_types(const Target& target, MendableTypes& types) {
  if (!target.btf || !target.btf->problem()) return;
  const auto known = built_in_types_of_build(built_in_types(), target);
  if (known) types.mend(types_of(*known).types);
}

void find_types(Target& target, const OpenOptions& options, const debuginfo::Kallsyms* kallsyms, StageClock& clock) {
  target.types = std::make_unique<debuginfo::TypeChain>();
  auto own = types_of_dump(target, kallsyms, clock);
  std::shared_ptr<debuginfo::TypeSource> types = own ? *own : nullptr;
  if (!types) {
    clock.enter("types beside the dump");
    auto others = types_beside_dump(target, options, clock);
    if (!others) {
      target.gaps.push_back({"types of the kernel", own.error().what});
      if (target.lines->available()) target.gaps.push_back({"types of the vmlinux", others.error().what});
      return;
    }
    types = others->types;
    if (others->are_near) {
      target.gaps.push_back(
          {"types of another build",
           fmt::format("its own are not in the dump; nothing that rests on {} is certain", types->description())});
    }
  }
  const auto mendable = std::make_shared<MendableTypes>(std::move(types));
  target.types->add(mendable);
  if (!target.names_data) {
    auto section = std::make_shared<PerCpuSection>(*target.symbols, *target.types);
    if (section->found()) target.symbols->add(std::move(section));
  }
  if (options.types_wanted) target.types->prepare(options.types_wanted(*target.symbols), options.enumerators_wanted);
  mend_types(target, *mendable);
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
  clock.enter("open the dump");
  TRY_ASSIGN(auto dump, dump::open_dump(std::move(options.dump_files)));
  return open_target(std::move(dump), options, clock);
}

Result<Target> open_target(std::unique_ptr<dump::Dump> dump, const OpenOptions& options, StageClock& clock) {
  Target target;
  target.dump = std::move(dump);
  TRY_ASSIGN(FirstLook first, take_first_look(*target.dump, clock));
  target.vmcoreinfo = std::move(first.vmcoreinfo);
  target.architecture = first.architecture;
  target.address_space = std::move(first.address_space);
  target.memory = std::move(first.memory);
  target.gaps = std::move(first.gaps);
  // From here on kernel virtual memory can be read.
  clock.enter("symbols");
  target.lines = std::make_unique<SourceLines>(options.vmlinux, target.vmcoreinfo, *target.memory, target.gaps,
                                               options.vmlinux_folders);
  if (!options.types.empty()) types_file_of(target, options);
  const auto kallsyms = find_symbols(target, options, clock);
  target.address_space->learn_symbols([&](std::string_view name) { return target.symbols->address_of(name); });
  clock.enter("types");
  find_types(target, options, kallsyms.get(), clock);
  note_torn_symbols(target, kallsyms.get());
  // From here on structures can be read by name. What symbols and types lack they say themselves, and what searches
  // passed over need not be there.
  target.memory->forget_missing_pages();
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
