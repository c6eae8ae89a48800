// SPDX-License-Identifier: GPL-2.0-or-later
#include "log/sources.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/byte_text.h"
#include "log/prefix.h"
#include "log/scan.h"
#include "log/triggers.h"

namespace whyhung::log {
namespace {

constexpr std::size_t kMostKept = 24u << 20;  // of all sources together
constexpr std::size_t kMostOfOne = 6u << 20;  // of one of several
constexpr std::size_t kMostSources = 400;
constexpr std::size_t kUnnamedLook = 256u << 10;  // bytes within which a file without a known name must show what it is
constexpr std::size_t kStamps = 3;

// Words that hardly stand in anything but what a kernel said.
const TriggerSet& telling_words() {
  static const TriggerSet set = [] {
    constexpr auto kWords = std::to_array<std::string_view>({
        " blocked for more than ",
        "soft lockup - CPU#",
        "hard LOCKUP on cpu ",
        "detected stalls on CPUs/tasks",
        "self-detected stall on CPU",
        "detected expedited stalls",
        "NMI backtrace for cpu ",
        "Show Blocked State",
        "Kernel panic - not syncing",
        "workqueue lockup - pool",
        "non-responsive CSD lock",
        "Call Trace:",
        "Call trace:",
        "  TASK: ffff",
        "Panic#",
        "Oops#",
    });
    return TriggerSet(kWords);
  }();
  return set;
}

std::string_view without_packing(std::string_view name) {
  for (const std::string_view ending : {".gz", ".xz", ".zst", ".bz2"}) {
    if (name.ends_with(ending)) return name.substr(0, name.size() - ending.size());
  }
  return name;
}

// "messages-20260301", "kern.log.2": what rotation has put behind a name.
std::string_view without_rotation(std::string_view name) {
  std::size_t end = name.size();
  while (end > 0 && (is_digit(name[end - 1]) || name[end - 1] == '-')) --end;
  if (end == name.size() || end == 0) return name;
  if (name[end - 1] == '.') return name.substr(0, end - 1);
  return name.substr(end).starts_with('-') && name.size() - end >= 9 ? name.substr(0, end) : name;
}

// supportconfig's "#==[ Command ]=====#" begins a part of another kind.
bool begins_section(std::string_view line) {
  return line.starts_with("#==[ ");
}

}  // namespace

bool is_pstore_name(std::string_view name) {
  return name.starts_with("dmesg-") && name.find_first_of("0123456789") != std::string_view::npos &&
         !name.ends_with(".gz") && !name.ends_with(".enc.z");
}

bool is_log_name(std::string_view path) {
  const std::string_view name = without_rotation(without_packing(file_name_of(path)));
  constexpr auto kNames =
      std::to_array<std::string_view>({"messages", "kern.log", "syslog", "kernel.log", "boot.log", "messages.txt",
                                       "boot.txt", "vmcore-dmesg.txt", "warn", "kmsg", "console.log", "console"});
  constexpr auto kBeginnings =
      std::to_array<std::string_view>({"dmesg", "journalctl", "vmcore-dmesg", "console-ramoops", "netconsole",
                                       "CurrentDmesg", "Dmesg", "BootDmesg", "VmCoreDmesg", "serial"});
  return std::ranges::find(kNames, name) != kNames.end() ||
         std::ranges::any_of(kBeginnings, [&](std::string_view begin) { return name.starts_with(begin); });
}

std::string family_of(std::string_view path) {
  const std::string_view name = file_name_of(path);
  const std::string folder(path.substr(0, path.size() - name.size()));
  if (is_pstore_name(name)) return folder + "dmesg-*";
  return folder + std::string(without_rotation(without_packing(name)));
}

void Sources::begin(std::string name) {
  name_ = std::move(name);
  named_as_log_ = only_ || is_log_name(name_) || is_pstore_name(file_name_of(name_));
  line_ = 0;
  opened_at_ = 1;
  open();
}

void Sources::open() {
  telling_ = false;
  stamps_ = 0;
  looked_at_ = 0;
  keeper_.reset();
  if (sources_.size() < kMostSources) keeper_.emplace(only_ ? LineKeeper::kMostBytes : kMostOfOne);
}

void Sources::add(std::string_view line) {
  ++line_;
  if (!only_ && begins_section(line)) {
    end();
    opened_at_ = line_;
    open();
  }
  if (!keeper_) return;
  keeper_->add(line);
  if (only_) return;
  if (!telling_ && stamps_ < kStamps) {
    telling_ = telling_words().any(line);
    if (strip_prefix(line.substr(0, 512)).record.uptime) ++stamps_;
  }
  looked_at_ += line.size() + 1;
  if (!named_as_log_ && !telling_ && stamps_ < kStamps && looked_at_ > kUnnamedLook) keeper_.reset();
}

void Sources::end() {
  if (!keeper_) return;
  const bool wanted = only_ || telling_ || stamps_ >= kStamps || (named_as_log_ && looked_at_ != 0);
  if (wanted) {
    kept_ += keeper_->bytes();
    if (!only_ && kept_ > kMostKept) {
      kept_ -= keeper_->bytes();
      gaps_.push_back({fmt::format("the log {}", name_), "there are too many logs: it was passed over"});
    } else {
      sources_.push_back({name_, opened_at_, keeper_->take()});
    }
  }
  keeper_.reset();
}

}  // namespace whyhung::log
