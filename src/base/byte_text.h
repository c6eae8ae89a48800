// SPDX-License-Identifier: GPL-2.0-or-later
// Bytes of a file looked at as text, and what a path says.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace whyhung {

inline std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// The last part of a path.
inline std::string_view file_name_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

}  // namespace whyhung
