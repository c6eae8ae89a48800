// SPDX-License-Identifier: GPL-2.0-or-later
// A snapshot to be passed on: without what would tell whose machine it was. What the verdict rests on stays.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/snapshot.h"

namespace whyhung::model {

// What was taken out.
enum class Private : std::uint8_t {
  kHost,         // the host's name
  kProgram,      // names of programs: each has one other name
  kAddress,      // of IP and MAC, and of mail
  kPath,         // that a user may have chosen
  kCommandLine,  // of the kernel
  kKey,          // what looks like a password, a key or the id of a disk
};
std::string_view name_of(Private what);
std::span<const EnumName<Private>> words_of(Private);

class Redactor {
 public:
  // Learns the names that this machine has.
  explicit Redactor(const Snapshot& snapshot);

  // The name of another machine that texts may hold.
  void add_host(std::string name) { other_hosts_.push_back(std::move(name)); }

  Snapshot snapshot(const Snapshot& original);
  // A text of any kind: a line of the log, what was read as evidence.
  std::string text(std::string_view original);
  const std::map<Private, std::size_t>& counts() const { return counts_; }

  // The name that stands for a program's; that of a kernel thread is kept.
  std::string program(const std::string& comm);
  // A path, a server, a volume, of which nothing is kept but that it is another one than the last.
  std::string stranger(Private what, std::string_view kind, const std::string& name);

 private:
  struct Piece {
    std::size_t length = 0;  // of the text that is taken out; 0: nothing
    std::string instead;
  };
  Piece private_at(std::string_view text, std::size_t at);

  std::string host_;
  std::vector<std::string> other_hosts_;
  std::set<std::string, std::less<>> kernel_threads_;
  std::map<std::string, std::string, std::less<>> programs_;
  std::map<std::string, std::string, std::less<>> strangers_;
  std::map<Private, std::size_t> counts_;
};

}  // namespace whyhung::model
