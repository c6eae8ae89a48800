// SPDX-License-Identifier: GPL-2.0-or-later
// Writes small dumps of every form as first inputs for the fuzz targets: make_dump_seeds tests/fuzz/corpus
#include <filesystem>
#include <fstream>
#include <string>

#include "support/elf_core_builder.h"
#include "support/kdump_builder.h"

using namespace whyhung::test;
using whyhung::ByteOrder;

namespace {

void write_seed(const std::filesystem::path& path, const Bytes& bytes) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

// A few tiny pages: what a fuzzer changes should matter.
MemoryImage tiny_image() {
  MemoryImage image = sample_image(3, 512, 12);
  for (auto& [frame, page] : image.pages) {
    for (std::size_t i = 64; i < page.size(); ++i) page[i] = std::byte{0x20};
  }
  return image;
}

constexpr std::string_view kInfo = "OSRELEASE=6.1.0\nPAGESIZE=4096\nSYMBOL(_stext)=ffffffff81000000\nCRASHTIME=17\n";

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 1;
  const std::filesystem::path corpus(argv[1]);
  const MemoryImage image = tiny_image();
  KdumpForm kdump;
  kdump.notes = sample_notes(kdump.order, kInfo);
  const auto write_kdump = [&](const char* name, const KdumpForm& form) {
    write_seed(corpus / "dump" / name, build_kdump(image, form).bytes);
  };
  for (const auto& [name, codec] : {std::pair{"kdump-none", PageCodec::kNone},
                                    {"kdump-zlib", PageCodec::kZlib},
                                    {"kdump-lzo", PageCodec::kLzo},
                                    {"kdump-snappy", PageCodec::kSnappy},
                                    {"kdump-zstd", PageCodec::kZstd},
                                    {"kdump-mixed", PageCodec::kMixed}}) {
    kdump.codec = codec;
    write_kdump(name, kdump);
  }
  KdumpForm form = kdump;
  form.order = ByteOrder::kBig;
  form.notes = sample_notes(form.order, kInfo);
  write_kdump("kdump-big-endian", form);
  form = kdump;
  form.version = 2;
  write_kdump("kdump-version-2", form);
  form = kdump;
  form.one_bitmap = true;
  form.version = 1;
  write_kdump("kdump-one-bitmap", form);
  form = kdump;
  form.signature = "DISKDUMP";
  form.version = 1;
  write_kdump("diskdump", form);
  form = kdump;
  form.part = {4, 9};
  write_kdump("kdump-part", form);
  form = kdump;
  form.pages_written = 3;
  write_kdump("kdump-out-of-space", form);
  form = kdump;
  form.is_32_bit = true;
  write_kdump("kdump-32-bit", form);
  form = kdump;
  form.notes = Bytes();
  form.header_vmcoreinfo = kInfo;
  write_kdump("kdump-header-vmcoreinfo", form);
  Bytes cut = build_kdump(image, kdump).bytes;
  cut.resize(cut.size() - 700);
  write_seed(corpus / "dump" / "kdump-cut", cut);

  FlattenForm flat;
  flat.piece = 1024;
  write_seed(corpus / "dump" / "flattened-makedumpfile", flatten(build_kdump(image, kdump), flat));
  flat.writer = FlattenForm::Writer::kQemu;
  flat.rewrites_header = flat.end_mark = false;
  write_seed(corpus / "dump" / "flattened-qemu", flatten(build_kdump(image, kdump), flat));

  CoreForm core;
  core.notes = sample_notes(core.order, kInfo);
  write_seed(corpus / "dump" / "elf", build_core(segments_of(image), core));
  core.many_headers = true;
  core.order = ByteOrder::kBig;
  core.notes = sample_notes(core.order, kInfo);
  write_seed(corpus / "dump" / "elf-big-endian", build_core(segments_of(image), core));

  write_seed(corpus / "notes" / "little", sample_notes(ByteOrder::kLittle, kInfo));
  write_seed(corpus / "notes" / "big", sample_notes(ByteOrder::kBig, kInfo));
  write_seed(corpus / "notes" / "short", build_note("QEMU", 0, bytes_of("12345"), ByteOrder::kLittle));
  write_seed(corpus / "vmcoreinfo" / "sample", bytes_of(kSampleVmcoreinfo));
  write_seed(corpus / "vmcoreinfo" / "odd", bytes_of("x\n=\nNUMBER(phys_base)=-0x1\nSYMBOL(_stext)=0x\nA=1"));
  return 0;
}
