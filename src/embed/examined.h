// SPDX-License-Identifier: GPL-2.0-or-later
// Examined: what a program that embeds this library has opened: a session, or the report on a log, and what may be
// asked of it. Texts come and go as values; the C interface is in library.cc.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "commands/command.h"
#include "commands/desk.h"
#include "commands/typed_description.h"
#include "log/read_log.h"
#include "model/index.h"
#include "session/session.h"

namespace whyhung::embed {

class Examined {
 public:
  // `options` as read_options() takes them.
  static Result<std::unique_ptr<Examined>> open(const std::string& path, std::string_view options);

  std::string notices() const;
  // "json", "screen", "full", "crash", "drgn".
  Result<std::string> report(std::string_view form);
  Result<std::string> command(std::string_view line, commands::Format format, const std::atomic<bool>& stop);
  // How many bytes at the beginning of `out` were read. Fewer than wanted: `fault` says why.
  Result<std::size_t> read(std::uint64_t address, std::span<std::byte> out, std::optional<Error>& fault);
  Result<std::uint64_t> symbol_address(std::string_view name);
  Result<std::string> symbol_at(std::uint64_t address);
  Result<std::string> value(std::string_view type, std::uint64_t address);
  Result<std::string> evaluated(std::string_view expression, commands::Depth depth);
  // The task in that place as JSON; nothing behind the last.
  Result<std::optional<std::string>> task(std::uint64_t place);

 private:
  Examined(std::unique_ptr<session::Session> session, std::optional<log::LogReport> log, commands::Numbers numbers);
  commands::Context context(std::ostream& out, commands::Format format) const;
  Result<void> need_machine() const;
  const model::Index& index();
  // Runs `ask` with what commands are run with.
  template <typename Ask>
  Result<std::string> asked(Ask ask);

  std::unique_ptr<session::Session> session_;  // null: it is a log
  std::optional<log::LogReport> log_;
  std::unique_ptr<commands::Desk> desk_;
  std::optional<model::Index> index_;
  commands::Numbers numbers_;
};

}  // namespace whyhung::embed
