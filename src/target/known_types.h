// SPDX-License-Identifier: GPL-2.0-or-later
// Types that whyhung brings along: distilled ones of many kernels, in the program itself. Those of the very build are
// used as a file of them would be; those of the same release, or of a build of the same series, only when the memory of
// the dump bears them out.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "debuginfo/types_pack.h"
#include "target/target.h"

namespace whyhung::target {

// The pack in the program. It costs nothing before something of it is asked for.
const debuginfo::TypesPack& built_in_types();

struct KnownTypes {
  std::shared_ptr<const debuginfo::DistilledFile> file;
  std::string how;       // "same build id", "same release, proven by 21 checks"
  bool is_near = false;  // of another build
};

// Of exactly the build that the dump names; nothing when there is none.
std::optional<KnownTypes> built_in_types_of_build(const debuginfo::TypesPack& pack, const Target& target);
// Those of the same release, else of the nearest build of the same version, that the dump's structures bear out.
// `why_not` is told what was tried in vain.
std::optional<KnownTypes> built_in_types_that_fit(const debuginfo::TypesPack& pack, Target& target,
                                                  std::string& why_not);

// Types for a kernel that carries none: a file that the user named, those of a capsule, of the program, of a vmlinux.
struct OtherTypes {
  std::shared_ptr<debuginfo::TypeSource> types;
  std::shared_ptr<const debuginfo::DistilledFile> distilled;  // what they were made of; null: a vmlinux
  bool are_near = false;                                      // of another build
};
OtherTypes types_of(const KnownTypes& known);
Result<OtherTypes> types_beside_dump(Target& target, const OpenOptions& options, StageClock& clock);
// The distilled types that an opened dump needs besides its own pages, as a file, and whether they are of another
// build; empty when the dump carries its types.
struct CarriedTypes {
  std::vector<std::byte> file;
  bool are_near = false;
};
CarriedTypes types_to_carry(Target& target, const OpenOptions& options, std::span<const std::string_view> words);

// The file of distilled types, looked for once, and only when something is missing in the dump or the user named it.
TypesFile& types_file_of(Target& target, const OpenOptions& options);
void add_symbols_of_vmlinux(Target& target);

// Fewer checks would also be passed by chance, or because next to nothing of the machine is in the dump.
inline constexpr unsigned kEnoughChecks = 10;

// Where files of distilled types are looked for without being named: the user's folder first, then the system's.
std::vector<std::string> usual_types_folders();
// The files there, or in any folder, in order of their names.
std::vector<std::string> types_files_of(const std::string& folder);

// Whether types of one release may be tried on a dump of another, and how far the two are apart: nothing when they are
// of different versions, empty when they are the same. First comes 0 for the same words ("5.4.0-1029-aws" and
// "5.4.0-1059-aws") and 1 for others ("5.4.0-90-generic"), then by how much the numbers behind the version differ.
std::optional<std::vector<std::uint64_t>> distance_of_releases(std::string_view one, std::string_view other);

}  // namespace whyhung::target
