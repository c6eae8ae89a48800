// SPDX-License-Identifier: GPL-2.0-or-later
#include "shell/start.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "base/text.h"
#include "model/index.h"
#include "report/first_screen.h"
#include "report/system_header.h"
#include "shell/arguments.h"
#include "shell/prompt.h"
#include "shell/shell.h"

namespace whyhung::shell {
namespace {

constexpr int kGood = 0;
constexpr int kUnusable = 2;

constexpr std::string_view kHelp =
    R"(usage: whyhung shell [OPTIONS] [vmlinux] VMCORE
       whyhung-crash [OPTIONS] [vmlinux] VMCORE

A debugger for a crash dump, with the commands of crash. No debuginfo is needed;
a vmlinux adds source lines. Commands come from the terminal or from standard
input. `help` lists them, `help COMMAND` explains one.

  -i FILE          run the lines of FILE first
  -s               no banner
  -x               numbers in hexadecimal
  --safe           run no other programs and write no files
  --vmlinux FILE   the kernel's debug file
  --types FILE     types made by whyhung distill
  --osrelease F    only say the kernel's release
  --log F          only show the kernel's log
  -h, --help       this text
  -v, --version    the version
)";

void complain(const Error& error) {
  std::cerr << "whyhung: " << error.what << "\n";
  if (!error.hint.empty()) std::cerr << "hint: " << error.hint << "\n";
}

void print_banner(session::Session& session) {
  const model::Index index(session.snapshot());
  std::cout << "\n";
  report::write_system_header(std::cout, session.snapshot().machine);
  std::cout << "\n";
  // Of the first screen the headline only: the rest is for those who ask.
  const report::Screen screen = report::make_screen(index, session.diagnosis());
  report::Screen headline;
  headline.status = screen.status;
  headline.headline = screen.headline;
  headline.sureness = screen.sureness;
  report::write_screen(std::cout, headline, report::Style(report::Colour::kNever), report::kScreenWidth);
  std::cout << "\n`help` lists the commands; `why` tells the chain that led to the hang.\n\n";
  std::cout.flush();
}

// $HOME's, never that of the folder where the shell was started: who unpacks a stranger's dump unpacks no commands.
std::string rc_file() {
  const char* home = std::getenv("HOME");
  if (home == nullptr || home[0] != '/') return {};
  std::string path = std::string(home) + "/.whyhungrc";
  std::error_code error;
  return std::filesystem::is_regular_file(path, error) ? path : std::string();
}

int say_release(session::Session& session) {
  std::cout << printable(session.snapshot().machine.release) << "\n";
  std::cout.flush();
  return session.snapshot().machine.release.empty() ? kUnusable : kGood;
}

}  // namespace

int run(const std::vector<std::string>& arguments, bool as_crash) {
  const auto options = parse_arguments(arguments, as_crash);
  if (!options) {
    complain(options.error());
    return kUnusable;
  }
  if (options->wants_help) {
    std::cout << kHelp;
    return kGood;
  }
  if (options->wants_version) {
    std::cout << "whyhung " << WHYHUNG_VERSION << "\n";
    return kGood;
  }
  auto opened = session::Session::open({options->inputs, options->vmlinux, options->types});
  if (!opened) {
    complain(opened.error());
    return kUnusable;
  }
  session::Session& session = **opened;
  if (options->wants_release) return say_release(session);
  for (const Error& notice : session.notices()) complain(notice);
  if (session.lack() != nullptr && !session.lack()->what.empty()) complain(*session.lack());
  Settings settings;
  settings.prompt = as_crash ? "crash> " : "whyhung> ";
  settings.is_safe = options->is_safe;
  settings.is_interactive = ::isatty(STDIN_FILENO) != 0 && ::isatty(STDOUT_FILENO) != 0;
  Shell shell(session, settings);
  if (options->hexadecimal) shell.desk().radix = debuginfo::Radix::kHexadecimal;
  catch_interrupts();
  if (options->wants_log) {
    shell.run_line("log");
    return shell.any_failed() ? kUnusable : kGood;
  }
  if (!options->is_silent) print_banner(session);
  bool goes_on = true;
  if (const std::string file = rc_file(); !file.empty() && settings.is_interactive) goes_on = shell.run_file(file);
  for (const std::string& file : options->files) goes_on = goes_on && shell.run_file(file);
  if (goes_on && settings.is_interactive) {
    run_prompt(shell);
    return kGood;
  }
  if (goes_on && ::isatty(STDIN_FILENO) == 0) shell.run_stream(std::cin);
  return shell.any_failed() ? kUnusable : kGood;
}

}  // namespace whyhung::shell
