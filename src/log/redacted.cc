// SPDX-License-Identifier: GPL-2.0-or-later
#include "log/redacted.h"

namespace whyhung::log {

model::Redactor redactor_of(const LogReport& report) {
  model::Redactor redactor(report.snapshot);
  // A server's name is one of a machine as well.
  for (const Statement& statement : report.verdict.chain) {
    if (statement.saying == Saying::kServerSilent) redactor.add_host(statement.a);
  }
  return redactor;
}

LogReport redacted(const LogReport& report, model::Redactor& redactor) {
  LogReport out = report;
  out.snapshot = redactor.snapshot(report.snapshot);
  for (Gap& gap : out.snapshot.gaps) gap.what = redactor.text(gap.what);
  for (Statement& statement : out.verdict.chain) {
    statement.a = redactor.text(statement.a);
    statement.b = redactor.text(statement.b);
  }
  for (Accused& accused : out.verdict.accused) {
    if (!accused.comm.empty()) accused.comm = redactor.program(accused.comm);
    accused.thing = redactor.text(accused.thing);
  }
  for (auto& [line, text] : out.cited) text = redactor.text(text);
  for (SourceFile& file : out.files) file.name = redactor.text(file.name);
  return out;
}

}  // namespace whyhung::log
