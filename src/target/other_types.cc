// SPDX-License-Identifier: GPL-2.0-or-later
// Types for a kernel that carries none, from wherever there are some.
#include <algorithm>
#include <vector>

#include "debuginfo/dwarf_types.h"
#include "debuginfo/elf_symbols.h"
#include "dump/capsule_note.h"
#include "target/fetched_vmlinux.h"
#include "target/known_types.h"
#include "target/types_proof.h"

namespace whyhung::target {

TypesFile& types_file_of(Target& target, const OpenOptions& options) {
  if (!target.types_file) {
    target.types_file = std::make_unique<TypesFile>(options.types, target.vmcoreinfo, *target.memory, target.gaps);
  }
  return *target.types_file;
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

namespace {

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

// Those that a capsule brings along.
std::optional<OtherTypes> types_in_capsule(const dump::Dump& dump) {
  for (const dump::Note& note : dump.notes()) {
    const bool are_near = note.type == dump::kCapsuleNearTypesNoteType;
    if (note.name != dump::kCapsuleNoteName || (!are_near && note.type != dump::kCapsuleTypesNoteType)) continue;
    const auto source = make_memory_source({note.data.begin(), note.data.end()}, "types in the capsule");
    auto file = debuginfo::read_distilled(*source);
    if (!file) return std::nullopt;
    const std::string description =
        fmt::format("{} in the capsule", are_near ? "types of another build" : "distilled types");
    return OtherTypes{debuginfo::distilled_types(*file, description), *file, are_near};
  }
  return std::nullopt;
}

Result<std::shared_ptr<const debuginfo::DistilledFile>> read_types_file(const std::string& path) {
  TRY_ASSIGN(const auto source, open_file_source(path));
  return debuginfo::read_distilled(*source);
}

// Files that state no build but only a release, when it is the dump's and the dump's structures bear them out.
std::optional<OtherTypes> files_that_fit(Target& target, const std::string& path) {
  const std::string_view release = target.vmcoreinfo.os_release().value_or("");
  std::vector<std::string> folders = path.empty() ? usual_types_folders() : std::vector<std::string>{path};
  for (const std::string& folder : folders) {
    auto files = types_files_of(folder);
    if (files.empty() && !path.empty()) files.push_back(path);
    for (const std::string& name : files) {
      const auto file = read_types_file(name);
      const bool states_build = !file || !(*file)->build_id.empty() || !(*file)->banner.empty();
      if (states_build || debuginfo::release_of(**file) != release) continue;
      const auto types = debuginfo::distilled_types(*file, name);
      const TypesProof proof = prove_types(*types, *target.symbols, *target.memory, target.vmcoreinfo);
      if (!proof.failed.empty() || proof.passed < kEnoughChecks) continue;
      // What was said of the file when it could not be tried yet.
      std::erase_if(target.gaps, [](const Gap& gap) { return gap.what == "distilled types"; });
      return OtherTypes{
          debuginfo::distilled_types(
              *file, fmt::format("distilled types {} (same release, proven by {} checks)", name, proof.passed)),
          *file, false};
    }
  }
  return std::nullopt;
}

}  // namespace

OtherTypes types_of(const KnownTypes& known) {
  const std::string description =
      fmt::format("built-in types of {} ({})", debuginfo::release_of(*known.file), known.how);
  return {debuginfo::distilled_types(known.file, description), known.file, known.is_near};
}

// First what the user named; last those that are only near.
Result<OtherTypes> types_beside_dump(Target& target, const OpenOptions& options, StageClock& clock) {
  const bool prefers_vmlinux = options.types.empty() && !options.vmlinux.empty() && target.lines->available();
  if (!prefers_vmlinux) {
    const TypesFile& file = types_file_of(target, options);
    if (file.available()) return OtherTypes{file.types(), nullptr, false};
    if (auto fitting = files_that_fit(target, options.types)) return *std::move(fitting);
    if (auto carried = types_in_capsule(*target.dump)) return *std::move(carried);
    if (const auto known = built_in_types_of_build(built_in_types(), target)) return types_of(*known);
  }
  if (!target.lines->available()) fetch_vmlinux_if_asked(target, options, clock);
  if (target.lines->available()) {
    TRY_ASSIGN(auto types, types_of_vmlinux(target, options));
    return OtherTypes{std::move(types), nullptr, false};
  }
  clock.enter("prove built-in types");
  std::string why_not;
  const auto known = built_in_types_that_fit(built_in_types(), target, why_not);
  if (known) return types_of(*known);
  if (!why_not.empty()) target.gaps.push_back({"built-in types", why_not});
  return fail(ErrorKind::kNotFound, "there is neither a vmlinux nor distilled types");
}

CarriedTypes types_to_carry(Target& target, const OpenOptions& options, std::span<const std::string_view> words) {
  if (target.btf || target.types->empty()) return {};
  StageClock clock;
  const auto others = types_beside_dump(target, options, clock);
  if (!others) return {};
  if (others->distilled) return {debuginfo::write_distilled(*others->distilled), others->are_near};
  if (target.types_file && target.types_file->available()) {
    // The file itself, as it is.
    const std::string name = target.types_file->symbols()->description().substr(std::string_view("symbols of ").size());
    const auto source = open_file_source(name);
    std::vector<std::byte> bytes(source ? (*source)->size() : 0);
    if (source && (*source)->read_exactly(0, bytes)) return {std::move(bytes), false};
    return {};
  }
  const auto file = debuginfo::distill(target.lines->image(), debuginfo::TypesOf::kAny, words,
                                       {options.sources_wanted.begin(), options.sources_wanted.end()});
  return file ? CarriedTypes{debuginfo::write_distilled(*file), false} : CarriedTypes{};
}

}  // namespace whyhung::target
