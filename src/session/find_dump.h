// SPDX-License-Identifier: GPL-2.0-or-later
// Where the dump is when only a folder was named, or nothing.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace whyhung::session {

// The newest dump in a folder or the folders in it, a few deep; one that kdump could not complete only when there is no
// other. kNotFound when there is none.
Result<std::string> newest_dump_in(const std::string& folder);

// Whether a file begins as a dump does.
bool is_dump_file(const std::string& path);

// The log that kdump saved beside a dump: vmcore-dmesg.txt, dmesg.txt, or Debian's dmesg.DATE of dump.DATE.
std::optional<std::string> log_beside(const std::string& dump);

// Folders where dumps usually lie: those of $WHYHUNG_DUMPS, separated by colons, or where kdump of the distributions
// puts them and what its settings on this machine say.
std::vector<std::string> usual_dump_folders();

// The newest dump of these folders. kUsage when there is none.
Result<std::string> newest_dump_of(const std::vector<std::string>& folders);

// The folder that kdump's settings name, from the text of such a file: "path /var/crash" of kdump.conf,
// KDUMP_COREDIR="…" of Debian, KDUMP_SAVEDIR="file:///…" of SUSE. Nothing when it names none, or one on another
// machine.
std::optional<std::string> folder_in_settings(std::string_view text);

}  // namespace whyhung::session
