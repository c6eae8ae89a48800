// SPDX-License-Identifier: GPL-2.0-or-later
#include "log/prefix.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "log/clock.h"
#include "log/scan.h"

namespace whyhung::log {
namespace {

constexpr int kMostLayers = 14;

// State while the layers of one line come off.
struct Peeling {
  std::string_view text;
  Stripped& out;
  bool open_clock = false;    // the last thing taken off was a date without brackets: a host's name may follow
  bool kernel_stamp = false;  // the kernel's own stamp has gone
  bool monotonic = false;     // … in the form that journalctl -o short-monotonic also has
};

// "[12345.678901]", "[12.34 < 0.1>]"; the opening bracket may have been lost by copying.
bool take_kernel_stamp(Peeling& p) {
  std::string_view s = trimmed_left(p.text);
  const bool bracket = take(s, "[");
  s = trimmed_left(s);
  const auto seconds = take_number(s);
  if (!seconds || !take(s, ".")) return false;
  const std::size_t before = s.size();
  const auto fraction = take_number(s);
  const std::size_t digits = before - s.size();
  if (!fraction || digits < 3 || digits > 9 || (!bracket && digits != 6)) return false;
  s = trimmed_left(s);
  if (take(s, "<")) {
    const std::size_t end = s.find('>');
    if (end == std::string_view::npos || end > 24) return false;
    s.remove_prefix(end + 1);
  }
  if (!take(s, "]")) return false;
  p.out.record.uptime =
      static_cast<double>(*seconds) + static_cast<double>(*fraction) / std::pow(10.0, static_cast<double>(digits));
  p.text = s;
  p.kernel_stamp = true;
  p.open_clock = false;
  return true;
}

// dmesg -H: "[  +0.000015]".
bool take_delta(Peeling& p) {
  std::string_view s = trimmed_left(p.text);
  if (!take(s, "[")) return false;
  s = trimmed_left(s);
  if (!take(s, "+")) return false;
  const auto seconds = take_number(s);
  if (!seconds || !take(s, ".")) return false;
  const std::size_t before = s.size();
  const auto fraction = take_number(s);
  if (!fraction || !take(s, "]")) return false;
  const auto digits = static_cast<double>(before - s.size() - 1);
  p.out.delta = static_cast<double>(*seconds) + static_cast<double>(*fraction) / std::pow(10.0, digits);
  p.text = s;
  p.kernel_stamp = true;
  return true;
}

// "[ T123]", "[    C1]" behind the stamp (CONFIG_PRINTK_CALLER); dmesg sets it off with a blank.
bool take_caller(Peeling& p) {
  if (!p.kernel_stamp) return false;
  std::string_view s = trimmed_left(p.text);
  if (!take(s, "[")) return false;
  s = trimmed_left(s);
  if (s.size() < 2 || (s[0] != 'T' && s[0] != 'C') || !is_digit(s[1])) return false;
  const std::size_t end = s.find(']');
  if (end == std::string_view::npos || end > 12) return false;
  p.out.record.caller = s.substr(0, end);
  p.text = s.substr(end + 1);
  return true;
}

// "<6>", with syslog's facility in it or not.
bool take_level(Peeling& p) {
  std::string_view s = trimmed_left(p.text);
  if (!take(s, "<")) return false;
  const auto value = take_number(s);
  if (!value || *value > 191 || !take(s, ">")) return false;
  p.out.record.level = static_cast<std::uint8_t>(*value % 8);
  p.text = s;
  return true;
}

// netconsole's extended header: "6,16611,40570900008,-,caller=T28532,ncfrag=0/1200;".
bool take_netconsole(Peeling& p) {
  std::string_view s = trimmed_left(p.text);
  const auto level = take_number(s);
  if (!level || *level > 2047 || !take(s, ",")) return false;
  const auto sequence = take_number(s);
  if (!sequence || !take(s, ",")) return false;
  const auto microseconds = take_number(s);
  if (!microseconds || !take(s, ",") || s.empty()) return false;
  const std::size_t end = s.find(';');
  if (end == std::string_view::npos || end > 120) return false;
  std::string_view rest = s.substr(0, end);
  while (!rest.empty()) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    std::string_view field = rest.substr(0, comma);
    rest.remove_prefix(std::min(comma + 1, rest.size()));
    if (take(field, "caller=")) p.out.record.caller = field;
    if (take(field, "ncfrag=")) p.out.fragment = field;
  }
  p.out.record.level = static_cast<std::uint8_t>(*level % 8);
  p.out.sequence = *sequence;
  p.out.record.uptime = static_cast<double>(*microseconds) / 1e6;
  p.text = s.substr(end + 1);
  p.kernel_stamp = true;
  p.open_clock = false;
  return true;
}

bool take_clock(Peeling& p) {
  std::string_view s = trimmed_left(p.text);
  const bool bracket = take(s, "[");
  const auto clock = take_wall_clock(s);
  if (!clock) return false;
  if (bracket && !take(s, "]")) return false;
  // dmesg --time-format iso, which alone has a comma there: the kernel's text follows and no name of a machine.
  const std::string_view taken = trimmed_left(p.text).substr(0, trimmed_left(p.text).size() - s.size());
  const bool from_dmesg = taken.size() > 20 && taken[10] == 'T' && taken[19] == ',';
  p.out.record.wall = *clock;
  p.text = s;
  p.open_clock = !bracket && !from_dmesg;
  return true;
}

// Quotes of mails and forums, marks of preformatted text, numbers of lines.
bool take_decoration(Peeling& p) {
  std::string_view s = trimmed_left(p.text);
  for (const std::string_view mark : {"```", "<pre>", "<code>", "</code>", "</pre>", "\xEF\xBB\xBF"}) {
    if (take(s, mark)) {
      p.text = s;
      return true;
    }
  }
  if (!s.empty() && (s.front() == '>' || s.front() == '|') && !p.out.record.has_prefix) {
    p.text = s.substr(1);
    return true;
  }
  // "16407:" or "  12\t" of grep -n, less -N, cat -n: only before something that is a prefix itself.
  const auto number = take_number(s);
  if (!number || s.empty() || (s.front() != ':' && s.front() != '\t' && s.front() != ')')) return false;
  s = trimmed_left(s.substr(1));
  if (s.empty() || (s.front() != '[' && s.front() != '<' && !is_alpha(s.front()))) return false;
  if (is_digit(s.front())) return false;
  if (is_alpha(s.front()) && !take_wall_clock(s)) return false;
  p.text = trimmed_left(p.text);
  take_number(p.text);
  p.text.remove_prefix(1);
  return true;
}

// What logs of terminals, containers and hypervisors say between their clock and the line.
bool take_channel(Peeling& p) {
  std::string_view s = trimmed_left(p.text);
  for (const std::string_view mark : {"stdout F ", "stderr F ", "stdout P ", "stderr P ", "ttyS0: ", "ttyS1: ",
                                      "ttyAMA0: ", "hvc0: ", "console: ", "kern  :", "daemon:", "user  :"}) {
    if (take(s, mark)) {
      p.text = s;
      return true;
    }
  }
  for (const std::string_view level : {"emerg", "alert", "crit", "err", "warn", "notice", "info", "debug"}) {
    std::string_view rest = s;  // dmesg -x: "kern  :err   : [..]"
    if (take(rest, level) && (take_blanks(rest) || true) && take(rest, ":") && p.text.data() != nullptr &&
        trimmed_left(rest).starts_with("[")) {
      p.text = rest;
      return true;
    }
  }
  // VMware's "In(05) vcpu-5 - Guest: ".
  if (const std::size_t guest = s.find(" - Guest: "); guest != std::string_view::npos && guest < 40) {
    p.text = s.substr(guest + 10);
    return true;
  }
  // A login prompt that stood on the console: "vm login: [   95.118003] …".
  if (const std::size_t login = s.find(" login: ["); login != std::string_view::npos && login < 80) {
    p.text = s.substr(login + 8);
    return true;
  }
  return false;
}

// "kernel:", "host kernel:", "host qemu-ga[871]:"; which program it was decides whether the line is the kernel's.
bool take_identifier(Peeling& p) {
  std::string_view s = trimmed_left(p.text);
  std::string_view first = take_word(s);
  std::string_view host;
  if (!first.ends_with(':')) {
    const bool may_be_host = p.open_clock || p.kernel_stamp;
    if (!may_be_host || first.empty() || first.front() == '[' || first.find('+') != std::string_view::npos)
      return false;
    host = first;
    s = trimmed_left(s);
    first = take_word(s);
  }
  // "host 6,16611,…;": netconsole's own form behind syslog's.
  std::string_view extended = first;
  if (p.open_clock && !host.empty() && take_number(extended) && take(extended, ",")) {
    p.out.record.host = host;
    p.text = std::string_view(first.data(), static_cast<std::size_t>(p.text.data() + p.text.size() - first.data()));
    p.open_clock = false;
    return true;
  }
  if (!take_blanks(s) && !s.empty()) return false;
  if (!first.ends_with(':')) {
    // "host [ 123.4] …"
    if (p.open_clock && !host.empty() && first.starts_with('[')) {
      std::string_view behind = first;
      p.text = std::string_view(behind.data(), static_cast<std::size_t>(p.text.data() + p.text.size() - behind.data()));
      p.out.record.host = host;
      p.open_clock = false;
      return true;
    }
    return false;
  }
  std::string_view name = first.substr(0, first.size() - 1);
  const std::size_t bracket = name.find('[');
  const bool has_pid = bracket != std::string_view::npos && name.size() > bracket + 2 && name.ends_with(']') &&
                       std::ranges::all_of(name.substr(bracket + 1, name.size() - bracket - 2), is_digit);
  name = name.substr(0, std::min(name.find('['), name.size()));
  constexpr std::array<std::string_view, 10> kFirstWords = {"INFO", "BUG",  "WARNING",   "rcu", "watchdog",
                                                            "NMI",  "task", "Workqueue", "RIP", "Oops"};
  if (std::ranges::find(kFirstWords, name) != kFirstWords.end()) {
    if (!p.open_clock || host.empty()) return false;
    p.out.record.host = host;
    p.text = std::string_view(first.data(), static_cast<std::size_t>(p.text.data() + p.text.size() - first.data()));
    p.open_clock = false;
    return true;
  }
  const bool is_kernel = name == "kernel" || name == "kern" || name.ends_with("kernel");
  // "nvme nvme0: …" is the text; "dockerd[44]: …" was written by a program, also behind the kernel's own stamp.
  if (p.kernel_stamp && !is_kernel && !has_pid) return false;
  if (!p.open_clock && !p.kernel_stamp && !is_kernel) return false;
  if (!is_kernel && !p.open_clock && !p.kernel_stamp) return false;
  p.out.record.from_user_space |= !is_kernel;
  p.out.record.from_kernel |= is_kernel;
  if (!host.empty()) p.out.record.host = host;
  p.text = s;
  p.open_clock = false;
  return true;
}

}  // namespace

Stripped strip_prefix(std::string_view line) {
  Stripped out;
  Peeling p{line, out};
  for (int layer = 0; layer < kMostLayers; ++layer) {
    const bool taken = take_caller(p) || take_kernel_stamp(p) || take_delta(p) || take_level(p) || take_netconsole(p) ||
                       take_clock(p) || take_channel(p) || take_identifier(p) || take_decoration(p);
    if (!taken) break;
    out.record.has_prefix |= out.record.uptime.has_value() || out.record.wall.has_value() || out.delta.has_value();
  }
  out.record.text = trimmed(p.text);
  return out;
}

std::optional<std::size_t> find_inner_stamp(std::string_view text) {
  for (std::size_t at = text.find('[', 1); at != std::string_view::npos; at = text.find('[', at + 1)) {
    std::string_view s = trimmed_left(text.substr(at + 1));
    const auto seconds = take_number(s);
    if (!seconds || !take(s, ".")) continue;
    const std::size_t before = s.size();
    if (!take_number(s) || before - s.size() != 6 || !take(s, "]")) continue;
    return at;
  }
  return std::nullopt;
}

}  // namespace whyhung::log
