// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/options.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "base/nearest.h"
#include "base/text.h"
#include "cli/described.h"
#include "cli/version.h"
#include "commands/command.h"
#include "report/catalogue.h"

namespace whyhung::cli {
namespace {

constexpr const char* kNoPagerHelp = "print at once what is longer than the terminal, instead of in a pager";

template <typename Value>
struct Choice {
  std::string_view word;
  Value value;
};

constexpr std::array<Choice<ColourChoice>, 3> kColours = {
    {{"auto", ColourChoice::kAuto}, {"always", ColourChoice::kAlways}, {"never", ColourChoice::kNever}}};
constexpr std::array<Choice<debuginfo::TypesOf>, 3> kTypeSources = {
    {{"any", debuginfo::TypesOf::kAny}, {"btf", debuginfo::TypesOf::kBtf}, {"dwarf", debuginfo::TypesOf::kDwarf}}};
constexpr std::array<Choice<Shell>, 3> kShells = {
    {{"bash", Shell::kBash}, {"zsh", Shell::kZsh}, {"fish", Shell::kFish}}};

template <typename Value>
std::string listed(std::span<const Choice<Value>> choices) {
  std::string text;
  for (std::size_t i = 0; i < choices.size(); ++i) {
    text += fmt::format("{}{}", i == 0 ? "" : i + 1 == choices.size() ? " or " : ", ", choices[i].word);
  }
  return text;
}

std::string command_help() {
  std::string text = "Commands for -c, in the syntax of crash (-c 'help NAME' tells the options of one):\n";
  for (const commands::Command* command : commands::all_commands()) {
    text += fmt::format("  {:<11} {}\n", command->name, command->help);
  }
  return text;
}

// The parser, with a place for all that it may find, and what it cannot say of itself.
class Parser {
 public:
  Parser() {
    app_.set_help_flag("-h,--help", "this text");
    app_.add_flag("-V,--version", version_, "the version and the commit that it was built from");
    add_analyze();
    add_pack();
    add_distill();
    add_completion();
    add_shell();
    add_explain();
    for (CLI::App* one : all()) one->allow_extras();
  }

  Request parse(int argc, char** argv) {
    try {
      app_.parse(argc, argv);
    } catch (const CLI::CallForHelp&) {
      return help();
    } catch (const CLI::ParseError& error) {
      return misuse(explained(error));
    }
    if (version_) return Answer{version_line() + "\n"};
    if (auto wrong = what_is_wrong()) return misuse(std::move(*wrong));
    if (pack_->parsed()) return pack_options_;
    if (distill_->parsed()) return distill_options_;
    if (completion_->parsed()) return completion_options_;
    if (explain_->parsed()) return explain_options_;
    return analyze_;
  }

  std::vector<DescribedCommand> describe() {
    std::vector<DescribedCommand> described;
    for (const CLI::App* one : all()) described.push_back(describe(*one));
    return described;
  }

 private:
  std::array<CLI::App*, 6> all() { return {&app_, pack_, distill_, explain_, completion_, shell_}; }

  void add_sources(CLI::App& app, std::string& vmlinux, std::string& types) {
    app.add_option("--vmlinux", vmlinux, "the kernel's debug file: adds source lines, and types if the dump has none")
        ->type_name("FILE");
    app.add_option("--types", types, "types made by distill, for a dump that has none: a file, or a folder of them")
        ->type_name("FILE");
  }

  void add_output(CLI::App& app, std::string& output, bool& force) {
    app.add_option("-o,--output", output, "file to write")->type_name("FILE");
    app.add_flag("-f,--force", force, "replace an existing file");
  }

  template <typename Value>
  void add_choice(CLI::App& app, const std::string& names, const char* type, Value& value,
                  std::span<const Choice<Value>> choices, const std::string& help) {
    const bool is_operand = names.front() != '-';
    const std::string name = is_operand ? names : names.substr(0, names.find(','));
    const auto take = [&value, choices, name](const std::string& word) {
      const auto found = std::ranges::find(choices, word, &Choice<Value>::word);
      if (found == choices.end()) {
        throw CLI::ValidationError(fmt::format("{} is {}, not {}", name, listed(choices), word));
      }
      value = found->value;
    };
    CLI::Option* option = app.add_option_function<std::string>(names, take, help)->type_name(type);
    std::vector<std::string> words;
    for (const Choice<Value>& choice : choices) words.emplace_back(choice.word);
    choices_.emplace_back(option, std::move(words));
  }

  void add_analyze() {
    app_.add_option("VMCORE", analyze_.inputs,
                    "a crash dump (all parts of a split one), a saved snapshot, or a folder with dumps; without it the "
                    "newest dump under /var/crash")
        ->type_name("VMCORE…");
    app_.add_flag("--full", analyze_.full,
                  "the whole report: the chain with its evidence, what still ran, all that is known");
    app_.add_flag("--plain", analyze_.plain, "the answer for somebody who never opened a dump");
    app_.add_flag("--markdown", analyze_.markdown,
                  "the first screen for a ticket, with the whole report folded below it");
    app_.add_flag("--dot", analyze_.dot, "the graph of who waits for whom, for Graphviz");
    app_.add_flag("--json", analyze_.json, "one JSON object instead of text");
    app_.add_flag("--folded", analyze_.folded, "the stacks of all tasks, counted, for flame graphs");
    app_.add_flag("--emit-crash", analyze_.emit_crash,
                  "the evidence as commands that check it in crash: crash -i FILE");
    app_.add_flag("--emit-drgn", analyze_.emit_drgn, "the evidence as a script of drgn that checks it");
    app_.add_flag("--redact", analyze_.redact,
                  "leave out host, programs, addresses, paths and keys: in the report and in every file");
    app_.add_option("-c,--command", analyze_.commands, "run COMMAND instead of the verdict; may be repeated")
        ->allow_extra_args(false)
        ->type_name("COMMAND");
    add_sources(app_, analyze_.vmlinux, analyze_.types);
    app_.add_option("--save-snapshot", analyze_.save_snapshot, "save what was read of the machine, as JSON")
        ->type_name("FILE");
    app_.add_option("--html", analyze_.html, "write the whole report as one page to be passed on")->type_name("FILE");
    app_.add_option("--svg", analyze_.svg, "write the graph of who waits for whom as a picture")->type_name("FILE");
    app_.add_option("--perfetto", analyze_.perfetto, "write the hang as a trace for viewers: CPUs, tasks, log")
        ->type_name("FILE");
    app_.add_flag("-f,--force", analyze_.force, "let the files that are written replace existing ones");
    app_.add_flag("--no-pager", analyze_.no_pager, kNoPagerHelp);
    app_.add_flag("--stats", analyze_.stats, "pages, time and memory of each stage, on standard error");
    add_choice<ColourChoice>(app_, "--color,--colour", "WHEN", analyze_.colour, kColours,
                             "auto, always or never; auto obeys NO_COLOR");
    notes_.emplace_back(&app_,
                        command_help() +
                            "\nExamples:\n"
                            "  whyhung /var/crash/202611221412/vmcore\n"
                            "  whyhung --full vmcore | less\n"
                            "  whyhung --json vmcore | jq .verdict\n"
                            "  whyhung --html hang.html vmcore\n"
                            "  whyhung vmcore -c sys -c 'foreach active bt'\n"
                            "\nExit status: 0 a hang is explained (or all commands ran), 1 no hang found or not\n"
                            "determined, 2 the input cannot be read or the command line makes no sense.\n");
  }

  void add_pack() {
    pack_ = app_.add_subcommand("pack", "write a capsule: a small dump that gives the same verdict");
    pack_->add_option("VMCORE", pack_options_.inputs, "a crash dump (all parts of a split one)")->type_name("VMCORE…");
    add_output(*pack_, pack_options_.output, pack_options_.force);
    add_sources(*pack_, pack_options_.vmlinux, pack_options_.types);
    notes_.emplace_back(pack_, "Examples:\n  whyhung pack /var/crash/202611221412/vmcore -o small.vmcore\n");
  }

  void add_distill() {
    distill_ = app_.add_subcommand("distill", "write the types of a kernel that whyhung uses into a small file");
    distill_->add_option("VMLINUX", distill_options_.vmlinux, "the kernel's debug file")->type_name("VMLINUX");
    add_output(*distill_, distill_options_.output, distill_options_.force);
    add_choice<debuginfo::TypesOf>(*distill_, "--from", "WHERE", distill_options_.from, kTypeSources,
                                   "any, btf or dwarf: where its types are read; any prefers BTF");
    notes_.emplace_back(distill_,
                        "Examples:\n  whyhung distill vmlinux-4.18 -o 4.18.types; whyhung --types 4.18.types vmcore\n");
  }

  void add_completion() {
    completion_ = app_.add_subcommand("completion", "print the completions of a shell");
    add_choice<Shell>(*completion_, "SHELL", "SHELL", completion_options_.shell, kShells, "bash, zsh or fish");
  }

  // The shell reads its arguments itself, as crash reads them (shell/arguments.cc): this tells of them.
  void add_shell() {
    shell_ = app_.add_subcommand("shell", "a prompt with the commands of crash, see whyhung shell --help");
    shell_->add_option("VMCORE", shell_options_.inputs, "a crash dump or a saved snapshot")->type_name("VMCORE…");
    shell_->add_option("-i", shell_options_.output, "run the lines of FILE first")->type_name("FILE");
    shell_->add_flag("-s", shell_options_.force, "no banner");
    shell_->add_flag("-x", shell_options_.force, "numbers in hexadecimal");
    shell_->add_flag("--safe", shell_options_.force, "run no other programs and write no files");
    add_sources(*shell_, shell_options_.vmlinux, shell_options_.types);
  }

  void add_explain() {
    explain_ = app_.add_subcommand("explain", "what a verdict or a word of a report means");
    CLI::Option* word = explain_->add_option("WORD", explain_options_.word, "a class of verdicts, or a word");
    word->type_name("WORD");
    choices_.emplace_back(word, report::catalogue_names());
    explain_->add_flag("--no-pager", explain_options_.no_pager, kNoPagerHelp);
    notes_.emplace_back(explain_, "Examples:\n  whyhung explain stop-machine-starved\n  whyhung explain softirq\n");
  }

  CLI::App* chosen() {
    const auto parsed = app_.get_subcommands();
    return parsed.empty() ? &app_ : parsed.front();
  }

  DescribedCommand describe(const CLI::App& app) const {
    DescribedCommand described;
    described.name = &app == &app_ ? "" : app.get_name();
    described.help = app.get_description();
    for (const auto& [owner, text] : notes_) {
      if (owner == &app) described.notes = text;
    }
    for (const CLI::Option* option : app.get_options()) {
      std::vector<std::string> words;
      for (const auto& [owner, all] : choices_) {
        if (owner == option) words = all;
      }
      if (option->get_positional()) {
        described.operand = option->get_type_name();
        described.operand_help = option->get_description();
        described.operand_choices = std::move(words);
        continue;
      }
      DescribedOption one;
      for (const std::string& name : option->get_snames()) one.names.push_back("-" + name);
      for (const std::string& name : option->get_lnames()) one.names.push_back("--" + name);
      if (option->get_items_expected_max() > 0) one.value = option->get_type_name();
      one.choices = std::move(words);
      one.help = option->get_description();
      described.options.push_back(std::move(one));
    }
    return described;
  }

  Answer help() {
    const auto described = describe();
    const std::string name = chosen() == &app_ ? "" : chosen()->get_name();
    const auto found = std::ranges::find(described, name, &DescribedCommand::name);
    return {help_of(*found, described)};
  }

  Misuse misuse(Error error) {
    DescribedCommand command = describe(*chosen());
    const std::string program = program_name(command);
    if (error.hint.empty()) error.hint = fmt::format("{} --help tells how it is called", program);
    return {program, std::move(error)};
  }

  static Error explained(const CLI::ParseError& error) {
    std::string what = error.what();
    // "--command: 1 required COMMAND missing"
    constexpr std::string_view kMissing = ": 1 required ", kEnd = " missing";
    const std::size_t at = what.find(kMissing);
    if (at != std::string::npos && what.ends_with(kEnd)) {
      const std::string value = what.substr(at + kMissing.size(), what.size() - kEnd.size() - at - kMissing.size());
      what = fmt::format("{} wants {}", what.substr(0, at), value);
    }
    return {ErrorKind::kUsage, std::move(what), {}};
  }

  std::optional<Error> what_is_wrong() {
    for (const std::string& extra : chosen()->remaining()) return unexpected(extra);
    for (const std::string& extra : app_.remaining()) return unexpected(extra);
    if (analyze_.json + analyze_.full + analyze_.plain + analyze_.markdown + analyze_.dot + analyze_.folded +
            analyze_.emit_crash + analyze_.emit_drgn >
        1) {
      return Error{ErrorKind::kUsage,
                   "--json, --full, --plain, --markdown, --dot, --folded, --emit-crash and --emit-drgn are different "
                   "answers: choose one",
                   {}};
    }
    if (analyze_.redact && !analyze_.commands.empty()) {
      return Error{ErrorKind::kUsage, "--redact is for reports: what a command prints is not looked through", {}};
    }
    if (chosen() == &app_) return std::nullopt;
    if (!analyze_.inputs.empty()) {
      return Error{ErrorKind::kUsage, fmt::format("{} stands before the dump", chosen()->get_name()),
                   fmt::format("whyhung {} {} …", chosen()->get_name(), analyze_.inputs.front())};
    }
    for (const CLI::Option* option : app_.get_options()) {
      if (option->count() == 0) continue;
      return Error{
          ErrorKind::kUsage, fmt::format("{} does not go with {}", option->get_name(), chosen()->get_name()), {}};
    }
    return what_is_missing();
  }

  std::optional<Error> what_is_missing() {
    const auto missing = [](std::string_view what) {
      return Error{ErrorKind::kUsage, fmt::format("{} is missing", what), {}};
    };
    if (pack_->parsed() && pack_options_.inputs.empty()) return missing("VMCORE");
    if (distill_->parsed() && distill_options_.vmlinux.empty()) return missing("VMLINUX");
    if (pack_->parsed() && pack_options_.output.empty()) return missing("-o FILE");
    if (distill_->parsed() && distill_options_.output.empty()) return missing("-o FILE");
    if (completion_->parsed() && completion_->get_option("SHELL")->count() == 0) return missing("SHELL");
    return std::nullopt;
  }

  Error unexpected(const std::string& word) {
    const DescribedCommand command = describe(*chosen());
    if (!word.starts_with("-")) {
      return {ErrorKind::kUsage, fmt::format("\"{}\" is one argument too many", printable(word)), {}};
    }
    const std::string name = word.substr(0, word.find('='));
    std::vector<std::string> known;
    for (const DescribedOption& option : command.options) {
      for (const std::string& one : option.names) {
        if (one.starts_with("--")) known.push_back(one);
      }
    }
    Error error{ErrorKind::kUsage, fmt::format("there is no option {}", printable(name)), {}};
    const std::string_view meant = name.starts_with("--") ? nearest(name, known) : std::string_view();
    error.hint = meant.empty() ? fmt::format("{} --help lists them", program_name(command))
                               : fmt::format("did you mean {}?", meant);
    return error;
  }

  CLI::App app_{"says why a Linux machine hung, from its crash dump alone", "whyhung"};
  CLI::App* pack_ = nullptr;
  CLI::App* distill_ = nullptr;
  CLI::App* completion_ = nullptr;
  CLI::App* shell_ = nullptr;
  CLI::App* explain_ = nullptr;
  bool version_ = false;
  AnalyzeOptions analyze_;
  PackOptions pack_options_;
  PackOptions shell_options_;  // only to have a place
  DistillOptions distill_options_;
  CompletionOptions completion_options_;
  ExplainOptions explain_options_;
  std::vector<std::pair<const CLI::Option*, std::vector<std::string>>> choices_;
  std::vector<std::pair<const CLI::App*, std::string>> notes_;
};

}  // namespace

Request parse_command_line(int argc, char** argv) {
  return Parser().parse(argc, argv);
}

std::vector<DescribedCommand> describe_command_line() {
  return Parser().describe();
}

}  // namespace whyhung::cli
