// SPDX-License-Identifier: GPL-2.0-or-later
// sym: symbols by name, by address, by a part of their names, and their neighbours.
#include "base/text.h"
#include "commands/all_symbols.h"
#include "commands/command.h"
#include "commands/expression.h"

namespace whyhung::commands {
namespace {

constexpr auto kOptions = std::to_array<Option>({{"l", "", "all symbols, modules included"},
                                                 {"m", "MODULE", "all symbols of a module"},
                                                 {"q", "TEXT", "symbols whose name holds the text"},
                                                 {"p", "", "and the symbol before"},
                                                 {"n", "", "and the symbol behind"}});

void write(Call& call, const debuginfo::Symbol& symbol, std::uint64_t offset, bool with_line) {
  const VirtualAddress at = symbol.address + offset;
  std::string line;
  collect::Workbench& machine = call.machine();
  if (with_line && symbol.module.empty() && symbol.may_be_code() && machine.target.lines) {
    const auto frames = machine.target.lines->at(at);
    if (!frames.empty() && !frames.front().file.empty()) {
      line = fmt::format("{}: {}", frames.front().file, frames.front().line);
    }
  }
  Value row = Value::object();
  row.set("address", Value::address(at.value));
  row.set("name", symbol.name);
  row.set("offset", offset);
  row.set("type", std::string(1, symbol.type == 0 ? '?' : symbol.type));
  if (!symbol.module.empty()) row.set("module", symbol.module);
  if (!line.empty()) row.set("line", line);
  std::string text =
      fmt::format("{:x} ({}) {}", at.value, symbol.type == 0 ? '?' : symbol.type, printable(symbol.name));
  if (offset != 0) text += fmt::format("+{}", offset);
  if (!symbol.module.empty()) text += fmt::format(" [{}]", printable(symbol.module));
  if (!line.empty()) text += fmt::format(" {}", printable(line));
  call.output.row(text + "\n", row);
}

Result<void> list_all(Call& call) {
  visit_symbols(call.machine(), [&](const debuginfo::Symbol& symbol) {
    write(call, symbol, 0, false);
    return !call.context.is_stopped();
  });
  return {};
}

Result<void> list_module(Call& call, std::string_view name) {
  const auto& modules = call.machine().modules;
  if (std::ranges::find(modules, name, &kernel::LoadedModule::name) == modules.end()) {
    return fail(ErrorKind::kNotFound, "no module is called {}", printable(name));
  }
  visit_symbols(call.machine(), [&](const debuginfo::Symbol& symbol) {
    if (symbol.module == name) write(call, symbol, 0, false);
    return !call.context.is_stopped();
  });
  return {};
}

Result<void> list_matching(Call& call, std::string_view part) {
  visit_symbols(call.machine(), [&](const debuginfo::Symbol& symbol) {
    if (symbol.name.find(part) != std::string::npos) write(call, symbol, 0, false);
    return !call.context.is_stopped();
  });
  if (!call.output.wrote_any()) return fail(ErrorKind::kNotFound, "no symbol's name holds \"{}\"", printable(part));
  return {};
}

// The symbols around an address. A neighbour is what covers the byte beside.
Result<void> show_around(Call& call, VirtualAddress address) {
  auto& symbols = call.machine().access.symbols;
  const auto found = symbols.find_covering(address);
  if (!found) return fail(ErrorKind::kNotFound, "no symbol covers {:#x}", address.value);
  if (call.has("p")) {
    const auto before = symbols.find_covering(found->symbol.address - 1);
    if (before) write(call, before->symbol, 0, false);
  }
  write(call, found->symbol, found->offset, true);
  if (call.has("n") && found->symbol.size != 0) {
    const auto behind = symbols.find_covering(found->symbol.address + found->symbol.size);
    if (behind && behind->symbol.address > found->symbol.address) write(call, behind->symbol, 0, false);
  }
  return {};
}

Result<void> run(Call& call) {
  if (call.has("l")) return list_all(call);
  if (const auto module = call.arguments.value("m")) return list_module(call, *module);
  if (const auto part = call.arguments.value("q")) return list_matching(call, *part);
  if (call.words().empty()) return fail(ErrorKind::kUsage, "sym wants a name or an address: sym schedule");
  for (const std::string& word : call.words()) {
    const auto named = call.machine().access.symbols.find_all(word, 16);
    for (const debuginfo::Symbol& symbol : named) {
      if (call.has("p") || call.has("n")) {
        TRY_CHECK(show_around(call, symbol.address));
      } else {
        write(call, symbol, 0, true);
      }
    }
    if (!named.empty()) continue;
    TRY_ASSIGN(const std::uint64_t address, parse_address(call, word));
    TRY_CHECK(show_around(call, VirtualAddress(address)));
  }
  return {};
}

}  // namespace

extern const Command kSym = {.name = "sym",
                             .usage = "sym [-l] [-m MODULE] [-q TEXT] [-pn] [NAME|ADDRESS]…",
                             .help = "symbols by name, address or part of the name",
                             .options = kOptions,
                             .needs = Needs::kMachine,
                             .run = run};

}  // namespace whyhung::commands
