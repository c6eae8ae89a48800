// SPDX-License-Identifier: GPL-2.0-or-later
#include "model/redact.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <type_traits>
#include <variant>

#include <fmt/format.h>

#include "model/json_fields.h"

namespace whyhung::model {
namespace {

constexpr auto kPrivates = std::to_array<EnumName<Private>>({{Private::kHost, "host name"},
                                                             {Private::kProgram, "program"},
                                                             {Private::kAddress, "address"},
                                                             {Private::kPath, "path"},
                                                             {Private::kCommandLine, "command line"},
                                                             {Private::kKey, "key"}});
static_assert(is_whole(kPrivates));

constexpr std::size_t kFarthest = 256;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_hex(char c) {
  return std::isxdigit(static_cast<unsigned char>(c)) != 0;
}
bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

template <typename Is>
std::size_t run_of(std::string_view text, Is is) {
  return static_cast<std::size_t>(std::ranges::find_if_not(text, is) - text.begin());
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

// The functions below say how long what they look for is at the beginning of the text; 0: it is something else.

std::size_t mac_length(std::string_view text) {
  constexpr std::size_t kLength = 17;
  if (text.size() < kLength || (text.size() > kLength && (is_word(text[kLength]) || text[kLength] == ':'))) return 0;
  for (std::size_t i = 0; i < kLength; ++i) {
    const bool is_right = i % 3 == 2 ? text[i] == text[2] && (text[i] == ':' || text[i] == '-') : is_hex(text[i]);
    if (!is_right) return 0;
  }
  return kLength;
}

std::size_t ipv4_length(std::string_view text) {
  std::size_t at = 0;
  for (int part = 0; part < 4; ++part) {
    if (part != 0 && (at >= text.size() || text[at++] != '.')) return 0;
    const std::size_t digits = run_of(text.substr(std::min(at, text.size())), is_digit);
    if (digits == 0 || digits > 3) return 0;
    at += digits;
  }
  const bool goes_on =
      at < text.size() && (is_word(text[at]) || (text[at] == '.' && at + 1 < text.size() && is_digit(text[at + 1])));
  return goes_on ? 0 : at;
}

// Eight groups, or fewer with "::" among them: times and pairs of numbers have neither.
std::size_t ipv6_length(std::string_view text) {
  const std::size_t length = run_of(text, [](char c) { return is_hex(c) || c == ':'; });
  const std::string_view all = text.substr(0, length);
  if (length < text.size() && is_word(text[length])) return 0;
  const auto colons = std::ranges::count(all, ':');
  const bool is_short = all.find("::") != std::string_view::npos && all.find(":::") == std::string_view::npos;
  if (all.ends_with(':') && !all.ends_with("::")) return 0;
  const bool has_group = std::ranges::any_of(all, is_hex);
  return has_group && (colons == 7 || (is_short && colons >= 2 && colons < 8)) ? length : 0;
}

std::size_t mail_length(std::string_view text) {
  const std::size_t name = run_of(text, [](char c) { return is_word(c) || c == '.' || c == '+' || c == '-'; });
  if (name == 0 || name >= text.size() || text[name] != '@') return 0;
  const std::size_t host = run_of(text.substr(name + 1), [](char c) { return is_word(c) || c == '.' || c == '-'; });
  return text.substr(name + 1, host).find('.') == std::string_view::npos ? 0 : name + 1 + host;
}

std::size_t path_length(std::string_view text) {
  constexpr auto kOfUsers = std::to_array<std::string_view>(
      {"/home/", "/root/", "/Users/", "/export/", "/mnt/", "/media/", "/srv/", "/run/user/", "/tmp/", "/var/lib/"});
  for (const std::string_view begin : kOfUsers) {
    if (text.starts_with(begin)) {
      return run_of(text, [](char c) {
        return std::isspace(static_cast<unsigned char>(c)) == 0 && c != '"' && c != '\'' && c != ',' && c != ')';
      });
    }
  }
  return 0;
}

bool is_of_key(char c) {
  return is_word(c) || c == '+' || c == '/' || c == '=' || c == '-';
}

// A UUID, a long number in hexadecimal, or what looks like a key in base 64.
std::size_t key_length(std::string_view text) {
  constexpr std::size_t kUuid = 36;
  constexpr std::size_t kLongHex = 32;
  constexpr std::size_t kLongBase = 40;
  const std::size_t dashed = run_of(text, [](char c) { return is_hex(c) || c == '-'; });
  if (dashed == kUuid && std::ranges::count(text.substr(0, dashed), '-') == 4) return dashed;
  const std::size_t hex = run_of(text, is_hex);
  if (hex >= kLongHex && (hex == text.size() || !is_word(text[hex]))) return hex;
  const std::size_t base = run_of(text, is_of_key);
  const std::string_view all = text.substr(0, base);
  const auto has = [&](int (*is)(int)) {
    return std::ranges::any_of(all, [&](char c) { return is(static_cast<unsigned char>(c)) != 0; });
  };
  return base >= kLongBase && has(std::isdigit) && has(std::isupper) && has(std::islower) ? base : 0;
}

// "password=…", "token: …": how long the name and the sign behind it are.
std::size_t secret_name_length(std::string_view text) {
  constexpr auto kNames = std::to_array<std::string_view>(
      {"password", "passwd", "passphrase", "secret", "token", "apikey", "api_key", "key", "auth", "credential"});
  const std::string begin = lower(text.substr(0, 16));
  for (const std::string_view name : kNames) {
    if (!begin.starts_with(name) || name.size() >= text.size()) continue;
    if (text[name.size()] == '=') return name.size() + 1;
    if (text.substr(name.size()).starts_with(": ") && name != "key" && name != "auth") return name.size() + 2;
  }
  return 0;
}

std::size_t command_line_length(std::string_view text) {
  constexpr auto kMarks = std::to_array<std::string_view>({"ommand line: ", "BOOT_IMAGE="});
  for (const std::string_view mark : kMarks) {
    if (text.starts_with(mark)) return mark.size();
  }
  return 0;
}

std::size_t to_end_of_line(std::string_view text) {
  return std::min(text.find('\n'), text.size());
}
std::size_t to_blank(std::string_view text) {
  return run_of(text, [](char c) { return std::isspace(static_cast<unsigned char>(c)) == 0; });
}

// Members whose texts are words of this program or names of code, which tell of no machine.
bool is_public(std::string_view member) {
  constexpr auto kPublic = std::to_array<std::string_view>({"function",
                                                            "module",
                                                            "thread_function",
                                                            "thread_function_module",
                                                            "symbol",
                                                            "running_function",
                                                            "preemption",
                                                            "dump_format",
                                                            "architecture",
                                                            "release",
                                                            "machine",
                                                            "types_from",
                                                            "symbols_from",
                                                            "instructions",
                                                            "calls",
                                                            "code",
                                                            "condition",
                                                            "depends_on",
                                                            "taints",
                                                            "state",
                                                            "driver",
                                                            "file_system",
                                                            "workqueue",
                                                            "build_id",
                                                            "task_state_member",
                                                            "preempt_count_member",
                                                            "file",
                                                            "end_detail",
                                                            "kind",
                                                            "caller"});
  return std::ranges::find(kPublic, member) != kPublic.end();
}

// Walks all members of a snapshot and takes out what is private in its texts.
class Walker {
 public:
  explicit Walker(Redactor& redactor) : redactor_(redactor) {}

  template <typename T>
  void field(const char* name, T& value) {
    change(name, value);
  }
  template <typename T>
  void added(const char* name, T& value) {
    change(name, value);
  }
  template <typename... T>
  void one_of(const char*, std::variant<std::monostate, T...>& value) {
    std::visit(
        [&](auto& one) {
          if constexpr (!std::is_same_v<std::decay_t<decltype(one)>, std::monostate>) visit_fields(*this, one);
        },
        value);
  }
  template <typename T>
  void set(const char*, T&) {}
  template <typename T>
  void hex(const char*, T&) {}
  void mark(const char*, bool&) {}

 private:
  template <typename T>
  void change(std::string_view name, T& value) {
    if constexpr (std::is_same_v<T, std::string>) {
      change_text(name, value);
    } else if constexpr (std::is_same_v<T, Module> || std::is_same_v<T, RegisterValue> || std::is_enum_v<T> ||
                         std::is_arithmetic_v<T>) {
      // Names of code, numbers, and words of this program.
    } else if constexpr (std::is_same_v<T, Gap>) {
      value.why = redactor_.text(value.why);  // what it is about is a word that verdicts know
    } else if constexpr (std::is_same_v<T, Resource>) {
      change_resource(value);
    } else {
      visit_fields(*this, value);
    }
  }
  template <typename T>
  void change(std::string_view name, std::optional<T>& value) {
    if (value) change(name, *value);
  }
  template <typename T>
  void change(std::string_view name, std::vector<T>& value) {
    for (T& one : value) change(name, one);
  }
  void change(std::string_view, std::vector<bool>&) {}

  void change_text(std::string_view name, std::string& text) {
    if (text.empty() || is_public(name)) return;
    if (name == "comm") {
      text = redactor_.program(text);
    } else if (name == "node_name") {
      text = redactor_.stranger(Private::kHost, "host", text);
    } else if (name == "group" || name == "dump_file" || name == "mapped_as") {
      text = redactor_.stranger(Private::kPath,
                                name == "group"       ? "group"
                                : name == "dump_file" ? "dump"
                                                      : "volume",
                                text);
    } else {
      text = redactor_.text(text);
    }
  }

  void change_resource(Resource& resource) {
    std::string name = std::move(resource.name);
    resource.name.clear();
    visit_fields(*this, resource);
    const bool is_lock_or_code = resource.kind != ResourceKind::kFileLock && resource.kind != ResourceKind::kServer &&
                                 resource.kind != ResourceKind::kDevice;
    if (resource.kind == ResourceKind::kFileLock && !name.empty()) {
      name = redactor_.stranger(Private::kPath, "file", name);
    } else if (!is_lock_or_code) {
      name = redactor_.text(name);
    }
    resource.name = std::move(name);
  }

  Redactor& redactor_;
};

}  // namespace

std::string_view name_of(Private what) {
  return enum_name(kPrivates, what);
}
std::span<const EnumName<Private>> words_of(Private) {
  return kPrivates;
}

Redactor::Redactor(const Snapshot& snapshot) {
  const std::string& host = snapshot.machine.node_name;
  if (!host.empty() && host != "(none)" && host != "localhost") host_ = host;
  for (const Task& task : snapshot.tasks) {
    if (task.is_kernel_thread || task.is_idle_task) {
      kernel_threads_.insert(task.comm);
    } else {
      programs_.try_emplace(task.comm, fmt::format("program-{}", programs_.size() + 1));
    }
  }
}

std::string Redactor::program(const std::string& comm) {
  const auto known = programs_.find(comm);
  if (known == programs_.end() && kernel_threads_.contains(comm)) return comm;
  ++counts_[Private::kProgram];
  return programs_.try_emplace(comm, fmt::format("program-{}", programs_.size() + 1)).first->second;
}

std::string Redactor::stranger(Private what, std::string_view kind, const std::string& name) {
  if (what == Private::kHost && host_.empty()) return name;
  ++counts_[what];
  return strangers_.try_emplace(fmt::format("{} {}", kind, name), fmt::format("{}-{}", kind, strangers_.size() + 1))
      .first->second;
}

Redactor::Piece Redactor::private_at(std::string_view all, std::size_t at) {
  const std::string_view text = all.substr(at);
  const auto take = [&](Private what, std::size_t length, std::string_view instead) {
    ++counts_[what];
    return Piece{length, std::string(instead)};
  };
  if (const std::size_t mark = command_line_length(text)) {
    const Piece piece = take(Private::kCommandLine, to_end_of_line(text), "");
    return {piece.length, std::string(text.substr(0, mark)) + "(redacted)"};
  }
  const bool is_inside = at != 0 && is_word(all[at - 1]);
  if (is_inside) return {};
  if (const std::size_t length = path_length(text)) return take(Private::kPath, length, "(path)");
  if (const std::size_t length = secret_name_length(text)) {
    const Piece piece = take(Private::kKey, length + to_blank(text.substr(length)), "");
    return {piece.length, std::string(text.substr(0, length)) + "(redacted)"};
  }
  for (const std::string& other : other_hosts_) {
    const bool ends = other.size() <= text.size() && (other.size() == text.size() || !is_word(text[other.size()]));
    if (!other.empty() && ends && text.starts_with(other)) return take(Private::kHost, other.size(), "(server)");
  }
  // No more is looked at than such things are long, so that a long text takes no longer than it is.
  const std::string_view near = text.substr(0, kFarthest);
  if (is_word(text.front()) || text.front() == ':') {
    if (const std::size_t length = mac_length(near)) return take(Private::kAddress, length, "(MAC)");
    if (const std::size_t length = mail_length(near)) return take(Private::kAddress, length, "(mail)");
    if (const std::size_t length = ipv4_length(near)) return take(Private::kAddress, length, "(IP)");
    if (const std::size_t length = ipv6_length(near)) return take(Private::kAddress, length, "(IP)");
    if (key_length(near) != 0) return take(Private::kKey, run_of(text, is_of_key), "(key)");
  }
  const auto is_whole = [&](std::size_t length) { return length == text.size() || !is_word(text[length]); };
  if (!host_.empty() && text.starts_with(host_) && is_whole(host_.size())) {
    return take(Private::kHost, host_.size(), "(host)");
  }
  // The longest name that the text begins with.
  constexpr std::size_t kLongestComm = 32;
  for (std::size_t length = std::min(text.size(), kLongestComm); length != 0; --length) {
    if (!is_whole(length)) continue;
    const auto found = programs_.find(text.substr(0, length));
    if (found != programs_.end()) return take(Private::kProgram, length, found->second);
  }
  return {};
}

std::string Redactor::text(std::string_view original) {
  std::string out;
  std::size_t at = 0;
  while (at < original.size()) {
    const Piece piece = private_at(original, at);
    if (piece.length == 0) {
      out += original[at++];
    } else {
      out += piece.instead;
      at += piece.length;
    }
  }
  return out;
}

Snapshot Redactor::snapshot(const Snapshot& original) {
  Snapshot out = original;
  Walker walker(*this);
  visit_fields(walker, out);
  return out;
}

}  // namespace whyhung::model
