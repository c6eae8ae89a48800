// SPDX-License-Identifier: GPL-2.0-or-later
#include "shell/arguments.h"

#include <algorithm>
#include <array>

#include "base/nearest.h"
#include "base/text.h"

namespace whyhung::shell {
namespace {

// Options of crash that change nothing here: what they would switch is done in another way, or not at all.
constexpr auto kWithoutEffect = std::to_array<std::string_view>({"-f",
                                                                 "-t",
                                                                 "-S",
                                                                 "--no_data_debug",
                                                                 "--no_kallsyms",
                                                                 "--no_modules",
                                                                 "--no_panic",
                                                                 "--no_kmem_cache",
                                                                 "--no_ikconfig",
                                                                 "--no_elf_notes",
                                                                 "--no_strip",
                                                                 "--no_namelist_gzip",
                                                                 "--no_crashrc",
                                                                 "--no_scroll",
                                                                 "--more",
                                                                 "--less",
                                                                 "--CRASHPAGER",
                                                                 "--smp",
                                                                 "--zero_excluded",
                                                                 "--readnow",
                                                                 "--kvm_guest",
                                                                 "--minimal",
                                                                 "--active"});
constexpr auto kWithoutEffectWithValue = std::to_array<std::string_view>(
    {"-p", "-d", "-m", "-c", "-e", "--kaslr", "--reloc", "--cpus", "--mod", "--machdep", "--hyper", "--memory_module",
     "--memory_device", "--offline", "--xen_phys_start", "--src"});

}  // namespace

Result<ShellOptions> parse_arguments(const std::vector<std::string>& arguments, bool as_crash) {
  ShellOptions options;
  options.as_crash = as_crash;
  constexpr auto kKnown = std::to_array<std::string_view>(
      {"--vmlinux", "--types", "-i", "-s", "--safe", "-x", "-h", "--help", "-v", "--version", "--osrelease", "--log"});
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& word = arguments[i];
    const std::size_t equals = word.find('=');
    const std::string name = word.starts_with("--") ? word.substr(0, equals) : word;
    const auto value = [&]() -> Result<std::string> {
      if (word.starts_with("--") && equals != std::string::npos) return word.substr(equals + 1);
      if (i + 1 >= arguments.size()) return fail(ErrorKind::kUsage, "{} wants something behind it", name);
      return arguments[++i];
    };
    if (!word.starts_with('-') || word == "-") {
      options.inputs.push_back(word);
    } else if (name == "--vmlinux") {
      TRY_ASSIGN(options.vmlinux, value());
    } else if (name == "--types") {
      TRY_ASSIGN(options.types, value());
    } else if (name == "-i") {
      TRY_ASSIGN(std::string file, value());
      options.files.push_back(std::move(file));
    } else if (name == "-s") {
      options.is_silent = true;
    } else if (name == "--safe") {
      options.is_safe = true;
    } else if (name == "-x") {
      options.hexadecimal = true;
    } else if (name == "-h" || name == "--help") {
      options.wants_help = true;
    } else if (name == "-v" || name == "--version") {
      options.wants_version = true;
    } else if (name == "--osrelease" || name == "--log") {
      (name == "--log" ? options.wants_log : options.wants_release) = true;
      TRY_ASSIGN(std::string file, value());
      options.inputs.push_back(std::move(file));
    } else if (as_crash && std::ranges::find(kWithoutEffectWithValue, name) != kWithoutEffectWithValue.end()) {
      TRY_CHECK(value());
    } else if (!as_crash || std::ranges::find(kWithoutEffect, name) == kWithoutEffect.end()) {
      const std::vector<std::string> names(kKnown.begin(), kKnown.end());
      const std::string_view near = nearest(word, names);
      return with_hint(fail(ErrorKind::kUsage, "the option {} is not known", printable(word)),
                       !near.empty() ? fmt::format("did you mean {}?", near) : std::string("see whyhung shell --help"));
    }
  }
  if (options.inputs.empty() && !options.wants_help && !options.wants_version) {
    return with_hint(fail(ErrorKind::kUsage, "a dump is missing"), "whyhung shell [vmlinux] VMCORE");
  }
  return options;
}

}  // namespace whyhung::shell
