// SPDX-License-Identifier: GPL-2.0-or-later
// What transports do to a line: JSON strings, CSV, HTML entities, escapes of rsyslog, colours of terminals. Undone
// before anything is looked for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace whyhung::log {

// The line as it was before transport; nothing when there was nothing to undo. A JSON entry of a journal becomes the
// line that journalctl would print ("<time> <host> <identifier>: <message>").
std::optional<std::string> undo_transport(std::string_view line);

// The value of a member of a flat JSON object, unescaped; nothing when it is not there.
std::optional<std::string> json_member(std::string_view object, std::string_view name);

void append_utf8(std::string& out, std::uint32_t code);

}  // namespace whyhung::log
