// SPDX-License-Identifier: GPL-2.0-or-later
#include "dump/elf_notes.h"

#include <gtest/gtest.h>

#include "support/memory_image.h"

namespace whyhung::dump {
namespace {

using test::build_note;
using test::Bytes;
using test::bytes_of;

Bytes joined(std::initializer_list<Bytes> notes) {
  Bytes all;
  for (const Bytes& note : notes) all.insert(all.end(), note.begin(), note.end());
  return all;
}

TEST(ElfNotes, NotesOfAnyLengthAreFoundBehindTheirPadding) {
  for (const ByteOrder order : {ByteOrder::kLittle, ByteOrder::kBig}) {
    const Bytes section =
        joined({build_note("CORE", 1, Bytes(13, std::byte{1}), order),
                build_note("VMCOREINFO", 0, bytes_of("A=1\n"), order), build_note("QEMU", 0, {}, order)});
    const NoteList list = parse_notes(section, order);
    EXPECT_TRUE(list.complete);
    ASSERT_EQ(list.notes.size(), 3u);
    EXPECT_EQ(list.notes[0].name, "CORE");
    EXPECT_EQ(list.notes[0].data.size(), 13u);
    EXPECT_EQ(note_text(list.notes[1]), "A=1\n");
    EXPECT_EQ(list.notes[2].name, "QEMU");
    EXPECT_TRUE(list.notes[2].data.empty());
  }
}

TEST(ElfNotes, ANoteWithoutAName) {
  const Bytes section = build_note("", 7, bytes_of("data"), ByteOrder::kLittle);
  const NoteList list = parse_notes(section, ByteOrder::kLittle);
  ASSERT_EQ(list.notes.size(), 1u);
  EXPECT_EQ(list.notes[0].name, "");
  EXPECT_EQ(list.notes[0].type, 7u);
}

TEST(ElfNotes, ZeroPaddingIsNoNote) {
  Bytes section = build_note("CORE", 1, bytes_of("x"), ByteOrder::kLittle);
  section.resize(section.size() + 1000);
  const NoteList list = parse_notes(section, ByteOrder::kLittle);
  EXPECT_TRUE(list.complete);
  EXPECT_EQ(list.notes.size(), 1u);
}

TEST(ElfNotes, TheLastNotesPaddingMayBeMissing) {
  Bytes section = build_note("CORE", 1, bytes_of("12345"), ByteOrder::kLittle);
  section.resize(section.size() - 3);
  const NoteList list = parse_notes(section, ByteOrder::kLittle);
  EXPECT_TRUE(list.complete);
  ASSERT_EQ(list.notes.size(), 1u);
  EXPECT_EQ(note_text(list.notes[0]), "12345");
}

TEST(ElfNotes, ANoteThatDoesNotFitEndsTheList) {
  Bytes section = joined({build_note("CORE", 1, bytes_of("1234"), ByteOrder::kLittle),
                          build_note("CORE", 2, bytes_of("1234"), ByteOrder::kLittle)});
  store(section.data() + 24 + 4, std::uint32_t{0xfffffffd}, ByteOrder::kLittle);
  const NoteList list = parse_notes(section, ByteOrder::kLittle);
  EXPECT_FALSE(list.complete);
  EXPECT_EQ(list.notes.size(), 1u);
}

TEST(ElfNotes, TooManyNotesAreCutOff) {
  Bytes section;
  const Bytes note = build_note("C", 1, bytes_of("1"), ByteOrder::kLittle);
  for (std::size_t i = 0; i < kMostNotes + 10; ++i) section.insert(section.end(), note.begin(), note.end());
  const NoteList list = parse_notes(section, ByteOrder::kLittle);
  EXPECT_FALSE(list.complete);
  EXPECT_EQ(list.notes.size(), kMostNotes);
}

TEST(ElfNotes, TheOtherByteOrderIsTakenOnlyWhenTheExpectedOneFails) {
  const Bytes big = build_note("CORE", 1, bytes_of("1234"), ByteOrder::kBig);
  EXPECT_EQ(note_byte_order(big, ByteOrder::kLittle), ByteOrder::kBig);
  EXPECT_EQ(note_byte_order(big, ByteOrder::kBig), ByteOrder::kBig);
  EXPECT_EQ(note_byte_order(Bytes(40, std::byte{0xff}), ByteOrder::kLittle), ByteOrder::kLittle);
}

TEST(ElfNotes, ATableKeepsItsNotesWhenItIsMoved) {
  NoteTable table;
  EXPECT_TRUE(table.add(build_note("ONE", 1, bytes_of("1"), ByteOrder::kLittle), ByteOrder::kLittle));
  EXPECT_TRUE(table.add(build_note("TWO", 2, bytes_of("2"), ByteOrder::kLittle), ByteOrder::kLittle));
  const NoteTable moved = std::move(table);
  ASSERT_NE(find_note(moved.notes(), "TWO"), nullptr);
  EXPECT_EQ(note_text(*find_note(moved.notes(), "TWO")), "2");
  EXPECT_EQ(find_note(moved.notes(), "THREE"), nullptr);
}

}  // namespace
}  // namespace whyhung::dump
