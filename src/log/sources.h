// SPDX-License-Identifier: GPL-2.0-or-later
// The texts of an archive or folder of which some are logs of a kernel: told by their names, or by what they begin
// with.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "log/input.h"

namespace whyhung::log {

class Sources {
 public:
  // At first there is one text, which is taken whatever it is.
  void expect_several() { only_ = false; }
  bool several() const { return !only_; }
  void begin(std::string name);
  void add(std::string_view line);
  void end();
  // Whether more of the text that was begun is wanted.
  bool wants_more() const { return keeper_.has_value(); }
  std::vector<TextSource> take() { return std::move(sources_); }
  std::vector<Gap> take_gaps() { return std::move(gaps_); }

 private:
  void open();

  bool only_ = true;
  std::vector<TextSource> sources_;
  std::vector<Gap> gaps_;
  std::string name_;
  bool named_as_log_ = false;
  bool telling_ = false;         // a line of it is of a kernel
  std::size_t stamps_ = 0;       // lines with a kernel's clock
  std::uint64_t line_ = 0;       // of the file
  std::uint64_t opened_at_ = 1;  // the line at which the section begins
  std::optional<LineKeeper> keeper_;
  std::size_t looked_at_ = 0;  // bytes
  std::size_t kept_ = 0;       // bytes of all sources
};

// Whether a file of that path holds what a kernel said, by the customs of support tools and distributions.
bool is_log_name(std::string_view path);
// Records of one crash that pstore kept lie side by side: "dmesg-efi-179610435301001", "dmesg-ramoops-0".
bool is_pstore_name(std::string_view name);
// Of files that continue each other (pieces of pstore, rotated logs) the name that they share.
std::string family_of(std::string_view path);

}  // namespace whyhung::log
