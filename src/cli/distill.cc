// SPDX-License-Identifier: GPL-2.0-or-later
// distill: cuts what whyhung asks of a kernel's debug information out of its vmlinux.
#include <iostream>

#include "base/output_file.h"
#include "base/text.h"
#include "cli/analyze.h"
#include "cli/complain.h"
#include "cli/progress.h"
#include "debuginfo/distilled.h"
#include "kernel/names_used.h"

namespace whyhung::cli {
namespace {

struct Summary {
  std::size_t types = 0;  // that can be asked for by name
  std::size_t symbols = 0;
  std::size_t bytes = 0;
  std::string origin;
};

Result<Summary> write(const DistillOptions& options) {
  const auto existing = options.force ? Existing::kReplace : Existing::kRefuse;
  TRY_ASSIGN(auto output, OutputFile::create(options.output, existing, std::vector{options.vmlinux}));
  TRY_ASSIGN(const auto image, debuginfo::ElfImage::open(options.vmlinux));
  const auto first = kernel::sources_used();
  const auto words = kernel::words_used();
  TRY_ASSIGN(const auto file, debuginfo::distill(image, options.from, words, {first.begin(), first.end()}));
  // A module, a program or a kernel whose debug information was taken away.
  if (!file.names.contains("task_struct")) {
    return with_hint(fail(ErrorKind::kNotFound, "{}: its debug information does not describe a kernel", image->path()),
                     "give the vmlinux of the distribution's debug package");
  }
  if (file.build_id.empty() && file.banner.empty()) {
    return fail(ErrorKind::kNotFound,
                "{}: says neither its build id nor its banner, so no dump could be told to be its", image->path());
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
