// SPDX-License-Identifier: GPL-2.0-or-later
// distill: cuts what whyhung asks of a kernel's debug information out of its vmlinux.
#include <sys/utsname.h>

#include <iostream>

#include "base/output_file.h"
#include "base/text.h"
#include "cli/analyze.h"
#include "cli/complain.h"
#include "cli/progress.h"
#include "debuginfo/distilled.h"
#include "debuginfo/types_input.h"
#include "debuginfo/types_pack.h"
#include "dump/elf_notes.h"
#include "kernel/names_used.h"

namespace whyhung::cli {
namespace {

struct Summary {
  std::size_t types = 0;  // that can be asked for by name
  std::size_t symbols = 0;
  std::size_t bytes = 0;
  std::string origin;
};

// What the running kernel says of itself, for /sys/kernel/btf/vmlinux.
void describe_running_kernel(debuginfo::DistilledFile& file) {
  utsname name{};
  if (::uname(&name) == 0) debuginfo::state_release(file, name.release);
  const auto notes = open_file_source("/sys/kernel/notes");
  if (!notes) return;
  std::vector<std::byte> bytes((*notes)->size());
  const auto count = (*notes)->read_some(0, bytes);
  if (!count) return;
  for (const dump::Note& note : dump::parse_notes(std::span(bytes).first(*count), file.byte_order).notes) {
    constexpr std::uint32_t kBuildId = 3;  // NT_GNU_BUILD_ID
    if (note.type != kBuildId || note.name != "GNU") continue;
    for (const std::byte byte : note.data) file.build_id += fmt::format("{:02x}", std::to_integer<unsigned>(byte));
  }
}

Result<debuginfo::DistilledFile> distilled(const debuginfo::TypesInput& input, debuginfo::TypesOf from) {
  const auto words = kernel::words_used();
  debuginfo::DistilledFile file;
  if (input.kind == debuginfo::TypesInput::Kind::kBtf) {
    if (from == debuginfo::TypesOf::kDwarf) return fail(ErrorKind::kNotFound, "{}: it is BTF", input.bytes->name());
    TRY_ASSIGN(file, debuginfo::distill_btf(input.bytes, words));
  } else {
    const auto first = kernel::sources_used();
    TRY_ASSIGN(const auto image, debuginfo::ElfImage::open(input.bytes));
    TRY_ASSIGN(file, debuginfo::distill(image, from, words, {first.begin(), first.end()}));
  }
  if (input.bytes->name().starts_with("/sys/kernel/btf/")) {
    describe_running_kernel(file);
  } else if (file.build_id.empty() && file.banner.empty()) {
    const std::string release = debuginfo::release_of_file_name(input.name);
    if (!release.empty()) debuginfo::state_release(file, release);
  }
  return file;
}

Result<Summary> write(const DistillOptions& options) {
  TRY_ASSIGN(const auto input, debuginfo::open_types_input(options.vmlinux));
  const auto existing = options.force ? Existing::kReplace : Existing::kRefuse;
  TRY_ASSIGN(auto output, OutputFile::create(options.output, existing, std::vector{options.vmlinux}));
  TRY_ASSIGN(auto file, distilled(input, options.from));
  // A module, a program or a kernel whose debug information was taken away.
  if (!file.names.contains("task_struct")) {
    return with_hint(
        fail(ErrorKind::kNotFound, "{}: its debug information does not describe a kernel", options.vmlinux),
        "give the vmlinux of the distribution's debug package");
  }
  if (file.build_id.empty() && debuginfo::release_of(file).empty()) {
    return with_hint(
        fail(ErrorKind::kNotFound, "{}: says neither its build id nor its banner, so no dump could be told to be its",
             options.vmlinux),
        "name the file after the release if you know it: 4.14.256-197.484.amzn2.x86_64.btf");
  }
  const auto bytes = debuginfo::write_distilled(file);
  TRY_CHECK(output.write(0, bytes));
  // Unlike what comes out of a dump, it holds nothing that is not in the distribution's packages.
  TRY_CHECK(output.allow_everybody());
  TRY_CHECK(output.commit());
  return Summary{file.names.size(), file.symbols.size(), bytes.size(), file.origin};
}

}  // namespace

int distill(const DistillOptions& options) {
  Progress progress;
  progress.show("distil " + options.vmlinux);
  const auto summary = write(options);
  progress.clear();
  if (!summary) {
    complain(summary.error());
    return 2;
  }
  std::cout << fmt::format("{}: {} types and {} symbols from {}, {:.1f} KB\n", printable(options.output),
                           summary->types, summary->symbols, summary->origin,
                           static_cast<double>(summary->bytes) / 1e3);
  return 0;
}

}  // namespace whyhung::cli
