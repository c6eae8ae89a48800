// SPDX-License-Identifier: GPL-2.0-or-later
// Writes small tables of every form as first inputs for the fuzz targets: make_debuginfo_seeds tests/fuzz/corpus
#include <filesystem>
#include <fstream>
#include <string>

#include "support/btf_builder.h"
#include "support/elf_file_builder.h"
#include "support/kallsyms_builder.h"

using namespace whyhung;
using namespace whyhung::test;

namespace {

using Bytes = std::vector<std::byte>;

void write_seed(const std::filesystem::path& path, const Bytes& bytes) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

template <std::integral T>
void add(Bytes& bytes, T value) {
  bytes.resize(bytes.size() + sizeof(T));
  store(bytes.data() + bytes.size() - sizeof(T), value, ByteOrder::kLittle);
}

Bytes btf_seed(ByteOrder order, bool with_module) {
  BtfBuilder base(order);
  const auto integer = base.integer("int", 4, 1);
  const auto bits = base.integer("bits", 4, 0, 3);
  const auto inner = base.union_of("", 8, {{"x", integer, 0}, {"y", base.pointer(integer), 0}});
  const auto list = base.structure("list", 16, {{"next", base.next_id() - 1, 0}, {"", inner, 64}});
  base.structure("mutex", 40, {{"flag", integer, 0, 3}, {"list", base.array(base.const_of(list), 2), 64}});
  base.structure("old", 8, {{"field", bits, 5}, {"tail", base.array(integer, 0), 32}});
  base.type_definition("list_t", base.volatile_of(base.restrict_of(base.type_tag("rcu", list))));
  base.enumeration("e", {{"PG_locked", 0}, {"PG_last", -1}}, true);
  base.enumeration64("w", {{"WIDE", std::int64_t{1} << 40}});
  base.forward("later");
  base.function("run", base.function_type(integer, {integer}));
  base.floating("float", 4);
  const auto variable = base.variable("runqueues", integer);
  base.decl_tag("tag", variable);
  base.data_section(".data..percpu", {{variable, 64, 4}});
  Bytes seed;
  const Bytes kernel = base.build();
  BtfBuilder module(order, base.next_id(), base.end_string());
  module.structure("hanglab", 24, {{"entries", list, 0}, {"n", integer, 128}});
  Bytes rest = with_module ? module.build() : Bytes();
  // The two parts are cut at a sixteenth of the whole.
  Bytes both = kernel;
  if (with_module) {
    const std::size_t unit = (kernel.size() + 13) / 14;
    both.resize(unit * 14);
    rest.resize(unit * 2 > rest.size() ? unit * 2 : rest.size());
    both.insert(both.end(), rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(unit * 2));
  }
  seed.push_back(static_cast<std::byte>(with_module ? 14 : 16));
  seed.insert(seed.end(), both.begin(), both.end());
  return seed;
}

Bytes kallsyms_seed(KallsymsLayout layout, ByteOrder order, bool per_cpu, unsigned count) {
  constexpr std::uint64_t kText = 0xffffffff81000000;
  constexpr std::uint64_t kImage = 0xffffffff82000000;
  KallsymsBuilder builder(layout);
  builder.relative_base(kText);
  if (per_cpu) builder.per_cpu_absolute().add('A', "percpu", 0x40);
  builder.add('T', "_stext", kText).add('T', "__alias", kText);
  for (unsigned i = 0; i < count; ++i) builder.add('t', "function_" + std::to_string(i % 50), kText + 16 * (i + 1));
  builder.add('B', "_end", kText + 0x100000);
  FakeMemory memory(order);
  const auto tables = builder.put(memory, kImage);
  Bytes image(256 * 1024);
  while (!memory.read(VirtualAddress(kImage), image)) image.resize(image.size() - 4);
  Bytes seed;
  unsigned flags = 16;
  if (tables.offsets) flags |= 1;
  if (tables.addresses) flags |= 2;
  if (tables.relative_base) flags |= 4;
  if (order == ByteOrder::kBig) flags |= 8;
  add(seed, static_cast<std::uint16_t>(flags));
  for (const auto table : {tables.names, tables.token_table, tables.token_index, tables.symbol_count,
                           tables.offsets.value_or(tables.names), tables.addresses.value_or(tables.names),
                           tables.relative_base.value_or(tables.names)}) {
    add(seed, static_cast<std::uint16_t>((table.value - kImage) / 4));
  }
  seed.insert(seed.end(), image.begin(), image.end());
  return seed;
}

Bytes module_seed(std::uint8_t flags) {
  const ByteOrder order = (flags & 4) != 0 ? ByteOrder::kBig : ByteOrder::kLittle;
  const std::vector<std::string> names = {"",       "$x",     "spin_forever", "__pfx_holder",
                                          "holder", "holder", "__UNIQUE_ID_1"};
  std::string strings(1, '\0');
  Bytes symbols;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::size_t at = symbols.size();
    symbols.resize(at + 24);
    store(symbols.data() + at, static_cast<std::uint32_t>(names[i].empty() ? 0 : strings.size()), order);
    if (!names[i].empty()) strings.append(names[i]).push_back('\0');
    symbols[at + 4] = std::byte{(flags & 1) != 0 ? std::uint8_t{'t'} : std::uint8_t{2}};
    store(symbols.data() + at + 6, std::uint16_t{1}, order);
    store(symbols.data() + at + 8, 0xffffffffc0200000 + 0x40 * i, order);
    store(symbols.data() + at + 16, std::uint64_t{i % 2 * 8}, order);
  }
  Bytes seed;
  add(seed, flags);
  add(seed, static_cast<std::uint32_t>(names.size()));
  add(seed, std::uint16_t{0});
  add(seed, static_cast<std::uint16_t>(symbols.size()));
  add(seed, static_cast<std::uint16_t>(symbols.size() + strings.size()));
  seed.insert(seed.end(), symbols.begin(), symbols.end());
  for (const char c : strings) seed.push_back(static_cast<std::byte>(c));
  seed.insert(seed.end(), names.size(), std::byte{'t'});
  return seed;
}

Bytes elf_seed(std::uint16_t type, ByteOrder order) {
  ElfFileBuilder builder(type, order);
  const std::uint64_t address = type == ElfFileBuilder::kRelocatable ? 0 : 0xffffffff81001000;
  const auto text = builder.add_section(".text", 1, 6, address, Bytes(64));
  builder.add_build_id("0123456789abcdef");
  builder.add_symbol("schedule", address + 16, 8, 0x12, text);
  builder.add_symbol("helper", address + 32, 0, 2, text);
  return builder.build();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 1;
  const std::filesystem::path corpus(argv[1]);
  for (const auto& [suffix, order] : {std::pair{"little", ByteOrder::kLittle}, {"big", ByteOrder::kBig}}) {
    write_seed(corpus / "btf" / (std::string("kernel-") + suffix), btf_seed(order, false));
    write_seed(corpus / "btf" / (std::string("module-") + suffix), btf_seed(order, true));
    for (const auto& [name, layout] : {std::pair{"longs", KallsymsLayout::kLongs},
                                       {"offsets", KallsymsLayout::kOffsets},
                                       {"order-inside", KallsymsLayout::kOrderInside},
                                       {"reordered", KallsymsLayout::kReordered},
                                       {"places", KallsymsLayout::kPlaces}}) {
      const std::string file = std::string(name) + "-" + suffix;
      write_seed(corpus / "kallsyms" / file, kallsyms_seed(layout, order, false, 20));
      write_seed(corpus / "kallsyms" / (file + "-blocks"), kallsyms_seed(layout, order, false, 700));
    }
    write_seed(corpus / "elf_image" / (std::string("vmlinux-") + suffix), elf_seed(ElfFileBuilder::kExecutable, order));
    write_seed(corpus / "elf_image" / (std::string("module-") + suffix), elf_seed(ElfFileBuilder::kRelocatable, order));
  }
  write_seed(corpus / "kallsyms" / "per-cpu", kallsyms_seed(KallsymsLayout::kOffsets, ByteOrder::kLittle, true, 300));
  for (const std::uint8_t flags : {8, 9, 12, 13}) {
    write_seed(corpus / "module_symbols" / ("flags-" + std::to_string(flags)), module_seed(flags));
  }
  return 0;
}
