// SPDX-License-Identifier: GPL-2.0-or-later
#include "session/session.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <iterator>

#include "session/file_kinds.h"
#include "session/find_dump.h"

namespace whyhung::session {
namespace {

std::string joined(const std::vector<std::string>& paths) {
  std::string name;
  for (const std::string& path : paths) name += (name.empty() ? "" : " ") + path;
  return name;
}

bool is_address(std::string_view path) {
  const std::size_t scheme = path.find("://");
  return scheme != std::string_view::npos && scheme != 0 && std::ranges::all_of(path.substr(0, scheme), [](char c) {
           return std::isalnum(static_cast<unsigned char>(c)) != 0;
         });
}

// Why a file cannot be opened, when what was named is none.
Error unopened(const std::string& path, Error error) {
  if (path == "-") {
    return {ErrorKind::kUsage, "standard input is not read: of a dump bytes are wanted from anywhere",
            "save it into a file and name that"};
  }
  if (is_address(path)) {
    return {ErrorKind::kUsage, fmt::format("{}: is an address, and only files are read", path), "fetch it first"};
  }
  return error;
}

// Crash's users name the vmlinux beside the dump. When there is nothing else, that is for the reader of dumps to
// refuse.
Result<void> set_vmlinux_aside(Inputs& inputs) {
  for (std::size_t i = 0; i < inputs.files.size() && inputs.files.size() > 1;) {
    std::array<std::byte, kHeadBytes> head{};
    TRY_ASSIGN(const std::size_t count, inputs.files[i]->read_some(0, head));
    if (!is_elf_program(std::span(head).first(count))) {
      ++i;
      continue;
    }
    if (!inputs.vmlinux.empty()) {
      return fail(ErrorKind::kUsage, "{} and {}: only one can be the vmlinux", inputs.vmlinux, inputs.files[i]->name());
    }
    inputs.vmlinux = inputs.files[i]->name();
    inputs.files.erase(inputs.files.begin() + static_cast<std::ptrdiff_t>(i));
  }
  return {};
}

}  // namespace

Result<std::vector<std::shared_ptr<ByteSource>>> open_files(const std::vector<std::string>& paths) {
  std::vector<std::shared_ptr<ByteSource>> files;
  for (const std::string& path : paths) {
    auto file = open_file_source(path);
    if (!file) return fail(unopened(path, file.error()));
    files.push_back(*std::move(file));
  }
  return files;
}

Result<Inputs> Session::open_inputs(const Request& request) {
  for (const std::string& path : request.inputs) {
    std::error_code error;
    if (!std::filesystem::is_directory(path, error)) {
      paths_.push_back(path);
      continue;
    }
    TRY_ASSIGN(std::string found, newest_dump_in(path));
    notices_.push_back({ErrorKind::kNotFound, fmt::format("the newest dump of {} is {}", path, found), {}});
    paths_.push_back(std::move(found));
  }
  Inputs inputs;
  TRY_ASSIGN(inputs.files, open_files(paths_));
  inputs.vmlinux = request.vmlinux;
  inputs.types = request.types;
  TRY_CHECK(set_vmlinux_aside(inputs));
  paths_.clear();
  for (const auto& file : inputs.files) paths_.push_back(file->name());
  inputs.name = joined(paths_);
  return inputs;
}

Result<std::unique_ptr<Session>> Session::open(const Request& request, std::function<void(std::string_view)> announce) {
  if (request.inputs.empty()) return fail(ErrorKind::kUsage, "no dump was named");
  std::unique_ptr<Session> session(new Session(std::move(announce)));
  TRY_ASSIGN(Inputs inputs, session->open_inputs(request));
  TRY_ASSIGN(const InputKind* const kind, kind_of(inputs));
  TRY_ASSIGN(session->opened_, kind->open(std::move(inputs), session->clock_));
  std::ranges::move(session->opened_.notices, std::back_inserter(session->notices_));
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
