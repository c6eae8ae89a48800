// SPDX-License-Identifier: GPL-2.0-or-later
#include "dump/elf_notes.h"

#include <algorithm>

#include "base/byte_reader.h"

namespace whyhung::dump {
namespace {

constexpr std::size_t kAlignment = 4;
constexpr std::size_t kHeaderBytes = 12;

std::uint64_t padded(std::uint64_t size) {
  return (size + kAlignment - 1) & ~std::uint64_t{kAlignment - 1};
}

bool first_note_fits(std::span<const std::byte> section, ByteOrder order) {
  const NoteList list = parse_notes(section.first(std::min<std::size_t>(section.size(), 64 * 1024)), order);
  return !list.notes.empty();
}

}  // namespace

NoteList parse_notes(std::span<const std::byte> section, ByteOrder order) {
  NoteList list;
  ByteReader reader(section, order);
  while (reader.remaining() >= kHeaderBytes) {
    if (list.notes.size() == kMostNotes) {
      list.complete = false;
      break;
    }
    const std::uint64_t name_size = reader.u32();
    const std::uint64_t data_size = reader.u32();
    const std::uint32_t type = reader.u32();
    if (name_size == 0 && data_size == 0) continue;
    // The padding behind the last note's data may be missing.
    if (padded(name_size) + data_size > reader.remaining()) {
      list.complete = false;
      break;
    }
    const std::string_view name = reader.fixed_string(name_size);
    reader.skip(padded(name_size) - name_size);
    const auto data = reader.bytes(data_size);
    list.notes.push_back({name, type, data});
    reader.skip(std::min<std::size_t>(padded(data_size) - data_size, reader.remaining()));
  }
  return list;
}

ByteOrder note_byte_order(std::span<const std::byte> section, ByteOrder expected) {
  const ByteOrder other = expected == ByteOrder::kLittle ? ByteOrder::kBig : ByteOrder::kLittle;
  return !first_note_fits(section, expected) && first_note_fits(section, other) ? other : expected;
}

const Note* find_note(std::span<const Note> notes, std::string_view name) {
  const auto found = std::find_if(notes.begin(), notes.end(), [&](const Note& note) { return note.name == name; });
  return found == notes.end() ? nullptr : &*found;
}

std::string_view note_text(const Note& note) {
  const std::string_view text(reinterpret_cast<const char*>(note.data.data()), note.data.size());
  return text.substr(0, text.find_last_not_of('\0') + 1);
}

bool NoteTable::add(std::vector<std::byte> section, ByteOrder expected) {
  sections_.push_back(std::move(section));
  const std::span<const std::byte> bytes = sections_.back();
  const NoteList list = parse_notes(bytes, note_byte_order(bytes, expected));
  const std::size_t room = kMostNotes - std::min(kMostNotes, notes_.size());
  const std::size_t taken = std::min(room, list.notes.size());
  notes_.insert(notes_.end(), list.notes.begin(), list.notes.begin() + static_cast<std::ptrdiff_t>(taken));
  return list.complete && taken == list.notes.size();
}

}  // namespace whyhung::dump
