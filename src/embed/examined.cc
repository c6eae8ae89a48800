// SPDX-License-Identifier: GPL-2.0-or-later
#include "embed/examined.h"

#include <filesystem>
#include <sstream>

#include "base/text.h"
#include "commands/objects.h"
#include "embed/options.h"
#include "report/first_screen.h"
#include "report/json.h"
#include "report/log_report.h"
#include "report/log_screen.h"
#include "report/recheck.h"
#include "report/text.h"

namespace whyhung::embed {
namespace {

constexpr std::size_t kMostBytes = std::size_t{64} << 20;  // of one read
constexpr std::size_t kStep = 4096;                        // no page is smaller

bool is_log(const std::string& path) {
  std::error_code error;
  return std::filesystem::is_regular_file(path, error) && log::is_log(path).value_or(false);
}

tl::unexpected<Error> no_form(std::string_view form) {
  return with_hint(fail(ErrorKind::kUsage, "there is no report in the form \"{}\"", printable(form)),
                   "the forms are screen, full, json, crash and drgn");
}

Result<std::string> report_on_log(const log::LogReport& report, std::string_view form) {
  std::ostringstream out;
  const report::Style style(report::Colour::kNever);
  if (form == "json") {
    report::write_log_json(out, report);
  } else if (form == "full") {
    report::write_log_text(out, report, style, report::kPageWidth);
  } else if (form == "screen") {
    report::write_screen(out, report::make_log_screen(report), style, report::kScreenWidth);
  } else if (form == "crash" || form == "drgn") {
    return fail(ErrorKind::kUsage, "what {} could read again is in a dump; this is a log", form);
  } else {
    return no_form(form);
  }
  return out.str();
}

}  // namespace

Examined::Examined(std::unique_ptr<session::Session> session, std::optional<log::LogReport> log,
                   commands::Numbers numbers)
    : session_(std::move(session)), log_(std::move(log)), numbers_(numbers) {
  desk_ = std::make_unique<commands::Desk>(session_ ? session_->machine() : nullptr);
  desk_->scrolls = false;
  desk_->allows_shell = false;
}

Result<std::unique_ptr<Examined>> Examined::open(const std::string& path, std::string_view text) {
  Options options;
  session::Request& request = options.request;
  request.inputs.push_back(path);
  TRY_CHECK(read_options(text, options));
  auto session = session::Session::open(request);
  if (session) return std::unique_ptr<Examined>(new Examined(std::move(*session), std::nullopt, options.numbers));
  // Asked in this order no snapshot is taken for a log.
  if (request.inputs.size() != 1 || !is_log(path)) return fail(std::move(session).error());
  TRY_ASSIGN(log::LogReport log, log::judge_file(path));
  return std::unique_ptr<Examined>(new Examined(nullptr, std::move(log), options.numbers));
}

std::string Examined::notices() const {
  commands::Value all = commands::Value::array();
  if (session_) {
    for (const Error& notice : session_->notices()) all.push(notice.what);
  }
  return all.dump();
}

Result<void> Examined::need_machine() const {
  if (!session_) return fail(ErrorKind::kUsage, "a log holds no memory of a machine");
  std::ostringstream none;
  return commands::need_machine(context(none, commands::Format::kJson), "this");
}

const model::Index& Examined::index() {
  if (!index_) index_.emplace(session_->snapshot());
  return *index_;
}

commands::Context Examined::context(std::ostream& out, commands::Format format) const {
  return {session_->snapshot(), session_->machine(), session_->lack(), out, format, desk_.get()};
}

Result<std::string> Examined::report(std::string_view form) {
  if (log_) return report_on_log(*log_, form);
  const diagnose::Diagnosis& diagnosis = session_->diagnosis();
  std::ostringstream out;
  const report::Style style(report::Colour::kNever);
  if (form == "json") {
    report::write_json(out, index(), diagnosis);
  } else if (form == "full") {
    report::write_text(out, index(), diagnosis, style);
  } else if (form == "screen") {
    report::write_screen(out, report::make_screen(index(), diagnosis), style, report::kScreenWidth);
  } else if (form == "crash" || form == "drgn") {
    report::write_recheck(out, index(), diagnosis, form == "crash" ? report::Tool::kCrash : report::Tool::kDrgn);
  } else {
    return no_form(form);
  }
  return out.str();
}

Result<std::string> Examined::command(std::string_view line, commands::Format format, const std::atomic<bool>& stop) {
  if (!session_) return fail(ErrorKind::kUsage, "commands need a dump or a saved snapshot; this is a log");
  if (session_->target() != nullptr && session_->machine() == nullptr) return fail(*session_->lack());
  std::ostringstream out;
  commands::Context one = context(out, format);
  one.stop = &stop;
  TRY_CHECK(commands::run_command(one, line));
  return out.str();
}

Result<std::size_t> Examined::read(std::uint64_t address, std::span<std::byte> out, std::optional<Error>& fault) {
  TRY_CHECK(need_machine());
  if (out.size() > kMostBytes) return fail(ErrorKind::kLimit, "{} bytes are too many for one read", out.size());
  if (!out.empty() && address + (out.size() - 1) < address)
    return fail(ErrorKind::kUsage, "the bytes would reach beyond the last address");
  std::size_t done = 0;
  while (done < out.size()) {
    const std::uint64_t at = address + done;
    const std::size_t count = std::min<std::size_t>(kStep - at % kStep, out.size() - done);
    const auto part = session_->target()->memory->read(VirtualAddress(at), out.subspan(done, count));
    if (!part) {
      fault = to_error(part.error(), "memory");
      break;
    }
    done += count;
  }
  return done;
}

Result<std::uint64_t> Examined::symbol_address(std::string_view name) {
  TRY_CHECK(need_machine());
  const auto found = session_->machine()->access.symbols.find_all(name, 1);
  if (found.empty()) return fail(ErrorKind::kNotFound, "there is no symbol \"{}\"", printable(name));
  return found.front().address.value;
}

Result<std::string> Examined::symbol_at(std::uint64_t address) {
  TRY_CHECK(need_machine());
  const auto found = session_->machine()->access.symbols.find_covering(VirtualAddress(address));
  if (!found) return fail(ErrorKind::kNotFound, "no symbol covers {:#x}", address);
  commands::Value value = commands::Value::object();
  value.set("name", found->symbol.name);
  value.set("offset", found->offset);
  value.set("address", commands::Value::address(found->symbol.address.value));
  if (found->symbol.size != 0) value.set("size", found->symbol.size);
  if (!found->symbol.module.empty()) value.set("module", found->symbol.module);
  return value.dump();
}

template <typename Ask>
Result<std::string> Examined::asked(Ask ask) {
  TRY_CHECK(need_machine());
  std::ostringstream none;
  commands::Context with = context(none, commands::Format::kJson);
  const commands::Arguments arguments;
  commands::Output output(none, commands::Format::kJson);
  const commands::Call call{with, *desk_, arguments, output};
  return ask(call);
}

Result<std::string> Examined::value(std::string_view type, std::uint64_t address) {
  return asked([&](const commands::Call& call) -> Result<std::string> {
    TRY_ASSIGN(const commands::ObjectChoice choice, commands::parse_choice(call, "", type));
    TRY_ASSIGN(const commands::Value value, commands::value_of_object(call, choice, address, numbers_));
    return value.dump();
  });
}

Result<std::string> Examined::evaluated(std::string_view expression, commands::Depth depth) {
  return asked([&](const commands::Call& call) -> Result<std::string> {
    TRY_ASSIGN(const commands::Typed typed, commands::evaluate(call, expression));
    TRY_ASSIGN(const commands::Value value, commands::describe(call, typed, depth, numbers_));
    return value.dump();
  });
}

Result<std::optional<std::string>> Examined::task(std::uint64_t place) {
  if (!session_) return fail(ErrorKind::kUsage, "the tasks of a log are in its report");
  if (place >= session_->snapshot().tasks.size()) return std::nullopt;
  return report::json_of_task(session_->snapshot(), session_->diagnosis(), place);
}

}  // namespace whyhung::embed
