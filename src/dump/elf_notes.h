// SPDX-License-Identifier: GPL-2.0-or-later
// ELF notes as dumps carry them: {name size, data size, type} and then name and data, each padded to four bytes. The
// kernel's crash notes, QEMU's and makedumpfile's all have this form, whatever the p_align of their segment says.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/endian.h"
#include "dump/dump.h"

namespace whyhung::dump {

inline constexpr std::size_t kMostNotes = 65536;
// A section of 4096 CPUs with arm64's largest SVE state stays below this; only device dumps (VMCOREDD) go beyond.
inline constexpr std::uint64_t kMostNoteBytes = 64 * 1024 * 1024;

// The notes of one section, in file order; they point into `section`. Stops at the first note that does not fit, and at
// kMostNotes. Empty headers (zero padding) are skipped.
struct NoteList {
  std::vector<Note> notes;
  bool complete = true;
};
NoteList parse_notes(std::span<const std::byte> section, ByteOrder order);

// The order in which the section's first headers make sense: `expected` unless only the other one does.
ByteOrder note_byte_order(std::span<const std::byte> section, ByteOrder expected);

const Note* find_note(std::span<const Note> notes, std::string_view name);
// A note's data as text: without the NULs that may follow it.
std::string_view note_text(const Note& note);

// Owns note sections, so that the notes live as long as it does. Moving it keeps them valid.
class NoteTable {
 public:
  // Adds the notes of a section that was read from a file. False when it ended inside of a note.
  bool add(std::vector<std::byte> section, ByteOrder expected);
  std::span<const Note> notes() const { return notes_; }

 private:
  std::vector<std::vector<std::byte>> sections_;
  std::vector<Note> notes_;
};

}  // namespace whyhung::dump
