// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/options.h"

#include <iostream>
#include <map>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "commands/command.h"

namespace whyhung::cli {
namespace {

constexpr int kUsageError = 2;

std::string command_help() {
  std::string text = "Commands for -c, in the syntax of crash:\n";
  for (const commands::Command* command : commands::all_commands()) {
    text += fmt::format("  {}\n      {}\n", command->usage, command->help);
  }
  return text +
         "\nExit status: 0 a hang is explained (or all commands ran), 1 no hang found or not determined,\n"
         "2 the input cannot be read or the command line makes no sense.";
}

void add_sources(CLI::App& app, std::string& vmlinux, std::string& types) {
  app.add_option("--vmlinux", vmlinux, "the kernel's debug file: adds source lines, and types if the dump has none")
      ->type_name("FILE");
  app.add_option("--types", types, "types made by distill, for a dump that has none: a file, or a folder of them")
      ->type_name("FILE");
}

void add_output(CLI::App& app, std::string& output, bool& force) {
  app.add_option("-o,--output", output, "file to write")->required()->type_name("FILE");
  app.add_flag("-f,--force", force, "overwrite an existing file");
}

}  // namespace

std::variant<AnalyzeOptions, PackOptions, DistillOptions, Stop> parse_command_line(int argc, char** argv) {
  AnalyzeOptions analyze;
  PackOptions pack;
  DistillOptions distill;
  CLI::App app{"whyhung says why a Linux machine hung, from its crash dump alone.", "whyhung"};
  app.footer(command_help());
  app.set_version_flag("--version", "whyhung " WHYHUNG_VERSION);
  app.add_option("VMCORE", analyze.inputs, "crash dump (all parts of a split one), or a saved snapshot");
  app.add_flag("--json", analyze.json, "one JSON object instead of text");
  app.add_option("-c,--command", analyze.commands, "run COMMAND instead of the verdict; may be repeated")
      ->allow_extra_args(false)
      ->type_name("COMMAND");
  add_sources(app, analyze.vmlinux, analyze.types);
  app.add_option("--save-snapshot", analyze.save_snapshot, "save what was read of the machine, as JSON")
      ->type_name("FILE");
  app.add_flag("--stats", analyze.stats, "pages, time and memory of each stage, on standard error");
  const std::map<std::string, ColourChoice> colours = {
      {"auto", ColourChoice::kAuto}, {"always", ColourChoice::kAlways}, {"never", ColourChoice::kNever}};
  app.add_option("--color", analyze.colour, "auto, always or never; auto obeys NO_COLOR")
      ->transform(CLI::CheckedTransformer(colours))
      ->type_name("WHEN");
  CLI::App* pack_command = app.add_subcommand("pack", "write a capsule: a small dump that gives the same verdict");
  pack_command->add_option("VMCORE", pack.inputs, "crash dump (all parts of a split one)")->required();
  add_sources(*pack_command, pack.vmlinux, pack.types);
  add_output(*pack_command, pack.output, pack.force);
  CLI::App* distill_command =
      app.add_subcommand("distill", "write the types of a kernel that whyhung uses into a small file, for --types");
  distill_command->add_option("VMLINUX", distill.vmlinux, "the kernel's debug file")->required();
  const std::map<std::string, debuginfo::TypesOf> sources = {
      {"any", debuginfo::TypesOf::kAny}, {"btf", debuginfo::TypesOf::kBtf}, {"dwarf", debuginfo::TypesOf::kDwarf}};
  distill_command->add_option("--from", distill.from, "any, btf or dwarf: where its types are read; any prefers BTF")
      ->transform(CLI::CheckedTransformer(sources))
      ->type_name("WHERE");
  add_output(*distill_command, distill.output, distill.force);
  try {
    app.parse(argc, argv);
    if (!pack_command->parsed() && !distill_command->parsed() && analyze.inputs.empty())
      throw CLI::RequiredError("VMCORE");
  } catch (const CLI::ParseError& error) {
    const int status = app.exit(error, std::cout, std::cerr);
    return Stop{status == 0 ? 0 : kUsageError};
  }
  if (pack_command->parsed()) return pack;
  if (distill_command->parsed()) return distill;
  return analyze;
}

}  // namespace whyhung::cli
