// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/memory_image.h"

#include <algorithm>
#include <cstring>
#include <random>

namespace whyhung::test {
namespace {

Bytes make_page(std::mt19937& random, std::uint32_t size) {
  Bytes page(size);
  switch (random() % 5) {
    case 0: break;  // zeros
    case 1: std::fill(page.begin(), page.end(), std::byte{0xcc}); break;
    case 2:  // words of a pattern, as tables have
      for (std::uint32_t i = 0; i + 8 <= size; i += 8) {
        store(page.data() + i, 0xffff888000000000 + (random() & 0xffff) * 64, ByteOrder::kLittle);
      }
      break;
    case 3:  // text
      for (std::byte& byte : page) byte = std::byte{static_cast<unsigned char>('a' + random() % 5)};
      break;
    default:  // noise, which no codec shortens
      for (std::byte& byte : page) byte = static_cast<std::byte>(random());
  }
  return page;
}

}  // namespace

MemoryImage sample_image(std::uint32_t seed, std::uint32_t page_size, std::uint64_t frames) {
  std::mt19937 random(seed);
  MemoryImage image;
  image.page_size = page_size;
  image.frames = frames;
  Bytes last;
  for (std::uint64_t frame = 0; frame < frames;) {
    const std::uint64_t run_end = std::min<std::uint64_t>(frames, frame + 1 + random() % 20);
    const std::uint32_t kind = random() % 8;
    for (; frame < run_end; ++frame) {
      if (kind == 0) continue;  // a hole
      if (kind == 1) {
        image.left_out.insert(frame);
        continue;
      }
      if (last.empty() || random() % 6 != 0) last = make_page(random, page_size);
      image.pages[frame] = last;
    }
  }
  image.pages[frames - 1] = make_page(random, page_size);
  image.left_out.erase(frames - 1);
  return image;
}

Bytes bytes_of(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

Bytes build_note(std::string_view name, std::uint32_t type, std::span<const std::byte> data, ByteOrder order) {
  const auto padded = [](std::size_t size) { return (size + 3) / 4 * 4; };
  const std::size_t name_size = name.empty() ? 0 : name.size() + 1;
  Bytes note(12 + padded(name_size) + padded(data.size()));
  store(note.data(), static_cast<std::uint32_t>(name_size), order);
  store(note.data() + 4, static_cast<std::uint32_t>(data.size()), order);
  store(note.data() + 8, type, order);
  if (!name.empty()) std::memcpy(note.data() + 12, name.data(), name.size());
  if (!data.empty()) std::memcpy(note.data() + 12 + padded(name_size), data.data(), data.size());
  return note;
}

Bytes sample_notes(ByteOrder order, std::string_view vmcoreinfo) {
  Bytes notes;
  for (unsigned cpu = 0; cpu < 2; ++cpu) {
    Bytes registers(336);
    store(registers.data() + 32, 100 + cpu, order);
    const Bytes note = build_note("CORE", 1, registers, order);
    notes.insert(notes.end(), note.begin(), note.end());
  }
  if (!vmcoreinfo.empty()) {
    const Bytes note = build_note("VMCOREINFO", 0, bytes_of(vmcoreinfo), order);
    notes.insert(notes.end(), note.begin(), note.end());
  }
  return notes;
}

}  // namespace whyhung::test
