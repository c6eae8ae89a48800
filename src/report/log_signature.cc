// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/log_signature.h"

#include <set>

#include <fmt/format.h>

#include "base/columns.h"
#include "base/text.h"

namespace whyhung::report {
namespace {

using log::Accused;
using log::Saying;

constexpr std::size_t kLongestTitle = 160;

// What a dump's chain says of the same: the kind of lock, and not its name, which a log seldom has.
std::set<std::string> edges_of(const log::LogReport& report) {
  std::set<std::string> edges;
  for (const log::Statement& statement : report.verdict.chain) {
    if (statement.saying == Saying::kKernelNamesHolder || statement.saying == Saying::kLastHolder) {
      edges.insert("held " + (statement.a.empty() ? std::string("semaphore") : statement.a));
    } else if (statement.saying == Saying::kListedHolder || statement.saying == Saying::kPredicted) {
      edges.insert("held " + statement.a);
    } else if (statement.saying == Saying::kServerSilent) {
      edges.insert("silent server");
    } else if (statement.saying == Saying::kDeviceSays) {
      edges.insert("silent device");
    }
  }
  return edges;
}

}  // namespace

Signature log_signature_of(const log::LogReport& report) {
  const log::Verdict& verdict = report.verdict;
  if (!log::is_explained(verdict)) return {};
  const std::string_view name = log::class_name(verdict);
  std::string text = fmt::format("class {}\n", name);
  std::set<std::string> culprits;
  for (const Accused& accused : verdict.accused) {
    if (accused.function.empty() && accused.module.empty()) continue;
    culprits.insert(fmt::format("culprit {} {}", diagnose::name_of(accused.kind),
                                signature_place(accused.function, accused.module)));
  }
  for (const std::string& one : culprits) text += one + "\n";
  for (const std::string& one : edges_of(report)) text += one + "\n";
  std::string title(name);
  if (!verdict.accused.empty()) {
    const Accused& accused = verdict.accused.front();
    if (!accused.function.empty()) title += fmt::format(" in {}()", printable(accused.function));
    if (!accused.module.empty()) title += fmt::format(" [{}]", printable(accused.module));
    if (!accused.thing.empty()) title += fmt::format(", {}", printable(accused.thing));
  }
  return {signature_id(name, text), cut_to(title, kLongestTitle)};
}

}  // namespace whyhung::report
