// SPDX-License-Identifier: GPL-2.0-or-later
// A crash dump, whole or in parts.
#include <algorithm>
#include <filesystem>

#include "collect/collect.h"
#include "session/input.h"

namespace whyhung::session {
namespace {

// The folders that the files of the dump lie in, each once.
std::vector<std::string> folders_of(const Inputs& inputs) {
  std::vector<std::string> folders;
  for (const auto& file : inputs.files) {
    std::string folder = std::filesystem::path(file->name()).parent_path().string();
    if (folder.empty()) folder = ".";
    if (std::ranges::find(folders, folder) == folders.end()) folders.push_back(std::move(folder));
  }
  return folders;
}

// What the user named must be readable; that it belongs to another kernel is said, and the rest goes on.
Result<void> check_named_files(const target::Target& target, std::vector<Error>& notices) {
  const auto check = [&](const std::optional<Error>& refusal) -> Result<void> {
    if (!refusal) return {};
    if (refusal->kind != ErrorKind::kUsage) return fail(*refusal);
    notices.push_back(*refusal);
    return {};
  };
  TRY_CHECK(check(target.lines->refusal()));
  if (target.types_file) TRY_CHECK(check(target.types_file->refusal()));
  return {};
}

Result<Opened> open(Inputs inputs, StageClock& clock) {
  Opened opened;
  auto folders = folders_of(inputs);
  auto options = collect::open_options(std::move(inputs.files), inputs.vmlinux, inputs.types);
  options.vmlinux_folders = std::move(folders);
  TRY_ASSIGN(auto target, target::open_target(std::move(options), clock));
  opened.target = std::make_unique<target::Target>(std::move(target));
  TRY_CHECK(check_named_files(*opened.target, opened.notices));
  clock.enter("structures");
  auto machine = collect::Workbench::create(*opened.target);
  if (!machine) {
    opened.snapshot = collect::poor_snapshot(*opened.target, inputs.name, machine.error());
    opened.lack = std::move(machine).error();
    return opened;
  }
  opened.machine = *std::move(machine);
  collect::collect_snapshot(*opened.machine, inputs.name, clock);
  return opened;
}

}  // namespace

const InputKind kDumpInput = {"crash dump", [](std::span<const std::byte>) { return true; }, open};

}  // namespace whyhung::session
