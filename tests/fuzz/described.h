// SPDX-License-Identifier: GPL-2.0-or-later
// Inputs of the fuzz targets that run over every registered machine: lines as in VMCOREINFO, an empty line, and the
// bytes of memory. What a target asks for by name is so found by name, and an input goes on meaning the same when a
// machine asks for more.
#pragma once

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "arch/architecture.h"
#include "dump/vmcoreinfo.h"

namespace whyhung::fuzz {

class Described {
 public:
  Described(const std::uint8_t* data, std::size_t size) {
    const std::string_view all(reinterpret_cast<const char*>(data), size);
    const std::size_t end = all.find("\n\n");
    const std::string_view text = all.substr(0, end);
    info_ = dump::VmcoreInfo(text);
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t line_end = std::min(text.find('\n', at), text.size());
      lines_.push_back(text.substr(at, line_end - at));
      at = line_end + 1;
    }
    if (end != std::string_view::npos) memory_ = std::as_bytes(std::span(all.substr(end + 2)));
  }

  const dump::VmcoreInfo& info() const { return info_; }
  std::span<const std::byte> memory() const { return memory_; }

  // MACHINE=name; the first machine when there is none of that name.
  const arch::Architecture& machine() const {
    const auto name = info_.get("MACHINE").value_or("");
    for (const arch::Architecture* one : arch::all_architectures()) {
      if (one->name == name) return *one;
    }
    return *arch::all_architectures().front();
  }
  // SYMBOL(key)=, hexadecimal.
  std::uint64_t value(std::string_view key) const { return info_.symbol(key).value_or(VirtualAddress()).value; }
  // The values of every line that begins with `key` and '='.
  std::vector<std::string_view> all(std::string_view key) const {
    std::vector<std::string_view> values;
    for (const std::string_view line : lines_) {
      if (line.size() > key.size() && line.starts_with(key) && line[key.size()] == '=') {
        values.push_back(line.substr(key.size() + 1));
      }
    }
    return values;
  }

 private:
  dump::VmcoreInfo info_;
  std::vector<std::string_view> lines_;
  std::span<const std::byte> memory_;
};

}  // namespace whyhung::fuzz
