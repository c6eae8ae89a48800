// SPDX-License-Identifier: GPL-2.0-or-later
#include "session/session.h"

namespace whyhung::session {
namespace {

std::string joined(const std::vector<std::string>& paths) {
  std::string name;
  for (const std::string& path : paths) name += (name.empty() ? "" : " ") + path;
  return name;
}

}  // namespace

Result<std::vector<std::shared_ptr<ByteSource>>> open_files(const std::vector<std::string>& paths) {
  std::vector<std::shared_ptr<ByteSource>> files;
  for (const std::string& path : paths) {
    TRY_ASSIGN(auto file, open_file_source(path));
    files.push_back(std::move(file));
  }
  return files;
}

Result<std::unique_ptr<Session>> Session::open(const Request& request, std::function<void(std::string_view)> announce) {
  if (request.inputs.empty()) return fail(ErrorKind::kUsage, "no dump was named");
  std::unique_ptr<Session> session(new Session(std::move(announce)));
  TRY_ASSIGN(auto files, open_files(request.inputs));
  Inputs inputs{std::move(files), request.vmlinux, request.types, joined(request.inputs)};
  TRY_ASSIGN(const InputKind* const kind, kind_of(inputs));
  TRY_ASSIGN(session->opened_, kind->open(std::move(inputs), session->clock_));
  session->clock_.enter("");
  return session;
}

const diagnose::Diagnosis& Session::diagnosis() {
  if (!diagnosis_) {
    clock_.enter("verdict");
    diagnosis_ = diagnose::diagnose(snapshot());
    clock_.enter("");
  }
  return *diagnosis_;
}

}  // namespace whyhung::session
